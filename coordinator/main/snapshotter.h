#pragma once
// Folds a snapshot in the background every so many events, on a thread of its own that reads the log like any other
// reader; the writer never waits for it.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::coordinator {

class Snapshotter {
 public:
  using Note = std::function<void(const std::string&)>;
  using HasRoom = std::function<bool(std::uint64_t bytes)>;  // whether the log's disk takes so much and goes on

  Snapshotter(RecordLog& log, event_log::LogWriter& writer, Timers& timers, Executor& owner, std::uint64_t every_events,
              std::uint64_t last_sequence, HasRoom has_room, Note note);
  ~Snapshotter();

 private:
  void look();
  void fold();
  void give_up(const std::string& why);
  void write(const std::shared_ptr<std::vector<SideRecord>>& records, std::size_t from);

  RecordLog& log_;
  event_log::LogWriter& writer_;
  Timers& timers_;
  Executor& owner_;
  std::uint64_t every_events_, last_sequence_;
  HasRoom has_room_;
  Note note_;
  TimerId timer_ = 0;
  std::thread thread_;
  bool folding_ = false;
};

}  // namespace prov::coordinator
