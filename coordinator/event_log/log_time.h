#pragma once
// Log time: milliseconds of UTC that never go back and do not jump. It runs with the monotonic clock and is drawn
// towards the wall clock by at most an eighth of the time that passes, so that deadlines, which are set in log time,
// neither all pass at once nor stand still when somebody sets the wall clock. A new process starts at the wall clock
// (or at the log's end, when that is later). Each event carries the wall clock's own reading beside it.
#include "common/ports/clock.h"

namespace prov::event_log {

class LogTime {
 public:
  // Never earlier than `not_before`: the log's last event.
  LogTime(Clock& clock, TimeMs not_before);
  TimeMs now_ms();
  TimeMs said_ms() const { return last_ms_; }  // what now_ms() said last,
  TimeMs wall_ms() const { return wall_ms_; }  // and the wall clock's reading then

 private:
  Clock& clock_;
  TimeMs last_ms_;
  TimeMs wall_ms_;
  TimeMs anchor_log_ms_, anchor_mono_ms_;  // one moment on both scales; moves on every second
};

}  // namespace prov::event_log
