// `drift`: whether the task services are still as the log says, by their own checks, which change nothing.
#include <map>

#include "common/json/json.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/infra_plan.h"
#include "coordinator/cli/verbs/step_outputs.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/drift.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostDrifted = 100'000;

// The task services of the infra that the log calls installed; without --infra, of every infra of the workspace.
Result<json> installed_taskservs(Context& context, Client& client, const std::string& workspace) {
  auto items =
      client.list("/taskservs", {{"workspace", workspace}, {"infra", context.call.value("infra")}}, kMostDrifted);
  if (!items) return items;
  json out = json::array();
  for (auto& item : *items) {
    if (text_in(item, "status") == "installed") out.push_back(std::move(item));
  }
  return out;
}

batch::ResolvedBatch checks_of(const json& taskservs, const std::string& infra) {
  batch::ResolvedBatch batch;
  batch.name = "drift";
  batch.infra = infra;
  batch::ResolvedOperation operation;
  operation.id = "check";
  operation.kind = batch::OperationKind::taskserv_check;
  operation.mode = batch::OperationMode::check;
  operation.on_failure = batch::OnFailure::go_on;
  for (const auto& item : taskservs) operation.taskservs.push_back(taskserv_of(item));
  batch.operations.push_back(std::move(operation));
  return batch;
}

// A task names its host, and its task service as the first of its arguments.
std::map<std::pair<std::string, std::string>, const json*> tasks_by_service(const json& tasks) {
  std::map<std::pair<std::string, std::string>, const json*> out;
  for (const auto& task : tasks) {
    const json& args = child_in(task, "args");
    if (args.is_array() && !args.empty() && args[0].is_string()) {
      out[{text_in(task, "server"), args[0].get<std::string>()}] = &task;
    }
  }
  return out;
}

Result<Exit> report(Context& context, Client& client, const json& taskservs, const std::string& workflow) {
  auto whole = whole_workflow(client, workflow);
  if (!whole) return tl::unexpected(whole.error());
  const auto tasks = tasks_by_service(child_in(*whole, "tasks"));
  std::vector<Drift> drifts;
  for (const auto& taskserv : taskservs) {
    const auto found = tasks.find({text_in(taskserv, "server"), text_in(taskserv, "name")});
    if (found == tasks.end()) {
      drifts.push_back(drift_of(taskserv, json::object(), ""));
      continue;
    }
    auto output = output_of_step(client, *found->second);
    if (!output) return tl::unexpected(output.error());
    drifts.push_back(drift_of(taskserv, *found->second, *output));
  }
  json document = drift_json(drifts);
  document["workflow"] = workflow;
  context.print(document, [&] { return drift_text(drifts, context.console); });
  if (number_in(document, "differs") > 0) {
    for (const auto& line : ways_back(drifts)) context.console.say("next: " + line);
    return Exit::differs;
  }
  if (number_in(document, "unknown") == 0) return Exit::ok;
  context.console.say("what is unknown may differ: provisioning workflow status " + workflow);
  return Exit::failed;
}

}  // namespace

Result<Exit> show_drift(Context& context) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto taskservs = installed_taskservs(context, **client, workspace->name);
  if (!taskservs) return tl::unexpected(taskservs.error());
  if (taskservs->empty()) {
    context.print(drift_json({}), [] { return std::string("no task service is installed\n"); });
    return Exit::ok;
  }
  const Submission submission{
      workspace->name, "/workflows/batch/submit", batch_body(checks_of(*taskservs, context.call.value("infra"))), {}};
  auto answer = send(context, submission);
  if (!answer) return tl::unexpected(answer.error());
  return follow_workflow(context, text_in(*answer, "workflow"), [&](const std::string& workflow, Exit) {
    return report(context, **client, *taskservs, workflow);
  });
}

}  // namespace prov::cli
