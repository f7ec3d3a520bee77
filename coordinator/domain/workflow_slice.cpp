// Workflows: graphs of operations, each with its tasks, run in parallel up to a limit. A dependency's index is smaller
// than its dependent's, so a cycle cannot be written down.
#include <algorithm>
#include <set>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

// The oldest finished workflows leave the working set; the newest stays, whatever its size, since somebody may want to
// retry it or take it back. Of one that is settled for good nobody can: its end says that it leaves.
void forget_ended(State& state) {
  while (state.ended_workflows.size() > 1 &&
         (state.ended_workflows.size() > kKeepEndedWorkflows || state.ended_tasks > kKeepEndedTasks)) {
    const Workflow& oldest = state.workflows.at(state.ended_workflows.front());
    state.ended_tasks -= oldest.tasks.size();
    for (const Task& task : oldest.tasks) {
      if (task.outcome == Outcome::in_doubt) agenda_settle(state, oldest, task);
    }
    state.workflows.erase(state.ended_workflows.front());
    state.ended_workflows.pop_front();
  }
}

// There is nothing to retry of it, and nothing to take back.
bool settled_for_good(const Workflow& workflow, const WorkflowEnded& e) {
  return e.outcome == Outcome::done && e.done == workflow.tasks.size() &&
         std::none_of(workflow.tasks.begin(), workflow.tasks.end(),
                      [](const Task& task) { return task.plan->undo != nullptr; });
}

Result<void> hosts_exist(const State& state, const Command& command, const std::vector<std::string>& hosts) {
  if (hosts.empty()) return fail(Code::invalid, "no host was named");
  for (const std::string& host : hosts) {
    if (agent_of(state, command.workspace, host) == nullptr) {
      return fail(Code::not_found,
                  "no agent is enrolled for host \"" + host + "\" in workspace \"" + command.workspace + "\"",
                  "see: provisioning agent list");
    }
  }
  return {};
}

// A command's workflow has one operation, of all its tasks.
Operation only_operation(const Workflow& workflow) {
  OperationPlan plan;
  plan.id = workflow.kind;
  plan.task_count = static_cast<std::uint32_t>(workflow.tasks.size());
  Operation operation;
  operation.plan = Shared(std::move(plan));
  operation.status = workflow.ended ? OperationStatus::ended : OperationStatus::waiting;
  operation.outcome = workflow.outcome;
  return operation;
}

void derive_tasks(Workflow& workflow, Operation& operation, std::uint32_t index) {
  operation.unended = operation.unended_open = operation.failed = 0;
  const std::uint32_t opened = wave_end(*operation.plan, operation.waves_opened);
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    const std::uint32_t at = operation.plan->first_task + i;
    Task& task = workflow.tasks[at];
    task.operation = index;
    task.host = kNoHost;
    for (const std::uint32_t before : task.plan->depends_on) {
      if (before >= at) continue;  // a log never holds one; evolve is total all the same
      workflow.dependents[before].push_back(at);
      const Task& needed = workflow.tasks[before];
      if (needed.status != TaskStatus::ended || !succeeded(needed.outcome)) ++workflow.missing[at];
    }
    if (out_now(task) && !only_waits(*task.plan->action)) ++workflow.gate.out;
    if (is_failure(task)) ++operation.failed;
    if (task.status == TaskStatus::ended) continue;
    ++workflow.unended;
    ++operation.unended;
    if (i < opened) ++operation.unended_open;
  }
  operation.stopping = operation.failed > operation.plan->max_failures;
}

void derive_dependencies(Workflow& workflow, std::uint32_t index) {
  Operation& operation = workflow.operations[index];
  operation.missing = 0;
  for (const Dependency& d : operation.plan->depends_on) {
    if (d.before >= index) continue;
    Operation& needed = workflow.operations[d.before];
    needed.dependents.push_back({index, d.kind});
    if (needed.status != OperationStatus::ended) ++operation.missing;
  }
}

