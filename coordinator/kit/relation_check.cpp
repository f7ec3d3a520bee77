#include <algorithm>

#include "common/nearest.h"
#include "coordinator/kit/parts.h"
#include "coordinator/modules/relations.h"
#include "coordinator/resolution/solver.h"

namespace prov::kit {
namespace {

using resolution::Relation;
using workspace::Extension;
using workspace::ExtensionKind;
using workspace::Node;

// Task services are what task services and clusters speak of; providers speak of providers.
ExtensionKind kind_meant(const workspace::Manifest& manifest) {
  return manifest.kind == ExtensionKind::provider ? ExtensionKind::provider : ExtensionKind::taskserv;
}

// Where the manifest names it below `key`.
workspace::Place place_of(const Node& tree, const char* key, const std::string& name) {
  const Node* node = tree.find(key);
  if (node == nullptr) return {};
  for (const Node& one : node->keys) {
    if (one.text == name) return one.place;
  }
  for (const Node& item : node->items) {
    if (item.kind == Node::Kind::scalar && item.text.substr(0, item.text.find('@')) == name) return item.place;
    for (const Node& one : item.keys) {
      if (one.text == name) return one.place;
    }
  }
  return node->place;
}

bool contains(const Relation& relation, const Extension& extension) {
  return relation.range.contains(*resolution::parse_version(extension.manifest.version));
}

std::string versions_text(const std::vector<Extension>& all) {
  std::string text;
  for (const auto& one : all) text += (text.empty() ? "" : ", ") + one.manifest.version;
  return text;
}

resolution::Release release_of(const workspace::Manifest& manifest) {
  return {*resolution::parse_version(manifest.version), manifest.requires_, manifest.optional, manifest.conflicts};
}

}  // namespace

RelationChecker::RelationChecker(const workspace::ExtensionFinder& finder) : finder_(finder) {}

const RelationChecker::Versions& RelationChecker::versions(ExtensionKind kind, const std::string& name) {
  const auto known = known_.find({kind, name});
  if (known != known_.end()) return known->second;
  return known_.emplace(std::pair(kind, name), finder_.versions(kind, name)).first->second;
}

void RelationChecker::remember(const std::vector<Subject>& subjects, const std::vector<ReadManifest>& manifests) {
  using Id = std::pair<ExtensionKind, std::string>;
  std::map<Id, std::vector<Extension>> read;
  std::set<Id> broken;
  for (std::size_t i = 0; i < subjects.size(); ++i) {
    const Id id{subjects[i].kind, subjects[i].name};
    if (!manifests[i].manifest || !manifests[i].findings.empty()) {
      broken.insert(id);
      continue;
    }
    Extension extension;
    extension.manifest = *manifests[i].manifest;
    extension.folder = subjects[i].folder;
    read[id].push_back(std::move(extension));
  }
  for (auto& [id, versions] : read) {
    if (broken.count(id) > 0) continue;
    std::stable_sort(versions.begin(), versions.end(), [](const Extension& a, const Extension& b) {
      return resolution::is_preferred(*resolution::parse_version(a.manifest.version),
                                      *resolution::parse_version(b.manifest.version));
    });
    known_.emplace(id, std::move(versions));
  }
}

void RelationChecker::check_required(const ReadManifest& read, Findings& findings) {
  const workspace::Manifest& manifest = *read.manifest;
  for (const auto& needed : manifest.requires_) {
    const Versions& there = versions(kind_meant(manifest), needed.package);
    Finding finding{Severity::error, read.file, place_of(read.tree, "requires", needed.package), "", ""};
    if (!there) {
      const bool nobody = there.error().code == Code::not_found;
      finding.message = "it requires \"" + needed.package + "\", " +
                        (nobody ? "which no layer has" : "which cannot be read: " + there.error().message);
      finding.hint = nobody ? did_you_mean(needed.package, finder_.names(kind_meant(manifest))) : there.error().hint;
    } else if (std::none_of(there->begin(), there->end(), [&](const auto& one) { return contains(needed, one); })) {
      finding.message = "it requires " + workspace::to_text(needed) + ", and there is " + versions_text(*there);
      finding.hint = "allow that version, or add one that fits";
    } else {
      continue;
    }
    findings.push_back(std::move(finding));
  }
}

// An optional or conflicting one need not be there; but a name that is nearly one that is may be a slip.
void RelationChecker::check_spelling(const ReadManifest& read, const char* key, const std::vector<Relation>& relations,
                                     Findings& findings) {
  for (const auto& one : relations) {
    const ExtensionKind kind = kind_meant(*read.manifest);
    if (versions(kind, one.package)) continue;
    const std::string near = nearest(one.package, finder_.names(kind));
    if (near.empty()) continue;
    findings.push_back({Severity::warning, read.file, place_of(read.tree, key, one.package),
                        "no layer has the \"" + one.package + "\" of \"" + key + "\"",
                        "did you mean \"" + near + "\"?"});
  }
}

// The way from it back to itself along what is required, link by link; each name is visited once.
void RelationChecker::check_circle(const ReadManifest& read, Findings& findings) {
  const workspace::Manifest& manifest = *read.manifest;
  if (manifest.kind == ExtensionKind::cluster) return;  // nothing requires a cluster
  std::map<std::string, std::string> from;              // by name: who requires it
  std::vector<std::string> open;
  for (const auto& needed : manifest.requires_) {
    if (from.emplace(needed.package, manifest.name).second) open.push_back(needed.package);
  }
  for (std::size_t i = 0; i < open.size(); ++i) {
    const Versions& there = versions(manifest.kind, open[i]);
    if (!there) continue;
    for (const auto& needed : there->front().manifest.requires_) {
      if (needed.package == manifest.name) {
        std::string way = open[i] + " requires " + manifest.name;
        for (std::string at = open[i]; at != manifest.name; at = from.at(at)) {
          way = from.at(at) + " requires " + at + ", " + way;
        }
        findings.push_back({Severity::error, read.file, place_of(read.tree, "requires", manifest.requires_[0].package),
                            "a circle: " + way, "take one of these out"});
        return;
      }
      if (from.emplace(needed.package, open[i]).second) open.push_back(needed.package);
    }
  }
}

void RelationChecker::check_solution(const ReadManifest& read, Findings& findings) {
  const workspace::Manifest& manifest = *read.manifest;
  const std::string self = manifest.kind == ExtensionKind::cluster ? "cluster " + manifest.name : manifest.name;
  resolution::Catalogue catalogue;
  catalogue[self] = {release_of(manifest)};
  std::vector<std::string> open;
  for (const auto& needed : manifest.requires_) open.push_back(needed.package);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (catalogue.count(open[i]) > 0) continue;
    const Versions& there = versions(kind_meant(manifest), open[i]);
    if (!there) continue;
    auto& releases = catalogue[open[i]];
    for (const auto& one : *there) {
      releases.push_back(release_of(one.manifest));
      for (const auto& needed : one.manifest.requires_) open.push_back(needed.package);
    }
  }
  const Relation wanted{self, resolution::Range::all(), "", ""};
  auto solution = resolution::solve_or_explain(catalogue, {{{wanted, ""}}, {}});
  if (solution) return;
  const Node* node = read.tree.find("requires");
  findings.push_back({Severity::error, read.file, node == nullptr ? workspace::Place{} : node->place,
                      "what it requires cannot be had together:\n" + solution.error().message, solution.error().hint});
}

Findings RelationChecker::check(const ReadManifest& read) {
  Findings findings;
  check_required(read, findings);
  check_spelling(read, "optional", read.manifest->optional, findings);
  check_spelling(read, "conflicts", read.manifest->conflicts, findings);
  check_circle(read, findings);
  const bool fine = std::none_of(findings.begin(), findings.end(),
                                 [](const Finding& one) { return one.severity == Severity::error; });
  if (fine) check_solution(read, findings);
  return findings;
}

}  // namespace prov::kit
