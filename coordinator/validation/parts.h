#pragma once
// The parts of validate.h, for each other.
#include <map>
#include <optional>
#include <string>

#include "coordinator/modules/extension.h"
#include "coordinator/validation/validate.h"
#include "coordinator/workspace/definition.h"

namespace prov::validation {

// The layers of each infra, opened once. One that neither has extensions of its own nor locks any sees what the
// workspace sees, and shares that. A list or a lock of modules that cannot be read holds for nothing here: see lists().
class Finders {
 public:
  explicit Finders(const Request& request);

  // What is wrong with config/modules.yaml and its lock.
  void lists(Report& report) const;

  const Result<workspace::ExtensionFinder>& of(const std::string& infra_folder);  // empty: the workspace's own

 private:
  bool locks(const std::string& infra_folder) const;
  const Result<workspace::ExtensionFinder>& opened(const std::string& infra_folder);

  const Request& request_;
  const Result<workspace::ModuleList> list_;
  const Result<workspace::ModuleLock> lock_;
  std::map<std::string, Result<workspace::ExtensionFinder>> opened_;
};

// Regular files in a folder, and below it if asked; hidden ones and links to folders are passed over. Sorted.
std::vector<std::string> files_below(const std::string& folder, bool with_folders);

// One infra of the workspace: its settings, every use of an extension, clusters, and how it all goes together.
void check_infra(const Request& request, const std::string& name, const workspace::SettingsEvaluator& evaluator,
                 Finders& finders, Report& report);

// The settings alone; nullopt: they cannot be read.
std::optional<workspace::Infra> check_settings(const std::string& file, const std::string& folder_name,
                                               const workspace::SettingsEvaluator& evaluator, Report& report);

// Every extension of a layer that lies below `folder`, as it would be used.
void check_extensions(const workspace::ExtensionFinder& finder, const std::string& folder, Report& report);

// Every batch of the workspace: in its folder, in batches/ and infra/<name>/batches/. `workspace` null: whose hosts are
// meant is not known.
void check_batches(const Request& request, const workspace::Workspace* workspace,
                   const workspace::SettingsEvaluator& evaluator, Finders& finders, Report& report);
void check_batch(const Request& request, const std::string& file, const workspace::Workspace* workspace,
                 const workspace::SettingsEvaluator& evaluator, Finders& finders, Report& report);

}  // namespace prov::validation
