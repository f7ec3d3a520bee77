// One infra. When it resolves as a whole there is nothing to tell; when it does not, every use of an extension is
// looked at for itself, so that one mistake does not hide the others.
#include <algorithm>
#include <filesystem>

#include "common/nearest.h"
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
using workspace::Manifest;
using workspace::Params;
using workspace::ServerDefinition;
using workspace::TaskservUse;

namespace {

class InfraCheck {
 public:
  InfraCheck(const Infra& infra, const ExtensionFinder& finder, Report& report)
      : infra_(infra), finder_(finder), report_(report) {}

  void run() {
    auto servers = workspace::resolve_servers(infra_, finder_, {});
    auto taskservs = resolve_taskservs();
    if (servers && taskservs) return;
    for (const auto& server : infra_.servers) {
      check_provider(server);
      for (const auto& use : server.taskservs) check_use(server, use);
    }
    if (!servers) report_.add(servers.error(), infra_.file);
    if (!taskservs) report_.add(taskservs.error(), infra_.file);
  }

 private:
  // Extensions are packed only to be compared with a lock; whether they can be is told where they are looked at.
  Result<void> resolve_taskservs() const {
    if (finder_.rules().locked.empty()) {
      auto resolver = workspace::TaskservResolver::open(infra_, finder_);
      return resolver ? Result<void>() : tl::unexpected(resolver.error());
    }
    auto resolved = workspace::resolve_taskservs(infra_, finder_, {});
    return resolved ? Result<void>() : tl::unexpected(resolved.error());
  }

  void add(const Error& error) { report_.add(error, infra_.file); }
  void add_at(workspace::Place place, const Error& error) {
    if (error.code == Code::not_found) return add(workspace::at(infra_.file, place, error.message, error.hint));
    add(error);
  }

  void check_provider(const ServerDefinition& server) {
    auto provider = finder_.find(ExtensionKind::provider, server.provider);
    if (!provider) return add_at(server.place, provider.error());
    auto params = workspace::merge_params(infra_.file, provider->manifest, server.params, server.place,
                                          "provider " + server.provider + " for " + server.hostname);
    if (!params) add(params.error());
  }

  void check_use(const ServerDefinition& server, const TaskservUse& use) {
    auto extension = finder_.find(ExtensionKind::taskserv, use.name);
    if (!extension) return add_at(use.place, extension.error());
    const Manifest& manifest = extension->manifest;
    Params params;
    if (const auto* profile = manifest.find_profile(use.profile)) params = profile->params;
    workspace::lay_over(params, use.params);
    auto merged =
        workspace::merge_params(infra_.file, manifest, params, use.place, use.name + " on " + server.hostname);
    if (!merged) add(merged.error());
  }

  const Infra& infra_;
  const ExtensionFinder& finder_;
  Report& report_;
};

void check_clusters(const Infra& infra, const ExtensionFinder& finder, Report& report) {
  for (const auto& file : files_below(infra.folder + "/clusters", false)) {
    if (fs::path(file).extension() != ".yaml") continue;
    report.looked_at(file);
    auto cluster = workspace::load_cluster(infra, fs::path(file).stem().string());
    if (!cluster) {
      report.add(cluster.error(), file);
      continue;
    }
    auto resolved = workspace::resolve_cluster(*cluster, infra, finder, true);
    if (!resolved) report.add(resolved.error(), file);
  }
}

}  // namespace

const Result<ExtensionFinder>& Finders::opened(const std::string& infra_folder) {
  const auto known = opened_.find(infra_folder);
  if (known != opened_.end()) return known->second;
  auto finder = workspace::open_layers(request_.root, infra_folder, request_.core);
  return opened_.emplace(infra_folder, std::move(finder)).first->second;
}

const Result<ExtensionFinder>& Finders::of(const std::string& infra_folder) {
  std::error_code none;
  const bool own = fs::exists(infra_folder + "/extensions", none);
  if (infra_folder.empty() || own) return opened(infra_folder);
  const auto lock = workspace::load_lock(request_.root);
  const bool locks = !lock || lock->infras.count(fs::path(infra_folder).filename().string()) > 0;
  return opened(locks ? infra_folder : std::string());
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
  for (const ExtensionKind kind : workspace::kExtensionKinds) {
    for (const auto& name : finder.names(kind)) {
      const auto& versions = finder.versions(kind, name);
      if (!versions) {
        report.add(versions.error(), folder);
        continue;
      }
      for (const Extension& one : *versions) {
        if (!one.folder.starts_with(folder + "/")) continue;
        report.looked_at(one.folder + "/manifest.yaml");
        if (auto packed = workspace::pack_extension(one); !packed) report.add(packed.error(), one.folder);
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
  InfraCheck(*infra, *finder, report).run();
  if (report.count() == before) check_clusters(*infra, *finder, report);
}

}  // namespace prov::validation
