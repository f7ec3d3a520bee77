#pragma once
// Workflows with their counts, and tasks in the shape that the original platform's clients know.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "coordinator/projection/operations.h"
#include "coordinator/projection/view.h"

namespace prov::projection {

inline constexpr std::string_view kTaskStatuses[] = {"Pending", "Running", "Completed", "Failed", "Cancelled"};

// Pending (waits), Running (handed to its host or under way), Completed, Cancelled (also: skipped), or Failed.
std::string_view task_status(const domain::Task& task);

struct WorkflowFilter {
  std::string workspace;
  std::optional<bool> ended;
  std::string kind = {};  // "batch", "rollback", ...; empty: any
};
struct TaskFilter {
  std::string workspace;
  std::string status;  // one of kTaskStatuses, or empty
  std::optional<Id> workflow;
};

// Lists answer {"items": [...], "total": N}; the newest workflow first, its tasks in their order.
nlohmann::json workflows(const View& view, const WorkflowFilter& filter, const Page& page);
nlohmann::json tasks(const View& view, const TaskFilter& filter, const Page& page);

nlohmann::json workflow(const domain::Workflow& workflow);  // as in the list
// The same of one whose tasks and operations are not at hand.
nlohmann::json workflow(const domain::Workflow& head, std::size_t operations, const TaskCounts& counts);
// With everything about it; its operations and its tasks both from `page` on.
nlohmann::json workflow_with_tasks(const domain::Workflow& workflow, const Page& page);
// `output` stays null here: it is not part of the state.
nlohmann::json task(const domain::Workflow& workflow, std::uint32_t index);

}  // namespace prov::projection