// As logs of release 0.1 mean it: everything that did not succeed, of these operations and of those behind them.
std::set<std::uint32_t> those_and_behind(const Workflow& workflow, const WorkflowRetried& e) {
  std::set<std::uint32_t> out(e.operations.begin(), e.operations.end());
  for (std::uint32_t i = 0; i < workflow.operations.size(); ++i) {
    const Operation& operation = workflow.operations[i];
    if (all_well(operation)) {
      out.erase(i);
      continue;
    }
    const bool behind = std::any_of(operation.plan->depends_on.begin(), operation.plan->depends_on.end(),
                                    [&](const Dependency& d) { return out.contains(d.before); });
    if (e.operations.empty() || behind) out.insert(i);
  }
  return out;
}

bool stops_workflow(const Operation& operation) {
  return operation.status == OperationStatus::ended && operation.plan->on_failure != OnFailure::go_on &&
         !operation.set_aside && (operation.outcome == Outcome::failed || operation.outcome == Outcome::in_doubt);
}

// The sequence of the event by which it ended. 0 when it has no tasks: then it failed by its condition, which is looked
// at only while nothing else has stopped the workflow.
std::uint64_t end_of(const Workflow& workflow, const Operation& operation) {
  std::uint64_t last = 0;
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    last = std::max(last, workflow.tasks[operation.plan->first_task + i].ended_sequence);
  }
  return last;
}

void begin_again(Workflow& workflow, Operation& operation, const WorkflowRetried& e) {
  operation.status = OperationStatus::waiting;
  operation.waves_opened = 0;
  operation.unneeded = operation.set_aside = false;
  operation.message.clear();
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    Task& task = workflow.tasks[operation.plan->first_task + i];
    if (succeeded(task.outcome) || (task.outcome == Outcome::in_doubt && !e.in_doubt)) continue;
    task.status = TaskStatus::pending;
    task.outcome = Outcome::done;
    task.exit_code = 0;
    task.message.clear();
    task.outputs.clear();
    task.ended_ms = task.ended_sequence = task.started_ms = task.retry_at_ms = 0;
    if (e.exact) task.attempts_before = task.attempt;
  }
}

// Nobody waits for a verdict on an attempt any more when another one will follow.
void forget_doubts(State& state, const Workflow& workflow, const Operation& operation) {
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    const Task& task = workflow.tasks[operation.plan->first_task + i];
    if (task.outcome == Outcome::in_doubt) agenda_settle(state, workflow, task);
  }
}

// Begins again what the retry is about. What had failed beside it has had its say.
void begin_round(State& state, Workflow& workflow, const WorkflowRetried& e) {
  const auto again = e.exact ? std::set(e.operations.begin(), e.operations.end()) : those_and_behind(workflow, e);
  for (const std::uint32_t i : again) {
    if (i >= workflow.operations.size()) continue;
    if (e.in_doubt) forget_doubts(state, workflow, workflow.operations[i]);
    begin_again(workflow, workflow.operations[i], e);
  }
  if (!e.exact) return;
  for (Operation& operation : workflow.operations)
    operation.set_aside = stops_workflow(operation) || operation.set_aside;
}

Result<const Workflow*> known(const State& state, const Command& command, const Id& id) {
  const Workflow* workflow = find_workflow(state, id);
  if (workflow == nullptr || workflow->workspace != command.workspace) {
    return no_workflow(id);
  }
  return workflow;
}

}  // namespace

tl::unexpected<Error> no_workflow(const Id& id) {
  return fail(Code::not_found,
              "there is no workflow " + to_text(id) + ", or it ended so long ago that only the log has it",
              "what can be changed: provisioning workflow list; what cannot any more: provisioning workflow history");
}

bool all_well(const Operation& operation) {
  return operation.outcome == Outcome::done && !operation.unneeded && operation.failed == 0;
}

void derive(Workflow& workflow) {
  if (workflow.operations.empty()) workflow.operations.push_back(only_operation(workflow));
  const std::size_t n = workflow.tasks.size();
  workflow.dependents.assign(n, {});
  workflow.missing.assign(n, 0);
  workflow.gate.out = workflow.unended = workflow.unended_operations = 0;
  workflow.stopped_by.reset();
  workflow.operation_by_id = NameIndex(workflow.operations.size());
  const auto id_at = [&](std::uint32_t i) -> std::string_view { return workflow.operations[i].plan->id; };
  for (Operation& operation : workflow.operations) operation.dependents.clear();
  for (std::uint32_t i = 0; i < workflow.operations.size(); ++i) {
    Operation& operation = workflow.operations[i];
    derive_tasks(workflow, operation, i);
    derive_dependencies(workflow, i);
    workflow.operation_by_id.add(operation.plan->id, i, id_at);
    if (operation.status != OperationStatus::ended) ++workflow.unended_operations;
    if (!stops_workflow(operation)) continue;
    const bool first = !workflow.stopped_by ||
                       end_of(workflow, operation) < end_of(workflow, workflow.operations[*workflow.stopped_by]);
    if (first) workflow.stopped_by = i;
  }
}

