// Operations: what a workflow's dependencies are between. One waits until every operation before it has ended; then its
// condition is looked at (by the scheduler, which logs the answer), and its tasks may go, wave by wave. It ends with
// its last task, and those behind it learn of that. Everything else here follows from events alone.
#include <algorithm>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

// Tasks [from, to) of an operation may go as soon as what they need within it is done.
void open_tasks(State& state, Workflow& workflow, Operation& operation, std::uint32_t from, std::uint32_t to,
                const Moment& at) {
  for (std::uint32_t i = operation.plan->first_task + from; i < operation.plan->first_task + to; ++i) {
    Task& task = workflow.tasks[i];
    if (task.status == TaskStatus::ended) continue;
    ++operation.unended_open;
    if (workflow.missing[i] != 0) continue;
    task.status = TaskStatus::ready;
    task.ready_ms = at.now_ms;
    agenda_task_ready(state, workflow, i, at.now_ms);
  }
}

// It was skipped, and not because of what it needs.
bool left_out(const Workflow& workflow, const Task& task) {
  return task.outcome == Outcome::skipped &&
         std::all_of(task.plan->depends_on.begin(), task.plan->depends_on.end(),
                     [&](std::uint32_t before) { return succeeded(workflow.tasks[before].outcome); });
}

// REQUIRES: all of its tasks have ended.
Outcome outcome_of(const Workflow& workflow, const Operation& operation) {
  std::uint32_t in_doubt = 0;
  bool cancelled = false, incomplete = false;
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    const Task& task = workflow.tasks[operation.plan->first_task + i];
    if (task.outcome == Outcome::in_doubt) ++in_doubt;
    cancelled = cancelled || task.outcome == Outcome::cancelled;
    incomplete = incomplete || left_out(workflow, task);
  }
  if (cancelled) return Outcome::cancelled;
  const std::uint32_t tolerated = operation.plan->max_failures == kNoMaxFailures ? 0 : operation.plan->max_failures;
  if (operation.failed > tolerated) return in_doubt == operation.failed ? Outcome::in_doubt : Outcome::failed;
  return incomplete ? Outcome::skipped : Outcome::done;
}

void doom_tasks(State& state, const Workflow& workflow, const Operation& operation) {
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    agenda_doom(state, workflow, operation.plan->first_task + i);
  }
}

// Nothing more of the workflow begins.
void stop_workflow(State& state, Workflow& workflow, std::uint32_t by) {
  if (workflow.stopped_by) return;
  workflow.stopped_by = by;
  for (std::uint32_t i = 0; i < workflow.operations.size(); ++i) {
    const Operation& operation = workflow.operations[i];
    if (operation.status == OperationStatus::waiting || operation.status == OperationStatus::due) {
      if (operation.missing == 0) agenda_doom_operation(state, workflow, i);  // the others when their turn comes
    } else if (operation.status == OperationStatus::open) {
      doom_tasks(state, workflow, operation);
    }
  }
}

void end_operation(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  Operation& operation = workflow.operations[index];
  if (operation.status == OperationStatus::open) agenda_operation_closed(state, workflow, operation);
  operation.status = OperationStatus::ended;
  --workflow.unended_operations;
  const bool failed = operation.outcome == Outcome::failed || operation.outcome == Outcome::in_doubt;
  if (failed && operation.plan->on_failure != OnFailure::go_on) stop_workflow(state, workflow, index);
  if (operation.outcome != Outcome::done) return;
  if (!operation.plan->checkpoint.empty()) workflow.checkpoints.push_back({operation.plan->checkpoint, at.sequence});
  if (!operation.plan->cluster.empty()) agenda_cluster_settled(state, workflow, index);
}

// Its last task has ended, or it had none.
void conclude(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  Operation& operation = workflow.operations[index];
  operation.outcome = outcome_of(workflow, operation);
  if (operation.outcome == Outcome::skipped) {
    const std::string why = why_skipped(workflow, operation);
    operation.message = why.empty() ? "a step was skipped before what it needs was known to have succeeded" : why;
  }
  end_operation(state, workflow, index, at);
}

// A retry may have left doubts alone: they can be too many already, or what others need.
void doom_after_doubts(State& state, const Workflow& workflow, const Operation& operation) {
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    const std::uint32_t at = operation.plan->first_task + i;
    if (operation.stopping || hopeless(workflow, workflow.tasks[at])) agenda_doom(state, workflow, at);
  }
}

