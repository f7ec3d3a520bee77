#pragma once
// Short words for batches and workflows in examples.
#include <string>
#include <vector>

#include "tests/unit/domain/harness.h"

namespace prov::domain {

inline BatchOperation script(std::string id, std::vector<std::string> after = {}, std::string targets = "h1") {
  BatchOperation operation;
  operation.id = std::move(id);
  operation.targets = std::move(targets);
  operation.exec.argv = {"do", operation.id};
  for (std::string& before : after) operation.dependencies.push_back({std::move(before), DependencyKind::hard});
  return operation;
}

inline BatchOperation taskserv_operation(std::string id) {
  BatchOperation operation;
  operation.id = std::move(id);
  operation.kind = OperationKind::taskserv_create;
  return operation;
}

inline SubmitBatch batch_of(std::vector<BatchOperation> operations) {
  SubmitBatch batch;
  batch.name = "a batch";
  batch.params = {{"version", "2"}};
  batch.operations = std::move(operations);
  return batch;
}

// A platform with agents on h1, h2, ...
struct Hosts : Platform {
  explicit Hosts(std::uint8_t n = 3) {
    for (std::uint8_t i = 1; i <= n; ++i) add_host("h" + std::to_string(i), i);
  }

  Id submit(SubmitBatch batch) {
    must(std::move(batch));
    return newest_workflow();
  }
  const Workflow& workflow(const Id& id) const { return state.workflows.at(id); }
  const Operation& operation(const Id& id, const std::string& name) const {
    for (const Operation& o : workflow(id).operations) {
      if (o.plan->id == name) return o;
    }
    ADD_FAILURE() << "there is no operation " << name;
    return workflow(id).operations.at(0);
  }
  Id task_of(const Id& id, const std::string& name, std::uint32_t n = 0) const {
    return task_id(id, operation(id, name).plan->first_task + n);
  }
  const Task& task_in(const Id& id, const std::string& name, std::uint32_t n = 0) const {
    return *find_task(state, task_of(id, name, n));
  }
};

}  // namespace prov::domain
