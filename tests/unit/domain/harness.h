#pragma once
// A platform without a log: decides, numbers, folds, follows up and keeps every event, with a clock to turn by hand.
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "coordinator/domain/authorize.h"
#include "coordinator/domain/decide.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/domain/react.h"

namespace prov::domain {

inline const Principal kOperator{"uid:0", "peer", Transport::unix_socket};
inline const Principal kInside{"system", "", Transport::internal};

Key key_of(std::uint8_t n);
Digest digest_at(std::uint8_t n);

struct Platform {
  State state;
  std::vector<Event> log;
  std::vector<Effect> effects;
  std::function<void(const Event&)> on_event;  // hears of each event once it is folded
  TimeMs now_ms = 1'000'000;
  std::uint32_t ids = 0;

  Platform();
  // The events of the command and what followed, or the refusal.
  Result<std::vector<Event>> give(CommandBody body, const std::string& workspace = "w", Id id = {});
  std::vector<Event> must(CommandBody body, const std::string& workspace = "w");
  void advance(std::uint64_t ms);  // and a tick
  void fold(EventBody body, const std::string& workspace, const Principal& who, Id command);
  void follow();

  void add_host(const std::string& name, std::uint8_t key, const std::string& workspace = "w");
  Id newest_workflow() const;
  const Task& task(const Id& workflow, std::uint32_t index) const;
  // An agent reports the end of the task's present attempt.
  void end(const Id& task, Outcome outcome = Outcome::done, std::int32_t exit_code = 0);
  std::vector<Id> sent() const;  // tasks of all SendOrder effects so far, in order
};

template <class T>
std::vector<T> all_of(const std::vector<Event>& events) {
  std::vector<T> out;
  for (const Event& event : events) {
    if (const auto* body = std::get_if<T>(&event.body)) out.push_back(*body);
  }
  return out;
}

TaskservSpec taskserv(const std::string& server, const std::string& name, bool retry_safe = true);

}  // namespace prov::domain
