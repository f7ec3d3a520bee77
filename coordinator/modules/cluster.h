#pragma once
// A cluster of an infra: task services on several of its hosts that are one thing to their users.
//
//   infra/<infra>/clusters/<name>.yaml
//     cluster: {name, version, description, servers: [web-1, web-2], taskservs: [nginx, {name: redis, params: {...}}]}
#include <string>
#include <vector>

#include "coordinator/modules/resolve.h"
#include "coordinator/workspace/definition.h"

namespace prov::workspace {

struct Cluster {
  std::string name, version, description;
  std::vector<std::string> servers;  // sorted; of the infra
  std::vector<TaskservUse> taskservs;
  std::string file;
};

Result<Cluster> load_cluster(const Infra& infra, const std::string& name);  // not_found names those that are there
Result<Cluster> parse_cluster(const Node& tree, const std::string& file, const std::string& name);

// Its task services on its hosts, in the order of installation, with what the infra says of these hosts and what they
// require there (`with_required`). The cluster's own parameters win.
Result<ResolvedTaskservs> resolve_cluster(const Cluster& cluster, const Infra& infra, const ExtensionFinder& finder,
                                          bool with_required);

}  // namespace prov::workspace
