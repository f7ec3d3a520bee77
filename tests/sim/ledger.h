#pragma once
// The effect ledger: what really happened on the hosts, kept outside of the code under test. The log is right when it
// says the same.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "agent/step/step.h"
#include "common/wire/agent_wire.h"

namespace prov::sim {

enum class Fate { running, exited, timed_out, cancelled, died };  // died: with its host

struct Effect {
  agent::StepId step;
  std::string host;
  std::uint32_t starts = 0;
  bool script = false, check = false;
  std::uint64_t started_us = 0, ended_us = 0;
  Fate fate = Fate::running;
  std::int32_t exit_code = 0;  // when it exited; -signal when a signal ended it
  std::string printed;
  std::string mark, unmark;   // see Behaviour
  bool verdict_lost = false;  // the host crashed before what it knew of the end was on its disk
};

class Ledger {
 public:
  std::function<void(const Effect& effect)> on_start;  // each start, also one that must not be
  std::function<void(const Effect& effect)> on_end;
  bool undoes_nothing = false;  // planted: marks stay
  // Agents whose journal was harmed, and when last: of what it held then, they may not know.
  std::map<Key, std::uint64_t> distrusted;

  Effect& start(const std::string& host, const agent::StepId& step, const wire::Order& order, std::uint64_t now_us);
  Effect& of(const std::string& host, const agent::StepId& step) { return effects_.at({step, host}); }
  void end(const std::string& host, const agent::StepId& step, Fate fate, std::int32_t exit_code, std::uint64_t now_us);

  const std::set<std::string>& marks(const std::string& host) { return marks_[host]; }  // what is there now
  const std::map<std::pair<agent::StepId, std::string>, Effect>& effects() const { return effects_; }
  const Effect* find(const agent::StepId& step) const;  // of that attempt, on whatever host

 private:
  std::map<std::pair<agent::StepId, std::string>, Effect> effects_;
  std::map<std::string, std::set<std::string>> marks_;  // by host
};

}  // namespace prov::sim
