// Doing again what did not succeed of a workflow that has ended: which of its operations begin again.
#include <algorithm>
#include <vector>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

class Retry {
 public:
  Retry(const Workflow& workflow, const RetryWorkflow& asked)
      : workflow_(workflow), asked_(asked), named_(workflow.operations.size()), again_(workflow.operations.size()) {}

  // The operations that begin again, in order; none when there is nothing to do.
  Result<std::vector<std::uint32_t>> choose() {
    if (auto ok = read_names(); !ok) return tl::unexpected(ok.error());
    std::vector<std::uint32_t> out;
    for (std::uint32_t i = 0; i < workflow_.operations.size(); ++i) {  // what one needs stands before it
      if (!is_meant(i) || !has_work(i)) continue;
      const Operation* missing = missed(i);
      if (missing != nullptr && named_[i]) return tl::unexpected(needs_first(i, *missing));
      if (missing != nullptr && !is_behind(i)) continue;  // else it is skipped again, for what is the reason then
      again_[i] = true;
      out.push_back(i);
    }
    if (out.empty() && doubtful_ != nullptr) return tl::unexpected(only_doubts());
    return out;
  }

 private:
  const Operation& at(std::uint32_t i) const { return workflow_.operations[i]; }

  Result<void> read_names() {
    for (const std::string& name : asked_.operations) {
      const Operation* operation = operation_named(workflow_, name);
      if (operation == nullptr) {
        return fail(Code::not_found, "workflow " + to_text(workflow_.id) + " has no operation \"" + name + "\"",
                    "see: provisioning workflow status " + to_text(workflow_.id));
      }
      named_[static_cast<std::size_t>(operation - workflow_.operations.data())] = true;
    }
    // A loop or a nested batch stands for what is in it.
    for (std::size_t i = named_.size(); i-- > 0;) {
      if (!named_[i] || workflow_.operations[i].plan->kind != OperationKind::batch) continue;
      for (const Dependency& d : workflow_.operations[i].plan->depends_on) named_[d.before] = true;
    }
    return {};
  }

  // Those that were named, and what did not run because of one that does now. Without names all that did not succeed;
  // one whose condition was false was not needed, and is only if what it looks at changes.
  bool is_meant(std::uint32_t i) const {
    const Operation& operation = at(i);
    if (all_well(operation)) return false;
    if (named_[i] || (asked_.operations.empty() && !operation.unneeded)) return true;
    const bool ran = operation.outcome != Outcome::skipped && operation.outcome != Outcome::cancelled;
    return !ran && is_behind(i);
  }

  bool is_behind(std::uint32_t i) const {
    const auto& before = at(i).plan->depends_on;
    return std::any_of(before.begin(), before.end(), [&](const Dependency& d) { return again_[d.before]; });
  }

  // A doubt is left alone unless it was asked for. One that was lifted leaves nothing to run, and its end to correct.
  bool has_work(std::uint32_t i) {
    const OperationPlan& plan = *at(i).plan;
    bool doubtful = false;
    for (std::uint32_t t = plan.first_task; t < plan.first_task + plan.task_count; ++t) {
      const Task& task = workflow_.tasks[t];
      if (succeeded(task.outcome)) continue;
      if (asked_.in_doubt || task.outcome != Outcome::in_doubt) return true;
      doubtful = true;
    }
    if (doubtful) doubtful_ = &at(i);
    return !doubtful;
  }

  // What it needs, did not succeed, and does not run again either; nullptr: nothing.
  const Operation* missed(std::uint32_t i) const {
    for (const Dependency& d : at(i).plan->depends_on) {
      const Operation& before = at(d.before);
      const bool fine = d.kind == DependencyKind::soft || again_[d.before] || before.outcome == Outcome::done;
      if (!fine && !before.unneeded) return &before;
    }
    return nullptr;
  }

  Error needs_first(std::uint32_t i, const Operation& missing) const {
    const std::string id = to_text(workflow_.id);
    const bool doubt = missing.outcome == Outcome::in_doubt && !asked_.in_doubt;
    return {
        Code::conflict,
        "operation \"" + at(i).plan->id + "\" needs \"" + missing.plan->id + "\", which " + fate_of(missing.outcome),
        "do that again, too: provisioning workflow retry " + id + " --failed --step " + missing.plan->id + " --step " +
            at(i).plan->id + (doubt ? " --in-doubt" : "")};
  }

  Error only_doubts() const {
    const std::string id = to_text(workflow_.id);
    return {Code::conflict,
            "nothing of workflow " + id + " is done again: \"" + doubtful_->plan->id +
                "\" is in doubt, so it may have been done",
            "look at its hosts (provisioning workflow status " + id +
                "); then, if it may run twice: provisioning workflow retry " + id + " --failed --in-doubt"};
  }

  const Workflow& workflow_;
  const RetryWorkflow& asked_;
  std::vector<bool> named_, again_;  // by operation
  const Operation* doubtful_ = nullptr;
};

Result<void> may_be_retried(const Workflow& workflow) {
  const std::string id = to_text(workflow.id);
  if (!workflow.ended) {
    return fail(Code::conflict, "workflow " + id + " still runs",
                "wait for its end: provisioning workflow monitor " + id);
  }
  if (workflow.rollbacks > 0) {
    return fail(Code::conflict, "workflow " + id + " was rolled back: what succeeded in it is not there any more",
                "submit it again");
  }
  return {};
}

Result<void> servers_are_free(const State& state, const Workflow& workflow, const std::vector<std::uint32_t>& again) {
  for (const std::uint32_t i : again) {
    const OperationPlan& plan = *workflow.operations[i].plan;
    for (std::uint32_t t = plan.first_task; t < plan.first_task + plan.task_count; ++t) {
      const std::string* host = server_of(*workflow.tasks[t].plan->action);
      if (host != nullptr && server_busy(state, workflow.workspace, *host)) {
        return fail(Code::conflict, "a running workflow already creates or deletes server \"" + *host + "\"",
                    "see: provisioning workflow list");
      }
    }
  }
  return {};
}

}  // namespace

Decision decide_on(const State& state, const Command& command, const RetryWorkflow& c, const Inputs&) {
  const Workflow* workflow = find_workflow(state, c.workflow);
  if (workflow == nullptr || workflow->workspace != command.workspace) return no_workflow(c.workflow);
  if (auto ok = may_be_retried(*workflow); !ok) return tl::unexpected(ok.error());
  auto again = Retry(*workflow, c).choose();
  if (!again) return tl::unexpected(again.error());
  if (again->empty()) return std::vector<EventBody>{};
  if (auto ok = servers_are_free(state, *workflow, *again); !ok) return tl::unexpected(ok.error());
  return std::vector<EventBody>{WorkflowRetried{workflow->id, std::move(*again), c.in_doubt, true}};
}

}  // namespace prov::domain
