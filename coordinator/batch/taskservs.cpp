#include "coordinator/batch/taskservs.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/nearest.h"
#include "coordinator/modules/relations.h"

namespace prov::batch {
namespace {

void lay_over(Pairs& values, const Pairs& over) {
  for (const auto& [name, text] : over) {
    const auto at = std::lower_bound(values.begin(), values.end(), name,
                                     [](const auto& pair, const std::string& key) { return pair.first < key; });
    if (at != values.end() && at->first == name) {
      at->second = text;
    } else {
      values.insert(at, {name, text});
    }
  }
}

class OperationResolver {
 public:
  OperationResolver(const BatchOperation& operation, const Infra& infra, TaskservResolver& resolver)
      : operation_(operation), infra_(infra), resolver_(resolver) {}

  Result<std::vector<ResolvedTaskserv>> run() {
    if (auto read = read_given(); !read) return tl::unexpected(read.error());
    auto listed = on_their_hosts();
    if (!listed) return listed;
    for (auto& one : *listed) {
      const auto over = overrides_.find(one.name);
      if (over == overrides_.end()) continue;
      lay_over(one.params, over->second.params);
      lay_over(one.secrets, over->second.secrets);
    }
    if (operation_.targets.empty()) return listed;
    if (auto added = add_for_any_host(*listed); !added) return tl::unexpected(added.error());
    return listed;
  }

 private:
  bool creates() const { return operation_.kind == OperationKind::taskserv_create; }
  Error told(Place place, const Error& error) const { return at(operation_.file, place, error.message, error.hint); }

  // The parameters of each service, against its manifest.
  Result<void> read_given() {
    std::set<std::string> used;
    std::vector<std::string> known;
    for (const auto& use : operation_.taskservs) {
      auto manifest = resolver_.manifest(use.name, operation_.file, use.place);
      if (!manifest) return tl::unexpected(manifest.error());
      Params given = use.params;
      for (const auto& parameter : (*manifest)->parameters) {
        known.push_back(parameter.name);
        const auto found = std::find_if(operation_.params.begin(), operation_.params.end(),
                                        [&](const auto& one) { return one.first.text == parameter.name; });
        if (found == operation_.params.end()) continue;
        used.insert(parameter.name);
        const bool own =
            std::any_of(given.begin(), given.end(), [&](const auto& one) { return one.first.text == parameter.name; });
        if (!own) given.push_back(*found);
      }
      auto overrides = read_overrides(operation_.file, **manifest, given, use.name);
      if (!overrides) return tl::unexpected(overrides.error());
      overrides_[use.name] = std::move(*overrides);
      given_[use.name] = std::move(given);
    }
    for (const auto& [key, value] : operation_.params) {
      if (used.count(key.text) > 0) continue;
      return tl::unexpected(at(operation_.file, key.place,
                               "none of these task services has a parameter \"" + key.text + "\"",
                               did_you_mean(key.text, known)));
    }
    return {};
  }

  bool is_candidate(const ServerDefinition& server) const {
    return operation_.provider.empty() || server.provider == operation_.provider;
  }

  Result<std::vector<ResolvedTaskserv>> on_their_hosts() {
    Selection selection{{}, {}, creates()};
    std::set<std::string> present;
    for (const auto& server : infra_.servers) {
      if (!is_candidate(server)) continue;
      selection.hostnames.push_back(server.hostname);
      for (const auto& use : server.taskservs) present.insert(use.name);
    }
    for (const auto& use : operation_.taskservs) {
      if (present.count(use.name) > 0) {
        selection.taskservs.push_back(use.name);
      } else if (operation_.targets.empty()) {
        return tl::unexpected(at(operation_.file, use.place,
                                 "no server " + (operation_.provider.empty() ? "" : "of " + operation_.provider + " ") +
                                     "in infra \"" + infra_.name + "\" has the taskserv \"" + use.name + "\"",
                                 "add it to " + infra_.file + ", or say which hosts: \"targets: ...\""));
      }
    }
    if (selection.taskservs.empty()) return std::vector<ResolvedTaskserv>();
    auto resolved = resolver_.select(selection);
    if (!resolved) return tl::unexpected(resolved.error());
    return std::move(resolved->taskservs);
  }

