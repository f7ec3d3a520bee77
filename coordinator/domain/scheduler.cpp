// What the state itself calls for now, as the next event: something to skip, to give up, to open, to dispatch, to
// end. Touches only the agenda.
#include <algorithm>
#include <utility>

#include "coordinator/domain/scope.h"
#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

TaskDispatched dispatch(const State& state, const Id& id, const Task& task, const Key& agent, TimeMs now_ms) {
  // Until it starts, an order may stand behind others at its agent; from its start on its own time limit counts.
  const std::uint64_t grace_ms =
      (only_waits(*task.plan->action) ? 0 : kReportGraceMs) + (agent.is_zero() ? 0 : state.agenda.limits.delivery_ms);
  return TaskDispatched{id, task.attempt + 1, agent, now_ms + std::uint64_t{task.plan->timeout_s} * 1000 + grace_ms};
}

// Steps aside when a limit lets it not go now, to wait at that limit; and when somebody waits there who goes first.
bool held_back(State& state, const Workflow& workflow, const Task& task, const Id& id) {
  const OperationPlan& plan = *workflow.operations[task.operation].plan;
  const auto rank = Lanes::rank(plan.priority, task.ready_ms);
  if (at_limit(workflow) || workflow.gate.waiting.before(rank)) {
    Workflow& waited_at = *find_workflow(state, id);
    waited_at.gate.waiting.push(plan.priority, task.ready_ms, id);
    if (!at_limit(workflow)) agenda_gate_opened(state, waited_at);
    return true;
  }
  if (plan.concurrency_group.empty()) return false;
  const GroupKey key{workflow.workspace, plan.concurrency_group};
  GroupGate& group = state.agenda.groups[key];
  if (!group.full() && !group.waiting.before(rank)) return false;
  group.waiting.push(plan.priority, task.ready_ms, id);
  if (!group.full() && !std::exchange(group.listed, true)) state.agenda.open_groups.push_back(key);
  return true;
}

// Whether the task of an entry has been ready ever since, or time has overtaken it.
bool entered(const Located& at, const Lanes::Entry& entry) {
  return at && at.task->status == TaskStatus::ready && at.task->ready_ms == entry.since_ms;
}

// Takes the first entry out of `queue`; nullptr when it is not one that may go now.
const Task* take(State& state, Lanes& queue, Id& id, TimeMs now_ms) {
  const Lanes::Entry entry = *queue.pop();
  if (const Lanes::Entry* next = queue.peek()) soon(state, next->task);
  id = entry.task;
  const Located at = locate(state, id);
  if (!entered(at, entry) || at.workflow->cancelling || at.workflow->stopped_by) return nullptr;
  const Task* task = at.task;
  if (at.workflow->operations[task->operation].stopping) return nullptr;
  if (task->retry_at_ms > now_ms) {  // it was due when it was queued, and the clock has gone back
    agenda_deadline(state, {task->retry_at_ms, DeadlineKind::retry, id, task->attempt});
    return nullptr;
  }
  return held_back(state, *at.workflow, *task, id) ? nullptr : task;
}

// The first that may go, of all that its host could take now.
const Task* take(State& state, Host& host, Id& id, TimeMs now_ms) {
  while (true) {
    const bool exclusive = host.exclusive_outstanding == 0 && host.ready_exclusive.before(host.ready);
    Lanes& queue = exclusive ? host.ready_exclusive : host.ready;
    if (queue.empty()) return nullptr;
    if (const Task* task = take(state, queue, id, now_ms)) return task;
  }
}

// ---- what ends without having run

std::string why_doomed(const Workflow& workflow, const Task& task) {
  if (workflow.cancelling) return "the workflow was cancelled";
  for (const std::uint32_t before : task.plan->depends_on) {
    const Task& needed = workflow.tasks[before];
    if (needed.status != TaskStatus::ended || succeeded(needed.outcome)) continue;
    return "needs \"" + needed.plan->name + "\", which " + fate_of(needed.outcome);
  }
  const Operation& operation = workflow.operations[task.operation];
  return operation.stopping ? why_stopping(operation) : why_skipped(workflow, operation);
}

// What waits for another attempt has failed when there will be none.
TaskEnded doomed_as(const Workflow& workflow, const Task& task, const Id& id) {
  TaskEnded e;
  e.task = id;
  e.attempt = task.attempt;
  e.outcome = workflow.cancelling ? Outcome::cancelled : Outcome::skipped;
  e.message = why_doomed(workflow, task);
  if (workflow.cancelling || task.retry_at_ms == 0) return e;
  e.outcome = task.outcome;
  e.exit_code = task.exit_code;
  e.message = (task.message.empty() ? "" : task.message + "; ") + "not tried again: " + e.message;
  e.output_bytes = task.output_bytes;
  e.output_digest = task.output_digest;
  e.outputs = task.outputs;
  return e;
}

