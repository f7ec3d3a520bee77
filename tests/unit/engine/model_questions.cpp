// Questions, each answered by looking at everything.
#include <algorithm>
#include <limits>

#include "tests/unit/engine/model.h"

namespace prov::domain::model {
namespace {

using Tasks = std::vector<const MTask*>;

Tasks tasks_of(const MWorkflow& w, const MOperation& o) {
  Tasks out;
  for (std::uint32_t i = 0; i < o.plan.task_count; ++i) out.push_back(&w.tasks[o.plan.first_task + i]);
  return out;
}

std::uint32_t last_of_wave(const MOperation& o, std::uint32_t waves) {
  if (waves == 0) return 0;
  return waves > o.plan.waves.size() ? o.plan.task_count : o.plan.waves[waves - 1];
}

bool bad_end(const MOperation& o) {
  return o.status == OperationStatus::ended && (o.outcome == Outcome::failed || o.outcome == Outcome::in_doubt);
}

std::string fate(Outcome outcome) {
  switch (outcome) {
    case Outcome::failed: return "failed";
    case Outcome::in_doubt: return "is in doubt";
    case Outcome::timed_out: return "timed out";
    default: return std::string("was ") + name_of(outcome);
  }
}

}  // namespace

bool only_waits(const MTask& t) {
  const Action& a = *t.plan.action;
  return std::holds_alternative<AwaitAgentAction>(a) || std::holds_alternative<WaitAction>(a) ||
         std::holds_alternative<ApprovalAction>(a);
}

bool on_provider(const MTask& t) {
  return std::holds_alternative<ServerCreateAction>(*t.plan.action) ||
         std::holds_alternative<ServerDeleteAction>(*t.plan.action);
}

bool failed(const MTask& t) {
  return t.ended && !succeeded(t.outcome) && t.outcome != Outcome::skipped && t.outcome != Outcome::cancelled;
}

std::uint32_t failures(const MWorkflow& w, const MOperation& o) {
  std::uint32_t n = 0;
  for (const MTask* t : tasks_of(w, o)) n += failed(*t) ? 1 : 0;
  return n;
}

bool stopping(const MWorkflow& w, const MOperation& o) {
  return o.plan.max_failures != kNoMaxFailures && failures(w, o) > o.plan.max_failures;
}

const MOperation* stopped_by(const MWorkflow& w) {
  const MOperation* first = nullptr;
  for (const MOperation& o : w.operations) {
    if (!bad_end(o) || o.set_aside || o.plan.on_failure == OnFailure::go_on) continue;
    if (first == nullptr || o.ended_order < first->ended_order) first = &o;
  }
  return first;
}

bool befores_ended(const MWorkflow& w, const MOperation& o) {
  return std::all_of(o.plan.depends_on.begin(), o.plan.depends_on.end(),
                     [&](const Dependency& d) { return w.operations[d.before].status == OperationStatus::ended; });
}

const MOperation* missed(const MWorkflow& w, const MOperation& o) {
  for (const Dependency& d : o.plan.depends_on) {
    const MOperation& before = w.operations[d.before];
    if (d.kind == DependencyKind::soft || before.status != OperationStatus::ended) continue;
    if (before.outcome != Outcome::done && !before.unneeded) return &before;
  }
  return nullptr;
}

bool in_open_wave(const MWorkflow& w, const MTask& t) {
  const MOperation& o = w.operations[t.operation];
  const auto place = static_cast<std::uint32_t>(&t - w.tasks.data()) - o.plan.first_task;
  return o.status == OperationStatus::open && place < last_of_wave(o, o.waves);
}

bool waves_done(const MWorkflow& w, const MOperation& o) {
  const Tasks tasks = tasks_of(w, o);
  return std::all_of(tasks.begin(), tasks.begin() + last_of_wave(o, o.waves), [](const MTask* t) { return t->ended; });
}

bool tasks_done(const MWorkflow& w, const MOperation& o) {
  const Tasks tasks = tasks_of(w, o);
  return std::all_of(tasks.begin(), tasks.end(), [](const MTask* t) { return t->ended; });
}

// Done when at most max_failures of its tasks failed, and nothing was left out but what needed these.
Outcome outcome_of(const MWorkflow& w, const MOperation& o) {
  const std::uint32_t bad = failures(w, o);
  std::uint32_t in_doubt = 0;
  bool left_out = false;
  for (const MTask* t : tasks_of(w, o)) {
    if (t->outcome == Outcome::cancelled) return Outcome::cancelled;
    if (t->outcome == Outcome::in_doubt) ++in_doubt;
    if (t->outcome != Outcome::skipped) continue;
    left_out = left_out || std::all_of(t->plan.depends_on.begin(), t->plan.depends_on.end(),
                                       [&](std::uint32_t before) { return succeeded(w.tasks[before].outcome); });
  }
  if (bad > (o.plan.max_failures == kNoMaxFailures ? 0 : o.plan.max_failures)) {
    return in_doubt == bad ? Outcome::in_doubt : Outcome::failed;
  }
  return left_out ? Outcome::skipped : Outcome::done;
}

Outcome outcome_of(const MWorkflow& w) {
  std::set<Outcome> all;
  bool left_out = false;
  for (const MOperation& o : w.operations) {
    all.insert(o.outcome);
    left_out = left_out || (o.outcome == Outcome::skipped && !o.unneeded);
  }
  if (w.cancelling || all.contains(Outcome::cancelled)) return Outcome::cancelled;
  if (all.contains(Outcome::failed)) return Outcome::failed;
  if (all.contains(Outcome::in_doubt)) return Outcome::in_doubt;
  return left_out ? Outcome::failed : Outcome::done;
}

bool doomed(const MWorkflow& w, const MTask& t) {
  const MOperation& o = w.operations[t.operation];
  if (o.status != OperationStatus::open || t.ended) return false;
  if (t.out) {
    const bool for_an_agent = std::holds_alternative<AwaitAgentAction>(*t.plan.action);
    return only_waits(t) && (w.cancelling || (stopped_by(w) != nullptr && !for_an_agent));
  }
  const bool in_vain = std::any_of(t.plan.depends_on.begin(), t.plan.depends_on.end(), [&](std::uint32_t before) {
    return w.tasks[before].ended && !succeeded(w.tasks[before].outcome);
  });
  return in_vain || w.cancelling || stopped_by(w) != nullptr || stopping(w, o);
}

std::string why(const MWorkflow& w, const MTask& t) {
  if (w.cancelling) return "the workflow was cancelled";
  for (const std::uint32_t before : t.plan.depends_on) {
    const MTask& needed = w.tasks[before];
    if (needed.ended && !succeeded(needed.outcome)) {
      return "needs \"" + needed.plan.name + "\", which " + fate(needed.outcome);
    }
  }
  const MOperation& o = w.operations[t.operation];
  if (!stopping(w, o)) return why(w, o);
  return "stopped: " + std::to_string(failures(w, o)) + " of its steps failed, " + std::to_string(o.plan.max_failures) +
         " are tolerated";
}

std::string why(const MWorkflow& w, const MOperation& o) {
  if (w.cancelling) return "the workflow was cancelled";
  if (const MOperation* before = missed(w, o))
    return "needs \"" + before->plan.id + "\", which " + fate(before->outcome);
  const MOperation* by = stopped_by(w);
  return by == nullptr ? "" : "the workflow stopped because \"" + by->plan.id + "\" " + fate(by->outcome);
}

// What was named, or all that did not succeed; and what did not run because of one of these. Not what would have
// nothing to run; and what needs something that neither succeeded nor runs again only where something before it does.
std::optional<std::set<std::uint32_t>> again(const MWorkflow& w, const RetryWorkflow& asked) {
  std::set<std::uint32_t> named;
  for (bool more = true; more;) {
    more = false;
    for (std::uint32_t i = 0; i < w.operations.size(); ++i) {
      const OperationPlan& plan = w.operations[i].plan;
      bool is = std::count(asked.operations.begin(), asked.operations.end(), plan.id) > 0;
      for (const std::uint32_t by : named) {  // a loop stands for its items
        const OperationPlan& loop = w.operations[by].plan;
        is = is ||
             (loop.kind == OperationKind::batch && std::any_of(loop.depends_on.begin(), loop.depends_on.end(),
                                                               [&](const Dependency& d) { return d.before == i; }));
      }
      if (is) more = named.insert(i).second || more;
    }
  }
  std::set<std::uint32_t> out;
  for (std::uint32_t i = 0; i < w.operations.size(); ++i) {
    const MOperation& o = w.operations[i];
    const bool went_well = o.outcome == Outcome::done && !o.unneeded && failures(w, o) == 0;
    const bool did_not_run = o.outcome == Outcome::skipped || o.outcome == Outcome::cancelled;
    const bool behind = std::any_of(o.plan.depends_on.begin(), o.plan.depends_on.end(),
                                    [&](const Dependency& d) { return out.contains(d.before); });
    const bool meant = named.contains(i) || (asked.operations.empty() && !o.unneeded) || (did_not_run && behind);
    bool runs = false, in_doubt = false;
    for (const MTask* t : tasks_of(w, o)) {
      const bool doubt = t->outcome == Outcome::in_doubt && !asked.in_doubt;
      in_doubt = in_doubt || doubt;
      runs = runs || (!succeeded(t->outcome) && !doubt);
    }
    if (went_well || !meant || (in_doubt && !runs)) continue;
    const bool misses = std::any_of(o.plan.depends_on.begin(), o.plan.depends_on.end(), [&](const Dependency& d) {
      const MOperation& before = w.operations[d.before];
      return d.kind == DependencyKind::hard && !out.contains(d.before) && before.outcome != Outcome::done &&
             !before.unneeded;
    });
    if (misses && named.contains(i)) return std::nullopt;
    if (!misses || behind) out.insert(i);  // behind one of these it is skipped anew, for what holds then
  }
  return out;
}

// It went out, and not just once to find that there was nothing to do or that it was not allowed.
bool had_effect(const MTask& t) {
  if (!t.ended || t.attempt == 0 || t.plan.mode != OrderMode::apply) return false;
  return t.attempt > 1 || (t.outcome != Outcome::unchanged && t.outcome != Outcome::refused);
}

bool wants_undoing(const MWorkflow& w) {
  if (!w.ended || w.cancelling || w.rollbacks > 0 || !w.rolls_back.is_zero()) return false;
  return std::any_of(w.operations.begin(), w.operations.end(), [](const MOperation& o) {
    return bad_end(o) && !o.set_aside && o.plan.on_failure == OnFailure::rollback;
  });
}

Undoing undoing(const MWorkflow& w, std::uint64_t sequence) {
  Undoing out;
  std::set<std::string> going;  // hosts that are removed with all that is on them
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < w.tasks.size(); ++i) {
    const MTask& t = w.tasks[i];
    if (!had_effect(t) || t.ended_sequence <= sequence || (w.preserve_successful && succeeded(t.outcome))) continue;
    if (t.plan.undo != nullptr) {
      chosen.push_back(i);
      if (const auto* host = std::get_if<ServerDeleteAction>(t.plan.undo.get())) going.insert(host->hostname);
    } else if (on_provider(t) || std::holds_alternative<ExecAction>(*t.plan.action) ||
               (std::holds_alternative<TaskservAction>(*t.plan.action) &&
                std::get<TaskservAction>(*t.plan.action).verb != TaskservVerb::check)) {
      out.impossible.push_back(i);
    }
  }
  for (const std::uint32_t i : chosen) {
    if (w.tasks[i].plan.server.empty() || !going.contains(w.tasks[i].plan.server)) out.tasks.push_back(i);
  }
  return out;
}

