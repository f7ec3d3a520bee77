#include "coordinator/modules/lock.h"

#include <set>

#include "coordinator/modules/bundle.h"
#include "coordinator/modules/versions.h"

namespace prov::workspace {
namespace {

Result<void> lock_one(LockedModules& modules, ExtensionKind kind, const Result<Extension>& extension) {
  if (!extension) return tl::unexpected(extension.error());
  auto bundle = pack_extension(*extension);
  if (!bundle) return tl::unexpected(bundle.error());
  modules[{kind, extension->manifest.name}] = {extension->manifest.version, extension->layer, bundle->digest};
  return {};
}

}  // namespace

Result<LockedModules> lock_infra(const Infra& infra, const ExtensionFinder& finder) {
  PROV_ASSERT(finder.rules().locked.empty());
  LockedModules modules;
  std::set<std::string> providers;
  for (const auto& server : infra.servers) providers.insert(server.provider);
  for (const auto& name : providers) {
    auto locked = lock_one(modules, ExtensionKind::provider, finder.find(ExtensionKind::provider, name));
    if (!locked) return tl::unexpected(locked.error());
  }
  auto chosen = choose_versions(infra, finder);
  if (!chosen) return tl::unexpected(chosen.error());
  if (auto whole = check_hosts(infra, finder, *chosen); !whole) return tl::unexpected(whole.error());
  for (const auto& [name, version] : *chosen) {
    auto locked = lock_one(modules, ExtensionKind::taskserv, finder.find(ExtensionKind::taskserv, name, version));
    if (!locked) return tl::unexpected(locked.error());
  }
  return modules;
}

std::vector<ModuleState> module_states(const LockedModules& now, const ExtensionFinder& finder) {
  std::vector<ModuleState> out;
  for (const auto& [id, module] : now) {
    ModuleState state;
    state.kind = id.first;
    state.name = id.second;
    const auto locked = finder.rules().locked.find(id);
    const bool is_locked = locked != finder.rules().locked.end();
    state.locked = is_locked ? locked->second.version : "";
    const auto& all = finder.versions(id.first, id.second);
    if (all) state.newest = all->front().manifest.version;
    auto used =
        is_locked ? finder.find(id.first, id.second, state.locked) : finder.find(id.first, id.second, module.version);
    if (used) {
      state.in_use = used->manifest.version;
      state.layer = used->layer;
    }
    if (is_locked) {
      auto bundle = used ? pack_extension(*used) : Result<Bundle>(tl::unexpected(used.error()));
      state.differs = !bundle || bundle->digest != locked->second.digest;
    }
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace prov::workspace
