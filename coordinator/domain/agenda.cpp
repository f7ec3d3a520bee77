// Keeps what is derived from the state as it changes: which task may go next where, and when something is overdue.
// Queues may hold entries that time has overtaken; they are dropped when they come to the front, so nothing is ever
// searched.
#include <algorithm>
#include <utility>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

// It may have room again.
void group_gate_opened(State& state, const GroupKey& key, GroupGate& group) {
  if (group.waiting.empty() || std::exchange(group.listed, true)) return;
  state.agenda.open_groups.push_back(key);
}

void leave_group(State& state, const Workflow& workflow, const Task& task) {
  const OperationPlan& plan = *workflow.operations[task.operation].plan;
  if (plan.concurrency_group.empty()) return;
  const GroupKey key{workflow.workspace, plan.concurrency_group};
  GroupGate& group = state.agenda.groups[key];
  if (group.out > 0) --group.out;
  group_gate_opened(state, key, group);
}

}  // namespace

bool only_waits(const Action& action) {
  return std::holds_alternative<AwaitAgentAction>(action) || std::holds_alternative<WaitAction>(action) ||
         std::holds_alternative<ApprovalAction>(action);
}

bool waits_in_vain(const Workflow& workflow, const Task& task) {
  if (!out_now(task) || !only_waits(*task.plan->action)) return false;
  const bool stopped = workflow.stopped_by && !std::holds_alternative<AwaitAgentAction>(*task.plan->action);
  return workflow.cancelling || stopped;
}

bool runs_on_provider(const Action& action) {
  return std::holds_alternative<ServerCreateAction>(action) || std::holds_alternative<ServerDeleteAction>(action);
}

bool at_limit(const Workflow& workflow) {
  return workflow.paused || (workflow.parallel_limit != 0 && workflow.gate.out >= workflow.parallel_limit);
}

namespace {

HostKey key_of(const Workflow& workflow, const Task& task) {
  if (const auto* await = std::get_if<AwaitAgentAction>(&*task.plan->action))
    return {workflow.workspace, await->hostname};
  return {workflow.workspace, task.plan->server};
}

}  // namespace

const Agent* reachable_agent(const State& state, const Host& host) {
  const auto found = state.agents.find(host.agent);
  return found != state.agents.end() && found->second.reachable ? &found->second : nullptr;
}

Host& host_at(State& state, const HostKey& key) {
  if (Host* known = state.agenda.hosts.find(key)) return *known;
  Host& host = state.agenda.hosts.add(key);
  if (const auto agent = state.agent_by_host.find(key); agent != state.agent_by_host.end()) host.agent = agent->second;
  host.here = reachable_agent(state, host) != nullptr;
  return host;
}

Host& host_of(State& state, const Workflow& workflow, Task& task) {
  if (task.host == kNoHost) task.host = host_at(state, key_of(workflow, task)).number;
  return state.agenda.hosts[task.host];
}

ProviderDesk& desk_of(State& state, const Workflow& workflow, const Task& task) {
  const std::string* host = server_of(*task.plan->action);
  const auto server = host == nullptr ? state.servers.end() : state.servers.find({workflow.workspace, *host});
  return state.agenda.providers[server == state.servers.end() ? std::string() : server->second.spec.provider];
}

void mark_runnable(State& state, Host& host) {
  if (host.queued || (host.ready.empty() && host.ready_exclusive.empty())) return;
  host.queued = true;
  state.agenda.runnable.of(host.key.first).push_back(host.number);
}

namespace {

// Whether it may still bring something about when its time comes. Never false for one that would.
bool means_something(const State& state, const Deadline& deadline) {
  const Workflow* workflow = find_workflow(state, deadline.id);
  const Task* task = find_task(state, deadline.id);
  switch (deadline.kind) {
    case DeadlineKind::attempt: return task != nullptr && is_over_then(state, *task, deadline);
    case DeadlineKind::condition: return task != nullptr && task->attempt == deadline.attempt && out_now(*task);
    case DeadlineKind::retry:
    case DeadlineKind::delivery: return task != nullptr && task->status == TaskStatus::ready;
    case DeadlineKind::token: return state.join_tokens.contains(deadline.id);
    case DeadlineKind::wave: return workflow != nullptr && !workflow->ended;
  }
  return true;
}

}  // namespace

