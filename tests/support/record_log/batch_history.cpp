// What an operator does with batches: random graphs of operations, and everything that can become of one.
#include <algorithm>

#include "tests/support/record_log/history.h"

namespace prov::test {

using namespace domain;

CommandBody History::batch_command() {
  std::vector<const Workflow*> some;
  for (const auto& [id, workflow] : state_.workflows) some.push_back(&workflow);
  std::sort(some.begin(), some.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  if (some.empty() || below(3) == 0) return batch();
  return steering(*some[below(some.size())]);
}

CommandBody History::steering(const Workflow& workflow) {
  if (!workflow.ended) {
    if (workflow.paused) return ResumeWorkflow{workflow.id};
    if (below(3) == 0) return PauseWorkflow{workflow.id, "to look at it"};
    return ApproveTask{workflow.id, below(4) != 0, "seen"};
  }
  if (below(2) == 0) {
    RetryWorkflow retry{workflow.id, {}, below(2) == 0};
    if (below(3) == 0) retry.operations = {workflow.operations[below(workflow.operations.size())].plan->id};
    return retry;
  }
  const bool part = !workflow.checkpoints.empty() && below(2) == 0;
  return RollbackWorkflow{workflow.id, part ? workflow.checkpoints.front().name : ""};
}

SubmitBatch History::batch() {
  SubmitBatch out;
  out.name = "batch";
  out.infra = "infra";
  out.parallel_limit = static_cast<std::uint32_t>(below(4));
  out.preserve_successful = below(6) == 0;
  out.params = {{"go", below(5) == 0 ? "no" : "yes"}};
  const auto count = static_cast<std::uint32_t>(1 + below(5));
  for (std::uint32_t i = 0; i < count; ++i) out.operations.push_back(operation(i));
  return out;
}

BatchOperation History::operation(std::uint32_t index) {
  BatchOperation out;
  out.id = "op" + std::to_string(index);
  for (std::uint32_t before = 0; before < index; ++before) {
    if (below(3) != 0) continue;
    out.dependencies.push_back(
        {"op" + std::to_string(before), below(3) == 0 ? DependencyKind::soft : DependencyKind::hard});
  }
  if (below(6) == 0) out.when = "params.go == \"yes\"";
  out.on_failure = static_cast<OnFailure>(below(3));
  if (below(4) == 0) out.checkpoint = "after-" + out.id;
  const std::uint64_t dice = below(8);
  if (dice == 0) {
    out.kind = OperationKind::wait;
    out.wait_s = static_cast<std::uint32_t>(1 + below(5));
  } else if (dice == 1) {
    out.kind = OperationKind::approval;
    out.prompt = "go on?";
    out.timeout_s = 600;
  } else {
    out.exec.argv = {"true"};
    if (below(4) != 0) out.undo.argv = {"false"};
    out.targets = below(2) == 0 ? "all" : host();
    out.timeout_s = 30;
    out.retries = static_cast<std::uint32_t>(below(2));
    if (below(3) == 0) out.rolling.batch = "1";
    if (below(3) == 0) out.max_failures = std::to_string(below(2));
  }
  return out;
}

}  // namespace prov::test
