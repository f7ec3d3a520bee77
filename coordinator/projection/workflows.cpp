#include "coordinator/projection/workflows.h"

#include <vector>

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/projection/paged.h"
#include "coordinator/projection/pairs_json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

// What a person would have typed for it, as command and arguments.
struct CommandOf {
  std::string command;
  std::vector<std::string> args;

  void operator()(const domain::NoopAction&) { command = "noop"; }
  void operator()(const domain::ServerCreateAction& a) { set("server create", {a.hostname}); }
  void operator()(const domain::ServerDeleteAction& a) { set("server delete", {a.hostname}); }
  void operator()(const domain::AwaitAgentAction& a) { set("agent await", {a.hostname}); }
  void operator()(const domain::TaskservAction& a) {
    set(std::string("taskserv ") + domain::name_of(a.verb), {a.spec.name, a.spec.version});
  }
  void operator()(const domain::ExecAction& a) {
    if (!a.bundle.is_zero()) {
      set(a.script, a.argv);
    } else if (!a.argv.empty()) {
      set(a.argv.front(), {a.argv.begin() + 1, a.argv.end()});
    }
  }
  void operator()(const domain::WaitAction& a) {
    set("wait", a.until.empty() ? std::vector<std::string>{} : std::vector<std::string>{a.until});
  }
  void operator()(const domain::ApprovalAction& a) { set("approval", {a.prompt}); }
  void set(std::string name, std::vector<std::string> arguments) {
    command = std::move(name);
    args = std::move(arguments);
  }
};

json time_or_null(TimeMs time_ms) { return time_ms == 0 ? json(nullptr) : json(to_iso8601(time_ms)); }

// All but the counts.
json listed(const domain::Workflow& one, std::size_t operations) {
  return {{"id", to_text(one.id)},
          {"kind", one.kind},
          {"name", one.name},
          {"infra", one.infra},
          {"workspace", one.workspace},
          {"status", one.ended ? "ended" : "running"},
          {"cancelling", one.cancelling},
          {"paused", one.paused},
          {"outcome", one.ended ? json(name_of(one.outcome)) : json(nullptr)},
          {"submitted_ms", one.submitted_ms},
          {"ended_ms", one.ended ? json(one.ended_ms) : json(nullptr)},
          {"rolls_back", one.rolls_back.is_zero() ? json(nullptr) : json(to_text(one.rolls_back))},
          {"rollbacks", one.rollbacks},
          {"retries", one.retries},
          {"operations_total", operations}};
}

std::vector<const domain::Workflow*> newest_first(const domain::State& state, const std::string& workspace) {
  std::vector<const domain::Workflow*> out;
  for (const auto& [id, one] : state.workflows) {
    if (workspace.empty() || workspace == one.workspace) out.push_back(&one);
  }
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) {
    return a->submitted_ms != b->submitted_ms ? a->submitted_ms > b->submitted_ms : a->id < b->id;
  });
  return out;
}

}  // namespace

std::string_view task_status(const domain::Task& task) {
  switch (task.status) {
    case domain::TaskStatus::pending:
    case domain::TaskStatus::ready: return "Pending";
    case domain::TaskStatus::dispatched:
    case domain::TaskStatus::running: return "Running";
    case domain::TaskStatus::ended: break;
  }
  if (succeeded(task.outcome)) return "Completed";
  return task.outcome == Outcome::cancelled || task.outcome == Outcome::skipped ? "Cancelled" : "Failed";
}

json workflow(const domain::Workflow& one) {
  json out = listed(one, one.operations.size());
  out["counts"] = counts_of(one, 0, one.tasks.size());
  return out;
}

json workflow(const domain::Workflow& head, std::size_t operations, const TaskCounts& counts) {
  json out = listed(head, operations);
  out["counts"] = counts_json(counts);
  return out;
}

json task(const domain::Workflow& one, std::uint32_t index) {
  const domain::Task& it = one.tasks.at(index);
  const bool ended = it.status == domain::TaskStatus::ended;
  const bool tried = ended || it.attempt > 0;
  CommandOf what;
  std::visit([&](const auto& action) { what(action); }, *it.plan->action);
  json dependencies = json::array();
  for (const auto before : it.plan->depends_on) dependencies.push_back(to_text(task_id(one.id, before)));
  const bool failed = tried && !it.message.empty() && !(ended && succeeded(it.outcome));
  return {
      {"id", to_text(task_id(one.id, index))},
      {"name", it.plan->name},
      {"command", std::move(what.command)},
      {"args", std::move(what.args)},
      {"dependencies", std::move(dependencies)},
      {"status", task_status(it)},
      {"state", domain::name_of(it.status)},
      {"created_at", to_iso8601(one.submitted_ms)},
      {"started_at", time_or_null(it.started_ms)},
      {"completed_at", ended ? time_or_null(it.ended_ms) : json(nullptr)},
      {"output", nullptr},
      {"error", failed ? json(it.message) : json(nullptr)},
      {"message", it.message},
      {"workflow", to_text(one.id)},
      {"workspace", one.workspace},
      {"server", it.plan->server},
      {"operation", it.operation < one.operations.size() ? json(one.operations[it.operation].plan->id) : json(nullptr)},
      {"outputs", pairs_json(it.outputs)},
      {"attempt", it.attempt},
      {"outcome", ended ? json(name_of(it.outcome)) : json(nullptr)},
      {"exit_code", ended ? json(it.exit_code) : json(nullptr)},
      {"output_bytes", it.output_bytes}};
}

json workflows(const View& view, const WorkflowFilter& filter, const Page& page) {
  Paged out(page);
  for (const auto* one : newest_first(view.state, filter.workspace)) {
    if (filter.ended && *filter.ended != one->ended) continue;
    if (!filter.kind.empty() && filter.kind != one->kind) continue;
    out.add([one] { return workflow(*one); });
  }
  return out.take();
}

json workflow_with_tasks(const domain::Workflow& one, const Page& page) {
  json out = workflow(one);
  out["initiator"] = one.initiator.subject;
  out["parallel_limit"] = one.parallel_limit;
  out["preserve_successful"] = one.preserve_successful;
  out["params"] = pairs_json(one.params);
  out["notes"] = one.notes;
  out["checkpoints"] = checkpoints(one);
  out["approvals"] = approvals(one);
  out["awaiting_approval"] = awaited_approvals(one);
  out["failures"] = failures(one);
  out["operations"] = operations(one, page);
  json items = json::array();
  for (std::size_t i = page.offset; i < one.tasks.size() && items.size() < page.limit; ++i) {
    items.push_back(task(one, static_cast<std::uint32_t>(i)));
  }
  out["tasks"] = std::move(items);
  return out;
}

json tasks(const View& view, const TaskFilter& filter, const Page& page) {
  Paged out(page);
  for (const auto* one : newest_first(view.state, filter.workspace)) {
    if (filter.workflow && *filter.workflow != one->id) continue;
    if (filter.status.empty()) {
      out.add_many(one->tasks.size(), [one](std::size_t i) { return task(*one, static_cast<std::uint32_t>(i)); });
      continue;
    }
    for (std::uint32_t i = 0; i < one->tasks.size(); ++i) {
      if (task_status(one->tasks[i]) == filter.status) out.add([one, i] { return task(*one, i); });
    }
  }
  return out.take();
}

}  // namespace prov::projection
