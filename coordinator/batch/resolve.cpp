#include "coordinator/batch/resolve.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/nearest.h"
#include "coordinator/batch/taskservs.h"
#include "coordinator/expression/glob.h"
#include "coordinator/modules/cluster.h"

namespace prov::batch {
namespace {

using Kind = OperationKind;

class BatchResolver {
 public:
  BatchResolver(const std::string& root, const Infra* infra, const ExtensionFinder& finder)
      : root_(root), infra_(infra), finder_(finder) {}

  Result<ResolvedOperation> resolve(const BatchOperation& operation) {
    ResolvedOperation out{operation};
    Result<void> done;
    if (operation.kind == Kind::server_create || operation.kind == Kind::server_delete) {
      done = servers(operation, out);
    } else if (is_taskserv(operation.kind)) {
      done = taskservs(operation, out);
    } else if (operation.kind == Kind::cluster_create || operation.kind == Kind::cluster_delete) {
      done = cluster(operation, out);
    } else if (operation.kind == Kind::script) {
      done = script(operation, out);
    }
    if (!done) return tl::unexpected(done.error());
    if (!operation.provider.empty() && !operation.targets.empty()) {
      out.targets = "(" + operation.targets + ") and provider:" + operation.provider;
    }
    return out;
  }

  std::vector<Bundle> take_bundles() {
    if (taskservs_) keep(taskservs_->take_bundles());
    std::vector<Bundle> out;
    for (auto& [digest, bundle] : bundles_) out.push_back(std::move(bundle));
    return out;
  }

 private:
  void keep(std::vector<Bundle> bundles) {
    for (auto& bundle : bundles) bundles_.emplace(bundle.digest, std::move(bundle));
  }

  static Error told(const BatchOperation& operation, const std::string& message, const std::string& hint = {}) {
    return at(operation.file, operation.place, "\"" + operation.id + "\": " + message, hint);
  }

  // ---- servers

  Result<std::vector<std::string>> chosen_servers(const BatchOperation& operation) const {
    std::vector<std::string> chosen;
    const auto add = [&](const ServerDefinition& server) {
      const bool fits = operation.provider.empty() || server.provider == operation.provider;
      if (fits && std::find(chosen.begin(), chosen.end(), server.hostname) == chosen.end()) {
        chosen.push_back(server.hostname);
      }
      return fits;
    };
    if (operation.servers.empty()) {
      for (const auto& server : infra_->servers) add(server);
    }
    for (const auto& pattern : operation.servers) {
      auto glob = expression::Glob::compile(pattern);
      if (!glob) return tl::unexpected(told(operation, glob.error().message, glob.error().hint));
      bool any = false;
      for (const auto& server : infra_->servers) any = (glob->matches(server.hostname) && add(server)) || any;
      if (any) continue;
      // A host that stands in the settings no more can still be there to delete.
      if (operation.kind == Kind::server_delete && glob->is_plain() && is_hostname(pattern) &&
          operation.provider.empty()) {
        chosen.push_back(pattern);
        continue;
      }
      return tl::unexpected(told(operation, no_server(operation, pattern), near_server(pattern)));
    }
    if (chosen.empty()) return tl::unexpected(told(operation, no_server(operation, {}), "add one to " + infra_->file));
    return chosen;
  }

  std::string no_server(const BatchOperation& operation, const std::string& pattern) const {
    return "infra \"" + infra_->name + "\" has no server" + (pattern.empty() ? "" : " \"" + pattern + "\"") +
           (operation.provider.empty() ? "" : " of provider " + operation.provider) + " (" + infra_->file + ")";
  }

  std::string near_server(const std::string& pattern) const {
    std::vector<std::string> known;
    for (const auto& server : infra_->servers) known.push_back(server.hostname);
    return did_you_mean(pattern, known);
  }

  Result<void> servers(const BatchOperation& operation, ResolvedOperation& out) {
    auto chosen = chosen_servers(operation);
    if (!chosen) return tl::unexpected(chosen.error());
    if (operation.kind == Kind::server_delete) {
      out.hostnames = std::move(*chosen);
      return {};
    }
    auto resolved = resolve_servers(*infra_, finder_, *chosen);
    if (!resolved) return tl::unexpected(resolved.error());
    out.servers = std::move(resolved->servers);
    keep(std::move(resolved->bundles));
    return {};
  }

  // ---- task services and clusters

