// What follows within a workflow from what has happened, and whether what happens is what should.
#include <algorithm>
#include <tuple>

#include "tests/unit/engine/model.h"

namespace prov::domain::model {
namespace {

// What goes first: a step of priority is worth ten seconds of waiting; of equals, the higher priority.
std::pair<std::int64_t, std::int32_t> rank(const MWorkflow& w, const MTask& t) {
  const std::int32_t priority = w.operations[t.operation].plan.priority;
  return {static_cast<std::int64_t>(t.ready_ms) - std::int64_t{priority} * 10'000, -priority};
}

bool same_queue(const MWorkflow& w, const MTask& a, const MWorkflow& v, const MTask& b) {
  if (w.workspace != v.workspace || only_waits(a) || only_waits(b)) return false;
  return !on_provider(a) && !on_provider(b) && a.plan.server == b.plan.server;
}

bool unlimited(const MWorkflow& w, const MTask& t) {
  return w.parallel_limit == 0 && w.operations[t.operation].plan.concurrency_group.empty();
}

}  // namespace

// Until nothing changes: what has all its tasks behind it has ended; then whose turn it is.
void Model::settle(MWorkflow& w, TimeMs now_ms, std::uint64_t sequence) {
  while (settle_once(w, now_ms, sequence)) continue;
  for (MTask& t : w.tasks) {
    const bool ready = !t.ended && !t.out && in_open_wave(w, t) &&
                       std::all_of(t.plan.depends_on.begin(), t.plan.depends_on.end(), [&](std::uint32_t before) {
                         return w.tasks[before].ended && succeeded(w.tasks[before].outcome);
                       });
    if (ready && !t.ready) t.ready_ms = now_ms;
    t.ready = ready;
    const auto* wait = std::get_if<WaitAction>(&*t.plan.action);
    if (!t.out || wait == nullptr || wait->until.empty()) continue;
    const bool over = holds(w, wait->until) != false;
    t.true_since_ms = !over ? 0 : t.true_since_ms != 0 ? t.true_since_ms : now_ms;
  }
}

bool Model::end_when_over(MWorkflow& w, MOperation& o, TimeMs now_ms, std::uint64_t sequence) {
  if (o.status != OperationStatus::open) return false;
  if (!waves_done(w, o)) {
    o.wave_over_ms = 0;
  } else if (o.wave_over_ms == 0) {
    o.wave_over_ms = now_ms;
  }
  if (!tasks_done(w, o)) return false;
  o.status = OperationStatus::ended;
  o.outcome = outcome_of(w, o);
  o.ended_order = ++order_;
  if (o.outcome == Outcome::done && !o.plan.checkpoint.empty()) w.checkpoints[o.plan.checkpoint] = sequence;
  return true;
}

bool Model::settle_once(MWorkflow& w, TimeMs now_ms, std::uint64_t sequence) {
  bool changed = false;
  for (MOperation& o : w.operations) changed = end_when_over(w, o, now_ms, sequence) || changed;
  if (changed) return true;
  std::vector<MOperation*> turns;
  for (MOperation& o : w.operations) {
    if (o.status == OperationStatus::waiting && befores_ended(w, o)) turns.push_back(&o);
  }
  for (MOperation* o : turns) {
    if (w.cancelling || stopped_by(w) != nullptr || missed(w, *o) != nullptr) continue;  // will be skipped, by an event
    changed = true;
    o->status = o->plan.when.empty() ? OperationStatus::open : OperationStatus::due;
    o->waves = o->plan.when.empty() ? 1 : 0;
    end_when_over(w, *o, now_ms, sequence);
  }
  return changed;
}

// Every operation before it has ended, and those that it needs have succeeded.
void Model::check_order(const MWorkflow& w, const MTask& t, const Id&, TimeMs) {
  const MOperation& o = w.operations[t.operation];
  if (!befores_ended(w, o)) complain(w, t, "went before an operation that is before its own");
  if (missed(w, o) != nullptr) complain(w, t, "went without what its operation needs");
}

// Nobody who could have gone instead, at the same place, should have.
void Model::check_turns(const MWorkflow& w, const MTask& t, TimeMs now_ms) {
  const Use now = use();
  std::set<std::string> others;
  for (const auto& [id, v] : workflows_) {
    for (const MTask& b : v.tasks) {
      if (&b == &t || !b.ready || !may_go(v, b, now, now_ms)) continue;
      const bool comparable = w.id == v.id ? w.operations[t.operation].plan.concurrency_group ==
                                                 v.operations[b.operation].plan.concurrency_group
                                           : unlimited(w, t) && unlimited(v, b);
      if (comparable && same_queue(w, t, v, b) && rank(v, b) < rank(w, t)) {
        complain(w, t, "went before \"" + b.plan.name + "\", which is more urgent or waits for longer");
      }
      if (on_provider(t) && on_provider(b) && provider_of(w, t) == provider_of(v, b) && unlimited(v, b)) {
        others.insert(v.workspace);
      }
    }
  }
  if (!on_provider(t)) return;
  others.erase(w.workspace);
  Turn& last = last_turn_[provider_of(w, t)];
  if (last.workspace == w.workspace) {
    for (const std::string& other : others) {
      if (last.others.contains(other)) complain(w, t, "took the turn of workspace \"" + other + "\"");
    }
  }
  last = {w.workspace, others};
}

// ---- how a task may end

void Model::check_end_of(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e) {
  if (meta.principal->transport == Transport::internal) {
    if (t.out) return check_wait_over(w, t, meta, e);
    return check_given_up(w, t, meta, e);
  }
  if (std::holds_alternative<ApprovalAction>(*t.plan.action)) return;  // a person's word
  if (!t.out && !t.ended) complain(w, t, "ended although it was not out");
  check_retry(w, t, meta, e);
}

void Model::check_given_up(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e) {
  if (e.outcome == Outcome::not_delivered) {
    const auto host = hosts_.find({w.workspace, t.plan.server});
    const bool away = host == hosts_.end() || !host->second.reachable;
    const TimeMs away_ms = host == hosts_.end() ? 0 : host->second.away_ms;
    const TimeMs since_ms = std::max({t.ready_ms, t.retry_at_ms, away_ms});
    const bool long_enough = t.ready && away && meta.log_time_ms >= since_ms + limits_.delivery_ms;
    if (!long_enough || doomed(w, t)) complain(w, t, "was given up too early");
    return;
  }
  if (!doomed(w, t)) return complain(w, t, "was skipped for nothing");
  // What failed and would have been repeated has failed.
  const bool had_failed = t.retry_at_ms != 0 && !w.cancelling;
  const Outcome expected = w.cancelling ? Outcome::cancelled : had_failed ? t.outcome : Outcome::skipped;
  if (e.outcome != expected) complain(w, t, std::string("was skipped as ") + name_of(e.outcome));
  const bool says = had_failed ? e.message.find(why(w, t)) != std::string::npos : e.message == why(w, t);
  if (!says) complain(w, t, "was skipped because '" + e.message + "' instead of '" + why(w, t) + "'");
}

void Model::check_wait_over(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e) {
  if (!only_waits(t)) return complain(w, t, "was ended by nobody who could know");
  if (e.outcome == Outcome::cancelled || e.outcome == Outcome::skipped) return check_given_up(w, t, meta, e);
  const bool over = meta.log_time_ms >= t.deadline_ms;
  const auto* wait = std::get_if<WaitAction>(&*t.plan.action);
  const auto* await = std::get_if<AwaitAgentAction>(&*t.plan.action);
  const auto host = await == nullptr ? hosts_.end() : hosts_.find({w.workspace, await->hostname});
  Outcome expected = Outcome::timed_out;
  bool may = over;
  if (wait != nullptr && wait->until.empty()) {
    expected = Outcome::done;
  } else if (wait != nullptr && e.outcome != Outcome::timed_out) {
    const auto value = holds(w, wait->until);
    may = value != false;
    expected = value ? Outcome::done : Outcome::failed;
  } else if (await != nullptr && e.outcome == Outcome::done) {
    may = host != hosts_.end() && host->second.reachable;
    expected = Outcome::done;
  }
  if (!may || e.outcome != expected) complain(w, t, std::string("stopped waiting too early, as ") + name_of(e.outcome));
}

void Model::check_retry(const MWorkflow& w, const MTask& t, const Envelope& meta, const TaskEnded& e) {
  const OperationPlan& plan = w.operations[t.operation].plan;
  const RetryPolicy& policy = plan.retry;
  const std::uint32_t tried = t.attempt - t.attempts_before;
  const bool ordinary = e.outcome == Outcome::failed || e.outcome == Outcome::timed_out;
  bool again = t.out && t.plan.max_attempts > 1 && !w.cancelling && !w.ended && stopped_by(w) == nullptr &&
               !stopping(w, w.operations[t.operation]);
  if (e.outcome == Outcome::interrupted) {
    again = again && tried < std::max(t.plan.max_attempts, 10U);
  } else {
    const bool later = e.outcome == Outcome::failed && e.exit_code == kExitTryLater;
    again = again && tried < t.plan.max_attempts &&
            (later || (policy.on_failure && ordinary && e.exit_code != kExitCannot));
  }
  if (again != (e.retry_at_ms != 0)) complain(w, t, again ? "is not tried again" : "is tried again");
  if (e.retry_at_ms == 0) return;
  std::uint64_t delay_ms = policy.delay_ms != 0 ? policy.delay_ms : limits_.retry_base_ms;
  const std::uint64_t most_ms = std::max<std::uint64_t>(delay_ms, policy.max_delay_ms);
  for (std::uint32_t n = 1; policy.exponential && n < tried && delay_ms < most_ms; ++n) delay_ms *= 2;
  delay_ms = std::min(delay_ms, most_ms);
  const std::uint64_t jitter_ms = delay_ms * policy.jitter_percent / 100;
  const TimeMs at_ms = e.retry_at_ms - meta.log_time_ms;
  if (at_ms + 1 < delay_ms - jitter_ms || at_ms > delay_ms + jitter_ms + 1)
    complain(w, t, "is tried again at a wrong time");
}

// What came after, is undone before: where it was needed only if that succeeds, where it was order alone in any case.
void Model::check_turned_round(const MWorkflow& undone, const WorkflowSubmitted& e) {
  const std::size_t n = undone.operations.size();
  if (e.operations.size() != n) return complain(undone, "is undone by other operations than it has");
  std::multiset<std::tuple<std::size_t, std::size_t, DependencyKind>> should, is;
  for (std::size_t i = 0; i < n; ++i) {
    for (const Dependency& d : undone.operations[i].plan.depends_on)
      should.insert({n - 1 - d.before, n - 1 - i, d.kind});
    for (const Dependency& d : e.operations[i].depends_on) is.insert({i, d.before, d.kind});
  }
  if (should != is) complain(undone, "is not undone in the reverse order");
}

// A rollback takes back what it should, and says what it cannot.
void Model::check_rollback(const MWorkflow& undone, const WorkflowSubmitted& e) {
  std::uint64_t sequence = 0;
  if (const auto at = e.name.find(" back to "); at != std::string::npos) {
    sequence = undone.checkpoints.at(e.name.substr(at + 9));
  }
  const Undoing expected = undoing(undone, sequence);
  std::multiset<std::string> should, does;
  for (const std::uint32_t i : expected.tasks) should.insert("undo " + undone.tasks[i].plan.name);
  for (const TaskPlan& plan : e.tasks) does.insert(plan.name);
  if (should != does) complain(undone, "is not undone as it should be");
  check_turned_round(undone, e);
  if (e.notes.size() != expected.impossible.size()) complain(undone, "does not say what cannot be undone");
  if (!undone.ended || undone.rollbacks > 0 || !undone.rolls_back.is_zero()) complain(undone, "must not be undone now");
}

}  // namespace prov::domain::model
