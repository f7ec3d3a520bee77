// What is derived from the state: which task goes next where, and when something is overdue. Queues may hold entries
// that time has overtaken; they are dropped when they come to the front, so nothing is ever searched.
#include <algorithm>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

bool runs_on_coordinator(const Action& action) {
  return std::holds_alternative<ServerCreateAction>(action) || std::holds_alternative<ServerDeleteAction>(action);
}

HostKey host_of(const Workflow& workflow, const Task& task) {
  if (const auto* await = std::get_if<AwaitAgentAction>(&task.plan.action))
    return {workflow.workspace, await->hostname};
  return {workflow.workspace, task.plan.server};
}

const Agent* reachable_agent(const State& state, const Host& host) {
  const auto found = state.agents.find(host.agent);
  return found != state.agents.end() && found->second.reachable ? &found->second : nullptr;
}

Host& host_at(State& state, const HostKey& key) {
  auto [at, fresh] = state.agenda.hosts.try_emplace(key);
  if (fresh) {
    if (const auto agent = state.agent_by_host.find(key); agent != state.agent_by_host.end())
      at->second.agent = agent->second;
  }
  return at->second;
}

void mark_runnable(State& state, const HostKey& key, Host& host) {
  if (host.queued || (host.ready.empty() && host.ready_exclusive.empty())) return;
  host.queued = true;
  state.agenda.runnable.push_back(key);
}

bool at_limit(const Workflow& workflow) {
  return workflow.parallel_limit != 0 && workflow.out >= workflow.parallel_limit;
}

TaskDispatched dispatch(const State& state, const Id& id, const Task& task, const Key& agent, TimeMs now_ms) {
  // Until it starts, an order may stand behind others at its agent; from its start on its own time limit counts.
  const TimeMs deadline = now_ms + std::uint64_t{task.plan.timeout_s} * 1000 + kReportGraceMs +
                          (agent.is_zero() ? 0 : state.agenda.limits.delivery_ms);
  return TaskDispatched{id, task.attempt + 1, agent, deadline};
}

// The first entry of `queue` that is still ready to go; entries that wait for their workflow's limit step aside.
const Task* pick(State& state, std::deque<Id>& queue, Id& id, TimeMs now_ms, bool limited = true) {
  while (!queue.empty()) {
    id = queue.front();
    queue.pop_front();
    Workflow* workflow = find_workflow(state, id);
    const Task* task = find_task(state, id);
    if (task == nullptr || task->status != TaskStatus::ready || workflow->cancelling) continue;
    if (task->retry_at_ms > now_ms) {  // it was due when it was queued, and the clock has gone back
      state.agenda.deadlines.insert({task->retry_at_ms, DeadlineKind::retry, id, task->attempt});
      continue;
    }
    if (!limited || !at_limit(*workflow)) return task;
    workflow->over_limit.push_back(*task_index(id));
  }
  return nullptr;
}

std::optional<EventBody> next_doomed(State& state) {
  while (!state.agenda.doomed.empty()) {
    const Id id = state.agenda.doomed.front();
    state.agenda.doomed.pop_front();
    const Workflow* workflow = find_workflow(state, id);
    const Task* task = find_task(state, id);
    if (task == nullptr || workflow->ended) continue;
    if (task->status != TaskStatus::pending && task->status != TaskStatus::ready) continue;
    TaskEnded e;
    e.task = id;
    e.attempt = task->attempt;
    e.outcome = workflow->cancelling ? Outcome::cancelled : Outcome::skipped;
    e.message = workflow->cancelling ? "the workflow was cancelled" : "";
    for (const std::uint32_t before : task->plan.depends_on) {
      const Task& needed = workflow->tasks[before];
      if (workflow->cancelling || needed.status != TaskStatus::ended || succeeded(needed.outcome)) continue;
      e.message = "needs \"" + needed.plan.name + "\", which " +
                  (needed.outcome == Outcome::skipped ? "was " : "ended as ") + name_of(needed.outcome);
      break;
    }
    return e;
  }
  return std::nullopt;
}

std::optional<EventBody> attempt_overdue(const State& state, const Deadline& due) {
  const Task* task = find_task(state, due.id);
  const bool out = task != nullptr && task->attempt == due.attempt &&
                   (task->status == TaskStatus::dispatched || task->status == TaskStatus::running);
  if (!out) return std::nullopt;
  if (std::holds_alternative<AwaitAgentAction>(task->plan.action)) {
    TaskEnded e;
    e.task = due.id;
    e.attempt = due.attempt;
    e.outcome = Outcome::timed_out;
    e.message = "no agent joined from this host within " + std::to_string(task->plan.timeout_s) + " s";
    return e;
  }
  const bool agent_gone = !task->agent.is_zero() && !state.agents.contains(task->agent);
  return TaskInDoubt{
      due.id, due.attempt,
      agent_gone ? "its agent was removed before it reported" : "nothing was heard of it until its deadline"};
}