void apply(State& state, const Envelope& meta, const WorkflowSubmitted& e) {
  Workflow& workflow = state.workflows[e.id];
  workflow.id = e.id;
  workflow.workspace = meta.workspace;
  workflow.kind = e.kind;
  workflow.name = e.name;
  workflow.infra = e.infra;
  workflow.parallel_limit = e.parallel_limit;
  workflow.initiator = *meta.principal;
  workflow.submitted_ms = meta.log_time_ms;
  workflow.params = e.params;
  workflow.preserve_successful = e.preserve_successful;
  workflow.rolls_back = e.rolls_back;
  workflow.notes = e.notes;
  workflow.tasks.resize(e.tasks.size());
  for (std::size_t i = 0; i < e.tasks.size(); ++i) workflow.tasks[i].plan = e.tasks.share(i);
  workflow.operations.resize(e.operations.size());
  for (std::size_t i = 0; i < e.operations.size(); ++i) workflow.operations[i].plan = e.operations.share(i);
  if (Workflow* undone = find_workflow(state, e.rolls_back); undone != nullptr) {
    ++undone->rollbacks;
    // What begins by itself is still done for the one who asked for the first.
    if (meta.principal->transport == Transport::internal) workflow.initiator = undone->initiator;
  }
  derive(workflow);
  for (const Task& task : workflow.tasks) server_work_begun(state, workflow, task);
  begin_operations(state, workflow, {meta.log_time_ms, meta.sequence});
}

void apply(State& state, const Envelope&, const WorkflowCancelRequested& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || workflow->ended) return;
  workflow->cancelling = true;
  for (std::uint32_t i = 0; i < workflow->operations.size(); ++i) {
    const Operation& operation = workflow->operations[i];
    if (operation.status == OperationStatus::ended) continue;
    if (operation.status != OperationStatus::open) {
      agenda_doom_operation(state, *workflow, i);
      continue;
    }
    for (std::uint32_t t = 0; t < operation.plan->task_count; ++t) {
      const Task& task = workflow->tasks[operation.plan->first_task + t];
      const bool waits = out_now(task) && only_waits(*task.plan->action);
      if (task.status == TaskStatus::pending || task.status == TaskStatus::ready || waits) {
        agenda_doom(state, *workflow, operation.plan->first_task + t);
      }
    }
  }
}

void apply(State& state, const Envelope&, const WorkflowPaused& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow != nullptr && !workflow->ended) workflow->paused = true;
}

void apply(State& state, const Envelope& meta, const WorkflowResumed& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || !workflow->paused) return;
  workflow->paused = false;
  agenda_gate_opened(state, *workflow);
  for (std::uint32_t i = 0; i < workflow->operations.size(); ++i) {
    const Operation& operation = workflow->operations[i];
    if (operation.status == OperationStatus::due) agenda_operation_due(state, *workflow, i);
    if (operation.status != OperationStatus::open) continue;
    if (operation.unended_open == 0) agenda_wave_over(state, *workflow, i, meta.log_time_ms);
    for (std::uint32_t t = 0; t < operation.plan->task_count; ++t) {  // no limit holds these, so no gate does
      const Task& task = workflow->tasks[operation.plan->first_task + t];
      if (task.status != TaskStatus::ready || !only_waits(*task.plan->action)) continue;
      agenda_task_ready(state, *workflow, operation.plan->first_task + t, meta.log_time_ms);
    }
  }
}

