#pragma once
// The machine's clock and its source of randomness.
#include "common/ports/clock.h"
#include "common/ports/random.h"

namespace prov::io {

class SystemClock final : public Clock {
 public:
  TimeMs wall_ms() override;
  TimeMs monotonic_ms() override;
};

class SystemRandom final : public Random {  // libsodium; fit for keys
 public:
  SystemRandom();
  void fill(std::span<std::uint8_t> out) override;
};

}  // namespace prov::io
