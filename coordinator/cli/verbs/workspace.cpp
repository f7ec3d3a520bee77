#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/nearest.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/verbs/documents.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

std::string absolute(const Context& context, const std::string& path) {
  const fs::path given(path);
  return (given.is_absolute() ? given : fs::path(context.world.cwd) / given).lexically_normal().string();
}

std::string first_settings(const std::string& infra, const std::string& provider) {
  return "# The infra \"" + infra +
         "\": its hosts, and the task services on each of them.\n"
         "settings:\n  name: " +
         infra + "\n  provider: " + provider +
         "\n\n"
         "servers: []\n"
         "# servers:\n"
         "#   - hostname: web-1\n"
         "#     plan: small\n"
         "#     taskservs:\n"
         "#       - name: os\n"
         "#       - name: nginx\n"
         "#         params: {port: 80}\n";
}

Result<void> write_new_file(const std::string& path, const std::string& text) {
  std::error_code none;
  if (fs::exists(path, none)) return {};
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return fail(Code::io, "cannot make " + fs::path(path).parent_path().string() + ": " + error.message());
  return workspace::write_file_atomically(path, text, 0644);
}

Result<void> make_workspace(const std::string& root, const std::string& name, const std::string& infra,
                            const std::string& provider) {
  const std::string head = "workspace:\n  name: " + name + "\n  version: 0.1.0\n  default_infra: " + infra + "\n";
  const std::pair<std::string, std::string> files[] = {
      {root + "/infra/" + infra + "/settings.yaml", first_settings(infra, provider)},
      {root + "/extensions/README.md",
       "Extensions of this workspace: providers/NAME, taskservs/NAME. They go before the platform's own.\n"},
      {root + "/" + workspace::kWorkspaceFile, head}};  // last: with it the folder is a workspace
  for (const auto& [path, text] : files) {
    if (auto written = write_new_file(path, text); !written) return written;
  }
  return {};
}

Result<void> remember(Context& context, const std::string& name, const std::string& root, bool activate) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  if (const auto* known = config->find(name); known != nullptr && known->path != root) {
    std::error_code none;
    if (fs::exists(known->path + "/" + workspace::kWorkspaceFile, none)) {
      return fail(Code::conflict, "another workspace is called \"" + name + "\": " + known->path,
                  "choose another name");
    }
  }
  config->remember(name, root);
  if (activate || config->active.empty()) config->active = name;
  return workspace::save_user_config(context.home, *config);
}

json infra_json(const workspace::Infra& infra) {
  std::size_t taskservs = 0;
  for (const auto& server : infra.servers) taskservs += server.taskservs.size();
  return {{"name", infra.name},
          {"provider", infra.provider},
          {"servers", infra.servers.size()},
          {"taskservs", taskservs},
          {"description", infra.description}};
}

Result<json> infras_json(Context& context, const workspace::Workspace& workspace) {
  auto names = workspace::list_infras(workspace);
  if (!names) return tl::unexpected(names.error());
  json out = json::array();
  for (const auto& name : *names) {
    auto infra = load_infra(context, workspace, name);
    if (!infra) return tl::unexpected(infra.error());
    out.push_back(infra_json(*infra));
  }
  return out;
}

std::string infras_table(const json& infras, const Console& console) {
  Table table({"INFRA", "PROVIDER", "SERVERS", "TASKSERVS", "DESCRIPTION"});
  for (const auto& one : infras) {
    table.add({{text_in(one, "name")},
               {text_in(one, "provider")},
               {text_in(one, "servers")},
               {text_in(one, "taskservs")},
               {text_in(one, "description")}});
  }
  return table.text(console);
}

// The workspace that an argument names, else the one in use.
Result<std::string> root_of(Context& context) {
  if (context.call.args.empty()) {
    auto found = context.found_workspace();
    if (!found) return tl::unexpected(found.error());
    return found->root;
  }
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  auto found = workspace::find_workspace({context.call.args[0], "", context.world.cwd}, *config);
  if (!found) {
    found.error().message =
        "\"" + context.call.args[0] + "\" is neither a known workspace nor a folder with " + workspace::kWorkspaceFile;
    return tl::unexpected(found.error());
  }
  return found->root;
}

}  // namespace

