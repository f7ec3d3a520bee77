#include "coordinator/modules/resolve.h"
#include "common/nearest.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "coordinator/modules/order.h"
#include "coordinator/modules/parallel.h"
#include "coordinator/modules/relations.h"
#include "coordinator/modules/versions.h"

namespace prov::workspace {
namespace {

constexpr std::size_t kWorthAThread = 4;  // bundles; fewer are packed while a thread starts

// Each extension is read, and packed, once.
class Extensions {
 public:
  Extensions(const ExtensionFinder& finder, ExtensionKind kind) : finder_(finder), kind_(kind) {}

  Result<const Extension*> get(const std::string& name, const std::string& file, Place place) {
    const auto known = found_.find(name);
    if (known != found_.end()) return &known->second;
    const auto version = chosen_.find(name);
    auto extension = version == chosen_.end() ? finder_.find(kind_, name) : finder_.find(kind_, name, version->second);
    if (!extension && extension.error().code == Code::not_found) {
      return tl::unexpected(at(file, place, extension.error().message, extension.error().hint));
    }
    if (!extension) return tl::unexpected(extension.error());
    return &found_.emplace(name, std::move(*extension)).first->second;
  }

  // From now on get() gives these versions.
  void choose(ChosenVersions chosen) { chosen_ = std::move(chosen); }

  // Packs these now, on all cores: for who will ask pack() for each of them. REQUIRES: get() found them.
  void pack_all(const std::set<std::string>& names) {
    std::vector<const Extension*> unpacked;
    for (const auto& name : names) {
      if (digests_.count(name) == 0) unpacked.push_back(&found_.at(name));
    }
    std::vector<std::optional<Result<Bundle>>> packed(unpacked.size());
    run_on_all_cores(unpacked.size(), kWorthAThread, [&](std::size_t i) { packed[i] = pack_extension(*unpacked[i]); });
    for (std::size_t i = 0; i < unpacked.size(); ++i) {
      packed_.insert_or_assign(unpacked[i]->manifest.name, std::move(*packed[i]));
    }
  }

  // The first time its bundle is made, or taken from pack_all(), and held against the lock.
  Result<Digest> pack(const std::string& name) {
    const auto known = digests_.find(name);
    if (known != digests_.end()) return known->second;
    const Extension& extension = found_.at(name);
    auto made = packed_.extract(name);
    auto bundle = made.empty() ? pack_extension(extension) : std::move(made.mapped());
    if (!bundle) return tl::unexpected(bundle.error());
    if (auto held = check_locked(extension, bundle->digest); !held) return tl::unexpected(held.error());
    const Digest digest = digests_[name] = bundle->digest;
    bundles_.emplace(digest, std::move(*bundle));
    return digest;
  }

  std::vector<Bundle> take_bundles() {
    std::vector<Bundle> out;
    for (auto& [digest, bundle] : bundles_) out.push_back(std::move(bundle));
    return out;
  }

 private:
  Result<void> check_locked(const Extension& extension, const Digest& digest) const {
    const auto locked = finder_.rules().locked.find({kind_, extension.manifest.name});
    if (locked == finder_.rules().locked.end() || locked->second.digest == digest) return {};
    return fail(Code::conflict,
                std::string(name_of(kind_)) + " \"" + extension.manifest.name + "\" " + extension.manifest.version +
                    " in " + extension.folder + " is not what " + kModulesLockFile + " holds: its digest is " +
                    to_text(digest).substr(0, 12) + ", the locked one " + to_text(locked->second.digest).substr(0, 12),
                "see which files differ: provisioning layer explain " + extension.manifest.name +
                    "; accept them: provisioning module lock");
  }