// Opens the next wave. Whether the operation is over thereby (nothing of it is left to do).
bool open_wave(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  Operation& operation = workflow.operations[index];
  if (operation.status != OperationStatus::open) agenda_operation_opened(state, workflow, operation);
  operation.status = OperationStatus::open;
  const std::uint32_t from = wave_end(*operation.plan, operation.waves_opened);
  ++operation.waves_opened;
  open_tasks(state, workflow, operation, from, wave_end(*operation.plan, operation.waves_opened), at);
  if (operation.unended == 0) {
    conclude(state, workflow, index, at);
    return true;
  }
  if (workflow.retries > 0) doom_after_doubts(state, workflow, operation);
  if (operation.unended_open == 0) agenda_wave_over(state, workflow, index, at.now_ms);
  return false;
}

// Everything before it has ended. Whether it is over at once.
bool turn_comes(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  Operation& operation = workflow.operations[index];
  if (operation.status != OperationStatus::waiting) return false;
  if (workflow.cancelling || workflow.stopped_by || needed_in_vain(workflow, operation)) {
    agenda_doom_operation(state, workflow, index);
    return false;
  }
  if (operation.plan->when.empty()) return open_wave(state, workflow, index, at);
  operation.status = OperationStatus::due;
  agenda_operation_due(state, workflow, index);
  return false;
}

// Those behind the operations that have just ended; a chain of empty ones is a loop here, not a recursion.
void release(State& state, Workflow& workflow, std::vector<std::uint32_t> ended, const Moment& at) {
  while (!ended.empty()) {
    const std::uint32_t index = ended.back();
    ended.pop_back();
    for (const Dependency& dependent : workflow.operations[index].dependents) {
      Operation& next = workflow.operations[dependent.before];
      if (next.missing == 0 || --next.missing != 0) continue;
      if (turn_comes(state, workflow, dependent.before, at)) ended.push_back(dependent.before);
    }
  }
  if (workflow.unended_operations == 0) agenda_workflow_settled(state, workflow);
}

void release_tasks(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  const bool good = succeeded(workflow.tasks[index].outcome);
  const Operation& operation = workflow.operations[workflow.tasks[index].operation];
  const std::uint32_t opened = operation.plan->first_task + wave_end(*operation.plan, operation.waves_opened);
  for (const std::uint32_t next : workflow.dependents[index]) {
    Task& task = workflow.tasks[next];
    if (task.status != TaskStatus::pending) continue;
    if (!good) {
      agenda_doom(state, workflow, next);
    } else if (--workflow.missing[next] == 0 && next < opened) {
      task.status = TaskStatus::ready;
      task.ready_ms = at.now_ms;
      agenda_task_ready(state, workflow, next, at.now_ms);
    }
  }
}

void stop_when_too_many_failed(State& state, Workflow& workflow, Operation& operation) {
  if (operation.stopping || operation.failed <= operation.plan->max_failures) return;
  operation.stopping = true;
  operation.message = why_stopping(operation);
  doom_tasks(state, workflow, operation);
}

}  // namespace

bool is_failure(const Task& task) {
  return task.status == TaskStatus::ended && !succeeded(task.outcome) && task.outcome != Outcome::skipped &&
         task.outcome != Outcome::cancelled;
}

bool hopeless(const Workflow& workflow, const Task& task) {
  return std::any_of(task.plan->depends_on.begin(), task.plan->depends_on.end(), [&](std::uint32_t before) {
    return workflow.tasks[before].status == TaskStatus::ended && !succeeded(workflow.tasks[before].outcome);
  });
}

std::uint32_t wave_end(const OperationPlan& plan, std::uint32_t waves) {
  if (waves == 0) return 0;
  return waves >= plan.waves.size() ? plan.task_count : plan.waves[waves - 1];
}

bool needed_in_vain(const Workflow& workflow, const Operation& operation) {
  return std::any_of(operation.plan->depends_on.begin(), operation.plan->depends_on.end(), [&](const Dependency& d) {
    const Operation& needed = workflow.operations[d.before];
    return d.kind == DependencyKind::hard && needed.status == OperationStatus::ended &&
           needed.outcome != Outcome::done && !needed.unneeded;
  });
}

