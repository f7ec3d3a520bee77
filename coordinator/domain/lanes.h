#pragma once
// Queues of work that may go now. Neither is ever searched through: a call costs the same however much waits.
#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/time.h"

namespace prov::domain {

// What a step of priority is worth in waiting: a task that is one step lower goes first once it has waited so much
// longer. So nothing starves, and who goes before whom never changes while both wait.
inline constexpr std::int64_t kPriorityStepMs = 10'000;

// Tasks by priority, with ageing; of those that are alike in the order in which they came.
class Lanes {
 public:
  // The smaller one goes first: what waits since earlier, priority counted in; of equals the higher priority.
  using Rank = std::pair<std::int64_t, std::int32_t>;
  static Rank rank(std::int32_t priority, TimeMs since_ms) {
    return {static_cast<std::int64_t>(since_ms) - priority * kPriorityStepMs, -priority};
  }

  struct Entry {
    TimeMs since_ms = 0;
    Id task;
    bool operator==(const Entry&) const = default;
  };

  void push(std::int32_t priority, TimeMs since_ms, const Id& task) {
    auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) { return l.priority == priority; });
    if (lane == lanes_.end()) lane = lanes_.insert(lanes_.end(), Lane{priority, {}});
    auto& waiting = lane->waiting;
    // Nearly all come in order. What was held up at a limit comes late, and is the next or nearly so.
    auto at = waiting.end();
    if (!waiting.empty() && since_ms < waiting.back().since_ms) {
      at = std::upper_bound(waiting.begin(), waiting.end(), since_ms,
                            [](TimeMs since, const Entry& entry) { return since < entry.since_ms; });
    }
    waiting.insert(at, {since_ms, task});
    ++size_;
  }

  // The one that goes first, which stays; nullptr when there is none.
  const Entry* peek() const {
    const Lane* best = first();
    return best == nullptr ? nullptr : &best->waiting.front();
  }

  std::optional<Entry> pop() {
    Lane* best = const_cast<Lane*>(first());
    if (best == nullptr) return std::nullopt;
    const Entry entry = best->waiting.front();
    best->waiting.pop_front();
    --size_;
    if (size_ == 0) lanes_ = {};  // an idle queue holds no memory
    return entry;
  }

  // Whether somebody here goes before one of that rank.
  bool before(const Rank& rank) const {
    const Lane* best = first();
    return best != nullptr && due(*best) < rank;
  }
  bool before(const Lanes& other) const {
    const Lane* best = other.first();
    return best == nullptr ? !empty() : before(due(*best));
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  template <class Visit>
  void each(Visit visit) const {
    for (const Lane& lane : lanes_) {
      for (const Entry& entry : lane.waiting) visit(entry.task);
    }
  }

 private:
  struct Lane {
    std::int32_t priority = 0;
    std::deque<Entry> waiting;
  };
  static Rank due(const Lane& lane) { return rank(lane.priority, lane.waiting.front().since_ms); }

  const Lane* first() const {
    const Lane* best = nullptr;
    for (const Lane& lane : lanes_) {
      if (!lane.waiting.empty() && (best == nullptr || due(lane) < due(*best))) best = &lane;
    }
    return best;
  }

  std::vector<Lane> lanes_;  // as many as there are priorities in use
  std::size_t size_ = 0;
};

// Queues by workspace that take turns, so that a workspace with much to do does not hold up the others.
template <class Queue>
class FairShare {
 public:
  Queue& of(const std::string& workspace) { return queues_[workspace]; }

  // The queue whose turn it is, among those with something in them; nullptr when there is none.
  Queue* next() {
    auto at = queues_.upper_bound(last_);
    for (std::size_t tried = 0; tried < queues_.size(); ++tried, ++at) {
      if (at == queues_.end()) at = queues_.begin();
      if (at->second.empty()) continue;
      last_ = at->first;
      return &at->second;
    }
    return nullptr;
  }

 private:
  std::map<std::string, Queue> queues_;
  std::string last_;
};

// A limit on how many tasks are out at once, and those that wait at it.
struct Gate {
  std::uint32_t out = 0;
  Lanes waiting;
  bool listed = false;  // stands in the agenda's list of gates to look at
};

// Of a concurrency group. Operations may give it limits that differ: the smallest of those that are open holds.
struct GroupGate : Gate {
  std::map<std::uint32_t, std::uint32_t> limits;  // limit -> open operations that give it

  bool full() const { return !limits.empty() && out >= limits.begin()->first; }
};

}  // namespace prov::domain