  const ExtensionFinder& finder_;
  ExtensionKind kind_;
  ChosenVersions chosen_;
  std::map<std::string, Extension> found_;
  std::map<std::string, Digest> digests_;
  std::map<std::string, Result<Bundle>> packed_;  // by pack_all(), and not asked for yet
  std::map<Digest, Bundle> bundles_;
};

Result<void> check_hostnames(const Infra& infra, const std::vector<std::string>& wanted) {
  std::vector<std::string> known;
  for (const auto& server : infra.servers) known.push_back(server.hostname);
  for (const auto& name : wanted) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(Code::not_found, "infra \"" + infra.name + "\" has no server \"" + name + "\" (" + infra.file + ")",
                did_you_mean(name, known));
  }
  return {};
}

bool is_wanted(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
}

Result<void> check_runtime(const Infra& infra, const ServerDefinition& server, const Manifest& provider) {
  if (server.runtime.empty() || server.runtime == "auto") return {};  // the provider chooses
  if (is_wanted(provider.runtimes, server.runtime)) return {};
  return tl::unexpected(
      at(infra.file, server.runtime_place,
         "provider " + provider.name + " has no runtime \"" + server.runtime + "\" (" + server.hostname + ")",
         did_you_mean(server.runtime, provider.runtimes)));
}

// Of the plans that its manifest names; one that names none is asked when the host is made.
Result<void> check_plan(const Infra& infra, const ServerDefinition& server, const Manifest& provider) {
  if (server.plan.empty() || is_wanted(provider.plans, server.plan)) return {};
  std::string known;
  for (const auto& plan : provider.plans) known += (known.empty() ? "" : ", ") + plan;
  return tl::unexpected(
      at(infra.file, server.plan_place,
         "provider " + provider.name + " has no plan \"" + server.plan + "\" (" + server.hostname + ")",
         "its plans: " + known));
}

struct Instance {
  const ServerDefinition* server;
  const TaskservUse* use;
  const Extension* extension;
  MergedParams params;
};

// Why nothing can use that task service; nullopt: it can be used.
std::optional<Error> why_unusable(const ExtensionFinder& finder, const std::string& name) {
  const auto& versions = finder.versions(ExtensionKind::taskserv, name);
  if (!versions) return versions.error();
  if (auto loaded = finder.check_loaded(ExtensionKind::taskserv, name); !loaded) return loaded.error();
  return std::nullopt;
}

// What the profile says, and over it what the settings give.
Result<Params> with_profile(const Infra& infra, const ServerDefinition& server, const TaskservUse& use,
                            const Manifest& manifest) {
  if (use.profile.empty()) return use.params;
  const Profile* profile = manifest.find_profile(use.profile);
  if (profile == nullptr) {
    std::vector<std::string> known;
    for (const auto& one : manifest.profiles) known.push_back(one.name);
    return tl::unexpected(at(infra.file, use.place,
                             use.name + " on " + server.hostname + ": there is no profile \"" + use.profile + "\"",
                             known.empty() ? use.name + " has no profiles" : did_you_mean(use.profile, known)));
  }
  Params params = profile->params;
  lay_over(params, use.params);
  return params;
}

// What is unknown is told at each place where it is used.
void check_known(const Infra& infra, const ExtensionFinder& finder, Problems& problems) {
  finder.read_all(ExtensionKind::taskserv, Hosts(infra).names());
  std::map<std::string, std::optional<Error>> unknown;
  for (const auto& server : infra.servers) {
    for (const auto& use : server.taskservs) {
      const auto [known, fresh] = unknown.try_emplace(use.name);
      if (fresh) known->second = why_unusable(finder, use.name);
      if (!known->second) continue;
      const Error& error = *known->second;
      problems.add(error.code == Code::not_found ? at(infra.file, use.place, error.message, error.hint) : error);
    }
  }
}

Result<ChosenVersions> choose_all(const Infra& infra, const ExtensionFinder& finder) {
  auto chosen = choose_versions(infra, finder);
  if (!chosen) return chosen;
  if (auto whole = check_hosts(infra, finder, *chosen); !whole) return tl::unexpected(whole.error());
  return chosen;
}

Result<Instance> read_instance(const Infra& infra, const ServerDefinition& server, const TaskservUse& use,
                               Extensions& extensions) {
  auto extension = extensions.get(use.name, infra.file, use.place);
  if (!extension) return tl::unexpected(extension.error());
  const Manifest& manifest = (*extension)->manifest;
  auto given = with_profile(infra, server, use, manifest);
  if (!given) return tl::unexpected(given.error());
  auto params = merge_params(infra.file, manifest, *given, use.place, use.name + " on " + server.hostname);
  if (!params) return tl::unexpected(params.error());
  return Instance{&server, &use, *extension, std::move(*params)};
}

// Where versions could not be chosen, parameters are held against those that would be tried first.
std::vector<Instance> read_instances(const Infra& infra, Extensions& extensions, Problems& problems) {
  std::vector<Instance> instances;
  for (const auto& server : infra.servers) {
    for (const auto& use : server.taskservs) {
      auto instance = read_instance(infra, server, use, extensions);
      if (instance) {
        instances.push_back(std::move(*instance));
      } else {
        problems.add(instance.error());
      }
    }
  }
  return instances;
}

Result<Order> order_of(const Infra& infra, const std::vector<Instance>& instances) {
  std::vector<OrderItem> items;
  items.reserve(instances.size());
  for (const auto& one : instances) {
    const Manifest& manifest = one.extension->manifest;
    items.push_back({one.use->name, one.server->hostname, names_of(manifest.requires_), names_of(manifest.optional),
                     names_of(manifest.conflicts)});
  }
  auto order = order_items(items);
  if (!order) order.error().message = infra.file + ": " + order.error().message;
  return order;
}

// The items that were asked for, and what these need on their hosts.
Result<std::vector<bool>> select(const Infra& infra, const std::vector<Instance>& instances, const Order& order,
                                 const Selection& selection) {
  if (auto fine = check_hostnames(infra, selection.hostnames); !fine) return tl::unexpected(fine.error());
  std::vector<bool> chosen(instances.size());
  std::set<std::string> present, met;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const bool on_host = is_wanted(selection.hostnames, instances[i].server->hostname);
    if (on_host) present.insert(instances[i].use->name);
    chosen[i] = on_host && is_wanted(selection.taskservs, instances[i].use->name);
    if (chosen[i]) met.insert(instances[i].use->name);
  }
  for (const auto& name : selection.taskservs) {
    if (met.count(name) > 0) continue;
    return fail(Code::not_found,
                "no server " + std::string(selection.hostnames.empty() ? "" : "of these ") + "in infra \"" +
                    infra.name + "\" has the taskserv \"" + name + "\" (" + infra.file + ")",
                did_you_mean(name, {present.begin(), present.end()}));
  }
  for (auto i = order.sequence.rbegin(); i != order.sequence.rend(); ++i) {
    if (!chosen[*i] || !selection.with_required) continue;
    for (const std::uint32_t needed : order.hard[*i]) chosen[needed] = true;
  }
  return chosen;
}