bool is_over_then(const State& state, const Task& task, const Deadline& deadline) {
  if (task.attempt != deadline.attempt || !out_now(task)) return false;
  if (task.deadline_ms == deadline.at_ms) return true;
  return !task.agent.is_zero() && !state.agents.contains(task.agent);
}

void agenda_deadline(State& state, const Deadline& deadline) {
  Deadlines& all = state.agenda.deadlines;
  if (all.crowded()) all.drop_stale([&](const Deadline& each) { return means_something(state, each); });
  all.add(deadline);
}

void agenda_task_ready(State& state, Workflow& workflow, std::uint32_t index, TimeMs now_ms) {
  if (!state.agenda.active) return;
  Agenda& agenda = state.agenda;
  Task& task = workflow.tasks[index];
  const Operation& operation = workflow.operations[task.operation];
  const Id id = task_id(workflow.id, index);
  if (workflow.cancelling || workflow.stopped_by || operation.stopping) return agenda.doomed.push_back(id);
  if (task.retry_at_ms > now_ms) {
    agenda_deadline(state, {task.retry_at_ms, DeadlineKind::retry, id, task.attempt});
  } else if (workflow.paused) {  // a host that is away is no reason to give up what may not go yet
    workflow.gate.waiting.push(operation.plan->priority, task.ready_ms, id);
  } else if (runs_on_provider(*task.plan->action)) {
    desk_of(state, workflow, task).ready.of(workflow.workspace).push(operation.plan->priority, task.ready_ms, id);
  } else if (only_waits(*task.plan->action)) {
    agenda.awaits_ready.push_back(id);
  } else {
    Host& host = host_of(state, workflow, task);
    (task.plan->exclusive ? host.ready_exclusive : host.ready).push(operation.plan->priority, task.ready_ms, id);
    if (reachable_agent(state, host) == nullptr) {
      agenda_deadline(state, {now_ms + agenda.limits.delivery_ms, DeadlineKind::delivery, id, task.attempt});
    }
    mark_runnable(state, host);
  }
}

void agenda_attempt_deadline(State& state, const Task& task, const Id& id) {
  if (!state.agenda.active) return;
  agenda_deadline(state, {task.deadline_ms, DeadlineKind::attempt, id, task.attempt});
}

void agenda_task_out(State& state, Workflow& workflow, std::uint32_t index) {
  if (!state.agenda.active) return;
  Task& task = workflow.tasks[index];
  const Id id = task_id(workflow.id, index);
  agenda_attempt_deadline(state, task, id);
  if (only_waits(*task.plan->action)) return agenda_wait_begun(state, workflow, task, id);
  const OperationPlan& plan = *workflow.operations[task.operation].plan;
  if (!plan.concurrency_group.empty()) ++state.agenda.groups[{workflow.workspace, plan.concurrency_group}].out;
  if (runs_on_provider(*task.plan->action)) {
    ++desk_of(state, workflow, task).out;
    return;
  }
  Host& host = host_of(state, workflow, task);
  ++host.outstanding;
  if (task.plan->exclusive) ++host.exclusive_outstanding;
  if (host.agent == task.agent) host.unsettled.try_emplace(task.dispatch_sequence, id);
}

void agenda_wait_begun(State& state, const Workflow& workflow, Task& task, const Id& id) {
  if (std::holds_alternative<AwaitAgentAction>(*task.plan->action)) {
    Host& host = host_of(state, workflow, task);
    host.awaiting.push_back(id);
    if (reachable_agent(state, host) != nullptr) state.agenda.arrived.push_back(id);
  } else if (const auto* wait = std::get_if<WaitAction>(&*task.plan->action); wait != nullptr && !wait->until.empty()) {
    agenda_deadline(state, {state.log_time_ms, DeadlineKind::condition, id, task.attempt});
  }
  if (waits_in_vain(workflow, task)) state.agenda.doomed.push_back(id);
}

