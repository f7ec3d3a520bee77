// One infra: its settings, what they come to with the extensions, and its clusters.
#include <algorithm>
#include <filesystem>

#include "coordinator/modules/bundle.h"
#include "coordinator/modules/cluster.h"
#include "coordinator/modules/layers.h"
#include "coordinator/modules/resolve.h"
#include "coordinator/validation/parts.h"
#include "coordinator/workspace/inside.h"

namespace prov::validation {
namespace fs = std::filesystem;
using workspace::Extension;
using workspace::ExtensionFinder;
using workspace::ExtensionKind;
using workspace::Infra;

namespace {

std::string name_of(const std::string& infra_folder) { return infra_folder.substr(infra_folder.rfind('/') + 1); }

// How all of it goes together. Extensions are packed only to be compared with a lock; whether they can be is told where
// they are looked at.
void check_resolution(const Infra& infra, const ExtensionFinder& finder, Report& report) {
  if (auto servers = workspace::resolve_servers(infra, finder, {}); !servers) report.add(servers.error(), infra.file);
  auto resolver = workspace::TaskservResolver::open(infra, finder);
  if (!resolver) return report.add(resolver.error(), infra.file);
  if (finder.rules().locked.empty()) return;
  if (auto packed = resolver->select({}); !packed) report.add(packed.error(), infra.file);
}

// `whole`: the settings are right, so what its clusters come to with them can be said too.
void check_clusters(const Infra& infra, const ExtensionFinder& finder, bool whole, Report& report) {
  for (const auto& file : files_below(infra.folder + "/clusters", false)) {
    if (fs::path(file).extension() != ".yaml") continue;
    report.looked_at(file);
    auto cluster = workspace::load_cluster(infra, fs::path(file).stem().string());
    if (!cluster) {
      report.add(cluster.error(), file);
      continue;
    }
    if (!whole) continue;
    auto resolved = workspace::resolve_cluster(*cluster, infra, finder, true);
    if (!resolved) report.add(resolved.error(), file);
  }
}

}  // namespace

Finders::Finders(const Request& request)
    : request_(request),
      list_(request.root.empty() ? workspace::ModuleList() : workspace::load_modules(request.root)),
      lock_(request.root.empty() ? workspace::ModuleLock() : workspace::load_lock(request.root)) {}

void Finders::lists(Report& report) const {
  if (!list_) report.add(list_.error(), request_.root + "/" + workspace::kModulesFile);
  if (!lock_) report.add(lock_.error(), request_.root + "/" + workspace::kModulesLockFile);
}

bool Finders::locks(const std::string& infra_folder) const {
  return lock_ && lock_->infras.count(name_of(infra_folder)) > 0;
}

const Result<ExtensionFinder>& Finders::opened(const std::string& infra_folder) {
  const auto known = opened_.find(infra_folder);
  if (known != opened_.end()) return known->second;
  auto layers = workspace::layers_of(request_.root, infra_folder, request_.core);
  if (!layers) return opened_.emplace(infra_folder, tl::unexpected(layers.error())).first->second;
  workspace::ModuleRules rules;
  if (list_) rules.list = *list_;
  if (locks(infra_folder)) rules.locked = lock_->infras.at(name_of(infra_folder));
  return opened_.emplace(infra_folder, ExtensionFinder(std::move(*layers), std::move(rules), request_.manifests))
      .first->second;
}

const Result<ExtensionFinder>& Finders::of(const std::string& infra_folder) {
  std::error_code none;
  const bool own = fs::exists(infra_folder + "/extensions", none);
  if (infra_folder.empty() || own) return opened(infra_folder);
  return opened(locks(infra_folder) ? infra_folder : std::string());
}

std::optional<Infra> check_settings(const std::string& file, const std::string& folder_name,
                                    const workspace::SettingsEvaluator& evaluator, Report& report) {
  report.looked_at(file);
  auto settings = workspace::load_settings_tree(file, evaluator);
  if (!settings) {
    report.add(settings.error(), file);
    return std::nullopt;
  }
  workspace::Reading reading(settings->file);
  Infra infra = workspace::read_infra(reading, settings->tree, folder_name);
  if (reading.failed()) report.add(reading.problems().error(), file);
  infra.file = file;
  infra.folder = fs::path(file).parent_path().string();
  return infra;
}

void check_extensions(const ExtensionFinder& finder, const std::string& folder, Report& report) {
  workspace::PackedFiles packed;
  for (const ExtensionKind kind : workspace::kExtensionKinds) {
    const auto names = finder.names(kind);
    finder.read_all(kind, names);
    for (const auto& name : names) {
      const auto& versions = finder.versions(kind, name);
      if (!versions) {
        const bool ours = versions.error().message.find(folder + "/") != std::string::npos;
        if (ours) report.add(versions.error(), folder);
        continue;
      }
      for (const Extension& one : *versions) {
        if (!one.folder.starts_with(folder + "/")) continue;
        report.looked_at(one.folder + "/manifest.yaml");
        if (auto files = packed.of(one); !files) report.add(files.error(), one.folder);
      }
    }
  }
}

void check_infra(const Request& request, const std::string& name, const workspace::SettingsEvaluator& evaluator,
                 Finders& finders, Report& report) {
  const std::string folder = request.root + "/infra/" + name;
  auto file = workspace::settings_file(request.root, name);
  if (!file) return report.add(file.error(), folder);
  const std::size_t before = report.count();
  const auto infra = check_settings(*file, name, evaluator, report);
  if (!infra) return;
  const auto& finder = finders.of(folder);
  if (!finder) return report.add(finder.error(), folder);
  check_extensions(*finder, folder + "/extensions", report);
  check_resolution(*infra, *finder, report);
  check_clusters(*infra, *finder, report.count() == before, report);
}

}  // namespace prov::validation
