#pragma once
// Which extensions a workspace uses, and in which versions: two files beside config/provisioning.yaml, both written by
// `provisioning module ...` and fit to be edited and kept under version control.
//
//   config/modules.yaml          what was loaded. A kind that it names may only use these, and what they require:
//     taskservs: [kubernetes, {containerd: ^1.7}]
//   config/modules.lock.yaml     what was chosen, by `module lock`; from then on just that is used:
//     infras:
//       main:
//         taskservs:
//           containerd: {version: 1.7.2, layer: core, digest: ...}
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/ids.h"
#include "common/result.h"
#include "coordinator/modules/manifest.h"

namespace prov::workspace {

inline constexpr const char* kModulesFile = "config/modules.yaml";
inline constexpr const char* kModulesLockFile = "config/modules.lock.yaml";

struct ModuleList {
  std::map<ExtensionKind, std::vector<Relation>> kinds;  // each sorted by name; no entry: everything may be used

  const Relation* find(ExtensionKind kind, const std::string& name) const;  // nullptr: not named
  bool add(ExtensionKind kind, const Relation& relation);                   // false: it is so already
  bool remove(ExtensionKind kind, const std::string& name);                 // false: it is not there
};

struct LockedModule {
  std::string version, layer;
  Digest digest;  // of its bundle
  bool operator==(const LockedModule& other) const = default;
};
using LockedModules = std::map<std::pair<ExtensionKind, std::string>, LockedModule>;

struct ModuleLock {
  std::map<std::string, LockedModules> infras;
};

// What holds for one infra.
struct ModuleRules {
  ModuleList list;
  LockedModules locked;
};

// Empty when there is no file.
Result<ModuleList> load_modules(const std::string& workspace_root);
Result<ModuleLock> load_lock(const std::string& workspace_root);
Result<ModuleRules> load_rules(const std::string& workspace_root, const std::string& infra);  // infra empty: no lock

// Whole or not at all; equal contents give equal bytes. A list without any kind removes the file.
Result<void> save_modules(const std::string& workspace_root, const ModuleList& list);
Result<void> save_lock(const std::string& workspace_root, const ModuleLock& lock);

}  // namespace prov::workspace