// ---- about everything

Model::Use Model::use() const {
  Use out;
  for (const auto& [id, w] : workflows_) {
    for (const MTask& t : w.tasks) {
      if (!t.out || only_waits(t)) continue;
      ++out.of_workflow[id];
      const OperationPlan& plan = w.operations[t.operation].plan;
      if (!plan.concurrency_group.empty()) ++out.in_group[{w.workspace, plan.concurrency_group}];
      if (on_provider(t)) {
        ++out.at_provider[provider_of(w, t)];
        continue;
      }
      ++out.at_host[{w.workspace, t.plan.server}];
      if (t.plan.exclusive) ++out.exclusive_at_host[{w.workspace, t.plan.server}];
    }
  }
  return out;
}

std::string Model::provider_of(const MWorkflow& w, const MTask& t) const {
  const auto* create = std::get_if<ServerCreateAction>(&*t.plan.action);
  const auto* remove = std::get_if<ServerDeleteAction>(&*t.plan.action);
  const auto at = provider_of_server_.find({w.workspace, create != nullptr ? create->hostname : remove->hostname});
  return at == provider_of_server_.end() ? "" : at->second;
}

template <class Map, class Key>
static std::uint32_t count_in(const Map& map, const Key& key) {
  const auto at = map.find(key);
  return at == map.end() ? 0 : at->second;
}