std::optional<EventBody> next_doomed_operation(State& state) {
  auto& queue = state.agenda.doomed_operations;
  while (!queue.empty()) {
    const auto [id, index] = queue.front();
    queue.pop_front();
    const Workflow* workflow = find_workflow(state, id);
    if (workflow == nullptr || workflow->ended || index >= workflow->operations.size()) continue;
    const Operation& operation = workflow->operations[index];
    if (operation.status != OperationStatus::waiting && operation.status != OperationStatus::due) continue;
    return OperationSkipped{id, index, workflow->cancelling ? Outcome::cancelled : Outcome::skipped, false,
                            why_skipped(*workflow, operation)};
  }
  return std::nullopt;
}

std::optional<EventBody> next_doomed(State& state) {
  while (!state.agenda.doomed.empty()) {
    const Id id = state.agenda.doomed.front();
    state.agenda.doomed.pop_front();
    const Workflow* workflow = find_workflow(state, id);
    const Task* task = find_task(state, id);
    if (task == nullptr || workflow->ended) continue;
    const bool begun = task->status != TaskStatus::pending && task->status != TaskStatus::ready;
    if (begun && !waits_in_vain(*workflow, *task)) continue;
    if (workflow->operations[task->operation].status != OperationStatus::open) continue;
    return doomed_as(*workflow, *task, id);
  }
  return std::nullopt;
}

// ---- what is overdue

TaskEnded ended_as(const Id& id, const Task& task, Outcome outcome, std::string message) {
  TaskEnded e;
  e.task = id;
  e.attempt = task.attempt;
  e.outcome = outcome;
  e.message = std::move(message);
  return e;
}

EventBody wait_over(const Id& id, const Task& task) {
  const std::string limit = std::to_string(task.plan->timeout_s) + " s";
  if (const auto* wait = std::get_if<WaitAction>(&*task.plan->action)) {
    if (wait->until.empty()) return ended_as(id, task, Outcome::done, "");
    return ended_as(id, task, Outcome::timed_out, "\"" + wait->until + "\" did not come true within " + limit);
  }
  if (std::holds_alternative<ApprovalAction>(*task.plan->action)) {
    return ended_as(id, task, Outcome::timed_out, "nobody approved it within " + limit);
  }
  return ended_as(id, task, Outcome::timed_out, "no agent joined from this host within " + limit);
}

std::optional<EventBody> attempt_overdue(const State& state, const Deadline& due) {
  const Task* task = find_task(state, due.id);
  if (task == nullptr || !is_over_then(state, *task, due)) return std::nullopt;
  if (only_waits(*task->plan->action)) return wait_over(due.id, *task);
  const bool agent_gone = !task->agent.is_zero() && !state.agents.contains(task->agent);
  return TaskInDoubt{
      due.id, due.attempt,
      agent_gone ? "its agent was removed before it reported" : "nothing was heard of it until its deadline"};
}

std::optional<EventBody> delivery_overdue(State& state, const Deadline& due, TimeMs now_ms) {
  Workflow* workflow = find_workflow(state, due.id);
  const Task* task = find_task(state, due.id);
  if (task == nullptr || task->status != TaskStatus::ready || task->retry_at_ms > now_ms) return std::nullopt;
  const Host& host = host_of(state, *workflow, workflow->tasks[*task_index(due.id)]);
  if (reachable_agent(state, host) != nullptr) return std::nullopt;
  const TimeMs at_ms = std::max({task->ready_ms, task->retry_at_ms, host.away_ms}) + state.agenda.limits.delivery_ms;
  if (now_ms < at_ms) {  // it has become ready, or its host has gone, again since
    agenda_deadline(state, {at_ms, DeadlineKind::delivery, due.id, due.attempt});
    return std::nullopt;
  }
  return ended_as(due.id, *task, Outcome::not_delivered,
                  "host \"" + task->plan->server + "\" could not be reached for " +
                      std::to_string(state.agenda.limits.delivery_ms / 1000) + " s");
}

// The condition of a wait is looked at again and again.
std::optional<EventBody> condition_due(State& state, const Deadline& due, TimeMs now_ms) {
  const Workflow* workflow = find_workflow(state, due.id);
  const Task* task = find_task(state, due.id);
  if (task == nullptr || task->attempt != due.attempt || !out_now(*task)) return std::nullopt;
  const auto* wait = std::get_if<WaitAction>(&*task->plan->action);
  if (wait == nullptr) return std::nullopt;
  auto holds = evaluate(state, *workflow, wait->until);
  if (!holds) return ended_as(due.id, *task, Outcome::failed, holds.error().message);
  if (*holds) return ended_as(due.id, *task, Outcome::done, "");
  agenda_deadline(state,
                  {now_ms + state.agenda.limits.condition_poll_ms, DeadlineKind::condition, due.id, due.attempt});
  return std::nullopt;
}