std::optional<EventBody> delivery_overdue(State& state, const Deadline& due, TimeMs now_ms) {
  const Workflow* workflow = find_workflow(state, due.id);
  const Task* task = find_task(state, due.id);
  if (task == nullptr || task->status != TaskStatus::ready || task->retry_at_ms > now_ms) return std::nullopt;
  if (reachable_agent(state, host_at(state, host_of(*workflow, *task))) != nullptr) return std::nullopt;
  TaskEnded e;
  e.task = due.id;
  e.attempt = task->attempt;
  e.outcome = Outcome::not_delivered;
  e.message = "host \"" + task->plan.server + "\" could not be reached for " +
              std::to_string(state.agenda.limits.delivery_ms / 1000) + " s";
  return e;
}

std::optional<EventBody> next_overdue(State& state, TimeMs now_ms) {
  auto& deadlines = state.agenda.deadlines;
  while (!deadlines.empty() && deadlines.begin()->at_ms <= now_ms) {
    const Deadline due = *deadlines.begin();
    deadlines.erase(deadlines.begin());
    std::optional<EventBody> event;
    switch (due.kind) {
      case DeadlineKind::attempt: event = attempt_overdue(state, due); break;
      case DeadlineKind::delivery: event = delivery_overdue(state, due, now_ms); break;
      case DeadlineKind::token:
        if (state.join_tokens.contains(due.id)) event = JoinTokenExpired{due.id};
        break;
      case DeadlineKind::retry:
        if (const Task* task = find_task(state, due.id); task != nullptr && task->status == TaskStatus::ready) {
          agenda_task_ready(state, *find_workflow(state, due.id), *task_index(due.id), now_ms);
        }
        break;
    }
    if (event) return event;
  }
  return std::nullopt;
}

std::optional<EventBody> next_arrived(State& state) {
  while (!state.agenda.arrived.empty()) {
    const Id id = state.agenda.arrived.front();
    state.agenda.arrived.pop_front();
    const Task* task = find_task(state, id);
    if (task == nullptr || task->status != TaskStatus::dispatched) continue;
    TaskEnded e;
    e.task = id;
    e.attempt = task->attempt;
    return e;
  }
  return std::nullopt;
}

std::optional<EventBody> next_on_coordinator(State& state, TimeMs now_ms) {
  Id id;
  if (const Task* task = pick(state, state.agenda.awaits_ready, id, now_ms, false))
    return dispatch(state, id, *task, Key{}, now_ms);
  if (state.agenda.coordinator_out >= state.agenda.limits.provider_parallel) return std::nullopt;
  if (const Task* task = pick(state, state.agenda.coordinator_ready, id, now_ms))
    return dispatch(state, id, *task, Key{}, now_ms);
  return std::nullopt;
}

std::optional<EventBody> next_on_hosts(State& state, TimeMs now_ms) {
  auto& runnable = state.agenda.runnable;
  while (!runnable.empty()) {
    const HostKey key = runnable.front();
    runnable.pop_front();
    Host& host = state.agenda.hosts.at(key);
    host.queued = false;
    const Agent* agent = reachable_agent(state, host);
    if (agent == nullptr || agent->draining || host.outstanding >= state.agenda.limits.agent_orders) continue;
    Id id;
    const Task* task = host.exclusive_outstanding == 0 ? pick(state, host.ready_exclusive, id, now_ms) : nullptr;
    if (task == nullptr) task = pick(state, host.ready, id, now_ms);
    if (task == nullptr) continue;
    mark_runnable(state, key, host);  // to the back: hosts take turns
    return dispatch(state, id, *task, agent->key, now_ms);
  }
  return std::nullopt;
}

std::optional<EventBody> next_settled(State& state) {
  while (!state.agenda.settled.empty()) {
    const Workflow* workflow = find_workflow(state, state.agenda.settled.front());
    state.agenda.settled.pop_front();
    if (workflow != nullptr && !workflow->ended && workflow->unended == 0) return ended(*workflow);
  }
  return std::nullopt;
}

}  // namespace

