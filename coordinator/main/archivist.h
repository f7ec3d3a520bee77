#pragma once
// Moves old commits to the archive in the background, on a thread of its own, as the policy of the configuration says;
// the writer never waits for it. What goes wrong is said once, and tried again.
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "common/ports/timers.h"
#include "coordinator/event_log/archiver.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::coordinator {

class Archivist {
 public:
  using Note = std::function<void(const std::string&)>;

  Archivist(event_log::Archiver archiver, event_log::LogWriter& writer, Timers& timers, Executor& owner, Note note);
  ~Archivist();  // waits for a segment that is being moved

  void start();  // owner's thread

 private:
  void look();
  void done(const Result<std::optional<event_log::SegmentHeader>>& moved);

  event_log::Archiver archiver_;
  event_log::LogWriter& writer_;
  Timers& timers_;
  Executor& owner_;
  Note note_;
  TimerId timer_ = 0;
  std::thread thread_;
  std::string told_;  // the last error
};

}  // namespace prov::coordinator
