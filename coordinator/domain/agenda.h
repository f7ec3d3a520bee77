#pragma once
// What the scheduler looks at next, so that each of its decisions costs the same however large the work is. All of it
// is derived from the state proper: rebuild_agenda (state.h) makes it anew.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/rising_map.h"
#include "common/time.h"
#include "coordinator/domain/deadlines.h"
#include "coordinator/domain/events.h"
#include "coordinator/domain/lanes.h"

namespace prov::domain {

using HostKey = std::pair<std::string, std::string>;  // workspace, hostname
struct HostKeyHash {
  std::size_t operator()(const HostKey& key) const noexcept {
    constexpr std::size_t kGolden = 0x9e3779b97f4a7c15;  // so that ("a", "b") and ("b", "a") differ
    return std::hash<std::string>{}(key.first) * kGolden + std::hash<std::string>{}(key.second);
  }
};

// Whether a host ends its orders quickly. Such a one is given more of them ahead, so that it never waits for the next;
// where steps take a while they are better kept back, as their deadlines run from when they go out.
class Pace {
 public:
  static constexpr std::uint32_t kQuick = 128;  // ends within a second, and what a host has that is not quick

  void ended(TimeMs now_ms) {
    if (now_ms - since_ms_ >= kSecondMs) {
      quick_ = ended_ >= kQuick && now_ms - since_ms_ < 2 * kSecondMs;
      since_ms_ = now_ms;
      ended_ = 0;
    }
    quick_ = ++ended_ >= kQuick || quick_;
  }
  bool is_quick(TimeMs now_ms) const { return quick_ && now_ms - since_ms_ < 2 * kSecondMs; }

 private:
  static constexpr TimeMs kSecondMs = 1000;
  TimeMs since_ms_ = 0;
  std::uint32_t ended_ = 0;  // since then
  bool quick_ = false;
};

using HostNumber = std::uint32_t;
inline constexpr HostNumber kNoHost = std::numeric_limits<HostNumber>::max();
struct Host {
  HostKey key;
  HostNumber number = 0;
  Key agent;  // zero: none enrolled
  Lanes ready, ready_exclusive;
  std::uint32_t outstanding = 0, exclusive_outstanding = 0;
  Pace pace;
  std::vector<Id> awaiting;                // awaitAgent tasks that are out
  RisingMap<std::uint64_t, Id> unsettled;  // its agent's orders that have not ended: sequence, task
  bool queued = false;                     // stands in Agenda::runnable
  bool here = false;                       // its agent could be reached when last looked at
  TimeMs away_ms = 0;                      // since when it cannot; 0: it was never seen to go
};
// All that were ever named. By number where it counts, as each task has its host's (workflow.h).
class HostTable {
 public:
  Host* find(const HostKey& key) {
    const auto at = numbers_.find(key);
    return at == numbers_.end() ? nullptr : &all_[at->second];
  }
  const Host* find(const HostKey& key) const { return const_cast<HostTable*>(this)->find(key); }
  Host& operator[](HostNumber number) { return all_[number]; }

  // REQUIRES: there is none of that key.
  Host& add(const HostKey& key) {
    const auto number = static_cast<HostNumber>(all_.size());
    numbers_.emplace(key, number);
    Host& host = all_.emplace_back();
    host.key = key;
    host.number = number;
    return host;
  }

 private:
  std::deque<Host> all_;
  std::unordered_map<HostKey, HostNumber, HostKeyHash> numbers_;
};
struct Limits {
  std::uint32_t agent_orders = 256;      // out at one agent at most
  std::uint32_t workflow_parallel = 64;  // tasks of a workflow that are out at once, unless it says otherwise
  std::uint32_t workflow_tasks = 1'000'000;
  std::uint32_t settled_tasks = 20'000;        // a workflow with more leaves when it ends, if it is settled for good
  std::uint32_t provider_parallel = 4;         // calls of one provider at once
  std::uint32_t batch_operations = 200'000;    // of one batch, loops unrolled
  std::uint32_t loop_items = 10'000;           // of one for_each
  std::uint64_t delivery_ms = 15 * 60 * 1000;  // a ready task whose host is away for so long is not delivered
  std::uint64_t retry_base_ms = 2000;          // doubles with each attempt
  std::uint64_t condition_poll_ms = 2000;      // between looks at the condition of a wait
};
using GroupKey = std::pair<std::string, std::string>;  // workspace, concurrency group
struct ProviderDesk {
  FairShare<Lanes> ready;
  std::uint32_t out = 0;
};
struct Agenda {
  bool active = false;  // off while a log is replayed: rebuild_agenda makes it at the end
  Limits limits;
  HostTable hosts;
  FairShare<std::deque<HostNumber>> runnable;     // hosts that may take a task
  std::map<std::string, ProviderDesk> providers;  // by provider: its calls
  std::deque<Id> awaits_ready;                    // tasks of the coordinator that only wait
  std::map<GroupKey, GroupGate> groups;
  std::deque<Id> open_gates;                                   // workflows whose gate may have room for who waits at it
  std::deque<GroupKey> open_groups;                            // the same of groups
  std::deque<std::pair<Id, std::uint32_t>> due;                // operations whose condition is to be looked at
  std::deque<std::pair<Id, std::uint32_t>> doomed_operations;  // to be skipped as a whole
  std::deque<Id> doomed;   // tasks to end without running: dependency failed, workflow cancelled
  std::deque<Id> settled;  // workflows whose last task ended
  std::deque<std::pair<Id, std::uint32_t>> clusters;      // operations that have made or removed one
  std::deque<Id> rollbacks;                               // workflows that ended so that they may have to be undone
  std::deque<std::pair<std::string, EventBody>> pending;  // workspace; what a rollback consists of, not yet folded
  std::string speaks_for;  // the workspace of what follow_up gave last, where that does not tell it; else empty
  std::deque<Id> arrived;  // awaitAgent tasks whose agent is there
  Deadlines deadlines;
};

}  // namespace prov::domain
