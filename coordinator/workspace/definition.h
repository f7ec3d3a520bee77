#pragma once
// What an operator writes down: a workspace (config/provisioning.yaml) with infras (infra/<name>/settings.yaml). Read
// strictly, but not yet resolved: parameters are kept as they stand in the file, since only the extension's manifest
// knows their types.
//
//   <workspace>/
//     config/provisioning.yaml       workspace: {name, version, description, default_infra}, and sections of settings
//     infra/<name>/settings.yaml     settings: {name, provider, runtime, description}, servers: [...]
//                                    or settings.toml, or settings.k (kcl.h): one of the three
//     infra/<name>/extensions/       extensions of that infra alone
//     extensions/                    extensions of the workspace
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/result.h"
#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

inline constexpr std::size_t kMaxServers = 10'000;  // of one infra
inline constexpr std::size_t kMaxTaskservs = 200;   // of one server
inline constexpr std::size_t kMaxLabels = 64;       // of one server

struct TaskservUse {
  std::string name;
  std::string profile;  // of its manifest; empty: none
  Params params;
  Place place;
};

struct ServerDefinition {
  std::string hostname, plan, provider, runtime;            // provider and runtime: the infra's, unless it has its own
  std::vector<std::pair<std::string, std::string>> labels;  // sorted by key
  Params params;  // for the provider; "zone", "storages" and "networks" beside the hostname are among them
  std::vector<TaskservUse> taskservs;
  Place place, runtime_place, plan_place;
};

struct Infra {
  std::string name, description, provider, runtime;
  std::vector<ServerDefinition> servers;
  std::string file;  // its settings, as messages name it
  std::string folder;
};

struct Workspace {
  std::string name, version, description;
  std::string default_infra;  // empty: the only one
  std::string root;
};

inline constexpr const char* kWorkspaceFile = "config/provisioning.yaml";
inline constexpr std::int64_t kWorkspaceFormat = 1;  // of that file, as "workspace.format" says it (migrate.h)

// Nothing of a workspace may lead out of it: a link that does is refused, here and wherever one of its files is read.
Result<Workspace> load_workspace(const std::string& root);
Result<std::vector<std::string>> list_infras(const Workspace& workspace);  // sorted names

// `name` empty: the workspace's default, else its only one; a clear refusal when neither can be said. All that is wrong
// with it is told at once (problems.h).
Result<Infra> load_infra(const Workspace& workspace, const std::string& name);

// Which of the three forms an infra is written in: the path. not_found: none; invalid: more than one, or it leads out
// of the workspace, whose root that is.
Result<std::string> settings_file(const std::string& root, const std::string& infra);

// The tree of a settings file, whichever form it has. `folder_name` is what "name" must say.
Result<Infra> parse_infra(const Node& tree, const std::string& file, const std::string& folder_name);
Result<Workspace> parse_workspace(const Node& tree, const std::string& file);

// As parse_infra: what can be read of it, and its problems in `reading`.
Infra read_infra(Reading& reading, const Node& tree, const std::string& folder_name);

// Parts that other files have too.
TaskservUse read_taskserv(Reading& reading,
                          const Node& node);  // `postgres`, or `{name: postgres, profile: ..., params: {...}}`
std::vector<TaskservUse> read_taskserv_uses(Reading& reading, const Node& node);  // a list of these, not empty
Params read_params(Reading& reading, const Node* node);                           // null: none
void lay_over(Params& params, const Params& over);                                // what is in both is `over`'s

}  // namespace prov::workspace
