#include "coordinator/cli/verbs/workspaces.h"

#include <filesystem>

#include "common/json/json.h"
#include "common/time.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

json infra_json(const workspace::Infra& infra) {
  std::size_t taskservs = 0;
  for (const auto& server : infra.servers) taskservs += server.taskservs.size();
  return {{"name", infra.name},     {"provider", infra.provider},       {"servers", infra.servers.size()},
          {"taskservs", taskservs}, {"description", infra.description}, {"file", infra.file}};
}

}  // namespace

Result<std::string> workspace_root(Context& context) {
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

Result<void> remember_workspace(Context& context, const std::string& name, const std::string& root, bool activate) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  if (const auto* known = config->find(name); known != nullptr && known->path != root) {
    std::error_code none;
    if (fs::exists(known->path + "/" + workspace::kWorkspaceFile, none)) {
      return fail(Code::conflict, "another workspace is called \"" + name + "\": " + known->path,
                  "choose another name, or forget that one: provisioning workspace remove " + name);
    }
  }
  config->remember(name, root);
  const std::string now = to_iso8601(context.world.now_ms());
  if (activate || config->active.empty()) config->activate(name, now);
  return workspace::save_user_config(context.home, *config);
}

std::string folder_given(const Context& context, const std::string& path) {
  const fs::path given(path);
  fs::path whole = (given.is_absolute() ? given : fs::path(context.world.cwd) / given).lexically_normal();
  if (!whole.has_filename() && whole.has_parent_path() && whole != whole.root_path()) whole = whole.parent_path();
  return whole.string();
}

Result<void> known_provider(Context& context, const std::string& root, const std::string& name) {
  const auto finder = context.extensions(root, "");
  if (!finder) return tl::unexpected(finder.error());
  const auto found = finder->find(workspace::ExtensionKind::provider, name);
  if (!found) return tl::unexpected(found.error());
  return {};
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

}  // namespace prov::cli