Result<Exit> workspace_init(Context& context) {
  const std::string& name = context.call.args[0];
  const std::string infra = context.call.value("infra", name);
  auto usual = context.setting("providers.default_provider");
  if (!usual) return tl::unexpected(usual.error());
  const std::string provider = context.call.value("provider", *usual);
  for (const auto& word : {name, infra, provider}) {
    if (!workspace::is_name(word)) {
      return fail(Code::invalid, "\"" + word + "\" is not a name", std::string(workspace::kNameRule));
    }
  }
  const std::string root = absolute(context, context.call.value("path", name));
  std::error_code none;
  const bool there = fs::exists(root + "/" + workspace::kWorkspaceFile, none);
  if (there) {
    auto existing = workspace::load_workspace(root);
    if (!existing) return tl::unexpected(existing.error());
    if (existing->name != name) {
      return fail(Code::conflict, root + " is the workspace \"" + existing->name + "\" already",
                  "choose another --path");
    }
  } else if (auto made = make_workspace(root, name, infra, provider); !made) {
    return tl::unexpected(made.error());
  }
  if (auto kept = remember(context, name, root, context.call.has("activate")); !kept) {
    return tl::unexpected(kept.error());
  }
  context.print({{"name", name}, {"path", root}, {"changed", !there}},
                [&] { return "workspace " + name + (there ? " is there already: " : ": ") + root + "\n"; });
  context.console.say("next: edit " + root + "/infra/" + infra +
                      "/settings.yaml, then: provisioning server create --check");
  return Exit::ok;
}

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
                     {"state", there ? "ok" : "missing"}});
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"WORKSPACE", "ACTIVE", "STATE", "PATH"});
    for (const auto& one : items) {
      const std::string state = text_in(one, "state");
      table.add({{text_in(one, "name"), Colour::bold},
                 {flag_in(one, "active") ? "*" : ""},
                 {state, state == "ok" ? Colour::green : Colour::red},
                 {text_in(one, "path")}});
    }
    return table.text(context.console);
  });
  if (items.empty()) context.console.say("none yet: provisioning workspace init NAME");
  return Exit::ok;
}

Result<Exit> workspace_activate(Context& context) {
  auto root = root_of(context);
  if (!root) return tl::unexpected(root.error());
  auto loaded = workspace::load_workspace(*root);
  if (!loaded) return tl::unexpected(loaded.error());
  if (auto kept = remember(context, loaded->name, *root, true); !kept) return tl::unexpected(kept.error());
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
  auto root = root_of(context);
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

Result<Exit> infra_list(Context& context) {
  auto loaded = context.workspace();
  if (!loaded) return tl::unexpected(loaded.error());
  auto infras = infras_json(context, *loaded);
  if (!infras) return tl::unexpected(infras.error());
  context.print({{"items", *infras}, {"total", infras->size()}},
                [&] { return infras_table(*infras, context.console); });
  return Exit::ok;
}

Result<Exit> infra_validate(Context& context) {
  auto loaded = context.workspace();
  if (!loaded) return tl::unexpected(loaded.error());
  auto names = workspace::list_infras(*loaded);
  if (!names) return tl::unexpected(names.error());
  if (!context.call.args.empty()) names = context.call.args;
  json documents = json::array();
  std::string text;
  for (const auto& name : *names) {
    auto infra = load_infra(context, *loaded, name);
    if (!infra) return tl::unexpected(infra.error());
    const auto finder = context.extensions(loaded->root, infra->folder);
    if (!finder) return tl::unexpected(finder.error());
    auto servers = workspace::resolve_servers(*infra, *finder, {});
    if (!servers) return tl::unexpected(servers.error());
    auto taskservs = workspace::resolve_taskservs(*infra, *finder, {});
    if (!taskservs) return tl::unexpected(taskservs.error());
    json document = servers_body(*servers);
    document["taskservs"] = std::move(taskservs_body(*taskservs)["taskservs"]);
    documents.push_back(std::move(document));
    text += name + ": " + std::to_string(servers->servers.size()) + " servers, " +
            std::to_string(taskservs->taskservs.size()) + " taskservs, in this order:\n";
    for (const auto& one : taskservs->taskservs) text += "  " + one.name + " on " + one.server + "\n";
  }
  context.print({{"items", documents}, {"total", documents.size()}}, [&] { return text; });
  return Exit::ok;
}

}  // namespace prov::cli
