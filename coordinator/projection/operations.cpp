#include "coordinator/projection/operations.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "common/json/json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

void count_ended(TaskCounts& counts, Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
    case Outcome::unchanged: ++counts.done; return;
    case Outcome::cancelled:
    case Outcome::skipped: ++counts.skipped; return;
    case Outcome::in_doubt: ++counts.in_doubt; return;
    case Outcome::not_delivered: ++counts.not_delivered; return;
    case Outcome::failed:
    case Outcome::interrupted:
    case Outcome::timed_out:
    case Outcome::refused: ++counts.failed; return;
  }
}

void count(TaskCounts& counts, const domain::Task& task) {
  switch (task.status) {
    case domain::TaskStatus::pending: ++counts.pending; return;
    case domain::TaskStatus::ready: ++counts.ready; return;
    case domain::TaskStatus::dispatched:
    case domain::TaskStatus::running: ++counts.running; return;
    case domain::TaskStatus::ended: count_ended(counts, task.outcome); return;
  }
}

bool has_failed(const domain::Task& task) {
  return task.status == domain::TaskStatus::ended && !succeeded(task.outcome) && task.outcome != Outcome::skipped &&
         task.outcome != Outcome::cancelled;
}

json text_or_null(const std::string& text) { return text.empty() ? json(nullptr) : json(text); }

const std::string& operation_id(const domain::Workflow& workflow, const domain::Task& task) {
  static const std::string kNone;
  return task.operation < workflow.operations.size() ? workflow.operations[task.operation].plan->id : kNone;
}

json dependencies(const domain::Workflow& workflow, const domain::OperationPlan& plan) {
  json out = json::array();
  for (const auto& needed : plan.depends_on) {
    if (needed.before >= workflow.operations.size()) continue;
    out.push_back({{"id", workflow.operations[needed.before].plan->id},
                   {"kind", needed.kind == domain::DependencyKind::hard ? "hard" : "soft"}});
  }
  return out;
}

json operation(const domain::Workflow& workflow, std::size_t index) {
  const domain::Operation& it = workflow.operations[index];
  const domain::OperationPlan& plan = *it.plan;
  const bool ended = it.status == domain::OperationStatus::ended;
  return {{"id", plan.id},
          {"index", index},
          {"kind", domain::name_of(plan.kind)},
          {"status", domain::name_of(it.status)},
          {"outcome", ended ? json(name_of(it.outcome)) : json(nullptr)},
          {"unneeded", it.unneeded},
          {"set_aside", it.set_aside},
          {"message", it.message},
          {"note", plan.note},
          {"when", plan.when},
          {"dependencies", dependencies(workflow, plan)},
          {"counts", counts_of(workflow, plan.first_task, plan.task_count)},
          {"waves",
           {{"opened", it.waves_opened},
            {"total", std::max<std::size_t>(plan.waves.size(), 1)},
            {"pause_ms", plan.pause_ms}}},
          {"first_task", plan.first_task},
          {"task_count", plan.task_count},
          {"priority", plan.priority},
          {"on_failure", domain::name_of(plan.on_failure)},
          {"max_failures", plan.max_failures == domain::kNoMaxFailures ? json(nullptr) : json(plan.max_failures)},
          {"concurrency_group", text_or_null(plan.concurrency_group)},
          {"checkpoint", text_or_null(plan.checkpoint)}};
}

}  // namespace

json counts_json(const TaskCounts& counts) {
  return {{"total", counts.total},     {"pending", counts.pending},   {"ready", counts.ready},
          {"running", counts.running}, {"done", counts.done},         {"failed", counts.failed},
          {"skipped", counts.skipped}, {"in_doubt", counts.in_doubt}, {"not_delivered", counts.not_delivered}};
}

json counts_of(const domain::Workflow& workflow, std::size_t first, std::size_t count_of_tasks) {
  TaskCounts counts;
  const std::size_t end = std::min(first + count_of_tasks, workflow.tasks.size());
  counts.total = end - std::min(first, end);
  for (std::size_t i = first; i < end; ++i) count(counts, workflow.tasks[i]);
  return counts_json(counts);
}

json operations(const domain::Workflow& workflow, const Page& page) {
  json out = json::array();
  for (std::size_t i = page.offset; i < workflow.operations.size() && out.size() < page.limit; ++i) {
    out.push_back(operation(workflow, i));
  }
  return out;
}

json checkpoints(const domain::Workflow& workflow) {
  json out = json::array();
  for (const auto& one : workflow.checkpoints) out.push_back({{"name", one.name}, {"sequence", one.sequence}});
  return out;
}

json approvals(const domain::Workflow& workflow) {
  json out = json::array();
  for (const auto& one : workflow.approvals) {
    out.push_back({{"task", to_text(task_id(workflow.id, one.task))},
                   {"approved", one.approved},
                   {"by", one.by.subject},
                   {"at_ms", one.at_ms},
                   {"comment", one.comment}});
  }
  return out;
}

json awaited_approvals(const domain::Workflow& workflow) {
  json out = json::array();
  for (std::uint32_t i = 0; i < workflow.tasks.size() && out.size() < kMaxApprovals; ++i) {
    const domain::Task& task = workflow.tasks[i];
    const bool out_now = task.status == domain::TaskStatus::dispatched || task.status == domain::TaskStatus::running;
    const auto* approval = std::get_if<domain::ApprovalAction>(&*task.plan->action);
    if (!out_now || approval == nullptr) continue;
    out.push_back({{"task", to_text(task_id(workflow.id, i))},
                   {"operation", operation_id(workflow, task)},
                   {"prompt", approval->prompt}});
  }
  return out;
}

json failures(const domain::Workflow& workflow) {
  json items = json::array();
  std::size_t total = 0;
  for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
    const domain::Task& task = workflow.tasks[i];
    if (!has_failed(task) || ++total > kMaxFailures) continue;
    items.push_back({{"task", to_text(task_id(workflow.id, i))},
                     {"step", i + 1},
                     {"name", task.plan->name},
                     {"server", task.plan->server},
                     {"operation", operation_id(workflow, task)},
                     {"outcome", name_of(task.outcome)},
                     {"exit_code", task.exit_code},
                     {"message", task.message},
                     {"attempt", task.attempt}});
  }
  return {{"items", std::move(items)}, {"total", total}};
}

std::string failing_line(std::string_view text) {
  constexpr std::size_t kMaxLine = 400;
  static constexpr std::string_view kSigns[] = {"error", "fatal", "fail", "cannot", "denied", "not found", "no such"};
  std::string_view last, found;
  while (!text.empty() && found.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    last = line;
    std::string lower(line.substr(0, kMaxLine));
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto speaks = [&](std::string_view sign) { return lower.find(sign) != std::string::npos; };
    if (std::any_of(std::begin(kSigns), std::end(kSigns), speaks)) found = line;
  }
  return std::string((found.empty() ? last : found).substr(0, kMaxLine));
}

json rolled_back_by(const domain::State& state, const domain::Workflow& workflow) {
  json out = json::array();
  if (workflow.rollbacks == 0) return out;
  std::vector<const domain::Workflow*> found;
  for (const auto& [id, one] : state.workflows) {
    if (one.rolls_back == workflow.id) found.push_back(&one);
  }
  std::sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return a->submitted_ms != b->submitted_ms ? a->submitted_ms < b->submitted_ms : a->id < b->id;
  });
  for (const auto* one : found) out.push_back(to_text(one->id));
  return out;
}

}  // namespace prov::projection