  // ---- for a host that the settings do not give it to

  Result<void> add_for_any_host(std::vector<ResolvedTaskserv>& list) {
    std::vector<std::string> names;
    for (const auto& use : operation_.taskservs) {
      if (auto added = add_with_required(use.name, use.place, names, 0); !added) return added;
    }
    std::map<std::string, std::uint32_t> position;
    for (const auto& name : names) {
      auto one = for_any_host(name, list);
      if (!one) return tl::unexpected(one.error());
      if (!*one) continue;
      for (const auto& needed : required_by(name)) {
        const auto before = position.find(needed);
        if (before != position.end()) (**one).after.push_back(before->second);
      }
      std::sort((**one).after.begin(), (**one).after.end());
      position[name] = static_cast<std::uint32_t>(list.size());
      list.push_back(std::move(**one));
    }
    return {};
  }

  // In the order of installation: what a service requires stands before it.
  Result<void> add_with_required(const std::string& name, Place place, std::vector<std::string>& names, int depth) {
    constexpr int kMaxDepth = 64;
    if (std::find(names.begin(), names.end(), name) != names.end()) return {};
    auto manifest = resolver_.manifest(name, operation_.file, place);
    if (!manifest) return tl::unexpected(manifest.error());
    if (depth >= kMaxDepth) {
      return tl::unexpected(at(operation_.file, place, "\"" + name + "\" requires itself, by way of others"));
    }
    if (creates()) {
      for (const auto& needed : (*manifest)->requires_) {
        if (auto added = add_with_required(needed.package, place, names, depth + 1); !added) return added;
      }
    }
    names.push_back(name);
    return {};
  }

  std::vector<std::string> required_by(const std::string& name) {
    return workspace::names_of((*resolver_.manifest(name, operation_.file, operation_.place))->requires_);
  }

  // nullopt: it has a parameter that must be given and is not; then only hosts of the settings can have it.
  Result<std::optional<ResolvedTaskserv>> for_any_host(const std::string& name,
                                                       const std::vector<ResolvedTaskserv>& listed) {
    const Manifest& manifest = **resolver_.manifest(name, operation_.file, operation_.place);
    const auto given = given_.find(name);
    const auto use = std::find_if(operation_.taskservs.begin(), operation_.taskservs.end(),
                                  [&](const auto& one) { return one.name == name; });
    const Place place = use == operation_.taskservs.end() ? operation_.place : use->place;
    auto params =
        merge_params(operation_.file, manifest, given == given_.end() ? Params() : given->second, place, name);
    if (!params) {
      const bool somewhere =
          std::any_of(listed.begin(), listed.end(), [&](const auto& one) { return one.name == name; });
      if (somewhere) return std::nullopt;
      return tl::unexpected(params.error());
    }
    auto digest = resolver_.pack(name);
    if (!digest) return tl::unexpected(digest.error());
    return ResolvedTaskserv{{},
                            name,
                            manifest.version,
                            *digest,
                            std::move(params->params),
                            std::move(params->secrets),
                            manifest.retry_safe,
                            manifest.timeout_s,
                            {},
                            needs_of(manifest)};
  }

  const BatchOperation& operation_;
  const Infra& infra_;
  TaskservResolver& resolver_;
  std::map<std::string, MergedParams> overrides_;
  std::map<std::string, Params> given_;
};

}  // namespace

Result<std::vector<ResolvedTaskserv>> resolve_batch_taskservs(const BatchOperation& operation, const Infra& infra,
                                                              TaskservResolver& resolver) {
  return OperationResolver(operation, infra, resolver).run();
}

}  // namespace prov::batch
