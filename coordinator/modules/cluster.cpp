#include "coordinator/modules/cluster.h"

#include <algorithm>
#include <filesystem>

#include "common/nearest.h"
#include "coordinator/workspace/inside.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxClusterServers = 1'000;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") names.push_back(entry->path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void add_use(ServerDefinition& server, const TaskservUse& use) {
  const auto same = std::find_if(server.taskservs.begin(), server.taskservs.end(),
                                 [&](const auto& one) { return one.name == use.name; });
  if (same == server.taskservs.end()) {
    server.taskservs.push_back(use);
  } else {
    lay_over(same->params, use.params);
  }
}

}  // namespace

Result<Cluster> parse_cluster(const Node& tree, const std::string& file, const std::string& name) {
  Reading reading(file);
  Fields outer(reading, tree, "the file");
  const Node& node = outer.need("cluster");
  outer.end();
  if (node.place.line == 0) return tl::unexpected(reading.problems().error());
  Fields fields(reading, node, "\"cluster\"");
  Cluster cluster;
  cluster.file = file;
  cluster.name = fields.need_text("name");
  if (cluster.name != name) {
    reading.refuse(fields.place("name"), "\"name\" is \"" + cluster.name + "\", its file is \"" + name + ".yaml\"",
                   "make them the same");
  }
  cluster.version = fields.text("version", "0.0.0");
  if (!is_version(cluster.version)) {
    reading.refuse(fields.place("version"), "\"" + cluster.version + "\" is no version", "write one like 1.2.3");
  }
  cluster.description = fields.text("description");
  const Node& servers = fields.need("servers");
  if (servers.place.line > 0) cluster.servers = reading.texts(servers, "\"servers\"");
  if (cluster.servers.empty() || cluster.servers.size() > kMaxClusterServers) {
    reading.refuse(servers.place, "a cluster has 1 to " + std::to_string(kMaxClusterServers) + " servers");
  }
  std::sort(cluster.servers.begin(), cluster.servers.end());
  if (std::adjacent_find(cluster.servers.begin(), cluster.servers.end()) != cluster.servers.end()) {
    reading.refuse(servers.place, "a server is there twice");
  }
  cluster.taskservs = read_taskserv_uses(reading, fields.need("taskservs"));
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  return cluster;
}

Result<Cluster> load_cluster(const Infra& infra, const std::string& name) {
  const std::string folder = infra.folder + "/clusters";
  const std::string file = folder + "/" + name + ".yaml";
  if (!is_name(name)) return fail(Code::invalid, "\"" + name + "\" is not a name", std::string(kNameRule));
  const std::string root = fs::path(infra.folder).parent_path().parent_path().string();
  if (auto inside = check_inside(root, file); !inside) return tl::unexpected(inside.error());
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) {
    const std::string near = did_you_mean(name, names_in(folder));
    return fail(Code::not_found, "infra \"" + infra.name + "\" has no cluster \"" + name + "\"",
                near.empty() ? "make " + file : near);
  }
  if (!tree) return tl::unexpected(tree.error());
  auto cluster = parse_cluster(*tree, file, name);
  if (!cluster) return cluster;
  std::vector<std::string> known;
  for (const auto& server : infra.servers) known.push_back(server.hostname);
  Problems problems;
  for (const auto& server : cluster->servers) {
    if (std::find(known.begin(), known.end(), server) != known.end()) continue;
    problems.add({Code::not_found, file + ": infra \"" + infra.name + "\" has no server \"" + server + "\"",
                  did_you_mean(server, known)});
  }
  if (problems.any()) return tl::unexpected(problems.error());
  return cluster;
}

Result<ResolvedTaskservs> resolve_cluster(const Cluster& cluster, const Infra& infra, const ExtensionFinder& finder,
                                          bool with_required) {
  Selection selection{cluster.servers, {}, with_required};
  Problems problems;
  for (const auto& use : cluster.taskservs) {
    selection.taskservs.push_back(use.name);
    auto extension = finder.find(ExtensionKind::taskserv, use.name);
    if (!extension) {
      problems.add(at(cluster.file, use.place, extension.error().message, extension.error().hint));
      continue;
    }
    auto given = read_overrides(cluster.file, extension->manifest, use.params, use.name);
    if (!given) problems.add(given.error());
  }
  if (problems.any()) return tl::unexpected(problems.error());
  Infra hosts = infra;
  hosts.servers.clear();
  for (const auto& server : infra.servers) {
    if (!std::binary_search(cluster.servers.begin(), cluster.servers.end(), server.hostname)) continue;
    hosts.servers.push_back(server);
    for (const auto& use : cluster.taskservs) add_use(hosts.servers.back(), use);
  }
  return resolve_taskservs(hosts, finder, selection);
}

}  // namespace prov::workspace
