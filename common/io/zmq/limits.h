#pragma once
// Internal: what keeps a flood of refusals from becoming a flood of work, and of alarms.
#include <cstdint>

namespace prov::io {

// `burst` at once, then `per_s` a second. Times are monotonic milliseconds.
class TokenBucket {
 public:
  TokenBucket(double per_s, double burst) : per_s_(per_s), burst_(burst), tokens_(burst) {}

  bool take(std::uint64_t now_ms) {
    if (last_ms_ != 0 && now_ms > last_ms_) tokens_ += per_s_ * static_cast<double>(now_ms - last_ms_) / 1000;
    if (tokens_ > burst_) tokens_ = burst_;
    last_ms_ = now_ms;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_s_, burst_, tokens_;
  std::uint64_t last_ms_ = 0;
};

}  // namespace prov::io