std::string why_skipped(const Workflow& workflow, const Operation& operation) {
  if (workflow.cancelling) return "the workflow was cancelled";
  for (const Dependency& d : operation.plan->depends_on) {
    const Operation& needed = workflow.operations[d.before];
    if (d.kind != DependencyKind::hard || needed.outcome == Outcome::done || needed.unneeded) continue;
    return "needs \"" + needed.plan->id + "\", which " + fate_of(needed.outcome);
  }
  if (!workflow.stopped_by) return "";
  const Operation& by = workflow.operations[*workflow.stopped_by];
  return "the workflow stopped because \"" + by.plan->id + "\" " + fate_of(by.outcome);
}

std::string why_stopping(const Operation& operation) {
  return "stopped: " + std::to_string(operation.failed) + " of its steps failed, " +
         std::to_string(operation.plan->max_failures) + " are tolerated";
}

std::string fate_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::failed: return "failed";
    case Outcome::timed_out: return "timed out";
    case Outcome::in_doubt: return "is in doubt";
    default: return std::string("was ") + name_of(outcome);
  }
}

void begin_operations(State& state, Workflow& workflow, const Moment& at) {
  std::vector<std::uint32_t> over;
  for (std::uint32_t i = 0; i < workflow.operations.size(); ++i) {
    if (workflow.operations[i].status != OperationStatus::waiting || workflow.operations[i].missing != 0) continue;
    if (turn_comes(state, workflow, i, at)) over.push_back(i);
  }
  release(state, workflow, std::move(over), at);
}

void task_ended(State& state, Workflow& workflow, std::uint32_t index, const Moment& at) {
  const Task& task = workflow.tasks[index];
  Operation& operation = workflow.operations[task.operation];
  if (operation.status == OperationStatus::ended) return;
  if (is_failure(task)) {
    ++operation.failed;
    stop_when_too_many_failed(state, workflow, operation);
  }
  --operation.unended;
  if (index - operation.plan->first_task < wave_end(*operation.plan, operation.waves_opened)) --operation.unended_open;
  release_tasks(state, workflow, index, at);
  if (operation.unended == 0) {
    conclude(state, workflow, task.operation, at);
    release(state, workflow, {task.operation}, at);
  } else if (operation.unended_open == 0) {
    agenda_wave_over(state, workflow, task.operation, at.now_ms);
  }
}

void apply(State& state, const Envelope& meta, const OperationOpened& e) {
  Workflow* workflow = find_workflow(state, e.workflow);
  if (workflow == nullptr || workflow->ended || e.operation >= workflow->operations.size()) return;
  Operation& operation = workflow->operations[e.operation];
  const bool first = operation.status == OperationStatus::due && e.wave == 0;
  const bool next = operation.status == OperationStatus::open && e.wave == operation.waves_opened && e.wave > 0;
  if (!first && !next) return;
  const Moment at{meta.log_time_ms, meta.sequence};
  if (open_wave(state, *workflow, e.operation, at)) release(state, *workflow, {e.operation}, at);
}

void apply(State& state, const Envelope& meta, const OperationSkipped& e) {
  Workflow* workflow = find_workflow(state, e.workflow);
  if (workflow == nullptr || workflow->ended || e.operation >= workflow->operations.size()) return;
  Operation& operation = workflow->operations[e.operation];
  if (operation.status != OperationStatus::waiting && operation.status != OperationStatus::due) return;
  for (std::uint32_t i = 0; i < operation.plan->task_count; ++i) {
    Task& task = workflow->tasks[operation.plan->first_task + i];
    if (task.status == TaskStatus::ended) continue;
    task.status = TaskStatus::ended;
    task.outcome = e.outcome;
    task.message = e.reason;
    task.ended_ms = meta.log_time_ms;
    task.ended_sequence = meta.sequence;
    --workflow->unended;
    --operation.unended;
    server_work_done(state, *workflow, task);
    if (is_failure(task)) ++operation.failed;
  }
  operation.outcome = e.outcome;
  operation.unneeded = e.unneeded;
  operation.message = e.reason;
  const Moment at{meta.log_time_ms, meta.sequence};
  end_operation(state, *workflow, e.operation, at);
  release(state, *workflow, {e.operation}, at);
}

}  // namespace prov::domain