// What a provider says of a parameter, and the hosts that give it.
class Notes {
 public:
  void look_at(const ServerDefinition& server, const Manifest& provider) {
    for (const auto& parameter : provider.parameters) {
      const bool given = std::any_of(server.params.begin(), server.params.end(),
                                     [&](const auto& one) { return one.first.text == parameter.name; });
      if (given && !parameter.note.empty()) hosts_[{parameter.name, parameter.note}].push_back(server.hostname);
    }
  }

  std::vector<std::string> lines() const {
    constexpr std::size_t kShown = 8;
    std::vector<std::string> out;
    for (const auto& [said, hosts] : hosts_) {
      std::string of;
      for (std::size_t i = 0; i < std::min(hosts.size(), kShown); ++i) of += (i == 0 ? "" : ", ") + hosts[i];
      if (hosts.size() > kShown) of += " and " + std::to_string(hosts.size() - kShown) + " more";
      out.push_back(said.first + " of " + of + ": " + said.second);
    }
    return out;
  }

 private:
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> hosts_;  // by parameter and note
};

std::optional<ResolvedServer> resolve_server(const Infra& infra, const ServerDefinition& server, Extensions& extensions,
                                             Notes& notes, Problems& problems) {
  const auto refuse = [&](const Error& error) {
    problems.add(error);
    return std::nullopt;
  };
  auto provider = extensions.get(server.provider, infra.file, server.place);
  if (!provider) return refuse(provider.error());
  notes.look_at(server, (*provider)->manifest);
  auto fine = check_runtime(infra, server, (*provider)->manifest);
  if (!fine) problems.add(fine.error());
  if (auto plan = check_plan(infra, server, (*provider)->manifest); !plan) problems.add(plan.error());
  auto params = merge_params(infra.file, (*provider)->manifest, server.params, server.place,
                             "provider " + server.provider + " for " + server.hostname);
  if (!params) return refuse(params.error());
  if (!params->secrets.empty()) {
    return refuse({Code::unsupported, infra.file + ": provider " + server.provider + " has a secret parameter",
                   "a provider reads its credentials itself"});
  }
  auto digest = extensions.pack(server.provider);
  if (!digest) return refuse(digest.error());
  return ResolvedServer{server.hostname, server.provider, server.runtime,           server.plan,
                        *digest,         server.labels,   std::move(params->params)};
}

}  // namespace

