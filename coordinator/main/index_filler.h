#pragma once
// Indexes the workflows of commits that were written without (by an earlier release), piece by piece on a thread of its
// own, while the platform works. Until it is done, history is refused with how far it is. What a stop cuts off goes on
// at the next start.
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::coordinator {

class IndexFiller {
 public:
  using Note = std::function<void(const std::string&)>;

  IndexFiller(RecordLog& log, event_log::LogWriter& writer, Executor& owner, Note note);
  ~IndexFiller();

  void start();  // nothing happens where the index is complete. Owner's thread

 private:
  void step(std::uint64_t from);

  RecordLog& log_;
  event_log::LogWriter& writer_;
  Executor& owner_;
  Note note_;
  std::uint64_t to_ = 0;
  std::thread thread_;
};

}  // namespace prov::coordinator
