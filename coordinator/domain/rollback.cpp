// Undoing a workflow: another workflow, with what takes each step back, in the reverse order of dependencies. It is
// logged, resumed and followed like any other.
#include <algorithm>
#include <set>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

// It may have changed something: it was out, and not only once to find nothing to do or to be refused. What was skipped
// or not delivered after an attempt has had that attempt.
bool may_have_had_effect(const Task& task) {
  if (task.status != TaskStatus::ended || task.attempt == 0 || task.plan->mode != OrderMode::apply) return false;
  return task.attempt > 1 || (task.outcome != Outcome::unchanged && task.outcome != Outcome::refused);
}

// A workflow's id that nobody else has, and that is the same whenever it is asked for. A rollback that was lost with
// the log's end may have run, and hosts remember its steps: the one of the history that an operator accepted then has
// its own. REQUIRES: that one is no rollback, whose own would be the first one's again.
Id id_of_rollback(const State& state, const Workflow& workflow) {
  constexpr std::size_t kLast = 11;  // of the bytes that name a workflow; those before it are as random
  Id id = workflow.id;
  id.bytes[kLast] = static_cast<std::uint8_t>(id.bytes[kLast] ^ 0xA5U);
  for (std::size_t i = 0; i < sizeof state.accepted_epoch; ++i) {
    std::uint8_t& byte = id.bytes[kLast - 1 - i];
    byte = static_cast<std::uint8_t>(byte ^ (state.accepted_epoch >> (8 * i)));
  }
  return workflow_id(id);
}

// That of this workflow which was begun; nullptr when it is not in the working set any more.
const Workflow* rollback_begun(const State& state, const Id& workflow) {
  for (const auto& [id, other] : state.workflows) {
    if (other.rolls_back == workflow) return &other;
  }
  return nullptr;
}

std::string why_it_stays(OperationKind kind) {
  switch (kind) {
    case OperationKind::server_delete: return "a deleted server does not come back, and what was on it neither";
    case OperationKind::server_create: return "a server that was there before stays as it is made now";
    case OperationKind::script: return "it says no undo";
    default: return "what was installed there before is not known";
  }
}

class Undoing {
 public:
  Undoing(const State& state, const Workflow& workflow, const Checkpoint* back_to)
      : state_(state), workflow_(workflow), back_to_(back_to) {}

  std::vector<EventBody> events() {
    choose();
    const auto n = static_cast<std::uint32_t>(workflow_.operations.size());
    for (std::uint32_t i = n; i-- > 0;) undo_operation(i);
    if (tasks_.empty() && out_.notes.empty()) return {};
    out_.id = id_of_rollback(state_, workflow_);
    out_.kind = "rollback";
    out_.name = "undo " + workflow_.name + (back_to_ == nullptr ? "" : " back to " + back_to_->name);
    out_.infra = workflow_.infra;
    out_.parallel_limit = workflow_.parallel_limit;
    out_.params = workflow_.params;
    out_.rolls_back = workflow_.id;
    out_.tasks = std::move(tasks_);
    out_.operations = std::move(operations_);
    declared_.emplace_back(std::move(out_));
    return std::move(declared_);
  }

 private:
  void choose() {
    for (std::uint32_t i = 0; i < workflow_.tasks.size(); ++i) {
      const Task& task = workflow_.tasks[i];
      if (!may_have_had_effect(task) || (back_to_ != nullptr && task.ended_sequence <= back_to_->sequence)) continue;
      if (workflow_.preserve_successful && succeeded(task.outcome)) continue;
      if (task.plan->undo == nullptr) {
        if (leaves_something(*task.plan)) {
          out_.notes.push_back("cannot be undone: \"" + task.plan->name + "\" (" + name_of(task.outcome) + ")");
        }
        continue;
      }
      chosen_.insert(i);
      if (const auto* host = std::get_if<ServerDeleteAction>(task.plan->undo.get())) going_.insert(host->hostname);
    }
  }

