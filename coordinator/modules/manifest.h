#pragma once
// manifest.yaml of an extension (docs/guides/extension-contract.md), read strictly: every mistake is told, each with
// its place.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/resolution/catalogue.h"
#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

enum class ExtensionKind { provider, taskserv, cluster };
const char* name_of(ExtensionKind kind);  // "taskserv"; the folder is that with an "s"
inline constexpr ExtensionKind kExtensionKinds[] = {ExtensionKind::provider, ExtensionKind::taskserv,
                                                    ExtensionKind::cluster};

// storages, networks: what a server says of itself (workspace/attachments.h), for providers
enum class ParamType { string, integer, boolean, list, secret, storages, networks };
const char* name_of(ParamType type);  // as the manifest writes it

using Relation = resolution::Relation;  // another extension, and which versions of it

struct Parameter {
  std::string name;
  ParamType type = ParamType::string;
  std::string description;
  std::string note;  // of a provider's: said in each plan in which a server gives it
  bool has_default = false;
  Node default_value;  // of the right type already
};

// What is known of a task service that runs: a port that answers, or a command that ends with 0.
struct HealthCheck {
  std::uint16_t port = 0;  // 0: none
  std::string http_path;   // asked for at that port; empty: it is enough that it can be connected to
  std::string command;     // of the host's shell; empty: none
  std::uint32_t interval_s = 10, timeout_s = 5, retries = 3;
};

struct Resources {  // the least that a host needs for it; 0: not said
  std::uint32_t cpus = 0;
  std::uint64_t memory_mb = 0, disk_mb = 0;
};

// A named set of parameters, between the defaults and what the settings give.
struct Profile {
  std::string name, description;
  Params params;  // of the right types already
};

struct Manifest {
  std::string name;
  ExtensionKind kind = ExtensionKind::taskserv;
  std::string version, description, licence;
  std::vector<Relation> requires_, optional, conflicts;
  bool retry_safe = false;
  std::uint32_t timeout_s = 600;
  std::vector<std::uint16_t> ports;
  std::vector<std::string> runtimes;      // of a provider: what "runtime:" may say; empty: anything
  std::vector<std::string> plans;         // of a provider: what "plan:" may say; empty: anything
  std::vector<std::string> os, arch;      // where it works, e.g. debian-12, amd64; empty: not said
  std::vector<std::string> interpreters;  // what its scripts need on the host, beside sh
  HealthCheck health_check;
  Resources resources;
  std::vector<Parameter> parameters;
  std::vector<Profile> profiles;

  const Parameter* find_parameter(const std::string& parameter) const;  // nullptr: none
  const Profile* find_profile(const std::string& profile) const;
};

inline constexpr std::uint32_t kMaxTimeoutS = 86'400;

Result<Manifest> parse_manifest(const Node& tree, const std::string& file);

// Refuses a value that is not of the parameter's type; a secret can have none.
void check_value(Reading& reading, const Parameter& parameter, const Node& node, const std::string& what);

}  // namespace prov::workspace
