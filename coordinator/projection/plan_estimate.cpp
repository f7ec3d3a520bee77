#include "coordinator/projection/plan_estimate.h"

#include <algorithm>
#include <optional>
#include <variant>

namespace prov::projection {
namespace {

using domain::OperationPlan;
using domain::TaskPlan;

class StepTimes {
 public:
  StepTimes(const domain::State& before, const std::string& workspace, const std::vector<domain::EventBody>& events)
      : before_(before), workspace_(workspace) {
    for (const auto& event : events) {
      if (const auto* e = std::get_if<domain::ServerDeclared>(&event)) {
        declared_.servers[{workspace, e->spec->hostname}].spec = *e->spec;
      }
    }
  }

  // nullopt: nothing of that kind was timed.
  std::optional<std::uint64_t> of(const TaskPlan& task) const {
    if (std::holds_alternative<domain::NoopAction>(*task.action)) return 0;
    if (const auto* wait = std::get_if<domain::WaitAction>(&*task.action); wait != nullptr && wait->until.empty()) {
      return std::uint64_t{task.timeout_s} * 1000;
    }
    std::string key = domain::duration_key(before_, workspace_, task);
    if (key.empty()) key = domain::duration_key(declared_, workspace_, task);
    const auto found = before_.durations.find(key);
    if (key.empty() || found == before_.durations.end() || found->second.count == 0) return std::nullopt;
    return found->second.mean_ms;
  }

 private:
  const domain::State& before_;
  const std::string& workspace_;
  domain::State declared_;  // the servers of this plan alone
};

// When the last of an operation's tasks ends, if it begins at `begin_ms`: wave after wave, with the pauses between.
std::uint64_t end_of(const OperationPlan& operation, const domain::SharedList<TaskPlan>& tasks,
                     const std::vector<std::uint64_t>& took_ms, std::uint64_t begin_ms,
                     std::vector<std::uint64_t>& ends_ms) {
  std::uint64_t wave_ms = begin_ms, end_ms = begin_ms;
  std::size_t wave = 0;
  for (std::uint32_t i = 0; i < operation.task_count; ++i) {
    if (wave < operation.waves.size() && i == operation.waves[wave]) {
      wave_ms = end_ms + operation.pause_ms;
      ++wave;
    }
    const std::uint32_t task = operation.first_task + i;
    std::uint64_t start_ms = wave_ms;
    for (const auto before : tasks[task].depends_on) start_ms = std::max(start_ms, ends_ms[before]);
    ends_ms[task] = start_ms + took_ms[task];
    end_ms = std::max(end_ms, ends_ms[task]);
  }
  return end_ms;
}

std::uint64_t longest_chain_ms(const domain::WorkflowSubmitted& workflow, const std::vector<std::uint64_t>& took_ms) {
  std::vector<std::uint64_t> task_ends_ms(workflow.tasks.size(), 0), ends_ms(workflow.operations.size(), 0);
  if (workflow.operations.empty()) {  // all its tasks are one operation
    OperationPlan all;
    all.task_count = static_cast<std::uint32_t>(workflow.tasks.size());
    return end_of(all, workflow.tasks, took_ms, 0, task_ends_ms);
  }
  std::uint64_t longest_ms = 0;
  for (std::size_t i = 0; i < workflow.operations.size(); ++i) {
    const OperationPlan& operation = workflow.operations[i];
    std::uint64_t begin_ms = 0;
    for (const auto& needed : operation.depends_on) begin_ms = std::max(begin_ms, ends_ms[needed.before]);
    ends_ms[i] = end_of(operation, workflow.tasks, took_ms, begin_ms, task_ends_ms);
    longest_ms = std::max(longest_ms, ends_ms[i]);
  }
  return longest_ms;
}

}  // namespace

Estimate estimate_of(const domain::State& before, const std::string& workspace,
                     const domain::WorkflowSubmitted& workflow, const std::vector<domain::EventBody>& events) {
  const StepTimes times(before, workspace, events);
  Estimate out;
  std::vector<std::uint64_t> took_ms;
  took_ms.reserve(workflow.tasks.size());
  for (const auto& task : workflow.tasks) {
    const auto known_ms = times.of(task);
    out.unknown_steps += known_ms ? 0 : 1;
    took_ms.push_back(known_ms.value_or(0));
    out.known_ms += took_ms.back();
  }
  const std::uint64_t limit =
      std::max(workflow.parallel_limit == 0 ? before.agenda.limits.workflow_parallel : workflow.parallel_limit, 1U);
  out.expected_ms = std::max(longest_chain_ms(workflow, took_ms), (out.known_ms + limit - 1) / limit);
  return out;
}

}  // namespace prov::projection