std::optional<EventBody> wave_due(const State& state, const Deadline& due) {
  const Workflow* workflow = find_workflow(state, due.id);
  const auto index = task_index(due.id);
  if (workflow == nullptr || workflow->ended || workflow->paused || !index) return std::nullopt;
  if (workflow->cancelling || workflow->stopped_by || *index >= workflow->operations.size()) return std::nullopt;
  const Operation& operation = workflow->operations[*index];
  const bool next = operation.status == OperationStatus::open && wave_number(*workflow, operation) == due.attempt &&
                    operation.unended_open == 0 && !operation.stopping;
  if (!next) return std::nullopt;
  return OperationOpened{workflow->id, *index, operation.waves_opened};
}

std::optional<EventBody> next_overdue(State& state, TimeMs now_ms) {
  auto& deadlines = state.agenda.deadlines;
  while (!deadlines.empty() && deadlines.first().at_ms <= now_ms) {
    const Deadline due = deadlines.pop();
    std::optional<EventBody> event;
    switch (due.kind) {
      case DeadlineKind::attempt: event = attempt_overdue(state, due); break;
      case DeadlineKind::delivery: event = delivery_overdue(state, due, now_ms); break;
      case DeadlineKind::token:
        if (state.join_tokens.contains(due.id)) event = JoinTokenExpired{due.id};
        break;
      case DeadlineKind::retry:
        if (const Task* task = find_task(state, due.id); task != nullptr && task->status == TaskStatus::ready) {
          agenda_task_ready(state, *find_workflow(state, due.id), *task_index(due.id), due.at_ms);
        }
        break;
      case DeadlineKind::wave: event = wave_due(state, due); break;
      case DeadlineKind::condition: event = condition_due(state, due, now_ms); break;
    }
    if (event) return event;
  }
  return std::nullopt;
}

// ---- what may go

std::optional<EventBody> next_arrived(State& state) {
  while (!state.agenda.arrived.empty()) {
    const Id id = state.agenda.arrived.front();
    state.agenda.arrived.pop_front();
    const Task* task = find_task(state, id);
    if (task == nullptr || task->status != TaskStatus::dispatched) continue;
    return ended_as(id, *task, Outcome::done, "");
  }
  return std::nullopt;
}

std::optional<EventBody> next_due_operation(State& state) {
  auto& queue = state.agenda.due;
  while (!queue.empty()) {
    const auto [id, index] = queue.front();
    queue.pop_front();
    const Workflow* workflow = find_workflow(state, id);
    if (workflow == nullptr || workflow->ended || workflow->paused || index >= workflow->operations.size()) continue;
    const Operation& operation = workflow->operations[index];
    if (operation.status != OperationStatus::due) continue;
    auto holds = evaluate(state, *workflow, operation.plan->when);
    if (!holds) {
      return OperationSkipped{id, index, Outcome::failed, false, "its condition: " + holds.error().message};
    }
    if (*holds) return OperationOpened{id, index, 0};
    return OperationSkipped{id, index, Outcome::skipped, true, "its condition is false: " + operation.plan->when};
  }
  return std::nullopt;
}

std::optional<EventBody> next_on_coordinator(State& state, TimeMs now_ms) {
  auto& awaits = state.agenda.awaits_ready;
  while (!awaits.empty()) {
    const Id id = awaits.front();
    const Workflow* workflow = find_workflow(state, id);
    const Task* task = find_task(state, id);
    awaits.pop_front();
    if (task == nullptr || task->status != TaskStatus::ready || workflow->cancelling || workflow->stopped_by) continue;
    if (workflow->paused) continue;  // they queue again when it is resumed
    return dispatch(state, id, *task, Key{}, now_ms);
  }
  for (auto& [provider, desk] : state.agenda.providers) {
    while (desk.out < state.agenda.limits.provider_parallel) {
      Lanes* queue = desk.ready.next();
      if (queue == nullptr) break;
      Id id;
      while (!queue->empty()) {  // one that steps aside does not cost its workspace the turn
        if (const Task* task = take(state, *queue, id, now_ms)) return dispatch(state, id, *task, Key{}, now_ms);
      }
    }
  }
  return std::nullopt;
}

bool has_all_it_may(const State& state, const Host& host, TimeMs now_ms) {
  const std::uint32_t most = state.agenda.limits.agent_orders;
  return host.outstanding >= (host.pace.is_quick(now_ms) ? most : std::min(most, Pace::kQuick));
}

