#include "tests/unit/engine/derived.h"

namespace prov::domain::model {
namespace {

class Differences {
 public:
  template <class T>
  void same(const std::string& what, const T& live, const T& again) {
    if (!(live == again)) found.push_back(what + " is not what it is when it is derived again");
  }

  void of_operation(const std::string& name, const Operation& live, const Operation& again) {
    same(name + ": missing", live.missing, again.missing);
    same(name + ": unended", live.unended, again.unended);
    same(name + ": failed", live.failed, again.failed);
    same(name + ": dependents", live.dependents, again.dependents);
    if (live.status != OperationStatus::open) return;
    same(name + ": unended_open", live.unended_open, again.unended_open);
    same(name + ": stopping", live.stopping, again.stopping);
  }

  void of_workflow(const Workflow& live, const Workflow& again) {
    if (live.ended) return;
    same("unended", live.unended, again.unended);
    same("unended_operations", live.unended_operations, again.unended_operations);
    same("stopped_by", live.stopped_by, again.stopped_by);
    same("gate.out", live.gate.out, again.gate.out);
    for (std::size_t i = 0; i < live.operations.size(); ++i) {
      of_operation("operation " + live.operations[i].plan->id, live.operations[i], again.operations[i]);
    }
    for (std::size_t i = 0; i < live.tasks.size(); ++i) {
      same("task.operation", live.tasks[i].operation, again.tasks[i].operation);
      if (live.tasks[i].status == TaskStatus::ended) continue;
      same("missing of task " + live.tasks[i].plan->name, live.missing[i], again.missing[i]);
    }
  }

  std::vector<std::string> found;
};

}  // namespace

std::vector<std::string> differences_from_derived(const State& state) {
  State again = state;
  rebuild_derived(again);
  Differences out;
  out.same("agent_by_host", state.agent_by_host, again.agent_by_host);
  out.same("server_work", state.server_work, again.server_work);
  out.same("ended_tasks", state.ended_tasks, again.ended_tasks);
  for (const auto& [id, workflow] : state.workflows) out.of_workflow(workflow, again.workflows.at(id));
  rebuild_agenda(again);
  for (const auto& [key, group] : state.agenda.groups) {
    const GroupGate& other = again.agenda.groups[key];
    out.same("limits of group " + key.second, group.limits, other.limits);
    out.same("what is out of group " + key.second, group.out, other.out);
  }
  return std::move(out.found);
}

}  // namespace prov::domain::model
