// Workflows: graphs of tasks with hard dependencies, run in parallel up to a limit. A dependency's index is smaller
// than its dependent's, so a cycle cannot be written down.
#include <algorithm>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

bool out_now(const Task& task) { return task.status == TaskStatus::dispatched || task.status == TaskStatus::running; }

// The oldest finished workflows leave the working set; the newest stays, whatever its size.
void forget_ended(State& state) {
  while (state.ended_workflows.size() > 1 &&
         (state.ended_workflows.size() > kKeepEndedWorkflows || state.ended_tasks > kKeepEndedTasks)) {
    const auto oldest = state.workflows.find(state.ended_workflows.front());
    state.ended_tasks -= oldest->second.tasks.size();
    for (const Task& task : oldest->second.tasks) {
      if (task.outcome == Outcome::in_doubt) agenda_settle(state, oldest->second, task);
    }
    state.workflows.erase(oldest);
    state.ended_workflows.pop_front();
  }
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

}  // namespace

void derive(Workflow& workflow) {
  const std::size_t n = workflow.tasks.size();
  workflow.dependents.assign(n, {});
  workflow.missing.assign(n, 0);
  workflow.out = workflow.unended = 0;
  workflow.over_limit.clear();
  for (std::uint32_t i = 0; i < n; ++i) {
    const Task& task = workflow.tasks[i];
    for (const std::uint32_t before : task.plan.depends_on) {
      if (before >= i) continue;  // a log never holds one; evolve is total all the same
      workflow.dependents[before].push_back(i);
      const Task& needed = workflow.tasks[before];
      if (needed.status != TaskStatus::ended || !succeeded(needed.outcome)) ++workflow.missing[i];
    }
    if (out_now(task)) ++workflow.out;
    if (task.status != TaskStatus::ended) ++workflow.unended;
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
  workflow.initiator = meta.principal;
  workflow.submitted_ms = meta.log_time_ms;
  workflow.tasks.resize(e.tasks.size());
  for (std::size_t i = 0; i < e.tasks.size(); ++i) workflow.tasks[i].plan = e.tasks[i];
  derive(workflow);
  for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
    if (workflow.missing[i] != 0) continue;
    workflow.tasks[i].status = TaskStatus::ready;
    workflow.tasks[i].ready_ms = meta.log_time_ms;
    agenda_task_ready(state, workflow, i, meta.log_time_ms);
  }
  if (workflow.tasks.empty()) agenda_workflow_settled(state, workflow);
}

void apply(State& state, const Envelope&, const WorkflowCancelRequested& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || workflow->ended) return;
  workflow->cancelling = true;
  for (std::uint32_t i = 0; i < workflow->tasks.size(); ++i) {
    const TaskStatus status = workflow->tasks[i].status;
    if (status == TaskStatus::pending || status == TaskStatus::ready) agenda_doom(state, *workflow, i);
  }
}

void apply(State& state, const Envelope& meta, const WorkflowEnded& e) {
  Workflow* workflow = find_workflow(state, e.id);
  if (workflow == nullptr || workflow->ended) return;
  workflow->ended = true;
  workflow->ended_ms = meta.log_time_ms;
  workflow->outcome = e.outcome;
  workflow->dependents = {};
  workflow->missing = {};
  ++state.ended_workflows_total;
  state.ended_workflows.push_back(e.id);
  state.ended_tasks += workflow->tasks.size();
  forget_ended(state);
}

EventBody submitted(const State& state, const Inputs& in, std::string kind, std::string name, std::string infra,
                    std::vector<TaskPlan> tasks) {
  return WorkflowSubmitted{workflow_id(in.new_id()),
                           std::move(kind),
                           std::move(name),
                           std::move(infra),
                           state.agenda.limits.workflow_parallel,
                           std::move(tasks)};
}

EventBody ended(const Workflow& workflow) {
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
  e.outcome = cancelled                        ? Outcome::cancelled
              : e.failed + e.not_delivered > 0 ? Outcome::failed
              : e.in_doubt > 0                 ? Outcome::in_doubt
                                               : Outcome::done;
  return e;
}

Decision decide_on(const State& state, const Command& command, const RunExec& c, const Inputs& in) {
  if (auto ok = hosts_exist(state, command, c.servers); !ok) return tl::unexpected(ok.error());
  if (c.argv.empty() || c.argv.front().empty()) return fail(Code::invalid, "there is no command to run");
  if (c.timeout_s == 0 || c.timeout_s > 24 * 3600) return fail(Code::invalid, "timeout_s is 1 to 86400");
  std::vector<TaskPlan> tasks;
  for (const std::string& host : c.servers) {
    TaskPlan plan;
    plan.name = host + ": " + c.argv.front();
    plan.server = host;
    plan.timeout_s = c.timeout_s;
    plan.action = ExecAction{c.argv, c.stdin_data};
    tasks.push_back(std::move(plan));
  }
  return std::vector<EventBody>{submitted(state, in, "exec", c.argv.front(), "", std::move(tasks))};
}

Decision decide_on(const State& state, const Command& command, const RunNoop& c, const Inputs& in) {
  if (auto ok = hosts_exist(state, command, c.servers); !ok) return tl::unexpected(ok.error());
  if (c.count == 0 || c.count > state.agenda.limits.workflow_tasks) {
    return fail(Code::invalid, "count is 1 to " + std::to_string(state.agenda.limits.workflow_tasks));
  }
  WorkflowSubmitted e{workflow_id(in.new_id()), "noop", "noop", "", 0, {}};  // 0: no limit but the agents' credit
  e.tasks.resize(c.count);
  for (std::uint32_t i = 0; i < c.count; ++i) {
    e.tasks[i].name = "noop";
    e.tasks[i].server = c.servers[i % c.servers.size()];
  }
  return std::vector<EventBody>{std::move(e)};
}

Decision decide_on(const State& state, const Command& command, const CancelWorkflow& c, const Inputs&) {
  const Workflow* workflow = find_workflow(state, c.workflow);
  if (workflow == nullptr || workflow->workspace != command.workspace) {
    return fail(Code::not_found, "there is no workflow " + to_text(c.workflow) + " in the working set",
                "see: provisioning workflow list");
  }
  if (workflow->ended || workflow->cancelling) return std::vector<EventBody>{};
  return std::vector<EventBody>{WorkflowCancelRequested{c.workflow, "operator"}};
}

}  // namespace prov::domain