std::optional<EventBody> next_on_hosts(State& state, TimeMs now_ms) {
  while (auto* runnable = state.agenda.runnable.next()) {
    Host& host = state.agenda.hosts[runnable->front()];
    runnable->pop_front();
    host.queued = false;
    const Agent* agent = reachable_agent(state, host);
    if (agent == nullptr || agent->draining || has_all_it_may(state, host, now_ms)) continue;
    Id id;
    const Task* task = take(state, host, id, now_ms);
    if (task == nullptr) continue;
    mark_runnable(state, host);  // to the back: hosts take turns
    return dispatch(state, id, *task, agent->key, now_ms);
  }
  return std::nullopt;
}

void queue_again(State& state, const Lanes::Entry& entry, TimeMs now_ms) {
  if (!entered(locate(state, entry.task), entry)) return;
  agenda_task_ready(state, *find_workflow(state, entry.task), *task_index(entry.task), now_ms);
}

// Lets one of those that wait at a limit with room queue again; false: there is none. One at a time, since the next
// may find the room taken; and each at once, since one whose host is away takes none.
bool pass_a_gate(State& state, TimeMs now_ms) {
  auto& gates = state.agenda.open_gates;
  while (!gates.empty()) {
    Workflow* workflow = find_workflow(state, gates.front());
    if (workflow != nullptr && !workflow->ended && !at_limit(*workflow)) {
      if (const auto entry = workflow->gate.waiting.pop()) {
        queue_again(state, *entry, now_ms);
        return true;
      }
    }
    if (workflow != nullptr) workflow->gate.listed = false;
    gates.pop_front();
  }
  auto& groups = state.agenda.open_groups;
  while (!groups.empty()) {
    GroupGate& group = state.agenda.groups[groups.front()];
    if (!group.waiting.empty() && !group.full()) {
      queue_again(state, *group.waiting.pop(), now_ms);
      return true;
    }
    group.listed = false;
    groups.pop_front();
  }
  return false;
}

// ---- what is complete

std::optional<EventBody> next_settled(State& state) {
  while (!state.agenda.settled.empty()) {
    const Workflow* workflow = find_workflow(state, state.agenda.settled.front());
    state.agenda.settled.pop_front();
    if (workflow == nullptr || workflow->ended || workflow->unended_operations != 0) continue;
    state.agenda.rollbacks.push_back(workflow->id);  // when it is over, and wants it
    return ended(*workflow, state.agenda.limits);
  }
  return std::nullopt;
}

// A cluster is there when the operation that makes it has succeeded, whatever its last step was.
std::optional<EventBody> next_cluster(State& state) {
  auto& queue = state.agenda.clusters;
  while (!queue.empty()) {
    const auto [id, index] = queue.front();
    queue.pop_front();
    const Workflow* workflow = find_workflow(state, id);
    if (workflow == nullptr || index >= workflow->operations.size()) continue;
    const OperationPlan& plan = *workflow->operations[index].plan;
    const auto cluster = state.clusters.find({workflow->workspace, plan.cluster});
    if (cluster == state.clusters.end()) continue;
    state.agenda.speaks_for = workflow->workspace;
    if (plan.kind == OperationKind::cluster_delete) return ClusterRemoved{plan.cluster};
    if (cluster->second.status == ClusterStatus::declared) return ClusterReady{plan.cluster};
  }
  return std::nullopt;
}

std::optional<EventBody> next_rollback(State& state) {
  auto& pending = state.agenda.pending;
  auto& queue = state.agenda.rollbacks;
  while (pending.empty() && !queue.empty()) {
    const Workflow* workflow = find_workflow(state, queue.front());
    queue.pop_front();
    if (workflow == nullptr || !workflow->ended || !wants_rollback(*workflow)) continue;
    for (EventBody& event : rollback_of(state, *workflow, nullptr)) {
      pending.emplace_back(workflow->workspace, std::move(event));
    }
  }
  if (pending.empty()) return std::nullopt;
  auto [workspace, event] = std::move(pending.front());
  pending.pop_front();
  state.agenda.speaks_for = std::move(workspace);
  return event;
}

}  // namespace

std::optional<EventBody> follow_up(State& state, TimeMs now_ms) {
  state.agenda.speaks_for.clear();
  if (auto event = next_rollback(state)) return event;
  if (auto event = next_doomed_operation(state)) return event;
  if (auto event = next_doomed(state)) return event;
  if (auto event = next_overdue(state, now_ms)) return event;
  if (auto event = next_arrived(state)) return event;
  if (auto event = next_due_operation(state)) return event;
  if (auto event = next_cluster(state)) return event;
  do {
    if (auto event = next_on_coordinator(state, now_ms)) return event;
    if (auto event = next_on_hosts(state, now_ms)) return event;
  } while (pass_a_gate(state, now_ms));
  return next_settled(state);
}

}  // namespace prov::domain
