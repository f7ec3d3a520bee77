#include "tests/unit/engine/graph.h"

#include <algorithm>

namespace prov::domain::model {
namespace {

std::shared_ptr<const Action> undo_of(const std::string& what) {
  ExecAction exec;
  exec.argv = {"undo", what};
  return std::make_shared<const Action>(std::move(exec));
}

class Maker {
 public:
  Maker(Dice& dice, const Shape& shape, std::uint32_t number, std::vector<EventBody>& declared)
      : dice_(dice), shape_(shape), name_("w" + std::to_string(number)), declared_(declared) {}

  WorkflowSubmitted make() {
    out_.kind = "batch";
    out_.name = name_;
    if (shape_.limits && dice_.percent(60)) out_.parallel_limit = 1 + dice_.below(4);
    out_.preserve_successful = dice_.percent(10);
    out_.params = {{"p", dice_.percent(50) ? "yes" : "no"}};
    const std::uint32_t n = 1 + dice_.below(shape_.operations);
    for (std::uint32_t i = 0; i < n; ++i) add_operation(i);
    out_.tasks = std::move(tasks_);
    out_.operations = std::move(operations_);
    return std::move(out_);
  }

 private:
  void add_operation(std::uint32_t i) {
    OperationPlan plan;
    plan.id = "op" + std::to_string(i);
    plan.kind = OperationKind::script;
    for (std::uint32_t before = 0; before < i; ++before) {
      if (!dice_.percent(shape_.edges)) continue;
      plan.depends_on.push_back({before, dice_.percent(70) ? DependencyKind::hard : DependencyKind::soft});
    }
    if (dice_.percent(20)) plan.when = any_condition(i);
    plan.priority = static_cast<std::int32_t>(dice_.below(5)) - 2;
    const std::uint32_t policy = dice_.below(20);
    plan.on_failure = policy < 4 ? OnFailure::fail : policy < 7 ? OnFailure::rollback : OnFailure::go_on;
    if (dice_.percent(25)) plan.max_failures = dice_.below(3);
    if (shape_.limits && dice_.percent(30)) {
      plan.group_limit = 1 + dice_.below(3);
      plan.concurrency_group = dice_.percent(70) ? "db" : "network";
    }
    plan.retry.on_failure = dice_.percent(60);
    plan.retry.exponential = dice_.percent(50);
    if (dice_.percent(60)) plan.retry.delay_ms = 500 + dice_.below(5000);
    if (dice_.percent(30)) plan.retry.max_delay_ms = 4000;
    if (dice_.percent(30)) plan.retry.jitter_percent = dice_.below(60);
    if (dice_.percent(20)) plan.checkpoint = "after " + plan.id;
    plan.first_task = static_cast<std::uint32_t>(tasks_.size());
    add_tasks(plan);
    plan.task_count = static_cast<std::uint32_t>(tasks_.size()) - plan.first_task;
    if (plan.task_count > 1 && dice_.percent(30)) add_waves(plan);
    operations_.push_back(std::move(plan));
  }

  void add_waves(OperationPlan& plan) {
    std::uint32_t end = 0;
    while (end < plan.task_count) {
      end = std::min(plan.task_count, end + 1 + dice_.below(3));
      plan.waves.push_back(end);
    }
    if (dice_.percent(50)) plan.pause_ms = dice_.below(4000);
  }

  std::string any_condition(std::uint32_t i) {
    const std::string before = "op" + std::to_string(i == 0 ? 0 : dice_.below(i));
    switch (dice_.below(6)) {
      case 0: return "params.p == \"yes\"";
      case 1: return "result." + before + " == \"done\"";
      case 2: return "defined(outputs." + before + ".o)";
      case 3: return "outputs." + before + ".o > 5";  // an error, when it said a word
      case 4: return "facts.h1.os == \"debian\"";
      default: return "result." + before + " == \"in_doubt\"";
    }
  }

  void add_tasks(OperationPlan& plan) {
    if (shape_.servers && dice_.percent(30)) return add_server(plan);
    if (shape_.waits && dice_.percent(20)) return add_wait(plan);
    if (dice_.percent(8)) {
      plan.kind = OperationKind::batch;
      return;
    }
    const std::uint32_t n = 1 + (dice_.percent(50) ? 0 : dice_.below(5));
    for (std::uint32_t t = 0; t < n; ++t) add_step(plan, t);
  }

  TaskPlan& add(const std::string& name) {
    TaskPlan& task = tasks_.emplace_back();
    task.name = name_ + "/" + name;
    task.timeout_s = 5 + dice_.below(60);
    task.max_attempts = 1 + dice_.below(3);
    return task;
  }

  void add_step(const OperationPlan& plan, std::uint32_t t) {
    TaskPlan& task = add(plan.id + "/" + std::to_string(t));
    task.server = dice_.one_of(kHosts);
    if (shape_.servers && !servers_.empty() && dice_.percent(20)) task.server = dice_.one_of(servers_);
    for (std::uint32_t before = 0; before < t; ++before) {
      if (dice_.percent(25)) task.depends_on.push_back(plan.first_task + before);
    }
    task.exclusive = dice_.percent(30);
    if (dice_.percent(5)) task.mode = OrderMode::check;
    if (dice_.percent(20)) return be_taskserv(task);
    ExecAction exec;
    exec.argv = {"do", task.name};
    task.action = Shared<Action>(std::move(exec));
    if (dice_.percent(85)) task.undo = undo_of(task.name);
  }

