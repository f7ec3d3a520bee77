#include "coordinator/event_log/log_time.h"

#include <algorithm>
#include <cstdint>

namespace prov::event_log {
namespace {

constexpr std::int64_t kSlewDivisor = 8;
constexpr TimeMs kAnchorMs = 1000;

}  // namespace

LogTime::LogTime(Clock& clock, TimeMs not_before)
    : clock_(clock),
      last_ms_(not_before),
      wall_ms_(clock.wall_ms()),
      anchor_log_ms_(std::max(wall_ms_, not_before)),
      anchor_mono_ms_(clock.monotonic_ms()) {}

TimeMs LogTime::now_ms() {
  const TimeMs mono_ms = clock_.monotonic_ms();
  wall_ms_ = clock_.wall_ms();
  const TimeMs passed_ms = mono_ms - anchor_mono_ms_;
  const TimeMs steady_ms = anchor_log_ms_ + passed_ms;
  const std::int64_t off_ms = static_cast<std::int64_t>(wall_ms_) - static_cast<std::int64_t>(steady_ms);
  const std::int64_t reach_ms = static_cast<std::int64_t>(passed_ms) / kSlewDivisor;
  const TimeMs now_ms = steady_ms + static_cast<TimeMs>(std::clamp(off_ms, -reach_ms, reach_ms));
  last_ms_ = std::max(last_ms_, now_ms);
  if (passed_ms >= kAnchorMs) {
    anchor_log_ms_ = now_ms;
    anchor_mono_ms_ = mono_ms;
  }
  return last_ms_;
}

}  // namespace prov::event_log
