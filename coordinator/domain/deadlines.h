#pragma once
// When something is to be looked at, the soonest first.
#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace prov::domain {

enum class DeadlineKind : std::uint8_t { attempt, retry, delivery, token, wave, condition };
struct Deadline {
  TimeMs at_ms = 0;
  Id id;
  std::uint32_t attempt = 0;
  DeadlineKind kind = DeadlineKind::attempt;

  Deadline() = default;
  Deadline(TimeMs at, DeadlineKind of, const Id& whose, std::uint32_t number)
      : at_ms(at), id(whose), attempt(number), kind(of) {}
  auto operator<=>(const Deadline&) const = default;
};
static_assert(sizeof(Deadline) == 32);

// None is ever taken out before its time: nearly every attempt ends long before its own, and to look for it among all
// the others cost more than what else the scheduler does for a task. Who takes the first one looks whether it still
// means something; and when there are twice as many as meant something the last time, those that do not are dropped. So
// what is kept is bounded by what is under way, and each costs the same however many there are.
class Deadlines {
 public:
  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  const Deadline& first() const { return heap_.front(); }

  void add(const Deadline& deadline) {
    heap_.push_back(deadline);
    std::push_heap(heap_.begin(), heap_.end(), std::greater<>());  // most come in the order of their time
  }
  Deadline pop() {
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    const Deadline first = heap_.back();
    heap_.pop_back();
    if (crowded_ > kFew && 8 * heap_.size() < crowded_) {  // a peak has passed
      heap_.shrink_to_fit();
      crowded_ = 2 * heap_.size() + kFew;
    }
    return first;
  }

  bool crowded() const { return heap_.size() >= crowded_; }
  template <class MeansSomething>
  void drop_stale(MeansSomething means_something) {
    std::erase_if(heap_, [&](const Deadline& deadline) { return !means_something(deadline); });
    if (2 * heap_.size() > crowded_) {  // there are more than ever: some may be there twice
      std::sort(heap_.begin(), heap_.end());
      heap_.erase(std::unique(heap_.begin(), heap_.end()), heap_.end());
    }
    std::make_heap(heap_.begin(), heap_.end(), std::greater<>());
    crowded_ = 2 * heap_.size() + kFew;
  }

 private:
  static constexpr std::size_t kFew = 1024;
  std::vector<Deadline> heap_;
  std::size_t crowded_ = kFew;
};

}  // namespace prov::domain
