#include "coordinator/cli/names.h"

#include <set>

#include "common/json/json.h"
#include "coordinator/cli/infra.h"
#include "coordinator/cli/verbs/modules_in_use.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/keys.h"

namespace prov::cli {

using workspace::ExtensionKind;

namespace {

constexpr std::size_t kMostNames = 200;

std::vector<std::string> from_workspace(Context& context, Completes what) {
  std::set<std::string> names;
  const auto workspace = context.workspace();
  if (!workspace) return {};
  const auto infras = workspace::list_infras(*workspace);
  if (!infras) return {};
  if (what == Completes::infra) return *infras;
  for (const auto& name : *infras) {
    const auto infra = load_infra(context, *workspace, name);
    if (!infra) continue;
    for (const auto& server : infra->servers) {
      if (what == Completes::server) names.insert(server.hostname);
      for (const auto& use : server.taskservs) {
        if (what == Completes::taskserv) names.insert(use.name);
      }
    }
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> from_coordinator(Context& context, const std::string& path, const char* field) {
  std::vector<std::string> names;
  auto client = context.client();
  if (!client) return names;
  const auto items = (*client)->list(path, {}, kMostNames);
  if (!items) return names;
  for (const auto& item : *items) names.push_back(text_in(item, field));
  return names;
}

// Extensions of every layer, whether or not an infra uses them.
std::vector<std::string> from_layers(Context& context, std::initializer_list<workspace::ExtensionKind> kinds) {
  const auto finder = finder_in_use(context);
  if (!finder) return {};
  std::set<std::string> names;
  for (const auto kind : kinds) {
    for (auto& name : finder->names(kind)) names.insert(std::move(name));
  }
  return {names.begin(), names.end()};
}

std::vector<std::string> known_workspaces(Context& context) {
  std::vector<std::string> names;
  const auto config = workspace::load_user_config(context.home);
  if (!config) return names;
  for (const auto& known : config->workspaces) names.push_back(known.name);
  return names;
}

}  // namespace

std::vector<std::string> known_names(Context& context, Completes what) {
  switch (what) {
    case Completes::server:
    case Completes::taskserv:
    case Completes::infra: return from_workspace(context, what);
    case Completes::workspace: return known_workspaces(context);
    case Completes::agent: return from_coordinator(context, "/agents", "server");
    case Completes::workflow: return from_coordinator(context, "/workflows", "id");
    case Completes::task: return from_coordinator(context, "/tasks", "id");
    case Completes::setting: return config::key_names();
    case Completes::taskserv_module: return from_layers(context, {ExtensionKind::taskserv});
    case Completes::provider_module: return from_layers(context, {ExtensionKind::provider});
    case Completes::cluster_module: return from_layers(context, {ExtensionKind::cluster});
    case Completes::module:
      return from_layers(context, {ExtensionKind::taskserv, ExtensionKind::provider, ExtensionKind::cluster});
    case Completes::guide:
    case Completes::kind_first:
    case Completes::nothing:
    case Completes::folder:
    case Completes::service:
    case Completes::topic:
    case Completes::shell: return {};
  }
  return {};
}

}  // namespace prov::cli
