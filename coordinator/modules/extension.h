#pragma once
// Extensions as the contract (docs/guides/extension-contract.md) describes them: a folder with a manifest, found in
// three layers. The infra's own come first, then the workspace's, then those of the platform (docs/guides/modules.md).
// This room turns a workspace (coordinator/workspace: what is written) into what is submitted. It shares that room's
// namespace: its types are made of Node, Place, Params and Infra, and whoever uses the one uses the other.
//
//   <layer>/taskservs/redis/manifest.yaml          an extension: it hides those of its name in farther layers
//   <layer>/taskservs/redis@7.0.1/manifest.yaml    another version of it, beside it
//   <layer>/taskservs/redis/overlay.yaml, files    without a manifest: an overlay, laid over what a farther layer has
//   <layer>/lib/                                   packed with every extension of that layer and nearer ones
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/modules/manifest.h"
#include "coordinator/modules/manifest_cache.h"
#include "coordinator/modules/modules.h"

namespace prov::workspace {

struct Layer {
  std::string name;    // "infra", "workspace" or "core"
  std::string folder;  // holds providers/, taskservs/, clusters/ and lib/; need not exist
};

// A key of the manifest that an overlay has changed.
struct ChangedKey {
  std::string key, value;            // "parameters.port", "81"
  std::string layer, file;           // whose it is now
  std::string before, before_layer;  // what it hides
};

struct Extension {
  Manifest manifest;
  std::string folder;
  std::string layer;                // of that folder
  std::string library_folder;       // the `lib` that is packed with it; empty: none
  std::vector<Layer> overlays;      // folders laid over it, the nearest first
  std::vector<ChangedKey> changed;  // by them, in order of key
};

// For one thread; read_all() uses more, and is done with them when it returns.
class ExtensionFinder {
 public:
  // Highest priority first. Without a cache every manifest is parsed.
  explicit ExtensionFinder(std::vector<Layer> layers, ModuleRules rules = {},
                           std::shared_ptr<ManifestCache> cache = {});

  // The version to take when nothing else is said: in the nearest layer that has the extension, within the rules, the
  // highest release. not_found says where it looked and what is near; conflict, which rule is against all there are.
  Result<Extension> find(ExtensionKind kind, const std::string& name) const;
  Result<Extension> find(ExtensionKind kind, const std::string& name, const std::string& version) const;

  // Every version of it, the one to be tried first in front, whatever the rules say. Not empty. Lives as long as this.
  const Result<std::vector<Extension>>& versions(ExtensionKind kind, const std::string& name) const;

  // Names of every extension of that kind, sorted, each once; folders without a manifest are none.
  std::vector<std::string> names(ExtensionKind kind) const;

  // Reads the versions of all of these now, on all cores: for who will ask for each of them.
  void read_all(ExtensionKind kind, const std::vector<std::string>& names) const;

  // Whether the workspace's list of modules allows it: there is none, it names it, or what it names requires it.
  Result<void> check_loaded(ExtensionKind kind, const std::string& name) const;

  const std::vector<Layer>& layers() const { return layers_; }
  const ModuleRules& rules() const { return rules_; }
  const std::shared_ptr<ManifestCache>& cache() const { return cache_; }

 private:
  using Versions = Result<std::vector<Extension>>;

  Result<Extension> read(ExtensionKind kind, const std::string& name, const std::string& folder,
                         std::size_t layer) const;
  Versions read_versions(ExtensionKind kind, const std::string& name) const;
  std::string parent_of(ExtensionKind kind, std::size_t layer) const;
  const std::vector<std::string>& entries_of(const std::string& folder) const;  // what stands in it, sorted
  std::vector<std::string> folders_of(const std::string& parent, const std::string& name) const;

  std::vector<Layer> layers_;
  ModuleRules rules_;
  std::shared_ptr<ManifestCache> cache_;
  // Each manifest and each folder is read once.
  mutable std::map<std::pair<ExtensionKind, std::string>, Versions> read_;
  mutable std::map<std::string, std::vector<std::string>> entries_;
};

// What to do where there are none of the platform's own.
inline constexpr const char* kNoCoreExtensions =
    "the platform's own extensions were not found beside or above the program: name their folder with "
    "PROVISIONING_EXTENSIONS";

// The platform's own extensions: `override` if not empty, else the nearest `extensions` or
// `share/provisioning/extensions` beside or above the program's folder. Empty: none found.
std::string core_extensions_folder(const std::string& override_folder, const std::string& program_folder);

}  // namespace prov::workspace
