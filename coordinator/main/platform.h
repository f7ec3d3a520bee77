#pragma once
// The parts of a running platform, in the order in which they stand on each other. Built, started and stopped on one
// thread, which owns the state. Who wants another set of parts (a test, a benchmark) builds this with other settings.
#include <memory>

#include "common/io/loop/event_loop.h"
#include "common/result.h"
#include "coordinator/main/settings.h"

namespace prov::coordinator {

class Platform {
 public:
  // Opens the log, replays it, binds the link and the API. Errors name what is wrong and what to do.
  static Result<std::unique_ptr<Platform>> open(const Settings& settings, io::EventLoop& loop);
  ~Platform();

  Result<void> start();
  // Takes no more requests, signs a last checkpoint, and calls `done` when everything is on disk.
  void stop(std::function<void()> done);
  // Asked for over the API, or because the log cannot be written any more (then with an error).
  void on_stop_wanted(std::function<void(Result<void>)> listener);

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace prov::coordinator