void agenda_task_ready(State& state, const Workflow& workflow, std::uint32_t index, TimeMs now_ms) {
  if (!state.agenda.active) return;
  Agenda& agenda = state.agenda;
  const Task& task = workflow.tasks[index];
  const Id id = task_id(workflow.id, index);
  if (workflow.cancelling) return agenda.doomed.push_back(id);
  if (task.retry_at_ms > now_ms) {
    agenda.deadlines.insert({task.retry_at_ms, DeadlineKind::retry, id, task.attempt});
  } else if (runs_on_coordinator(task.plan.action)) {
    agenda.coordinator_ready.push_back(id);
  } else if (std::holds_alternative<AwaitAgentAction>(task.plan.action)) {
    agenda.awaits_ready.push_back(id);
  } else {
    const HostKey key = host_of(workflow, task);
    Host& host = host_at(state, key);
    (task.plan.exclusive ? host.ready_exclusive : host.ready).push_back(id);
    if (reachable_agent(state, host) == nullptr) {
      agenda.deadlines.insert({now_ms + agenda.limits.delivery_ms, DeadlineKind::delivery, id, task.attempt});
    }
    mark_runnable(state, key, host);
  }
}

void agenda_attempt_deadline(State& state, const Task& task, const Id& id, TimeMs old_ms) {
  if (!state.agenda.active) return;
  state.agenda.deadlines.erase({old_ms, DeadlineKind::attempt, id, task.attempt});
  state.agenda.deadlines.insert({task.deadline_ms, DeadlineKind::attempt, id, task.attempt});
}

void agenda_task_out(State& state, const Workflow& workflow, std::uint32_t index) {
  if (!state.agenda.active) return;
  const Task& task = workflow.tasks[index];
  const Id id = task_id(workflow.id, index);
  state.agenda.deadlines.insert({task.deadline_ms, DeadlineKind::attempt, id, task.attempt});
  if (runs_on_coordinator(task.plan.action)) {
    ++state.agenda.coordinator_out;
    return;
  }
  Host& host = host_at(state, host_of(workflow, task));
  if (std::holds_alternative<AwaitAgentAction>(task.plan.action)) {
    host.awaiting.push_back(id);
    if (reachable_agent(state, host) != nullptr) state.agenda.arrived.push_back(id);
    return;
  }
  ++host.outstanding;
  if (task.plan.exclusive) ++host.exclusive_outstanding;
  host.unsettled.insert(task.dispatch_sequence);
}

void agenda_settle(State& state, const Workflow& workflow, const Task& task) {
  if (!state.agenda.active || task.plan.server.empty()) return;
  const auto host = state.agenda.hosts.find(host_of(workflow, task));
  if (host != state.agenda.hosts.end()) host->second.unsettled.erase(task.dispatch_sequence);
}

void agenda_task_back(State& state, Workflow& workflow, std::uint32_t index, bool settled) {
  --workflow.out;
  if (!state.agenda.active) return;
  const Task& task = workflow.tasks[index];
  const Id id = task_id(workflow.id, index);
  state.agenda.deadlines.erase({task.deadline_ms, DeadlineKind::attempt, id, task.attempt});
  if (runs_on_coordinator(task.plan.action)) {
    --state.agenda.coordinator_out;
  } else {
    const HostKey key = host_of(workflow, task);
    Host& host = host_at(state, key);
    if (std::holds_alternative<AwaitAgentAction>(task.plan.action)) {
      std::erase(host.awaiting, id);
    } else {
      --host.outstanding;
      if (task.plan.exclusive) --host.exclusive_outstanding;
      if (settled) host.unsettled.erase(task.dispatch_sequence);
      mark_runnable(state, key, host);
    }
  }
  while (!workflow.over_limit.empty() && !at_limit(workflow)) {
    const std::uint32_t next = workflow.over_limit.front();
    workflow.over_limit.pop_front();
    if (workflow.tasks[next].status != TaskStatus::ready) continue;
    agenda_task_ready(state, workflow, next, state.log_time_ms);
    break;  // one slot came free
  }
}

void agenda_doom(State& state, const Workflow& workflow, std::uint32_t index) {
  if (state.agenda.active) state.agenda.doomed.push_back(task_id(workflow.id, index));
}

void agenda_workflow_settled(State& state, const Workflow& workflow) {
  if (state.agenda.active) state.agenda.settled.push_back(workflow.id);
}