void apply(State& state, const Envelope& meta, const WorkflowRetried& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || !workflow->ended) return;
  if (const auto at = std::find(state.ended_workflows.begin(), state.ended_workflows.end(), e.id);
      at != state.ended_workflows.end()) {
    state.ended_workflows.erase(at);
    state.ended_tasks -= workflow->tasks.size();
  }
  workflow->ended = workflow->cancelling = workflow->paused = false;
  workflow->ended_ms = 0;
  workflow->outcome = Outcome::done;
  ++workflow->retries;
  begin_round(state, *workflow, e);
  derive(*workflow);
  for (const Task& task : workflow->tasks) {
    if (task.status == TaskStatus::pending) server_work_begun(state, *workflow, task);
  }
  begin_operations(state, *workflow, {meta.log_time_ms, meta.sequence});
}

void apply(State& state, const Envelope& meta, const ApprovalGiven& e) {
  Workflow* workflow = find_workflow(state, e.task);
  if (workflow == nullptr || find_task(state, e.task) == nullptr) return;
  workflow->approvals.push_back({*task_index(e.task), e.approved, *meta.principal, meta.log_time_ms, e.comment});
}

void apply(State& state, const Envelope& meta, const WorkflowEnded& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || workflow->ended) return;
  workflow->ended = true;
  workflow->paused = false;
  workflow->ended_ms = meta.log_time_ms;
  workflow->outcome = e.outcome;
  workflow->dependents = {};
  workflow->missing = {};
  workflow->gate = {};
  ++state.ended_workflows_total;
  if (e.leaves) return void(state.workflows.erase(e.id));
  state.ended_workflows.push_back(e.id);
  state.ended_tasks += workflow->tasks.size();
  forget_ended(state);
}

EventBody submitted(const State& state, const Inputs& in, std::string kind, std::string name, std::string infra,
                    std::vector<TaskPlan> tasks) {
  WorkflowSubmitted e;
  e.id = workflow_id(in.new_id());
  e.kind = std::move(kind);
  e.name = std::move(name);
  e.infra = std::move(infra);
  e.parallel_limit = state.agenda.limits.workflow_parallel;
  e.tasks = std::move(tasks);
  return e;
}

EventBody ended(const Workflow& workflow, const Limits& limits) {
  WorkflowEnded e;
  e.id = workflow.id;
  bool cancelled = workflow.cancelling;
  for (const Task& task : workflow.tasks) {
    switch (task.outcome) {
      case Outcome::done:
      case Outcome::unchanged: ++e.done; break;
      case Outcome::skipped:
      case Outcome::cancelled: ++e.skipped; break;
      case Outcome::in_doubt: ++e.in_doubt; break;
      case Outcome::not_delivered: ++e.not_delivered; break;
      default: ++e.failed; break;
    }
  }
  bool failed = false, in_doubt = false, incomplete = false;
  for (const Operation& operation : workflow.operations) {
    failed = failed || operation.outcome == Outcome::failed;
    in_doubt = in_doubt || operation.outcome == Outcome::in_doubt;
    cancelled = cancelled || operation.outcome == Outcome::cancelled;
    incomplete = incomplete || (operation.outcome == Outcome::skipped && !operation.unneeded);
  }
  e.outcome = cancelled    ? Outcome::cancelled
              : failed     ? Outcome::failed
              : in_doubt   ? Outcome::in_doubt
              : incomplete ? Outcome::failed  // a doubt had it skipped, and turned out well
                           : Outcome::done;
  e.leaves = workflow.tasks.size() > limits.settled_tasks && settled_for_good(workflow, e);
  return e;
}

Decision decide_on(const State& state, const Command& command, const RunExec& c, const Inputs& in) {
  if (auto ok = hosts_exist(state, command, c.servers); !ok) return tl::unexpected(ok.error());
  if (c.argv.empty() || c.argv.front().empty()) return fail(Code::invalid, "there is no command to run");
  if (c.timeout_s == 0 || c.timeout_s > 24 * 3600) return fail(Code::invalid, "timeout_s is 1 to 86400");
  std::vector<TaskPlan> tasks;
  ExecAction exec;
  exec.argv = c.argv;
  exec.stdin_data = c.stdin_data;
  const Shared<Action> action(std::move(exec));
  for (const std::string& host : c.servers) {
    TaskPlan plan;
    plan.name = host + ": " + c.argv.front();
    plan.server = host;
    plan.timeout_s = c.timeout_s;
    plan.action = action;
    tasks.push_back(std::move(plan));
  }
  return std::vector<EventBody>{submitted(state, in, "exec", c.argv.front(), "", std::move(tasks))};
}

