#pragma once
// A thread of its own for what takes long: reading the log, checking digests, removing folders.
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

#include "common/ports/timers.h"

namespace prov::io {

class Worker final : public Executor {
 public:
  static constexpr std::size_t kMaxWaiting = 4096;  // beyond what all connections that are allowed have at it at once
  static constexpr std::chrono::milliseconds kIdle{60'000};

  // `name` is that of its thread. `idle` runs there whenever there was no work for kIdle after some: what was kept for
  // the next piece of it can go.
  explicit Worker(const char* name, std::function<void()> idle = {}, std::chrono::milliseconds idle_after = kIdle);
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
  const std::function<void()> idle_;
  const std::chrono::milliseconds idle_after_;
  std::thread thread_;  // the last: it uses the others
};

}  // namespace prov::io