void agenda_host_changed(State& state, const HostKey& key) {
  if (!state.agenda.active) return;
  Host& host = host_at(state, key);
  const auto agent = state.agent_by_host.find(key);
  host.agent = agent == state.agent_by_host.end() ? Key{} : agent->second;
  if (reachable_agent(state, host) != nullptr) {
    for (const Id& id : host.awaiting) state.agenda.arrived.push_back(id);
    mark_runnable(state, key, host);
    return;
  }
  for (const auto* queue : {&host.ready, &host.ready_exclusive}) {
    for (const Id& id : *queue) {
      state.agenda.deadlines.insert(
          {state.log_time_ms + state.agenda.limits.delivery_ms, DeadlineKind::delivery, id, 0});
    }
  }
}

std::optional<EventBody> follow_up(State& state, TimeMs now_ms) {
  if (auto event = next_doomed(state)) return event;
  if (auto event = next_overdue(state, now_ms)) return event;
  if (auto event = next_arrived(state)) return event;
  if (auto event = next_on_coordinator(state, now_ms)) return event;
  if (auto event = next_on_hosts(state, now_ms)) return event;
  return next_settled(state);
}

std::optional<TimeMs> next_deadline(const State& state) {
  if (state.agenda.deadlines.empty()) return std::nullopt;
  return state.agenda.deadlines.begin()->at_ms;
}

void rebuild_derived(State& state) {
  state.agent_by_host.clear();
  for (const auto& [key, agent] : state.agents) state.agent_by_host[{agent.workspace, agent.server}] = key;
  for (auto& [id, workflow] : state.workflows) derive(workflow);
  state.ended_tasks = 0;
  for (const Id& id : state.ended_workflows) state.ended_tasks += state.workflows.at(id).tasks.size();
}

void rebuild_agenda(State& state) {
  rebuild_derived(state);
  const Limits limits = state.agenda.limits;
  state.agenda = Agenda{};
  state.agenda.active = true;
  state.agenda.limits = limits;
  for (const auto& [id, token] : state.join_tokens) {
    state.agenda.deadlines.insert({token.expires_ms, DeadlineKind::token, id, 0});
  }
  std::vector<Id> order;  // the same order at every start, whatever the hash table says
  order.reserve(state.workflows.size());
  for (const auto& [id, workflow] : state.workflows) order.push_back(id);
  std::sort(order.begin(), order.end(), [&](const Id& a, const Id& b) {
    return std::pair(state.workflows.at(a).submitted_ms, a) < std::pair(state.workflows.at(b).submitted_ms, b);
  });
  for (const Id& id : order) {
    Workflow& workflow = state.workflows.at(id);
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
      const Task& task = workflow.tasks[i];
      const bool hopeless =
          std::any_of(task.plan.depends_on.begin(), task.plan.depends_on.end(), [&](std::uint32_t before) {
            return workflow.tasks[before].status == TaskStatus::ended && !succeeded(workflow.tasks[before].outcome);
          });
      if (task.status == TaskStatus::ended) {
        if (task.outcome == Outcome::in_doubt && !task.plan.server.empty()) {
          host_at(state, host_of(workflow, task)).unsettled.insert(task.dispatch_sequence);
        }
      } else if (task.status == TaskStatus::pending) {
        if (hopeless || workflow.cancelling) agenda_doom(state, workflow, i);
      } else if (task.status == TaskStatus::ready) {
        agenda_task_ready(state, workflow, i, state.log_time_ms);
      } else {
        agenda_task_out(state, workflow, i);
        if (!task.agent.is_zero() && !state.agents.contains(task.agent)) {
          state.agenda.deadlines.insert({state.log_time_ms, DeadlineKind::attempt, task_id(id, i), task.attempt});
        }
      }
    }
    if (!workflow.ended && workflow.unended == 0) agenda_workflow_settled(state, workflow);
  }
}

Workflow* find_workflow(State& state, const Id& workflow_or_task) {
  const auto found = state.workflows.find(workflow_id(workflow_or_task));
  return found == state.workflows.end() ? nullptr : &found->second;
}

const Workflow* find_workflow(const State& state, const Id& workflow_or_task) {
  const auto found = state.workflows.find(workflow_id(workflow_or_task));
  return found == state.workflows.end() ? nullptr : &found->second;
}

const Task* find_task(const State& state, const Id& task) {
  const Workflow* workflow = find_workflow(state, task);
  const auto index = task_index(task);
  if (workflow == nullptr || !index || *index >= workflow->tasks.size()) return nullptr;
  return &workflow->tasks[*index];
}

const Agent* agent_of(const State& state, const std::string& workspace, const std::string& hostname) {
  const auto key = state.agent_by_host.find({workspace, hostname});
  if (key == state.agent_by_host.end()) return nullptr;
  const auto agent = state.agents.find(key->second);
  return agent == state.agents.end() ? nullptr : &agent->second;
}

}  // namespace prov::domain
