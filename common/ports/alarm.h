#pragma once
// One timer that belongs to an object: setting it again replaces it, and it ends with its owner.
#include <functional>
#include <utility>

#include "common/ports/timers.h"

namespace prov {

class Alarm {
 public:
  explicit Alarm(Timers& timers) : timers_(timers) {}
  ~Alarm() { stop(); }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;

  void set(std::uint64_t delay_ms, std::function<void()> fire) {
    stop();
    id_ = timers_.after(delay_ms, [this, fire = std::move(fire)] {
      id_ = 0;
      fire();
    });
  }
  void stop() {
    if (id_ != 0) timers_.cancel(std::exchange(id_, 0));
  }
  bool is_set() const { return id_ != 0; }

 private:
  Timers& timers_;
  TimerId id_ = 0;
};

}  // namespace prov
