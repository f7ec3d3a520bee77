#include <algorithm>
#include <set>

#include "common/json/json.h"
#include "coordinator/batch/resolve.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/monitor.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/host_fit.h"
#include "coordinator/cli/verbs/step_outputs.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/plan_view.h"
#include "coordinator/cli/views/rehearsal.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMostListed = 100'000;

struct Chosen {
  std::string workspace;
  workspace::ResolvedTaskservs taskservs;
  workspace::ExtensionFinder finder;
};

Result<Chosen> choose(Context& context, bool with_required) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  auto resolved = workspace::resolve_taskservs(loaded->infra, loaded->finder,
                                               {context.call.values("server"), context.call.args, with_required});
  if (!resolved) return tl::unexpected(resolved.error());
  if (resolved->taskservs.empty()) {
    return fail(Code::not_found, "infra \"" + loaded->infra.name + "\" has no taskservs there",
                "add them to " + loaded->infra.file);
  }
  return Chosen{loaded->workspace.name, std::move(*resolved), std::move(loaded->finder)};
}

batch::ResolvedBatch rehearsal_of(workspace::ResolvedTaskservs taskservs) {
  batch::ResolvedBatch batch;
  batch.name = "rehearsal";
  batch.infra = taskservs.infra;
  batch.bundles = std::move(taskservs.bundles);
  batch::ResolvedOperation operation;
  operation.id = "rehearse";
  operation.kind = batch::OperationKind::taskserv_create;
  operation.mode = batch::OperationMode::rehearse;
  operation.on_failure = batch::OnFailure::go_on;
  operation.taskservs = std::move(taskservs.taskservs);
  batch.operations.push_back(std::move(operation));
  return batch;
}

// A task names its host, and its task service as the first of its arguments.
Result<Exit> report_rehearsal(Context& context, Client& client, const std::string& workflow, Exit exit) {
  auto whole = whole_workflow(client, workflow);
  if (!whole) return tl::unexpected(whole.error());
  std::vector<Rehearsed> all;
  for (const auto& task : child_in(*whole, "tasks")) {
    auto output = output_of_step(client, task);
    if (!output) return tl::unexpected(output.error());
    const json& args = child_in(task, "args");
    const std::string name = args.is_array() && !args.empty() && args[0].is_string() ? args[0].get<std::string>() : "";
    all.push_back(
        {text_in(task, "server"), name, text_in(task, "outcome"), text_in(task, "message"), rehearsal_in(*output)});
  }
  json document = rehearsals_json(all);
  document["workflow"] = workflow;
  context.print(document, [&] { return rehearsals_text(all, context.console); });
  context.console.say("this was a rehearsal: nothing was changed; what it printed: provisioning workflow output " +
                      workflow + "/1");
  return exit;
}

Result<Exit> rehearse(Context& context, Chosen chosen) {
  auto batch = rehearsal_of(std::move(chosen.taskservs));
  auto answer = send(context, {chosen.workspace, "/workflows/batch/submit", batch_body(batch), batch.bundles});
  if (!answer) return tl::unexpected(answer.error());
  const std::string workflow = text_in(*answer, "workflow");
  if (workflow.empty()) return go_on(context, *answer);
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  return follow_workflow(context, workflow, [&](const std::string& id, Exit exit) {
    return report_rehearsal(context, **client, id, exit);
  });
}

// What stays on a host although its manifest says that it cannot do without one that goes.
Result<std::vector<std::string>> left_without(Context& context, const Chosen& chosen) {
  std::set<std::pair<std::string, std::string>> going;
  for (const auto& one : chosen.taskservs.taskservs) going.emplace(one.server, one.name);
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items =
      (*client)->list("/taskservs", {{"workspace", chosen.workspace}, {"infra", chosen.taskservs.infra}}, kMostListed);
  if (!items) return tl::unexpected(items.error());
  std::vector<std::string> notes;
  for (const auto& item : *items) {
    const std::string server = text_in(item, "server"), name = text_in(item, "name");
    if (text_in(item, "status") != "installed" || going.contains({server, name})) continue;
    const auto extension = chosen.finder.find(workspace::ExtensionKind::taskserv, name);
    if (!extension) continue;  // of another time: what it needs nobody can say
    for (const auto& needed : extension->manifest.requires_) {
      if (going.contains({server, needed.package}))
        notes.push_back(name + " on " + server + " needs " + needed.package);
    }
  }
  return notes;
}

}  // namespace