bool Model::has_room(const MWorkflow& w, const MTask& t, const Use& use) const {
  if (only_waits(t)) return true;
  if (w.parallel_limit != 0 && count_in(use.of_workflow, w.id) >= w.parallel_limit) return false;
  const OperationPlan& plan = w.operations[t.operation].plan;
  return plan.concurrency_group.empty() ||
         count_in(use.in_group, Place{w.workspace, plan.concurrency_group}) < group_limit(w, plan.concurrency_group);
}

std::uint32_t Model::group_limit(const MWorkflow& w, const std::string& group) const {
  std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
  for (const auto& [id, v] : workflows_) {
    for (const MOperation& o : v.operations) {
      const bool counts = v.workspace == w.workspace && !v.ended && o.status == OperationStatus::open;
      if (counts && o.plan.concurrency_group == group) least = std::min(least, o.plan.group_limit);
    }
  }
  return least;
}

bool Model::place_has_room(const MWorkflow& w, const MTask& t, const Use& use) const {
  if (only_waits(t)) return true;
  if (on_provider(t)) return count_in(use.at_provider, provider_of(w, t)) < limits_.provider_parallel;
  const Place place{w.workspace, t.plan.server};
  const auto host = hosts_.find(place);
  if (host == hosts_.end() || !host->second.reachable || host->second.draining) return false;
  if (count_in(use.at_host, place) >= limits_.agent_orders) return false;
  return !t.plan.exclusive || count_in(use.exclusive_at_host, place) == 0;
}