  void be_taskserv(TaskPlan& task) {
    TaskservSpec spec;
    spec.server = task.server;
    spec.name = task.name;
    spec.version = "2";
    task.action = Shared<Action>(TaskservAction{TaskservVerb::install, spec});
    const bool new_host = std::count(servers_.begin(), servers_.end(), task.server) > 0;
    if (dice_.percent(50) || new_host) {
      task.undo = std::make_shared<const Action>(TaskservAction{TaskservVerb::uninstall, spec});
      declared_.emplace_back(TaskservDeclared{"", spec});
      return;
    }
    TaskservSpec old = spec;
    old.version = "1";
    task.undo = std::make_shared<const Action>(TaskservAction{TaskservVerb::install, old});
    declared_.emplace_back(TaskservDeclared{"", old});
    declared_.emplace_back(TaskservInstalled{old.server, old.name, old.version, {}, true});
    declared_.emplace_back(TaskservDeclared{"", spec});
  }

  void add_server(OperationPlan& plan) {
    ServerSpec spec;
    spec.hostname = name_ + "-" + std::to_string(servers_.size());
    spec.provider = dice_.one_of(kProviders);
    declared_.emplace_back(ServerDeclared{Shared(spec)});
    servers_.push_back(spec.hostname);
    const auto at = static_cast<std::uint32_t>(tasks_.size());
    TaskPlan& create = add(plan.id + "/create");
    create.action = Shared<Action>(ServerCreateAction{spec.hostname});
    create.undo = std::make_shared<const Action>(ServerDeleteAction{spec.hostname});
    TaskPlan& arrival = add(plan.id + "/arrival");
    arrival.depends_on = {at};
    arrival.action = Shared<Action>(AwaitAgentAction{spec.hostname});
  }

  void add_wait(const OperationPlan& plan) {
    TaskPlan& task = add(plan.id + "/wait");
    const auto i = static_cast<std::uint32_t>(operations_.size());
    switch (dice_.below(3)) {
      case 0: task.action = Shared<Action>(ApprovalAction{"well?"}); break;
      case 1: task.action = Shared<Action>(WaitAction{}); break;
      default: task.action = Shared<Action>(WaitAction{any_condition(i)}); break;
    }
  }

  Dice& dice_;
  const Shape& shape_;
  const std::string name_;
  std::vector<EventBody>& declared_;
  std::vector<std::string> servers_;
  std::vector<TaskPlan> tasks_;
  std::vector<OperationPlan> operations_;
  WorkflowSubmitted out_;
};

ExecAction exec_of(std::vector<std::string> argv) {
  ExecAction exec;
  exec.argv = std::move(argv);
  return exec;
}

}  // namespace

Shape any_shape(Dice& dice) {
  Shape shape;
  shape.operations = dice.percent(15) ? 40 : dice.percent(50) ? 12 : 5;
  shape.edges = shape.operations > 12 ? 3 + dice.below(10) : 10 + dice.below(40);
  shape.limits = dice.percent(50);
  shape.servers = dice.percent(25);
  shape.waits = dice.percent(35);
  return shape;
}

WorkflowSubmitted any_workflow(Dice& dice, const Shape& shape, std::uint32_t number, std::vector<EventBody>& declared) {
  return Maker(dice, shape, number, declared).make();
}

SubmitBatch any_batch(Dice& dice, const Shape& shape, std::uint32_t number) {
  SubmitBatch batch;
  batch.name = "b" + std::to_string(number);
  if (shape.limits && dice.percent(60)) batch.parallel_limit = 1 + dice.below(4);
  batch.params = {{"p", dice.percent(50) ? "yes" : "no"}};
  const std::uint32_t n = 1 + dice.below(shape.operations);
  for (std::uint32_t i = 0; i < n; ++i) {
    BatchOperation operation;
    operation.id = "op" + std::to_string(i);
    for (std::uint32_t before = 0; before < i; ++before) {
      if (!dice.percent(shape.edges)) continue;
      operation.dependencies.push_back(
          {"op" + std::to_string(before), dice.percent(70) ? DependencyKind::hard : DependencyKind::soft});
    }
    if (i > 0 && dice.percent(15)) operation.when = "result.op" + std::to_string(dice.below(i)) + " == \"done\"";
    operation.on_failure = static_cast<OnFailure>(dice.below(3));
    if (shape.limits && dice.percent(30)) operation.concurrency_group = "db", operation.group_limit = 1 + dice.below(3);
    operation.priority = static_cast<std::int32_t>(dice.below(5)) - 2;
    operation.retries = dice.below(3);
    operation.retry.delay_ms = 1000;
    if (dice.percent(15)) operation.kind = OperationKind::wait, operation.wait_s = 1 + dice.below(20);
    if (operation.kind == OperationKind::script) {
      operation.targets = dice.percent(50) ? "h*" : dice.one_of(kHosts);
      if (dice.percent(20)) operation.for_each_targets = "h1 or h2", operation.targets = "{{item}}";
      if (dice.percent(20)) operation.limit = dice.percent(50) ? "1" : "50%";
      if (dice.percent(30)) operation.rolling.batch = dice.percent(50) ? "1" : "50%";
      if (dice.percent(20)) operation.rolling.canary = 1;
      if (dice.percent(30)) operation.max_failures = std::to_string(dice.below(3));
      operation.exec = exec_of({"do", batch.name + "/" + operation.id + "/{{host.name}}"});
      operation.undo = exec_of({"undo", batch.name + "/" + operation.id + "/{{host.name}}"});
    }
    batch.operations.push_back(std::move(operation));
  }
  std::reverse(batch.operations.begin(), batch.operations.end());  // in whatever order they stand
  if (dice.percent(60)) std::reverse(batch.operations.begin(), batch.operations.end());
  return batch;
}

}  // namespace prov::domain::model
