
#include "common/json/json.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/shell.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {

using nlohmann::json;

namespace {

std::string agent_word(const json& agent) {
  if (!agent.is_object()) return "none";
  if (flag_in(agent, "draining")) return "draining";
  return flag_in(agent, "reachable") ? "ready" : "lost";
}

Result<std::vector<std::string>> all_hostnames(Client& client, const std::string& workspace, const std::string& infra) {
  auto items = client.list("/servers", {{"workspace", workspace}, {"infra", infra}}, kMostServers);
  if (!items) return tl::unexpected(items.error());
  std::vector<std::string> names;
  for (const auto& item : *items) names.push_back(text_in(item, "hostname"));
  return names;
}

}  // namespace

Result<Exit> server_create(Context& context) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  auto resolved = workspace::resolve_servers(loaded->infra, loaded->finder, context.call.args);
  if (!resolved) return tl::unexpected(resolved.error());
  if (resolved->servers.empty()) {
    return fail(Code::not_found, "infra \"" + loaded->infra.name + "\" has no servers",
                "add them to " + loaded->infra.file);
  }
  for (const auto& note : resolved->notes) context.console.say("note: " + note);
  return submit(context, {loaded->workspace.name, "/workflows/servers/create", servers_body(*resolved),
                          std::move(resolved->bundles)});
}

Result<Exit> server_list(Context& context) {
  auto workspace = context.workspace_name_or_all();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto items =
      (*client)->list("/servers", {{"workspace", *workspace}, {"infra", context.call.value("infra")}}, kMostServers);
  if (!items) return tl::unexpected(items.error());
  if (items->empty()) {
    if (auto known = check_infra_of_list(context); !known) return tl::unexpected(known.error());
  }
  context.print({{"items", *items}, {"total", items->size()}}, [&] {
    Table table({"HOST", "INFRA", "STATUS", "ADDRESS", "AGENT", "PROVIDER", "RUNTIME", "PLAN"});
    for (const auto& one : *items) {
      const std::string status = text_in(one, "status"), agent = agent_word(child_in(one, "agent"));
      table.add({{text_in(one, "hostname"), Colour::bold},
                 {text_in(one, "infra")},
                 {status, colour_of_status(status)},
                 {text_in(one, "address")},
                 {agent, agent == "ready"  ? Colour::green
                         : agent == "lost" ? Colour::red
                                           : Colour::plain},
                 {text_in(one, "provider")},
                 {text_in(one, "runtime")},
                 {text_in(one, "plan")}});
    }
    return table.text(context.console);
  });
  if (items->empty()) context.console.say("none yet: provisioning server create --check");
  return Exit::ok;
}

Result<Exit> server_delete(Context& context) {
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  const std::string infra = context.call.value("infra");
  std::vector<std::string> names = context.call.args;
  if (context.call.has("all")) {
    if (!names.empty()) return fail(Code::invalid, "name hosts, or say --all, not both");
    auto known = all_hostnames(**client, workspace->name, infra);
    if (!known) return tl::unexpected(known.error());
    names = std::move(*known);
    if (names.empty()) {
      context.print({{"workflow", nullptr}, {"plan", json::array()}},
                    [] { return std::string("there are no servers\n"); });
      return Exit::ok;
    }
  }
  if (names.empty()) {
    return fail(Code::invalid, "which hosts?", "provisioning server delete HOST..., or --all for every one");
  }
  for (const auto& name : names) {
    if (auto fine = check_hostname(name); !fine) return tl::unexpected(fine.error());
  }
  json body{{"hostnames", names}};
  if (!infra.empty()) body["infra"] = infra;
  const std::string question =
      "Delete " + names_text(names) + " with everything on " + (names.size() == 1 ? "it?" : "them?");
  return submit_asking(context, {workspace->name, "/workflows/servers/delete", std::move(body), {}, question});
}

Result<Exit> server_ssh(Context& context) {
  const std::string& host = context.call.args[0];
  if (auto fine = check_hostname(host); !fine) return tl::unexpected(fine.error());
  auto workspace = context.workspace();
  if (!workspace) return tl::unexpected(workspace.error());
  if (context.call.after_dashes.empty()) return interactive_shell(context, workspace->name, host);
  auto timeout_s = context.number("timeout", 300, 1, kDayS);
  if (!timeout_s) return tl::unexpected(timeout_s.error());
  return remote_command(context, workspace->name, host, context.call.after_dashes, *timeout_s);
}

}  // namespace prov::cli
