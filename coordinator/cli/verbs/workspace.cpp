// Known workspaces: which there are, which one is in use, what it holds.
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {
namespace fs = std::filesystem;
using nlohmann::json;

Result<Exit> workspace_list(Context& context) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  json items = json::array();
  for (const auto& known : config->workspaces) {
    std::error_code none;
    const bool there = fs::exists(known.path + "/" + workspace::kWorkspaceFile, none);
    items.push_back({{"name", known.name},
                     {"path", known.path},
                     {"active", known.name == config->active},
                     {"last_used", known.last_used.empty() ? json() : json(known.last_used)},
                     {"state", there ? "ok" : "missing"}});
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"WORKSPACE", "ACTIVE", "STATE", "LAST USED", "PATH"});
    for (const auto& one : items) {
      const std::string state = text_in(one, "state");
      table.add({{text_in(one, "name"), Colour::bold},
                 {flag_in(one, "active") ? "*" : ""},
                 {state, state == "ok" ? Colour::green : Colour::red},
                 {text_in(one, "last_used")},
                 {text_in(one, "path")}});
    }
    return table.text(context.console);
  });
  if (items.empty()) context.console.say("none yet: provisioning workspace init NAME");
  return Exit::ok;
}

Result<Exit> workspace_activate(Context& context) {
  auto root = workspace_root(context);
  if (!root) return tl::unexpected(root.error());
  auto loaded = workspace::load_workspace(*root);
  if (!loaded) return tl::unexpected(loaded.error());
  if (auto kept = remember_workspace(context, loaded->name, *root, true); !kept) return tl::unexpected(kept.error());
  context.print({{"name", loaded->name}, {"path", *root}},
                [&] { return "active workspace: " + loaded->name + " (" + *root + ")\n"; });
  return Exit::ok;
}

Result<Exit> workspace_active(Context& context) {
  auto found = context.found_workspace();
  if (!found) return tl::unexpected(found.error());
  auto loaded = workspace::load_workspace(found->root);
  if (!loaded) return tl::unexpected(loaded.error());
  context.print({{"name", loaded->name}, {"path", found->root}, {"by", found->by}}, [&] {
    return facts_text({{"workspace", loaded->name}, {"path", found->root}, {"by", found->by}});
  });
  return Exit::ok;
}

Result<Exit> workspace_info(Context& context) {
  auto root = workspace_root(context);
  if (!root) return tl::unexpected(root.error());
  auto loaded = workspace::load_workspace(*root);
  if (!loaded) return tl::unexpected(loaded.error());
  auto infras = infras_json(context, *loaded);
  if (!infras) return tl::unexpected(infras.error());
  const auto finder = context.extensions(*root, "");
  if (!finder) return tl::unexpected(finder.error());
  const auto taskservs = finder->names(workspace::ExtensionKind::taskserv);
  const auto providers = finder->names(workspace::ExtensionKind::provider);
  const json document{{"name", loaded->name},       {"path", *root},
                      {"version", loaded->version}, {"description", loaded->description},
                      {"infras", *infras},          {"default_infra", loaded->default_infra},
                      {"providers", providers},     {"taskservs", taskservs}};
  context.print(document, [&] {
    return facts_text({{"workspace", loaded->name},
                       {"path", *root},
                       {"version", loaded->version},
                       {"description", loaded->description},
                       {"default infra", loaded->default_infra},
                       {"providers", text_in(document, "providers")},
                       {"taskservs", text_in(document, "taskservs")}}) +
           "\n" + infras_table(*infras, context.console);
  });
  return Exit::ok;
}

}  // namespace prov::cli
