// The model takes events in: may this happen now, and what is so afterwards.
#include "tests/unit/engine/model.h"

#include <algorithm>

namespace prov::domain::model {

void Model::complain(const MWorkflow& w, const std::string& what) {
  complaints.push_back("workflow " + to_text(w.id).substr(0, 8) + ": " + what);
}

void Model::complain(const MWorkflow& w, const MTask& t, const std::string& what) {
  complain(w, "task \"" + t.plan.name + "\" of \"" + w.operations[t.operation].plan.id + "\": " + what);
}

MTask* Model::find(const Id& id) {
  const auto w = workflows_.find(workflow_id(id));
  if (w == workflows_.end() || !task_index(id) || *task_index(id) >= w->second.tasks.size()) return nullptr;
  return &w->second.tasks[*task_index(id)];
}

void Model::see(const Event& event) {
  std::visit([&](const auto& body) { take(event.meta, body); }, event.body);
  for (auto& [id, w] : workflows_) {
    if (w.ended) continue;
    settle(w, event.meta.log_time_ms, event.meta.sequence);
  }
}

void Model::restarted(TimeMs log_time_ms) {
  for (auto& [id, w] : workflows_) w.resumed_ms = log_time_ms;
  last_turn_.clear();
}

// ---- hosts

void Model::take(const Envelope& meta, const ServerDeclared& e) {
  provider_of_server_[{meta.workspace, e.spec->hostname}] = e.spec->provider;
}

void Model::take(const Envelope& meta, const ServerDeleted& e) {
  provider_of_server_.erase({meta.workspace, e.hostname});
}

void Model::take(const Envelope& meta, const CoordinatorStarted&) {  // nobody has said hello to this one
  for (auto& [place, host] : hosts_) {
    if (host.reachable) host.away_ms = meta.log_time_ms;
    host.reachable = false;
  }
}

void Model::take(const Envelope&, const AgentEnrolled& e) {
  place_of_[e.key] = {e.workspace, e.server};
  MHost& host = hosts_[{e.workspace, e.server}];
  host.agent = e.key;
  host.reachable = host.draining = false;
}

void Model::take(const Envelope&, const AgentConnected& e) {
  const auto place = place_of_.find(e.key);
  if (place == place_of_.end()) return;
  hosts_[place->second].reachable = true;
  hosts_[place->second].facts = *e.facts;
}

void Model::take(const Envelope& meta, const AgentLost& e) {
  const auto place = place_of_.find(e.key);
  if (place == place_of_.end()) return;
  MHost& host = hosts_[place->second];
  if (host.reachable) host.away_ms = meta.log_time_ms;
  host.reachable = false;
}

void Model::take(const Envelope&, const AgentDrainChanged& e) {
  const auto place = place_of_.find(e.key);
  if (place != place_of_.end()) hosts_[place->second].draining = e.draining;
}

void Model::take(const Envelope& meta, const AgentRemoved& e) {
  const auto place = place_of_.find(e.key);
  if (place == place_of_.end()) return;
  MHost& host = hosts_[place->second];
  if (host.reachable) host.away_ms = meta.log_time_ms;
  host.reachable = host.draining = false;
  host.agent = Key{};
  place_of_.erase(place);
  for (auto& [id, w] : workflows_) {  // nobody will report what is out there
    for (MTask& t : w.tasks) {
      if (t.out && t.agent == e.key) t.deadline_ms = std::min(t.deadline_ms, meta.log_time_ms);
    }
  }
}

// ---- a workflow's life

void Model::take(const Envelope& meta, const WorkflowSubmitted& e) {
  if (workflows_.contains(e.id)) complaints.push_back("a workflow was submitted under an id that there is already");
  if (const auto undone = workflows_.find(e.rolls_back); undone != workflows_.end()) {
    check_rollback(undone->second, e);
    if (meta.workspace != undone->second.workspace) complain(undone->second, "is undone in another workspace");
    ++undone->second.rollbacks;
  }
  MWorkflow& w = workflows_[e.id];
  w.id = e.id;
  w.workspace = meta.workspace;
  w.parallel_limit = e.parallel_limit;
  w.params = e.params;
  w.preserve_successful = e.preserve_successful;
  w.rolls_back = e.rolls_back;
  for (const OperationPlan& plan : e.operations) w.operations.emplace_back().plan = plan;
  if (w.operations.empty()) {
    w.operations.emplace_back().plan.id = e.kind;
    w.operations[0].plan.task_count = static_cast<std::uint32_t>(e.tasks.size());
  }
  for (const TaskPlan& plan : e.tasks) w.tasks.emplace_back().plan = plan;
  for (std::uint32_t i = 0; i < w.operations.size(); ++i) {
    const OperationPlan& plan = w.operations[i].plan;
    for (std::uint32_t t = 0; t < plan.task_count; ++t) w.tasks[plan.first_task + t].operation = i;
  }
}

void Model::take(const Envelope&, const WorkflowCancelRequested& e) { workflows_.at(e.id).cancelling = true; }

void Model::take(const Envelope&, const WorkflowPaused& e) { workflows_.at(e.id).paused = true; }

void Model::take(const Envelope& meta, const WorkflowResumed& e) {
  MWorkflow& w = workflows_.at(e.id);
  w.paused = false;
  w.resumed_ms = meta.log_time_ms;
}

void Model::take(const Envelope&, const WorkflowRetried& e) {
  MWorkflow& w = workflows_.at(e.id);
  if (!w.ended || w.rollbacks > 0) complain(w, "must not be retried now");
  if (!e.exact) complain(w, "is retried as logs of the past say it");
  const std::set<std::uint32_t> operations(e.operations.begin(), e.operations.end());
  w.ended = w.cancelling = w.paused = false;
  w.outcome = Outcome::done;
  ++w.retries;
  for (std::uint32_t i = 0; i < w.operations.size(); ++i) {
    MOperation& o = w.operations[i];
    if (!operations.contains(i)) {
      const bool bad = o.outcome == Outcome::failed || o.outcome == Outcome::in_doubt;
      o.set_aside = o.set_aside || (bad && o.plan.on_failure != OnFailure::go_on);
      continue;
    }
    o.status = OperationStatus::waiting;
    o.outcome = Outcome::done;
    o.unneeded = o.set_aside = false;
    o.message.clear();
    o.waves = 0;
    o.wave_over_ms = 0;
    for (std::uint32_t n = 0; n < o.plan.task_count; ++n) {
      MTask& t = w.tasks[o.plan.first_task + n];
      if (succeeded(t.outcome) || (t.outcome == Outcome::in_doubt && !e.in_doubt)) continue;
      MTask fresh;
      fresh.plan = t.plan;
      fresh.operation = t.operation;
      fresh.attempt = fresh.attempts_before = t.attempt;
      fresh.agent = t.agent;
      t = fresh;
    }
  }
}

void Model::take(const Envelope&, const WorkflowEnded& e) {
  MWorkflow& w = workflows_.at(e.id);
  WorkflowEnded expected;
  for (const MTask& t : w.tasks) {
    if (!t.ended) complain(w, t, "has not ended, but its workflow has");
    const bool left_out = t.outcome == Outcome::skipped || t.outcome == Outcome::cancelled;
    ++(succeeded(t.outcome)                  ? expected.done
       : left_out                            ? expected.skipped
       : t.outcome == Outcome::in_doubt      ? expected.in_doubt
       : t.outcome == Outcome::not_delivered ? expected.not_delivered
                                             : expected.failed);
  }
  for (const MOperation& o : w.operations) {
    if (o.status != OperationStatus::ended) complain(w, "ended before \"" + o.plan.id + "\" did");
  }
  const bool counts = e.done == expected.done && e.failed == expected.failed && e.skipped == expected.skipped &&
                      e.in_doubt == expected.in_doubt && e.not_delivered == expected.not_delivered;
  if (!counts) complain(w, "its end does not count its tasks right");
  w.outcome = outcome_of(w);
  if (e.outcome != w.outcome) {
    complain(w, std::string("ended as ") + name_of(e.outcome) + " instead of " + name_of(w.outcome));
  }
  const bool none_to_undo =
      std::none_of(w.tasks.begin(), w.tasks.end(), [](const MTask& t) { return t.plan.undo != nullptr; });
  w.left =
      w.tasks.size() > limits_.settled_tasks && w.outcome == Outcome::done && e.done == w.tasks.size() && none_to_undo;
  if (e.leaves != w.left) complain(w, w.left ? "stays, and nobody can do anything with it" : "leaves too early");
  w.ended = true;
  w.paused = false;
}

void Model::take(const Envelope& meta, const OperationOpened& e) {
  MWorkflow& w = workflows_.at(e.workflow);
  MOperation& o = w.operations.at(e.operation);
  const std::string name = "operation \"" + o.plan.id + "\" was opened ";
  // Doubts that a retry left alone may be too many already; then it is opened, and what is left of it is skipped.
  const bool stops = e.wave > 0 && stopping(w, o);
  if (w.paused || w.cancelling || stopped_by(w) != nullptr || stops) complain(w, name + "when nothing may begin");
  if (e.wave == 0) {
    if (o.status != OperationStatus::due || o.waves != 0) complain(w, name + "when it was not its turn");
    if (missed(w, o) != nullptr) complain(w, name + "without what it needs");
    if (holds(w, o.plan.when) != true) complain(w, name + "against its condition");
  } else {
    if (o.status != OperationStatus::open || e.wave != o.waves || !waves_done(w, o)) complain(w, name + "too early");
    if (meta.log_time_ms < o.wave_over_ms + o.plan.pause_ms) complain(w, name + "before its pause was over");
  }
  o.status = OperationStatus::open;
  o.waves = e.wave + 1;
  o.wave_over_ms = 0;
}

void Model::take(const Envelope& meta, const OperationSkipped& e) {
  MWorkflow& w = workflows_.at(e.workflow);
  MOperation& o = w.operations.at(e.operation);
  const std::string name = "operation \"" + o.plan.id + "\" ";
  if (o.status != OperationStatus::waiting && o.status != OperationStatus::due) complain(w, name + "skipped too late");
  std::string reason = why(w, o);
  Outcome outcome = w.cancelling ? Outcome::cancelled : Outcome::skipped;
  bool unneeded = false;
  if (!w.cancelling && !befores_ended(w, o)) complain(w, name + "skipped before its turn");
  if (reason.empty()) {  // its condition decided
    const auto value = o.plan.when.empty() ? std::optional(true) : holds(w, o.plan.when);
    if (value == true) complain(w, name + "was skipped for nothing");
    if (w.paused) complain(w, name + "was decided on while the workflow is paused");
    unneeded = value == false;
    outcome = unneeded ? Outcome::skipped : Outcome::failed;
    reason = unneeded ? "its condition is false: " + o.plan.when : e.reason;
    if (!unneeded && !e.reason.starts_with("its condition: "))
      complain(w, name + "does not say that its condition failed");
  }
  if (e.reason != reason) complain(w, name + "was skipped because '" + e.reason + "' instead of '" + reason + "'");
  if (e.outcome != outcome || e.unneeded != unneeded) complain(w, name + "was skipped in the wrong way");
  for (std::uint32_t n = 0; n < o.plan.task_count; ++n) {
    MTask& t = w.tasks[o.plan.first_task + n];
    if (t.ended) continue;
    t.ended = true;
    t.outcome = e.outcome;
    t.message = e.reason;
    t.ended_sequence = meta.sequence;
  }
  o.status = OperationStatus::ended;
  o.outcome = e.outcome;
  o.unneeded = e.unneeded;
  o.message = e.reason;
  o.ended_order = ++order_;
}

// ---- a task's life

void Model::take(const Envelope& meta, const TaskDispatched& e) {
  MWorkflow& w = workflows_.at(workflow_id(e.task));
  MTask& t = *find(e.task);
  const TimeMs now_ms = meta.log_time_ms;
  if (!may_go(w, t, use(), now_ms)) complain(w, t, "went out when it may not");
  if (e.attempt != t.attempt + 1) complain(w, t, "went out with the wrong number of attempt");
  check_order(w, t, e.task, now_ms);
  check_turns(w, t, now_ms);
  const bool on_host = !only_waits(t) && !on_provider(t);
  const auto host = hosts_.find({w.workspace, t.plan.server});
  if (e.agent != (on_host && host != hosts_.end() ? host->second.agent : Key{}))
    complain(w, t, "went to the wrong agent");
  const TimeMs deadline_ms = now_ms + std::uint64_t{t.plan.timeout_s} * 1000 + (only_waits(t) ? 0 : kReportGraceMs) +
                             (on_host ? limits_.delivery_ms : 0);
  if (e.deadline_ms != deadline_ms) complain(w, t, "has another deadline than it should have");
  t.out = true;
  t.ready = t.started = false;
  t.attempt = e.attempt;
  t.agent = e.agent;
  t.deadline_ms = deadline_ms;
  t.retry_at_ms = t.true_since_ms = 0;
}

void Model::take(const Envelope& meta, const TaskStarted& e) {
  MTask& t = *find(e.task);
  if (!t.out || t.started || t.attempt != e.attempt)
    complain(workflows_.at(workflow_id(e.task)), t, "started too late");
  t.started = true;
  t.deadline_ms = meta.log_time_ms + std::uint64_t{t.plan.timeout_s} * 1000 + kReportGraceMs;
}

void Model::take(const Envelope& meta, const TaskEnded& e) {
  MWorkflow& w = workflows_.at(workflow_id(e.task));
  MTask& t = *find(e.task);
  const bool late = t.ended && t.outcome == Outcome::in_doubt;
  if (t.ended && !late) complain(w, t, "ended twice");
  if (e.attempt != t.attempt) complain(w, t, "ended an attempt that was not its last");
  check_end_of(w, t, meta, e);
  t.outcome = e.outcome;
  t.message = e.message;
  t.outputs = e.outputs;
  t.out = t.started = t.ready = false;
  if (e.retry_at_ms != 0 && !late) {
    t.retry_at_ms = e.retry_at_ms;
    return;
  }
  t.ended = true;
  if (!late) t.ended_sequence = meta.sequence;  // when it ended is what was known first
}

void Model::take(const Envelope& meta, const TaskInDoubt& e) {
  MWorkflow& w = workflows_.at(workflow_id(e.task));
  MTask& t = *find(e.task);
  if (!t.out || only_waits(t) || t.deadline_ms > meta.log_time_ms) complain(w, t, "is in doubt too early");
  const bool gone = !t.agent.is_zero() && !place_of_.contains(t.agent);
  const bool says_gone = e.reason.find("was removed") != std::string::npos;
  if (e.attempt != t.attempt || gone != says_gone) complain(w, t, "is in doubt for another reason than it says");
  t.out = t.started = false;
  t.ended = true;
  t.outcome = Outcome::in_doubt;
  t.message = e.reason;
  t.ended_sequence = meta.sequence;
}

// ---- against the real one

void Model::compare(const State& state) {
  for (const auto& [id, w] : workflows_) {
    const Workflow* found = state.workflows.get(id);
    if ((found == nullptr) != w.left) complain(w, w.left ? "has not left" : "is not there");
    if (found == nullptr) continue;
    const Workflow& real = *found;
    const bool same = real.ended == w.ended && real.paused == w.paused && real.cancelling == w.cancelling &&
                      real.rollbacks == w.rollbacks && real.retries == w.retries &&
                      (!w.ended || real.outcome == w.outcome);
    if (!same) complain(w, "is not as it should be");
    for (std::size_t i = 0; i < w.operations.size(); ++i) {
      const MOperation& o = w.operations[i];
      const Operation& other = real.operations.at(i);
      const bool ended = o.status == OperationStatus::ended;
      if (other.status != o.status || (ended && (other.outcome != o.outcome || other.unneeded != o.unneeded))) {
        complain(w, "operation \"" + o.plan.id + "\" is " + name_of(other.status) + " (" + name_of(other.outcome) +
                        ") instead of " + name_of(o.status) + " (" + name_of(o.outcome) + ")");
      }
      if (other.set_aside != o.set_aside) complain(w, "operation \"" + o.plan.id + "\" is set aside, or should be");
      if (other.waves_opened != o.waves) complain(w, "operation \"" + o.plan.id + "\" has other waves");
    }
    for (std::size_t i = 0; i < w.tasks.size(); ++i) {
      const MTask& t = w.tasks[i];
      const Task& other = real.tasks.at(i);
      const TaskStatus status = t.ended     ? TaskStatus::ended
                                : t.started ? TaskStatus::running
                                : t.out     ? TaskStatus::dispatched
                                : t.ready   ? TaskStatus::ready
                                            : TaskStatus::pending;
      if (other.status != status || other.attempt != t.attempt || other.attempts_before != t.attempts_before ||
          (t.ended && other.outcome != t.outcome)) {
        complain(w, t, std::string("is ") + name_of(other.status) + " instead of " + name_of(status));
      }
      if (t.ended && other.message != t.message) complain(w, t, "says \"" + other.message + "\"");
    }
    for (const auto& [name, sequence] : w.checkpoints) {
      const bool has = std::any_of(real.checkpoints.begin(), real.checkpoints.end(),
                                   [&](const Checkpoint& c) { return c.name == name && c.sequence == sequence; });
      if (!has) complain(w, "has not reached the checkpoint \"" + name + "\"");
    }
    std::set<std::string> names;
    for (const Checkpoint& c : real.checkpoints) names.insert(c.name);
    if (names.size() != w.checkpoints.size()) complain(w, "has reached a checkpoint that it has not");
  }
}

}  // namespace prov::domain::model
