#pragma once
#include <cstdint>
#include <span>

#include "common/ids.h"

namespace prov {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;  // the real one is fit for secrets

  Id id() {
    Id out;
    fill(out.bytes);
    return out;
  }
  std::uint64_t below(std::uint64_t limit) {  // uniform enough for jitter; REQUIRES: limit > 0
    std::array<std::uint8_t, 8> raw{};
    fill(raw);
    std::uint64_t n = 0;
    std::memcpy(&n, raw.data(), 8);
    return n % limit;
  }
};

}  // namespace prov
