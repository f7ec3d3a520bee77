#pragma once
// Extensions as the contract (docs/guides/extension-contract.md) describes them: a folder with a manifest, found in
// three layers. The infra's own come first, then the workspace's, then those of the platform.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

enum class ExtensionKind { provider, taskserv, cluster };
const char* name_of(ExtensionKind kind);  // "taskserv"; the folder is that with an "s"

enum class ParamType { string, integer, boolean, list, secret };
const char* name_of(ParamType type);  // as the manifest writes it

struct Parameter {
  std::string name;
  ParamType type = ParamType::string;
  std::string description;
  bool has_default = false;
  Node default_value;  // of the right type already
};

struct Manifest {
  std::string name;
  ExtensionKind kind = ExtensionKind::taskserv;
  std::string version, description, licence;
  std::vector<std::string> requires_, optional, conflicts;
  bool retry_safe = false;
  std::uint32_t timeout_s = 600;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> runtimes;  // of a provider: what "runtime:" may say; empty: anything
  std::vector<Parameter> parameters;
};

inline constexpr std::uint32_t kMaxTimeoutS = 86'400;

Result<Manifest> parse_manifest(const Node& tree, const std::string& file);

struct Extension {
  Manifest manifest;
  std::string folder;
  std::string layer;           // "infra", "workspace" or "core"
  std::string library_folder;  // the `lib` that is packed with it; empty: none
};

struct Layer {
  std::string name;
  std::string folder;  // holds providers/, taskservs/, clusters/ and lib/; need not exist
};

class ExtensionFinder {
 public:
  explicit ExtensionFinder(std::vector<Layer> layers);  // highest priority first

  // Reads the manifest of the first layer that has it. not_found says where it looked and what is near.
  Result<Extension> find(ExtensionKind kind, const std::string& name) const;

  // Names of every extension of that kind, sorted, each once; folders without a manifest are none.
  std::vector<std::string> names(ExtensionKind kind) const;

 private:
  std::vector<Layer> layers_;
};

// The platform's own extensions: `override` if not empty, else the nearest `extensions` or
// `share/provisioning/extensions` beside or above the program's folder. Empty: none found.
std::string core_extensions_folder(const std::string& override_folder, const std::string& program_folder);

}  // namespace prov::workspace