Result<ResolvedServers> resolve_servers(const Infra& infra, const ExtensionFinder& finder,
                                        const std::vector<std::string>& hostnames) {
  if (auto fine = check_hostnames(infra, hostnames); !fine) return tl::unexpected(fine.error());
  ResolvedServers resolved;
  resolved.infra = infra.name;
  Extensions extensions(finder, ExtensionKind::provider);
  Notes notes;
  Problems problems;
  for (const auto& server : infra.servers) {
    if (!is_wanted(hostnames, server.hostname)) continue;
    auto one = resolve_server(infra, server, extensions, notes, problems);
    if (one) resolved.servers.push_back(std::move(*one));
  }
  if (problems.any()) return tl::unexpected(problems.error());
  resolved.bundles = extensions.take_bundles();
  resolved.notes = notes.lines();
  return resolved;
}

struct TaskservResolver::Parts {
  Parts(const Infra& of, const ExtensionFinder& finder) : infra(of), extensions(finder, ExtensionKind::taskserv) {}

  const Infra& infra;
  Extensions extensions;
  std::vector<Instance> instances;
  Order order;
};

TaskservResolver::TaskservResolver(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TaskservResolver::TaskservResolver(TaskservResolver&&) noexcept = default;
TaskservResolver::~TaskservResolver() = default;

Result<TaskservResolver> TaskservResolver::open(const Infra& infra, const ExtensionFinder& finder) {
  auto parts = std::make_unique<Parts>(infra, finder);
  Problems problems;
  check_known(infra, finder, problems);
  if (!problems.any()) {
    auto chosen = choose_all(infra, finder);
    if (chosen) {
      parts->extensions.choose(std::move(*chosen));
    } else {
      problems.add(chosen.error());
    }
  }
  parts->instances = read_instances(infra, parts->extensions, problems);
  if (problems.any()) return tl::unexpected(problems.error());
  auto order = order_of(infra, parts->instances);
  if (!order) return tl::unexpected(order.error());
  parts->order = std::move(*order);
  return TaskservResolver(std::move(parts));
}

Result<ResolvedTaskservs> TaskservResolver::select(const Selection& selection) {
  const auto& instances = parts_->instances;
  auto chosen = workspace::select(parts_->infra, instances, parts_->order, selection);
  if (!chosen) return tl::unexpected(chosen.error());
  std::set<std::string> names;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    if ((*chosen)[i]) names.insert(instances[i].use->name);
  }
  parts_->extensions.pack_all(names);
  ResolvedTaskservs resolved;
  resolved.infra = parts_->infra.name;
  std::vector<std::uint32_t> position(instances.size());
  for (const std::uint32_t i : parts_->order.sequence) {
    if (!(*chosen)[i]) continue;
    const Instance& one = instances[i];
    const Manifest& manifest = one.extension->manifest;
    auto digest = pack(one.use->name);
    if (!digest) return tl::unexpected(digest.error());
    ResolvedTaskserv out{one.server->hostname, one.use->name,       manifest.version,   *digest, one.params.params,
                         one.params.secrets,   manifest.retry_safe, manifest.timeout_s, {},      needs_of(manifest)};
    for (const std::uint32_t before : parts_->order.after[i]) {
      if ((*chosen)[before]) out.after.push_back(position[before]);
    }
    std::sort(out.after.begin(), out.after.end());
    position[i] = static_cast<std::uint32_t>(resolved.taskservs.size());
    resolved.taskservs.push_back(std::move(out));
  }
  return resolved;
}

Result<const Manifest*> TaskservResolver::manifest(const std::string& name, const std::string& file, Place place) {
  auto extension = parts_->extensions.get(name, file, place);
  if (!extension) return tl::unexpected(extension.error());
  return &(*extension)->manifest;
}

Result<Digest> TaskservResolver::pack(const std::string& name) { return parts_->extensions.pack(name); }
std::vector<Bundle> TaskservResolver::take_bundles() { return parts_->extensions.take_bundles(); }

Result<ResolvedTaskservs> resolve_taskservs(const Infra& infra, const ExtensionFinder& finder,
                                            const Selection& selection) {
  auto resolver = TaskservResolver::open(infra, finder);
  if (!resolver) return tl::unexpected(resolver.error());
  auto resolved = resolver->select(selection);
  if (resolved) resolved->bundles = resolver->take_bundles();
  return resolved;
}

}  // namespace prov::workspace
