#pragma once
// Folds a snapshot in the background every so many events, on a thread of its own that reads the log like any other
// reader; the writer never waits for it.
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::coordinator {

class Snapshotter {
 public:
  using Note = std::function<void(const std::string&)>;

  Snapshotter(RecordLog& log, event_log::LogWriter& writer, Timers& timers, Executor& owner, std::uint64_t every_events,
              std::uint64_t last_sequence, Note note);
  ~Snapshotter();

 private:
  void look();
  void fold();

  RecordLog& log_;
  event_log::LogWriter& writer_;
  Timers& timers_;
  Executor& owner_;
  std::uint64_t every_events_, last_sequence_;
  Note note_;
  TimerId timer_ = 0;
  std::thread thread_;
  bool folding_ = false;
};

}  // namespace prov::coordinator
