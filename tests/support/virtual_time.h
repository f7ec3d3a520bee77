#pragma once
// A clock and its timers, which go on when the test says so.
#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "common/ports/clock.h"
#include "common/ports/timers.h"

namespace prov::test {

class VirtualTime final : public Clock, public Timers {
 public:
  TimeMs wall_ms() override { return 1'700'000'000'000 + now_; }
  TimeMs monotonic_ms() override { return now_; }
  TimerId after(std::uint64_t delay_ms, std::function<void()> fire) override {
    timers_.emplace(std::pair(now_ + delay_ms, ++last_), std::move(fire));
    return last_;
  }
  void cancel(TimerId id) override {
    std::erase_if(timers_, [id](const auto& each) { return each.first.second == id; });
  }
  void advance(std::uint64_t ms) {  // runs whatever becomes due, in order
    const TimeMs end = now_ + ms;
    while (!timers_.empty() && timers_.begin()->first.first <= end) {
      now_ = std::max(now_, timers_.begin()->first.first);
      const auto fire = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      fire();
    }
    now_ = end;
  }
  std::size_t pending() const { return timers_.size(); }

 private:
  TimeMs now_ = 1'000;
  TimerId last_ = 0;
  std::map<std::pair<TimeMs, TimerId>, std::function<void()>> timers_;
};

}  // namespace prov::test
