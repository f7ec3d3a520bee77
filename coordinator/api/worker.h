#pragma once
// A thread of its own for what takes long: reading the log, checking digests.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "common/ports/timers.h"

namespace prov::api {

class Worker final : public Executor {
 public:
  static constexpr std::size_t kMaxWaiting = 1024;

  explicit Worker(const char* name);  // of its thread
  ~Worker() override { stop(); }

  // In order. What comes after stop(), or while kMaxWaiting already wait, is dropped: its owner hears of it by the end
  // of what it captured (a Call answers "unavailable" then).
  void post(std::function<void()> work) override;
  void stop();  // ends the present work, drops the rest; not from the worker itself

 private:
  void run();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace prov::api