Result<Exit> taskserv_create(Context& context) {
  if (context.call.has("rehearse") && !context.call.has("check")) {
    return fail(Code::invalid, "--rehearse is a way to check", "add --check");
  }
  const bool again = context.call.has("again");
  if (again && context.call.has("rehearse")) {
    return fail(Code::invalid, "--rehearse and --again do not go together", "take one of them away");
  }
  auto chosen = choose(context, !again);  // again: those that were named, and not what they stand on
  if (!chosen) return tl::unexpected(chosen.error());
  if (auto fit = check_host_fit(context, chosen->workspace, chosen->taskservs.taskservs); !fit) {
    return tl::unexpected(fit.error());
  }
  if (context.call.has("rehearse")) return rehearse(context, std::move(*chosen));
  json body = taskservs_body(chosen->taskservs);
  if (again) body["again"] = true;
  return submit(context, {chosen->workspace, "/workflows/taskservs/create", std::move(body),
                          std::move(chosen->taskservs.bundles)});
}

Result<Exit> taskserv_check(Context& context) {
  auto chosen = choose(context, false);
  if (!chosen) return tl::unexpected(chosen.error());
  return submit(context, {chosen->workspace, "/workflows/taskservs/check", taskservs_body(chosen->taskservs),
                          std::move(chosen->taskservs.bundles)});
}

Result<Exit> taskserv_delete(Context& context) {
  auto chosen = choose(context, false);
  if (!chosen) return tl::unexpected(chosen.error());
  auto& list = chosen->taskservs.taskservs;
  std::reverse(list.begin(), list.end());  // what needs another goes before it
  std::string names;
  for (auto& one : list) {
    one.after.clear();
    names += (names.empty() ? "" : ", ") + one.name + " on " + one.server;
  }
  auto left = left_without(context, *chosen);
  if (!left) return tl::unexpected(left.error());
  for (const auto& note : *left) context.console.say("note: " + note + ", and stays");
  return submit_asking(context, {chosen->workspace, "/workflows/taskservs/delete", taskservs_body(chosen->taskservs),
                                 std::move(chosen->taskservs.bundles), "Uninstall " + names + "?"});
}

Result<Exit> taskserv_list(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  json items = json::array();
  auto servers = context.call.values("server");
  if (servers.empty()) servers.emplace_back();
  for (const auto& server : servers) {
    auto some = (*client)->list("/taskservs",
                                {{"workspace", *workspace}, {"infra", context.call.value("infra")}, {"server", server}},
                                kMostListed);
    if (!some) return tl::unexpected(some.error());
    for (auto& one : *some) items.push_back(std::move(one));
  }
  if (items.empty()) {
    if (auto known = check_infra_of_list(context); !known) return tl::unexpected(known.error());
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"HOST", "TASKSERV", "VERSION", "STATUS", "INSTALLED", "MESSAGE"});
    for (const auto& one : items) {
      const std::string status = text_in(one, "status");
      table.add({{text_in(one, "server"), Colour::bold},
                 {text_in(one, "name")},
                 {text_in(one, "version")},
                 {status, colour_of_status(status)},
                 {time_text(number_in(one, "installed_ms"))},
                 {text_in(one, "message")}});
    }
    return table.text(context.console);
  });
  if (items.empty()) context.console.say("none yet: provisioning taskserv create --check");
  return Exit::ok;
}

}  // namespace prov::cli