  // Its place in the graph is kept even when nothing of it is to be undone, so that the order holds across it.
  void undo_operation(std::uint32_t index) {
    const Operation& operation = workflow_.operations[index];
    OperationPlan plan;
    plan.id = operation.plan->id;
    plan.kind = operation.plan->kind;
    plan.priority = operation.plan->priority;
    plan.concurrency_group = operation.plan->concurrency_group;
    plan.group_limit = operation.plan->group_limit;
    plan.retry = operation.plan->retry;
    plan.first_task = static_cast<std::uint32_t>(tasks_.size());
    // What came after by order alone is undone before, too; that its undo fails keeps nothing else from being undone.
    for (const Dependency& d : operation.dependents) plan.depends_on.push_back({place_of(d.before), d.kind});
    std::sort(plan.depends_on.begin(), plan.depends_on.end(),
              [](const Dependency& a, const Dependency& b) { return a.before < b.before; });
    undo_tasks(operation);
    plan.task_count = static_cast<std::uint32_t>(tasks_.size()) - plan.first_task;
    if (plan.task_count == 0) plan.note = "nothing to undo";
    if (plan.task_count > 0) undo_cluster(operation, plan);
    operations_.push_back(std::move(plan));
  }

  // A cluster that has lost some of what made it is none any more. One that was removed is there again when all that
  // was taken from its hosts is.
  void undo_cluster(const Operation& operation, OperationPlan& plan) {
    const std::string& cluster = operation.plan->cluster;
    if (operation.plan->kind == OperationKind::cluster_create) {
      plan.kind = OperationKind::cluster_delete;
      plan.cluster = cluster;
      return;
    }
    const bool gone = !state_.clusters.contains({workflow_.workspace, cluster});
    if (operation.plan->kind != OperationKind::cluster_delete || operation.outcome != Outcome::done || !gone) return;
    if (operation.plan->removed->name.empty() || !takes_back_all_of(operation)) {
      out_.notes.push_back("cannot be undone: cluster \"" + cluster +
                           "\" is not declared again; what is undone of its task services is installed as it was");
      return;
    }
    plan.kind = OperationKind::cluster_create;
    plan.cluster = cluster;
    declared_.emplace_back(ClusterDeclared{*operation.plan->removed});
  }

  bool takes_back_all_of(const Operation& operation) const {
    for (std::uint32_t n = 0; n < operation.plan->task_count; ++n) {
      const std::uint32_t i = operation.plan->first_task + n;
      const Task& task = workflow_.tasks[i];
      const bool undone = chosen_.contains(i) && !going_.contains(task.plan->server);
      if (may_have_had_effect(task) && leaves_something(*task.plan) && !undone) return false;
    }
    return true;
  }

  std::uint32_t place_of(std::uint32_t operation) const {
    return static_cast<std::uint32_t>(workflow_.operations.size()) - 1 - operation;
  }

  void undo_tasks(const Operation& operation) {
    std::map<std::uint32_t, std::vector<std::uint32_t>> undone_before;  // task -> undoings of those that needed it
    for (std::uint32_t n = operation.plan->task_count; n-- > 0;) {
      const std::uint32_t i = operation.plan->first_task + n;
      const TaskPlan& done = *workflow_.tasks[i].plan;
      std::vector<std::uint32_t> after = std::move(undone_before[i]);
      const bool host_goes = !done.server.empty() && going_.contains(done.server);
      if (chosen_.contains(i) && !host_goes) after = {undo_task(done, std::move(after))};
      for (const std::uint32_t needed : done.depends_on) {
        auto& list = undone_before[needed];
        list.insert(list.end(), after.begin(), after.end());
      }
    }
  }

  std::uint32_t undo_task(const TaskPlan& done, std::vector<std::uint32_t> after) {
    TaskPlan plan;
    plan.name = "undo " + done.name;
    plan.server = done.server;
    plan.timeout_s = done.timeout_s;
    plan.max_attempts = done.max_attempts;
    plan.exclusive = done.exclusive;
    plan.action = Shared(done.undo);
    std::sort(after.begin(), after.end());
    after.erase(std::unique(after.begin(), after.end()), after.end());
    plan.depends_on = std::move(after);
    if (const auto* action = std::get_if<TaskservAction>(done.undo.get());
        action != nullptr && action->verb == TaskservVerb::install) {
      declared_.emplace_back(TaskservDeclared{workflow_.infra, action->spec});
    }
    tasks_.push_back(std::move(plan));
    return static_cast<std::uint32_t>(tasks_.size() - 1);
  }

  const State& state_;
  const Workflow& workflow_;
  const Checkpoint* back_to_;
  std::set<std::uint32_t> chosen_;
  std::set<std::string> going_;  // hosts that are removed as a whole
  std::vector<EventBody> declared_;
  std::vector<TaskPlan> tasks_;
  std::vector<OperationPlan> operations_;
  WorkflowSubmitted out_;
};

}  // namespace