void agenda_settle(State& state, const Workflow& workflow, const Task& task) {
  if (!state.agenda.active || task.plan->server.empty()) return;
  if (Host* host = state.agenda.hosts.find(key_of(workflow, task))) host->unsettled.erase(task.dispatch_sequence);
}

void agenda_task_back(State& state, Workflow& workflow, std::uint32_t index, bool settled) {
  Task& task = workflow.tasks[index];
  if (!only_waits(*task.plan->action)) --workflow.gate.out;
  if (!state.agenda.active) return;
  if (only_waits(*task.plan->action)) {
    if (std::holds_alternative<AwaitAgentAction>(*task.plan->action)) {
      std::erase(host_of(state, workflow, task).awaiting, task_id(workflow.id, index));
    }
    return;
  }
  if (runs_on_provider(*task.plan->action)) {
    ProviderDesk& desk = desk_of(state, workflow, task);
    if (desk.out > 0) --desk.out;
  } else {
    Host& host = host_of(state, workflow, task);
    --host.outstanding;
    host.pace.ended(state.log_time_ms);
    if (task.plan->exclusive) --host.exclusive_outstanding;
    if (settled) host.unsettled.erase(task.dispatch_sequence);
    mark_runnable(state, host);
  }
  leave_group(state, workflow, task);
  agenda_gate_opened(state, workflow);
}

void agenda_operation_opened(State& state, const Workflow& workflow, const Operation& operation) {
  if (!state.agenda.active || operation.plan->concurrency_group.empty()) return;
  ++state.agenda.groups[{workflow.workspace, operation.plan->concurrency_group}].limits[operation.plan->group_limit];
}

void agenda_operation_closed(State& state, const Workflow& workflow, const Operation& operation) {
  if (!state.agenda.active || operation.plan->concurrency_group.empty()) return;
  const GroupKey key{workflow.workspace, operation.plan->concurrency_group};
  GroupGate& group = state.agenda.groups[key];
  const auto limit = group.limits.find(operation.plan->group_limit);
  if (limit == group.limits.end()) return;
  if (--limit->second == 0) group.limits.erase(limit);
  group_gate_opened(state, key, group);
}

void agenda_gate_opened(State& state, Workflow& workflow) {
  if (!state.agenda.active || workflow.gate.waiting.empty() || workflow.gate.listed) return;
  workflow.gate.listed = true;
  state.agenda.open_gates.push_back(workflow.id);
}

void agenda_doom(State& state, const Workflow& workflow, std::uint32_t task) {
  if (state.agenda.active) state.agenda.doomed.push_back(task_id(workflow.id, task));
}

void agenda_doom_operation(State& state, const Workflow& workflow, std::uint32_t operation) {
  if (state.agenda.active) state.agenda.doomed_operations.emplace_back(workflow.id, operation);
}

void agenda_operation_due(State& state, const Workflow& workflow, std::uint32_t operation) {
  if (state.agenda.active) state.agenda.due.emplace_back(workflow.id, operation);
}

// Each retry begins with the first wave again: its own deadlines are not those of the round before.
std::uint32_t wave_number(const Workflow& workflow, const Operation& operation) {
  const auto waves = static_cast<std::uint32_t>(operation.plan->waves.size());
  return workflow.retries * (waves + 1) + operation.waves_opened;
}

void agenda_wave_over(State& state, const Workflow& workflow, std::uint32_t operation, TimeMs now_ms) {
  if (!state.agenda.active) return;
  const Operation& of = workflow.operations[operation];
  agenda_deadline(state, {now_ms + of.plan->pause_ms, DeadlineKind::wave, task_id(workflow.id, operation),
                          wave_number(workflow, of)});
}