Decision decide_on(const State& state, const Command& command, const RunNoop& c, const Inputs& in) {
  if (auto ok = hosts_exist(state, command, c.servers); !ok) return tl::unexpected(ok.error());
  if (c.count == 0 || c.count > state.agenda.limits.workflow_tasks) {
    return fail(Code::invalid, "count is 1 to " + std::to_string(state.agenda.limits.workflow_tasks));
  }
  WorkflowSubmitted e;
  e.id = workflow_id(in.new_id());
  e.kind = e.name = "noop";
  e.parallel_limit = 0;  // none but the agents' credit
  std::vector<TaskPlan> tasks(c.count);
  for (std::uint32_t i = 0; i < c.count; ++i) {
    tasks[i].name = "noop";
    tasks[i].server = c.servers[i % c.servers.size()];
  }
  e.tasks = std::move(tasks);
  return std::vector<EventBody>{std::move(e)};
}

Decision decide_on(const State& state, const Command& command, const CancelWorkflow& c, const Inputs&) {
  const auto workflow = known(state, command, c.workflow);
  if (!workflow) return tl::unexpected(workflow.error());
  if ((*workflow)->ended || (*workflow)->cancelling) return std::vector<EventBody>{};
  return std::vector<EventBody>{WorkflowCancelRequested{c.workflow, "operator"}};
}

Decision decide_on(const State& state, const Command& command, const PauseWorkflow& c, const Inputs&) {
  const auto workflow = known(state, command, c.workflow);
  if (!workflow) return tl::unexpected(workflow.error());
  if ((*workflow)->ended) {
    return fail(Code::conflict, "workflow " + to_text(c.workflow) + " has ended: nothing of it is left to pause");
  }
  if ((*workflow)->paused || (*workflow)->cancelling) return std::vector<EventBody>{};
  return std::vector<EventBody>{WorkflowPaused{c.workflow, c.reason}};
}

Decision decide_on(const State& state, const Command& command, const ResumeWorkflow& c, const Inputs&) {
  const auto workflow = known(state, command, c.workflow);
  if (!workflow) return tl::unexpected(workflow.error());
  if (!(*workflow)->paused) return std::vector<EventBody>{};
  return std::vector<EventBody>{WorkflowResumed{c.workflow}};
}

namespace {

bool awaits_approval(const Task& task) {
  return out_now(task) && std::holds_alternative<ApprovalAction>(*task.plan->action);
}

// The task that is named, or the only one of its workflow that waits for an approval.
Result<Id> approval_meant(const Workflow& workflow, const Id& id) {
  if (task_index(id)) {
    if (*task_index(id) < workflow.tasks.size() && awaits_approval(workflow.tasks[*task_index(id)])) return id;
    return fail(Code::conflict, "task " + to_text(id) + " does not wait for an approval now");
  }
  std::optional<Id> only;
  for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
    if (!awaits_approval(workflow.tasks[i])) continue;
    if (only) {
      return fail(Code::conflict, "several steps of workflow " + to_text(workflow.id) + " wait for an approval",
                  "name one: provisioning workflow status " + to_text(workflow.id));
    }
    only = task_id(workflow.id, i);
  }
  if (only) return *only;
  return fail(Code::conflict, "nothing in workflow " + to_text(workflow.id) + " waits for an approval now",
              "see: provisioning workflow status " + to_text(workflow.id));
}

}  // namespace

Decision decide_on(const State& state, const Command& command, const ApproveTask& c, const Inputs&) {
  const auto workflow = known(state, command, c.task);
  if (!workflow) return tl::unexpected(workflow.error());
  auto meant = approval_meant(**workflow, c.task);
  if (!meant) return tl::unexpected(meant.error());
  TaskEnded e;
  e.task = *meant;
  e.attempt = find_task(state, *meant)->attempt;
  e.outcome = c.approved ? Outcome::done : Outcome::refused;
  e.message = std::string(c.approved ? "approved" : "rejected") + (c.comment.empty() ? "" : ": " + c.comment);
  return std::vector<EventBody>{ApprovalGiven{*meant, c.approved, c.comment}, std::move(e)};
}

}  // namespace prov::domain