bool Model::may_go(const MWorkflow& w, const MTask& t, const Use& use, TimeMs now_ms) const {
  return t.ready && !t.out && !t.ended && !doomed(w, t) && !w.paused && !w.ended && t.retry_at_ms <= now_ms &&
         has_room(w, t, use) && place_has_room(w, t, use);
}

// The few forms of conditions that the tests write: `NAME == "TEXT"`, `NAME > NUMBER`, `defined(NAME)`.
std::optional<bool> Model::holds(const MWorkflow& w, const std::string& condition) const {
  const bool defined = condition.starts_with("defined(");
  const std::string rest = defined ? condition.substr(8) : condition;
  const std::string name = rest.substr(0, rest.find_first_of(" )"));
  const std::string first = name.substr(0, name.find('.'));
  const std::string second = name.substr(first.size() + 1, name.find('.', first.size() + 1) - first.size() - 1);
  std::optional<std::string> value;
  std::size_t said = 0;  // by how many: more than one make a list
  if (first == "params") {
    for (const auto& [key, text] : w.params) {
      if (key == second) value = text;
    }
  } else if (first == "facts") {
    const auto host = hosts_.find({w.workspace, second});
    if (host != hosts_.end() && !host->second.agent.is_zero() && !host->second.facts.os.empty()) {
      value = host->second.facts.os;
    }
  } else {
    for (const MOperation& o : w.operations) {
      if (o.plan.id != second) continue;
      if (first == "result") {
        if (o.status != OperationStatus::ended) continue;
        value = name_of(o.outcome);
        std::replace(value->begin(), value->end(), ' ', '_');
        continue;
      }
      for (const MTask* t : tasks_of(w, o)) {
        for (const auto& [key, text] : t->outputs) {
          value = text;
          ++said;
        }
      }
    }
  }
  if (defined) return value.has_value();
  const std::string right = rest.substr(rest.rfind(' ') + 1);
  if (said > 1) return rest.find(" == ") != std::string::npos ? std::optional(false) : std::nullopt;
  if (rest.find(" == ") != std::string::npos) return value && "\"" + *value + "\"" == right;
  if (!value) return false;
  const bool number = !value->empty() && value->find_first_not_of("0123456789") == std::string::npos;
  if (!number) return std::nullopt;
  return std::stoul(*value) > std::stoul(right);
}

