#pragma once
// One-shot timers and hand-over to the owner's thread.
#include <cstdint>
#include <functional>

namespace prov {

using TimerId = std::uint64_t;  // 0 is no timer

class Timers {
 public:
  virtual ~Timers() = default;
  // Runs `fire` once on the owner's thread, not before `delay_ms` of monotonic time. REQUIRES: called on that thread.
  virtual TimerId after(std::uint64_t delay_ms, std::function<void()> fire) = 0;
  virtual void cancel(TimerId id) = 0;  // an unknown or fired id is fine
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;  // from any thread; runs in order on the owner's thread
};

}  // namespace prov
