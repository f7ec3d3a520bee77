#include "tests/sim/batches.h"

#include <algorithm>

namespace prov::sim {

using domain::BatchOperation;
using domain::OperationKind;

namespace {

std::string id_of(std::uint32_t index) { return "op" + std::to_string(index); }

}  // namespace

std::uint32_t Batches::submit(const std::vector<std::string>& hosts) {
  Rng& rng = kernel_.rng;
  domain::SubmitBatch command;
  command.name = "batch";
  command.infra = "main";
  command.parallel_limit = static_cast<std::uint32_t>(rng.range(1, 6));
  command.preserve_successful = rng.chance(100);
  command.params = {{"go", rng.chance(800) ? "yes" : "no"}};
  const auto count = static_cast<std::uint32_t>(rng.range(1, 6));
  for (std::uint32_t i = 0; i < count; ++i) command.operations.push_back(draw_operation(hosts, i));
  // What hangs on each host, one after the other, has to have met its limits within the bound of I8.
  for (BatchOperation& each : command.operations) {
    if (command.parallel_limit == 1 || each.rolling.batch == "1") each.retries = std::min(each.retries, 1U);
  }
  // Many are skipped: by a condition, by what failed before them.
  const auto steps = static_cast<std::uint32_t>(command.operations.size() * hosts.size() / 3 + 1);
  if (rng.chance(300)) {  // as an operator does who looks first, and perhaps acts much later
    operator_.plan(std::move(command), rng.range(100'000, 8'000'000));
  } else {
    operator_.ask(std::move(command));
  }
  return steps;
}

BatchOperation Batches::draw_operation(const std::vector<std::string>& hosts, std::uint32_t index) {
  Rng& rng = kernel_.rng;
  BatchOperation out;
  out.id = id_of(index);
  draw_course(out, index);
  const std::uint64_t dice = rng.range(0, 99);
  if (dice < 8) {
    out.kind = OperationKind::wait;
    out.wait_s = static_cast<std::uint32_t>(rng.range(1, 5));
  } else if (dice < 12) {
    out.kind = OperationKind::wait;
    out.until = "params.go == \"yes\"";
    out.timeout_s = static_cast<std::uint32_t>(rng.range(1, 20));
  } else if (dice < 20) {
    out.kind = OperationKind::approval;
    out.prompt = "go on?";
    out.timeout_s = static_cast<std::uint32_t>(rng.range(5, 60));
  } else if (dice < 26) {
    out.kind = OperationKind::batch;
  } else {
    draw_script(out, hosts);
  }
  return out;
}

void Batches::draw_script(BatchOperation& out, const std::vector<std::string>& hosts) {
  Rng& rng = kernel_.rng;
  const std::string mark = "m" + std::to_string(++marks_);
  Behaviour does = draw_();
  does.mark = mark;
  out.exec.argv = {"step", to_text(does)};
  if (rng.chance(850)) {
    Behaviour undoes;
    undoes.duration_ms = rng.range(5, 800);
    undoes.unmark = mark;
    out.undo.argv = {"step", to_text(undoes)};
  }
  out.targets = rng.chance(400) ? "all" : hosts[rng.range(0, hosts.size() - 1)] + " or " + hosts.front();
  if (rng.chance(200)) out.limit = rng.chance(500) ? "50%" : "1";
  out.seed = rng.range(0, 1000);
  out.timeout_s = static_cast<std::uint32_t>(rng.range(5, 30));
  if (rng.chance(300)) out.retries = static_cast<std::uint32_t>(rng.range(1, 2));
  out.retry.delay_ms = static_cast<std::uint32_t>(rng.range(100, 3000));
  out.retry.jitter_percent = rng.chance(500) ? 20 : 0;
  if (rng.chance(250)) {
    out.rolling.batch = rng.chance(500) ? "1" : "50%";
    out.rolling.canary = rng.chance(300) ? 1 : 0;
    out.rolling.pause_s = static_cast<std::uint32_t>(rng.range(0, 3));
  }
  if (rng.chance(250)) out.max_failures = std::to_string(rng.range(0, 2));
  if (rng.chance(250)) {
    out.concurrency_group = rng.chance(500) ? "a" : "b";
    out.group_limit = kGroupLimit;
  }
}

void Batches::draw_course(BatchOperation& out, std::uint32_t index) {
  Rng& rng = kernel_.rng;
  for (std::uint32_t before = 0; before < index; ++before) {
    if (!rng.chance(350)) continue;
    out.dependencies.push_back(
        {id_of(before), rng.chance(700) ? domain::DependencyKind::hard : domain::DependencyKind::soft});
    if (rng.chance(150)) out.when = "result." + id_of(before) + " == \"done\"";
  }
  if (rng.chance(100)) out.when = "params.go == \"yes\"";
  const std::uint64_t dice = rng.range(0, 9);
  out.on_failure = dice < 4   ? domain::OnFailure::fail
                   : dice < 7 ? domain::OnFailure::go_on
                              : domain::OnFailure::rollback;
  out.priority = static_cast<std::int32_t>(rng.range(0, 4)) - 2;
  if (rng.chance(150)) out.checkpoint = "after-" + out.id;
}

const domain::Workflow* Batches::any(bool ended) {
  std::vector<const domain::Workflow*> some;
  for (const auto& [id, workflow] : auditor_.state().workflows) {
    if (workflow.ended == ended && workflow.kind == "batch") some.push_back(&workflow);
  }
  if (some.empty()) return nullptr;
  std::sort(some.begin(), some.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  return some[kernel_.rng.range(0, some.size() - 1)];
}

void Batches::steer() {
  Rng& rng = kernel_.rng;
  const std::uint64_t dice = rng.range(0, 9);
  const domain::Workflow* workflow = any(dice >= 4);
  if (workflow == nullptr) return;
  if (dice < 4) return pause(workflow->id);
  if (dice < 7) {
    domain::RetryWorkflow retry{workflow->id, {}, rng.chance(300)};
    if (rng.chance(200))
      retry.operations = {workflow->operations[rng.range(0, workflow->operations.size() - 1)].plan->id};
    return operator_.ask(std::move(retry));
  }
  domain::RollbackWorkflow rollback{workflow->id, ""};
  if (!workflow->checkpoints.empty() && rng.chance(500)) rollback.checkpoint = workflow->checkpoints.front().name;
  operator_.ask(std::move(rollback));
}

void Batches::pause(const Id& workflow) {
  operator_.ask(domain::PauseWorkflow{workflow, "to look at it"}, [this, workflow](const domain::Answer&) {
    kernel_.schedule.after(kernel_.rng.range(500'000, 15'000'000),
                           [this, workflow] { operator_.ask(domain::ResumeWorkflow{workflow}); });
  });
}

void Batches::approve() {
  std::vector<Id> open;
  for (const auto& [id, workflow] : auditor_.state().workflows) {
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
      const domain::Task& task = workflow.tasks[i];
      if (task.status == domain::TaskStatus::dispatched &&
          std::holds_alternative<domain::ApprovalAction>(*task.plan->action)) {
        open.push_back(task_id(id, i));
      }
    }
  }
  std::sort(open.begin(), open.end());
  for (const Id& task : open) operator_.ask(domain::ApproveTask{task, kernel_.rng.chance(850), "seen"});
}

}  // namespace prov::sim