void agenda_workflow_settled(State& state, const Workflow& workflow) {
  if (state.agenda.active) state.agenda.settled.push_back(workflow.id);
}

void agenda_cluster_settled(State& state, const Workflow& workflow, std::uint32_t operation) {
  if (state.agenda.active) state.agenda.clusters.emplace_back(workflow.id, operation);
}

void agenda_host_changed(State& state, const HostKey& key) {
  if (!state.agenda.active) return;
  Host& host = host_at(state, key);
  const auto agent = state.agent_by_host.find(key);
  host.agent = agent == state.agent_by_host.end() ? Key{} : agent->second;
  const bool was_here = std::exchange(host.here, reachable_agent(state, host) != nullptr);
  if (was_here && !host.here) host.away_ms = state.log_time_ms;
  if (host.here) {
    for (const Id& id : host.awaiting) state.agenda.arrived.push_back(id);
    mark_runnable(state, host);
    return;
  }
  for (const auto* queue : {&host.ready, &host.ready_exclusive}) {
    queue->each([&](const Id& id) {
      agenda_deadline(state, {state.log_time_ms + state.agenda.limits.delivery_ms, DeadlineKind::delivery, id, 0});
    });
  }
}

std::optional<TimeMs> next_deadline(const State& state) {
  if (state.agenda.deadlines.empty()) return std::nullopt;
  return state.agenda.deadlines.first().at_ms;
}

void rebuild_derived(State& state) {
  state.agent_by_host.clear();
  for (const auto& [key, agent] : state.agents) state.agent_by_host[{agent.workspace, agent.server}] = key;
  state.server_work.clear();
  for (auto& [id, workflow] : state.workflows) {
    derive(workflow);
    if (workflow.ended) continue;
    for (const Task& task : workflow.tasks) {
      if (task.status != TaskStatus::ended) server_work_begun(state, workflow, task);
    }
  }
  state.ended_tasks = 0;
  for (const Id& id : state.ended_workflows) state.ended_tasks += state.workflows.at(id).tasks.size();
}

namespace {

void put_task_on_agenda(State& state, Workflow& workflow, std::uint32_t index) {
  Task& task = workflow.tasks[index];
  const Operation& operation = workflow.operations[task.operation];
  const bool stopped = workflow.cancelling || workflow.stopped_by || operation.stopping;
  switch (task.status) {
    case TaskStatus::ended:
      if (task.outcome == Outcome::in_doubt && !task.plan->server.empty()) {
        Host& host = host_of(state, workflow, task);
        if (host.agent == task.agent) host.unsettled.try_emplace(task.dispatch_sequence, task_id(workflow.id, index));
      }
      break;
    case TaskStatus::pending:
      if (operation.status == OperationStatus::open && (stopped || hopeless(workflow, task))) {
        agenda_doom(state, workflow, index);
      }
      break;
    case TaskStatus::ready: agenda_task_ready(state, workflow, index, state.log_time_ms); break;
    case TaskStatus::dispatched:
    case TaskStatus::running:
      agenda_task_out(state, workflow, index);
      if (!task.agent.is_zero() && !state.agents.contains(task.agent)) {
        agenda_deadline(state, {state.log_time_ms, DeadlineKind::attempt, task_id(workflow.id, index), task.attempt});
      }
      break;
  }
}

// No workflow that came later is about that cluster: what this one did to it is what holds.
bool last_on_cluster(const State& state, const Workflow& workflow, const std::string& cluster) {
  if (cluster.empty()) return false;
  return std::none_of(state.workflows.begin(), state.workflows.end(), [&](const auto& at) {
    const Workflow& other = at.second;
    if (other.id == workflow.id || other.workspace != workflow.workspace) return false;
    if (other.submitted_ms < workflow.submitted_ms) return false;
    return std::any_of(other.operations.begin(), other.operations.end(),
                       [&](const Operation& operation) { return operation.plan->cluster == cluster; });
  });
}

void put_operation_on_agenda(State& state, const Workflow& workflow, std::uint32_t index) {
  const Operation& operation = workflow.operations[index];
  if (operation.status == OperationStatus::open) agenda_operation_opened(state, workflow, operation);
  if (operation.status == OperationStatus::waiting || operation.status == OperationStatus::due) {
    const bool turn = operation.missing == 0 && (workflow.stopped_by || needed_in_vain(workflow, operation));
    if (workflow.cancelling || turn) return agenda_doom_operation(state, workflow, index);
    if (operation.status == OperationStatus::due) agenda_operation_due(state, workflow, index);
  } else if (operation.status == OperationStatus::open && operation.unended_open == 0) {
    agenda_wave_over(state, workflow, index, state.log_time_ms);
  } else if (operation.outcome == Outcome::done && last_on_cluster(state, workflow, operation.plan->cluster)) {
    agenda_cluster_settled(state, workflow, index);
  }
}

}  // namespace

