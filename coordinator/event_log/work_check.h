#pragma once
// Inside of the codecs: whether the tasks and operations of a workflow fit together. Those of an event are plans, those
// of a state have a plan. What folds and schedules them relies on it.
#include <cstdint>
#include <string_view>
#include <unordered_set>

#include "coordinator/domain/specs.h"
#include "coordinator/event_log/codec_detail.h"

namespace prov::event_log::detail {

inline const domain::TaskPlan& plan_of(const domain::TaskPlan& plan) { return plan; }
inline const domain::OperationPlan& plan_of(const domain::OperationPlan& plan) { return plan; }
template <class Planned>
const auto& plan_of(const Planned& planned) {
  return *planned.plan;
}

// Dependencies of tasks [first, end) point back, and not behind `first`.
template <class Tasks>
void check_tasks(const Tasks& tasks, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    for (const std::uint32_t before : plan_of(tasks[i]).depends_on) {
      if (before < first || before >= i) throw Malformed{"dependsOn"};
    }
  }
}

// Operations are one of a kind by id, depend on earlier ones, and share out all tasks in order. None is well, too.
template <class Tasks, class Operations>
void check_work(const Tasks& tasks, const Operations& operations) {
  if (operations.empty()) return check_tasks(tasks, 0, tasks.size());
  std::unordered_set<std::string_view> ids;
  std::size_t next = 0;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    const domain::OperationPlan& plan = plan_of(operations[i]);
    if (!ids.insert(plan.id).second) throw Malformed{"operations"};
    for (const domain::Dependency& dependency : plan.depends_on) {
      if (dependency.before >= i) throw Malformed{"dependsOn"};
    }
    if (plan.first_task != next || plan.task_count > tasks.size() - next) throw Malformed{"firstTask"};
    next += plan.task_count;
    check_tasks(tasks, plan.first_task, next);
  }
  if (next != tasks.size()) throw Malformed{"taskCount"};
}

}  // namespace prov::event_log::detail
