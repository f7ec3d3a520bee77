#pragma once
// A clock that stands still until it is told otherwise, timers that never go off, and an executor that runs work when
// it is told to.
#include <deque>
#include <functional>
#include <mutex>

#include "common/ports/clock.h"
#include "common/ports/timers.h"

namespace prov::test {

class ManualClock final : public Clock {
 public:
  TimeMs wall_ms() override { return wall; }
  TimeMs monotonic_ms() override { return monotonic; }
  void advance(std::uint64_t ms) { wall += ms, monotonic += ms; }

  TimeMs wall = 1'700'000'000'000, monotonic = 1000;
};

class NoTimers final : public Timers {  // nothing that is set ever goes off
 public:
  TimerId after(std::uint64_t, std::function<void()>) override { return ++last_; }
  void cancel(TimerId) override {}

 private:
  TimerId last_ = 0;
};

class ManualExecutor final : public Executor {
 public:
  void post(std::function<void()> work) override {
    const std::lock_guard guard(mutex_);
    work_.push_back(std::move(work));
  }
  bool run_one() {
    std::function<void()> work;
    {
      const std::lock_guard guard(mutex_);
      if (work_.empty()) return false;
      work = std::move(work_.front());
      work_.pop_front();
    }
    work();
    return true;
  }
  void run_all() {
    while (run_one()) continue;
  }

 private:
  std::mutex mutex_;
  std::deque<std::function<void()>> work_;
};

}  // namespace prov::test
