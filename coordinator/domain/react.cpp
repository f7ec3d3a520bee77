#include "coordinator/domain/react.h"

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

using Effects = std::vector<Effect>;

struct React {
  const State& state;
  Effects& out;

  template <class T>
  void operator()(const T&) const {}
  void operator()(const TaskDispatched& e) const {
    if (!e.agent.is_zero()) {
      out.emplace_back(SendOrder{e.task, e.attempt});
      return;
    }
    const Task* task = find_task(state, e.task);
    if (task != nullptr && !only_waits(*task->plan->action)) out.emplace_back(RunProvider{e.task, e.attempt});
  }
  void operator()(const WorkflowCancelRequested& e) const {
    const Workflow* workflow = find_workflow(state, e.id);
    if (workflow == nullptr) return;
    for (std::uint32_t i = 0; i < workflow->tasks.size(); ++i) {
      const Task& task = workflow->tasks[i];
      if (!task.agent.is_zero() && out_now(task)) out.emplace_back(CancelAttempt{task_id(e.id, i), task.attempt});
    }
  }
  void operator()(const AgentEnrolled& e) const { out.emplace_back(AdmitAgent{e.key}); }
  void operator()(const AgentRemoved& e) const { out.emplace_back(ExpelAgent{e.key}); }
  void operator()(const ServerCreated& e) const {
    if (!e.coordinator_address.empty()) out.emplace_back(ListenOn{e.coordinator_address});
  }
};

}  // namespace

void react(const State& state, const Event& event, std::vector<Effect>& out) {
  std::visit(React{state, out}, event.body);
}

std::vector<Effect> resume(const State& state) {
  Effects out;
  for (const auto& [key, agent] : state.agents) out.emplace_back(AdmitAgent{key});
  for (const auto& [key, server] : state.servers) {
    if (!server.coordinator_address.empty()) out.emplace_back(ListenOn{server.coordinator_address});
  }
  for (const auto& [id, workflow] : state.workflows) {
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
      const Task& task = workflow.tasks[i];
      if (task.status != TaskStatus::dispatched && task.status != TaskStatus::running) continue;
      const Id task_of = task_id(id, i);
      if (!task.agent.is_zero()) {
        out.emplace_back(SendOrder{task_of, task.attempt});
        if (workflow.cancelling) out.emplace_back(CancelAttempt{task_of, task.attempt});
      } else if (!only_waits(*task.plan->action)) {
        out.emplace_back(ProviderInterrupted{task_of, task.attempt});
      }
    }
  }
  return out;
}

}  // namespace prov::domain
