#pragma once
#include <cstdint>

#include "common/time.h"

namespace prov {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimeMs wall_ms() = 0;       // UTC; may jump
  virtual TimeMs monotonic_ms() = 0;  // never goes back within one boot
};

}  // namespace prov