  Result<void> taskservs(const BatchOperation& operation, ResolvedOperation& out) {
    if (!taskservs_) {
      auto opened = TaskservResolver::open(*infra_, finder_);
      if (!opened) return tl::unexpected(opened.error());
      taskservs_.emplace(std::move(*opened));
    }
    auto resolved = resolve_batch_taskservs(operation, *infra_, *taskservs_);
    if (!resolved) return tl::unexpected(resolved.error());
    out.taskservs = std::move(*resolved);
    return {};
  }

  Result<void> cluster(const BatchOperation& operation, ResolvedOperation& out) {
    auto loaded = load_cluster(*infra_, operation.cluster);
    if (!loaded) return tl::unexpected(told(operation, loaded.error().message, loaded.error().hint));
    auto resolved = resolve_cluster(*loaded, *infra_, finder_, operation.kind == Kind::cluster_create);
    if (!resolved) return tl::unexpected(resolved.error());
    keep(std::move(resolved->bundles));
    out.taskservs = std::move(resolved->taskservs);
    out.cluster = ResolvedCluster{loaded->name, loaded->version, loaded->servers, {}};
    std::set<std::string> own;
    for (const auto& use : loaded->taskservs) own.insert(use.name);
    for (const auto& one : out.taskservs) {
      if (own.erase(one.name) > 0) out.cluster->taskservs.push_back(one.name);
    }
    return {};
  }

  // ---- scripts

  Result<void> script(const BatchOperation& operation, ResolvedOperation& out) {
    auto run = exec_of(operation, operation.run);
    if (!run) return tl::unexpected(run.error());
    out.exec = std::move(*run);
    out.exec.stdin_data = operation.stdin_data;
    out.exec.environment = operation.environment;
    if (operation.undo.argv.empty() && operation.undo.script.empty()) return {};
    auto undo = exec_of(operation, operation.undo);
    if (!undo) return tl::unexpected(undo.error());
    out.undo = std::move(*undo);
    out.undo.environment = operation.environment;
    return {};
  }

  Result<ResolvedExec> exec_of(const BatchOperation& operation, const ScriptSource& source) {
    ResolvedExec exec;
    exec.argv = source.argv;
    if (source.script.empty()) return exec;
    auto path = path_in_workspace(root_, operation.file, source.script);
    if (!path) return tl::unexpected(at(operation.file, source.place, path.error().message, path.error().hint));
    auto known = packed_.find(*path);
    if (known == packed_.end()) {
      auto bundle = pack_script(*path);
      if (!bundle) return tl::unexpected(at(operation.file, source.place, bundle.error().message, bundle.error().hint));
      known = packed_.emplace(*path, bundle->digest).first;
      bundles_.emplace(bundle->digest, std::move(*bundle));
    }
    exec.bundle = known->second;
    exec.script = kScriptInBundle;
    return exec;
  }

  const std::string& root_;
  const Infra* infra_;
  const ExtensionFinder& finder_;
  std::optional<TaskservResolver> taskservs_;
  std::map<std::string, Digest> packed_;  // scripts, by path
  std::map<Digest, Bundle> bundles_;
};

}  // namespace

const char* name_of(OperationMode mode) {
  switch (mode) {
    case OperationMode::apply: return "apply";
    case OperationMode::check: return "check";
    case OperationMode::rehearse: return "rehearse";
  }
  return "";
}

bool needs_infra(const Batch& batch) {
  return std::any_of(batch.operations.begin(), batch.operations.end(), [](const BatchOperation& operation) {
    const Kind kind = operation.kind;
    return kind != Kind::script && kind != Kind::wait && kind != Kind::approval && kind != Kind::batch;
  });
}

Result<ResolvedBatch> resolve_batch(const Batch& batch, const std::string& workspace_root, const Infra* infra,
                                    const ExtensionFinder& finder) {
  PROV_ASSERT(infra != nullptr || !needs_infra(batch));
  ResolvedBatch out{batch.name,
                    batch.version,
                    infra == nullptr ? batch.infra : infra->name,
                    batch.parallel_limit,
                    batch.preserve_successful,
                    batch.params,
                    {},
                    {},
                    batch.notes};
  BatchResolver resolver(workspace_root, infra, finder);
  Problems problems;
  for (const auto& operation : batch.operations) {
    if (problems.full()) break;
    auto resolved = resolver.resolve(operation);
    if (resolved) {
      out.operations.push_back(std::move(*resolved));
    } else {
      problems.add(resolved.error());
    }
  }
  if (problems.any()) return tl::unexpected(problems.error());
  out.bundles = resolver.take_bundles();
  return out;
}

}  // namespace prov::batch
