#include "coordinator/modules/versions.h"

#include <algorithm>
#include <set>

#include "coordinator/modules/relations.h"
#include "coordinator/resolution/solver.h"

namespace prov::workspace {
namespace {

constexpr ExtensionKind kTaskserv = ExtensionKind::taskserv;

using resolution::Catalogue;
using resolution::Release;
using resolution::Request;
using resolution::Wish;

Release release_of(const Manifest& manifest, const Hosts* together) {
  Release release{*resolution::parse_version(manifest.version), manifest.requires_, manifest.optional, {}};
  for (Relation conflict : manifest.conflicts) {
    if (together != nullptr) {
      const std::string host = together->with_both(manifest.name, conflict.package);
      if (host.empty()) continue;
      conflict.note = "both are on " + host;
    }
    release.conflicts.push_back(std::move(conflict));
  }
  return release;
}

void add_rules(const ExtensionFinder& finder, Request& request) {
  const auto& rules = finder.rules();
  if (const auto list = rules.list.kinds.find(kTaskserv); list != rules.list.kinds.end()) {
    for (const auto& relation : list->second) {
      request.pinned.push_back({relation, std::string(kModulesFile) + " asks for " + to_text(relation)});
    }
  }
  for (const auto& [id, module] : rules.locked) {
    const auto version = resolution::parse_version(module.version);
    if (id.first != kTaskserv || !version) continue;
    request.pinned.push_back({{id.second, resolution::Range::exactly(*version), module.version, ""},
                              std::string(kModulesLockFile) + " holds " + id.second + " at " + module.version});
  }
}

// What the host lacks, in the order of its task services.
std::vector<std::pair<std::string, Relation>> missing_on(const ServerDefinition& server,
                                                         const std::map<std::string, Extension>& extensions) {
  std::set<std::string> there;
  for (const auto& use : server.taskservs) there.insert(use.name);
  std::vector<std::pair<std::string, Relation>> out;
  for (const auto& use : server.taskservs) {
    for (const auto& needed : extensions.at(use.name).manifest.requires_) {
      if (there.count(needed.package) == 0) out.emplace_back(use.name, needed);
    }
  }
  return out;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  }
  return text;
}

// The refusal, with all that has to be added to that host, or the reason why nothing can be.
Error lacking(const Infra& infra, const ExtensionFinder& finder, const ServerDefinition& server,
              const std::pair<std::string, Relation>& missing) {
  Error error{Code::invalid,
              infra.file + ": " + missing.first + " on " + server.hostname + " requires " + to_text(missing.second) +
                  ", which is not on that host",
              {}};
  std::vector<std::string> names;
  for (const auto& use : server.taskservs) names.push_back(use.name);
  auto catalogue = catalogue_of(finder, names, nullptr);
  if (!catalogue) return error;
  Request request;
  for (const auto& name : names) {
    request.wanted.push_back({{name, resolution::Range::all(), "", ""}, server.hostname + " has " + name});
  }
  add_rules(finder, request);
  auto whole = resolution::solve_or_explain(*catalogue, request);
  if (!whole) {
    error.message += ", and adding it would not help:\n" + whole.error().message;
    error.hint = "put them on different hosts";
    return error;
  }
  std::vector<std::string> added;
  for (const auto& [name, version] : *whole) {
    if (std::find(names.begin(), names.end(), name) == names.end()) added.push_back("\"- name: " + name + "\"");
  }
  error.hint = "add " + listed(added) + " to the taskservs of " + server.hostname;
  return error;
}

}  // namespace

Hosts::Hosts(const Infra& infra) {
  for (const auto& server : infra.servers) {
    for (const auto& use : server.taskservs) hosts_[use.name].push_back(server.hostname);
  }
}

std::vector<std::string> Hosts::names() const {
  std::vector<std::string> out;
  for (const auto& [name, hosts] : hosts_) out.push_back(name);
  return out;
}

const std::vector<std::string>& Hosts::of(const std::string& name) const {
  static const std::vector<std::string> kNone;
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? kNone : found->second;
}

std::string Hosts::with_both(const std::string& one, const std::string& other) const {
  const auto& others = of(other);
  const std::set<std::string_view> known(others.begin(), others.end());
  for (const auto& host : of(one)) {
    if (known.count(host) > 0) return host;
  }
  return {};
}

Result<Catalogue> catalogue_of(const ExtensionFinder& finder, const std::vector<std::string>& names,
                               const Hosts* together) {
  Catalogue catalogue;
  std::vector<std::string> open = names;
  std::set<std::string> seen(names.begin(), names.end());
  finder.read_all(kTaskserv, names);
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    const auto& versions = finder.versions(kTaskserv, name);
    if (!versions && versions.error().code == Code::not_found) continue;
    if (!versions) return tl::unexpected(versions.error());
    for (const auto& one : *versions) {
      catalogue[name].push_back(release_of(one.manifest, together));
      for (const auto& needed : one.manifest.requires_) {
        if (seen.insert(needed.package).second) open.push_back(needed.package);
      }
    }
  }
  return catalogue;
}

Result<ChosenVersions> choose_versions(const Infra& infra, const ExtensionFinder& finder) {
  const Hosts hosts(infra);
  auto catalogue = catalogue_of(finder, hosts.names(), &hosts);
  if (!catalogue) return tl::unexpected(catalogue.error());
  Request request;
  for (const auto& name : hosts.names()) {
    request.wanted.push_back({{name, resolution::Range::all(), "", ""}, "infra " + infra.name + " uses " + name});
  }
  add_rules(finder, request);
  auto solution = resolution::solve_or_explain(*catalogue, request);
  if (!solution) {
    Error error = solution.error();
    if (error.code == Code::invalid) {
      error.message = infra.file + ": these task services do not go together:\n" + error.message;
      error.hint = "see what is there: provisioning module graph --infra " + infra.name;
    }
    return tl::unexpected(std::move(error));
  }
  ChosenVersions chosen;
  for (const auto& name : hosts.names()) chosen[name] = resolution::to_text(solution->at(name));
  return chosen;
}

Result<void> check_hosts(const Infra& infra, const ExtensionFinder& finder, const ChosenVersions& chosen) {
  std::map<std::string, Extension> extensions;
  for (const auto& [name, version] : chosen) {
    auto extension = finder.find(kTaskserv, name, version);
    if (!extension) return tl::unexpected(extension.error());
    extensions.emplace(name, std::move(*extension));
  }
  for (const auto& server : infra.servers) {
    const auto missing = missing_on(server, extensions);
    if (!missing.empty()) return tl::unexpected(lacking(infra, finder, server, missing.front()));
  }
  return {};
}

}  // namespace prov::workspace
