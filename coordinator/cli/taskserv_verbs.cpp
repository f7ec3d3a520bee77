#include <algorithm>
#include <nlohmann/json.hpp>

#include "coordinator/cli/documents.h"
#include "coordinator/cli/render.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs.h"
#include "coordinator/workspace/resolve.h"

namespace prov::cli {

using nlohmann::json;

namespace {

constexpr std::size_t kMost = 100'000;

struct Chosen {
  std::string workspace;
  workspace::ResolvedTaskservs taskservs;
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
  return Chosen{loaded->workspace.name, std::move(*resolved)};
}

}  // namespace

Result<Exit> taskserv_create(Context& context) {
  auto chosen = choose(context, true);
  if (!chosen) return tl::unexpected(chosen.error());
  return submit(context, {chosen->workspace, "/workflows/taskservs/create", taskservs_body(chosen->taskservs),
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
  if (!context.call.has("check")) {
    auto sure = context.confirmed("Uninstall " + names + "?");
    if (!sure) return tl::unexpected(sure.error());
    if (!*sure) return Exit::failed;
  }
  return submit(context, {chosen->workspace, "/workflows/taskservs/delete", taskservs_body(chosen->taskservs),
                          std::move(chosen->taskservs.bundles)});
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
    auto some = (*client)->list(
        "/taskservs", {{"workspace", *workspace}, {"infra", context.call.value("infra")}, {"server", server}}, kMost);
    if (!some) return tl::unexpected(some.error());
    for (auto& one : *some) items.push_back(std::move(one));
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
