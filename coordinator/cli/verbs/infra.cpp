// Infras: which there are, whether their files are right, and all of one made or removed at once.
#include <algorithm>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/infra_plan.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {

using nlohmann::json;

namespace {

// An argument, else --infra, else the workspace's default.
std::string infra_asked(const Context& context) {
  return context.call.args.empty() ? context.call.value("infra") : context.call.args[0];
}

struct Actual {
  json servers, taskservs;
};
Result<Actual> what_is_there(Context& context, const std::string& workspace, const std::string& infra) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  const Query query{{"workspace", workspace}, {"infra", infra}};
  auto servers = (*client)->list("/servers", query, kMostServers);
  if (!servers) return tl::unexpected(servers.error());
  auto taskservs = (*client)->list("/taskservs", query, kMostTaskservs);
  if (!taskservs) return tl::unexpected(taskservs.error());
  return Actual{std::move(*servers), std::move(*taskservs)};
}

// How its settings would install, as far as they can be read: an infra can be removed without them.
std::vector<workspace::ResolvedTaskserv> order_of_settings(const Result<Loaded>& loaded) {
  if (!loaded) return {};
  auto resolved = workspace::resolve_taskservs(loaded->infra, loaded->finder, {});
  return resolved ? std::move(resolved->taskservs) : std::vector<workspace::ResolvedTaskserv>();
}

Result<Exit> nothing_to_do(Context& context, const std::string& why) {
  context.print({{"workflow", nullptr}, {"plan", json::array()}, {"plan_total", 0}}, [&] { return why + "\n"; });
  return Exit::ok;
}

}  // namespace

Result<Exit> infra_list(Context& context) {
  auto loaded = context.workspace();
  if (!loaded) return tl::unexpected(loaded.error());
  auto infras = infras_json(context, *loaded);
  if (!infras) return tl::unexpected(infras.error());
  context.print({{"items", *infras}, {"total", infras->size()}},
                [&] { return infras_table(*infras, context.console); });
  return Exit::ok;
}

Result<Exit> infra_create(Context& context) {
  auto loaded = load_infra_named(context, infra_asked(context));
  if (!loaded) return tl::unexpected(loaded.error());
  auto servers = workspace::resolve_servers(loaded->infra, loaded->finder, {});
  if (!servers) return tl::unexpected(servers.error());
  auto taskservs = workspace::resolve_taskservs(loaded->infra, loaded->finder, {});
  if (!taskservs) return tl::unexpected(taskservs.error());
  if (servers->servers.empty()) {
    return fail(Code::not_found, "infra \"" + loaded->infra.name + "\" has no servers",
                "add them to " + loaded->infra.file);
  }
  for (const auto& note : servers->notes) context.console.say("note: " + note);
  auto batch = desired_batch(std::move(*servers), std::move(*taskservs), json::array(), json::array());
  batch.name = "creation of " + loaded->infra.name;
  return submit(context,
                {loaded->workspace.name, "/workflows/batch/submit", batch_body(batch), std::move(batch.bundles)});
}

Result<Exit> infra_delete(Context& context) {
  const std::string asked = infra_asked(context);
  if (asked.empty()) {
    return fail(Code::invalid, "which infra?", "provisioning infra delete NAME; see: provisioning infra list");
  }
  if (!workspace::is_name(asked)) {
    return fail(Code::invalid, "\"" + asked + "\" is not a name", std::string(workspace::kNameRule));
  }
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  const auto loaded = load_infra_named(context, asked);
  auto actual = what_is_there(context, workspace->name, asked);
  if (!actual) return tl::unexpected(actual.error());
  auto batch = removal_batch(asked, actual->servers, actual->taskservs, order_of_settings(loaded));
  if (batch.operations.empty()) {
    if (!loaded && loaded.error().code == Code::not_found) return tl::unexpected(loaded.error());
    return nothing_to_do(context, "nothing of infra " + asked + " is there");
  }
  return submit_asking(context, {workspace->name,
                                 "/workflows/batch/submit",
                                 batch_body(batch),
                                 {},
                                 "Remove infra " + asked + " with everything on its hosts? Its files stay."});
}

}  // namespace prov::cli
