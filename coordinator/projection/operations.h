#pragma once
// The operations of a workflow, what stands still in it, and what failed: the parts of GET /workflows/{id} beside its
// tasks. Each costs what it shows, and one look at the states of the tasks that it counts.
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "coordinator/projection/view.h"

namespace prov::projection {

inline constexpr std::size_t kMaxFailures = 20;    // that are told one by one
inline constexpr std::size_t kMaxApprovals = 100;  // that wait for a person

struct TaskCounts {
  std::size_t total = 0, pending = 0, ready = 0, running = 0, done = 0, failed = 0, skipped = 0, in_doubt = 0,
              not_delivered = 0;
};
nlohmann::json counts_json(const TaskCounts& counts);  // an object of these fields

// Of the workflow's tasks [first, first + count).
nlohmann::json counts_of(const domain::Workflow& workflow, std::size_t first, std::size_t count);

nlohmann::json operations(const domain::Workflow& workflow, const Page& page);  // an array, in their order

nlohmann::json checkpoints(const domain::Workflow& workflow);        // [{name, sequence}]
nlohmann::json approvals(const domain::Workflow& workflow);          // [{task, approved, by, at_ms, comment}]
nlohmann::json awaited_approvals(const domain::Workflow& workflow);  // [{task, operation, prompt}]

// {items: [{task, step, name, server, operation, outcome, exit_code, message, attempt}], total}: steps that were tried
// (or could not be brought to their host) and did not succeed. `step` counts from 1.
nlohmann::json failures(const domain::Workflow& workflow);

// The line of a step's output that says most about why it failed: the first that speaks of an error, else the last that
// is not empty. `text` may begin within a line.
std::string failing_line(std::string_view text);

// Ids of the workflows that undo this one, oldest first. Looks through the working set only where there is one.
nlohmann::json rolled_back_by(const domain::State& state, const domain::Workflow& workflow);

}  // namespace prov::projection