bool leaves_something(const TaskPlan& plan) {
  if (plan.mode != OrderMode::apply) return false;
  if (const auto* taskserv = std::get_if<TaskservAction>(&*plan.action)) return taskserv->verb != TaskservVerb::check;
  return runs_on_provider(*plan.action) || std::holds_alternative<ExecAction>(*plan.action);
}

std::vector<std::string> not_taken_back(const std::vector<OperationPlan>& plans, const std::vector<TaskPlan>& tasks) {
  const bool rolls_back = std::any_of(plans.begin(), plans.end(),
                                      [](const OperationPlan& plan) { return plan.on_failure == OnFailure::rollback; });
  constexpr std::size_t kShown = 20;
  std::vector<std::string> out;
  std::size_t more = 0;
  for (const OperationPlan& plan : plans) {
    if (!rolls_back && plan.kind != OperationKind::server_delete) continue;
    const auto first = tasks.begin() + plan.first_task;
    const bool stays = std::any_of(first, first + plan.task_count,
                                   [](const TaskPlan& task) { return task.undo == nullptr && leaves_something(task); });
    if (!stays) continue;
    if (out.size() < kShown) {
      out.push_back("a rollback cannot take back \"" + plan.id + "\": " + why_it_stays(plan.kind));
    } else {
      ++more;
    }
  }
  if (more > 0) out.push_back("a rollback cannot take back " + std::to_string(more) + " more operations");
  return out;
}

bool wants_rollback(const Workflow& workflow) {
  if (workflow.cancelling || workflow.rollbacks > 0 || !workflow.rolls_back.is_zero()) return false;
  return std::any_of(workflow.operations.begin(), workflow.operations.end(), [](const Operation& operation) {
    const bool failed = operation.outcome == Outcome::failed || operation.outcome == Outcome::in_doubt;
    return failed && operation.plan->on_failure == OnFailure::rollback && !operation.set_aside;
  });
}

std::vector<EventBody> rollback_of(const State& state, const Workflow& workflow, const Checkpoint* back_to) {
  return Undoing(state, workflow, back_to).events();
}

Decision decide_on(const State& state, const Command& command, const RollbackWorkflow& c, const Inputs&) {
  const Workflow* workflow = find_workflow(state, c.workflow);
  const std::string id = to_text(c.workflow);
  if (workflow == nullptr || workflow->workspace != command.workspace) {
    return no_workflow(c.workflow);
  }
  if (!workflow->ended) {
    return fail(Code::conflict, "workflow " + id + " still runs", "stop it first: provisioning workflow cancel " + id);
  }
  if (!workflow->rolls_back.is_zero()) {
    return fail(Code::conflict, "workflow " + id + " is itself a rollback, of " + to_text(workflow->rolls_back),
                "to do again what it has undone, submit that again");
  }
  if (workflow->rollbacks > 0) {
    const Workflow* begun = rollback_begun(state, workflow->id);
    const std::string undoing = begun == nullptr ? "ID" : to_text(begun->id);
    return fail(Code::conflict,
                "workflow " + id + " was rolled back already" + (begun == nullptr ? "" : ", by " + undoing),
                "for what failed of that: provisioning workflow retry " + undoing + " --failed");
  }
  const Checkpoint* back_to = nullptr;
  for (const Checkpoint& checkpoint : workflow->checkpoints) {
    if (checkpoint.name == c.checkpoint) back_to = &checkpoint;
  }
  if (!c.checkpoint.empty() && back_to == nullptr) {
    std::string reached;
    for (const Checkpoint& checkpoint : workflow->checkpoints)
      reached += (reached.empty() ? "" : ", ") + checkpoint.name;
    return fail(Code::not_found, "workflow " + id + " has not reached a checkpoint \"" + c.checkpoint + "\"",
                reached.empty() ? "it has reached none" : "it has reached: " + reached);
  }
  auto events = rollback_of(state, *workflow, back_to);
  for (const EventBody& event : events) {
    const auto* undoing = std::get_if<WorkflowSubmitted>(&event);
    if (undoing == nullptr) continue;
    for (const TaskPlan& plan : undoing->tasks) {
      const std::string* host = server_of(*plan.action);
      if (host == nullptr || !server_busy(state, workflow->workspace, *host)) continue;
      return fail(Code::conflict, "a running workflow already creates or deletes server \"" + *host + "\"",
                  "see: provisioning workflow list");
    }
  }
  return events;
}

}  // namespace prov::domain
