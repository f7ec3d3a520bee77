#include "common/io/posix/posix_world.h"

#include <sodium.h>

#include <ctime>

#include "common/result.h"

namespace prov::io {
namespace {

TimeMs read_clock(clockid_t id) {
  timespec now{};
  PROV_ASSERT(clock_gettime(id, &now) == 0);
  return static_cast<TimeMs>(now.tv_sec) * 1000 + static_cast<TimeMs>(now.tv_nsec) / 1'000'000;
}

}  // namespace

TimeMs SystemClock::wall_ms() { return read_clock(CLOCK_REALTIME); }
TimeMs SystemClock::monotonic_ms() { return read_clock(CLOCK_MONOTONIC); }

SystemRandom::SystemRandom() { PROV_ASSERT(sodium_init() >= 0); }
void SystemRandom::fill(std::span<std::uint8_t> out) { randombytes_buf(out.data(), out.size()); }

}  // namespace prov::io