bool Model::unfinished() const {
  return std::any_of(workflows_.begin(), workflows_.end(), [](const auto& at) { return !at.second.ended; });
}

std::vector<Id> Model::out() const {
  std::vector<Id> out;
  for (const auto& [id, w] : workflows_) {
    for (std::uint32_t i = 0; i < w.tasks.size(); ++i) {
      if (w.tasks[i].out) out.push_back(task_id(id, i));
    }
  }
  return out;
}

// ---- what is owed

void Model::settled(TimeMs now_ms) {
  const Use now = use();
  for (auto& [id, w] : workflows_) {
    for (MTask& t : w.tasks) {
      const bool held = t.ready && !t.out && (w.paused || !has_room(w, t, now));
      if (t.held && !held) t.held_ms = now_ms;
      t.held = held;
    }
    owed_of(w, now, now_ms);
  }
}

void Model::owed_of(const MWorkflow& w, const Use& use, TimeMs now_ms) {
  if (w.ended) {
    const Undoing undo = undoing(w, 0);
    if (wants_undoing(w) && (!undo.tasks.empty() || !undo.impossible.empty()))
      complain(w, "should be rolled back by now");
    return;
  }
  bool all = true;
  for (const MOperation& o : w.operations) {
    all = all && o.status == OperationStatus::ended;
    owed_of_operation(w, o, now_ms);
  }
  if (all) complain(w, "should have ended");
  for (const MTask& t : w.tasks) owed_of_task(w, t, use, now_ms);
}

void Model::owed_of_operation(const MWorkflow& w, const MOperation& o, TimeMs now_ms) {
  const std::string name = "operation \"" + o.plan.id + "\" ";
  if (o.status == OperationStatus::waiting || o.status == OperationStatus::due) {
    const bool turn = befores_ended(w, o);
    if (w.cancelling || (turn && (stopped_by(w) != nullptr || missed(w, o) != nullptr))) {
      complain(w, name + "should have been skipped: " + why(w, o));
    } else if (o.status == OperationStatus::due && !w.paused) {
      complain(w, name + "should have been opened or skipped, by its condition");
    }
    return;
  }
  if (o.status != OperationStatus::open || !waves_done(w, o) || w.paused) return;
  if (now_ms >= std::max(o.wave_over_ms, w.resumed_ms) + o.plan.pause_ms) complain(w, name + "owes its next wave");
}

void Model::owed_of_task(const MWorkflow& w, const MTask& t, const Use& use, TimeMs now_ms) {
  if (doomed(w, t)) complain(w, t, "should have been skipped: " + why(w, t));
  if (may_go(w, t, use, now_ms)) complain(w, t, "could go and does not");
  if (t.out) {
    if (t.deadline_ms <= now_ms) complain(w, t, "is out behind its deadline");
    const auto* await = std::get_if<AwaitAgentAction>(&*t.plan.action);
    const auto host = await == nullptr ? hosts_.end() : hosts_.find({w.workspace, await->hostname});
    if (host != hosts_.end() && host->second.reachable) complain(w, t, "waits for an agent that is there");
    if (t.true_since_ms != 0 && now_ms >= t.true_since_ms + limits_.condition_poll_ms) {
      complain(w, t, "waits for a condition that holds");
    }
    return;
  }
  if (!t.ready || t.ended || only_waits(t) || on_provider(t) || w.paused || !has_room(w, t, use)) return;
  const auto host = hosts_.find({w.workspace, t.plan.server});
  if (host != hosts_.end() && host->second.reachable) return;
  const TimeMs away_ms = host == hosts_.end() ? 0 : host->second.away_ms;
  const TimeMs since_ms = std::max({t.ready_ms, t.retry_at_ms, t.held_ms, away_ms, w.resumed_ms});
  if (now_ms >= since_ms + limits_.delivery_ms) complain(w, t, "should have been given up: its host is away");
}

}  // namespace prov::domain::model