void rebuild_agenda(State& state) {
  rebuild_derived(state);
  const Limits limits = state.agenda.limits;
  state.agenda = Agenda{};
  state.agenda.active = true;
  state.agenda.limits = limits;
  for (const auto& [id, token] : state.join_tokens) {
    agenda_deadline(state, {token.expires_ms, DeadlineKind::token, id, 0});
  }
  std::vector<Id> order;  // the same order at every start, whatever the hash table says
  order.reserve(state.workflows.size());
  for (const auto& [id, workflow] : state.workflows) order.push_back(id);
  std::sort(order.begin(), order.end(), [&](const Id& a, const Id& b) {
    return std::pair(state.workflows.at(a).submitted_ms, a) < std::pair(state.workflows.at(b).submitted_ms, b);
  });
  for (const Id& id : order) {
    Workflow& workflow = state.workflows.at(id);
    workflow.gate.waiting = {};
    workflow.gate.listed = false;
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) put_task_on_agenda(state, workflow, i);
    if (workflow.ended) {
      if (wants_rollback(workflow)) state.agenda.rollbacks.push_back(id);
      continue;
    }
    for (std::uint32_t i = 0; i < workflow.operations.size(); ++i) put_operation_on_agenda(state, workflow, i);
    if (workflow.unended_operations == 0) agenda_workflow_settled(state, workflow);
  }
}

Workflow* find_workflow(State& state, const Id& workflow_or_task) {
  return state.workflows.get(workflow_id(workflow_or_task));
}

const Workflow* find_workflow(const State& state, const Id& workflow_or_task) {
  return state.workflows.get(workflow_id(workflow_or_task));
}

const Task* find_task(const State& state, const Id& task) { return locate(state, task).task; }

Located locate(const State& state, const Id& task) {
  const Workflow* workflow = find_workflow(state, task);
  const auto index = task_index(task);
  if (workflow == nullptr || !index || *index >= workflow->tasks.size()) return {};
  return {workflow, &workflow->tasks[*index]};
}

void soon(const State& state, const Id& task) {
  constexpr std::size_t kCacheLine = 64;
  const auto* at = reinterpret_cast<const char*>(find_task(state, task));
  if (at == nullptr) return;
  for (std::size_t line = 0; line < sizeof(Task); line += kCacheLine) __builtin_prefetch(at + line, 1);
}

const Operation* operation_named(const Workflow& workflow, std::string_view id) {
  const auto id_at = [&](std::uint32_t i) -> std::string_view { return workflow.operations[i].plan->id; };
  const auto at = workflow.operation_by_id.find(id, id_at);
  return at ? &workflow.operations[*at] : nullptr;
}

const Agent* agent_of(const State& state, const std::string& workspace, const std::string& hostname) {
  const auto key = state.agent_by_host.find({workspace, hostname});
  if (key == state.agent_by_host.end()) return nullptr;
  const auto agent = state.agents.find(key->second);
  return agent == state.agents.end() ? nullptr : &agent->second;
}

}  // namespace prov::domain
