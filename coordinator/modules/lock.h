#pragma once
// What `module lock` writes down, and how what is there compares with it.
#include <vector>

#include "coordinator/modules/extension.h"
#include "coordinator/workspace/definition.h"

namespace prov::workspace {

// Every provider and task service of the infra with the version that would be used now and its digest. Fails as their
// resolution does, but for the lock itself: REQUIRES: the finder's rules have nothing locked.
Result<LockedModules> lock_infra(const Infra& infra, const ExtensionFinder& finder);

struct ModuleState {
  ExtensionKind kind = ExtensionKind::taskserv;
  std::string name;
  std::string in_use, layer;  // by the list of modules and the lock; empty: none will do
  std::string locked;         // empty: not locked
  std::string newest;         // in the layer that has it, pre-releases aside where there are releases
  bool differs = false;       // it is locked, and what is there is something else
};
std::vector<ModuleState> module_states(const LockedModules& now, const ExtensionFinder& finder);

}  // namespace prov::workspace
