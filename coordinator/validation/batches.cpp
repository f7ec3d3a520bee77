// Batch files: those that are batches, not the parts that they take in.
#include <filesystem>

#include "coordinator/batch/file.h"
#include "coordinator/batch/resolve.h"
#include "coordinator/config/places.h"
#include "coordinator/validation/parts.h"
#include "coordinator/workspace/inside.h"

namespace prov::validation {
namespace fs = std::filesystem;
namespace {

bool is_batch(const std::string& file) {
  auto text = workspace::read_file(file, batch::kMaxBatchBytes);
  return text && text->find("batch_workflow") != std::string::npos;
}

bool may_be_batch(const std::string& file) {
  const auto end = fs::path(file).extension();
  return end == ".yaml" || end == ".yml" || end == ".toml";
}

// In a folder of batches stands what nobody can read, so it does not say whether it is one.
void check_readable(const Request& request, const std::string& file, Report& report) {
  report.looked_at(file);
  if (auto inside = workspace::check_inside(request.root, file); !inside) return report.add(inside.error(), file);
  auto text = workspace::read_file(file, batch::kMaxBatchBytes);
  if (!text) return report.add(text.error(), file);
  auto tree = batch::parse_batch_tree({file, std::move(*text), fs::path(file).extension() == ".toml"});
  if (!tree) report.add(tree.error(), file);
}

}  // namespace

void check_batch(const Request& request, const std::string& file, const workspace::Workspace* workspace,
                 const workspace::SettingsEvaluator& evaluator, Finders& finders, Report& report) {
  report.looked_at(file);
  const std::string root = request.root.empty() ? fs::path(file).parent_path().string() : request.root;
  if (auto inside = workspace::check_inside(root, file); !inside) return report.add(inside.error(), file);
  auto batch = batch::load_batch(file, root, {});
  if (!batch) return report.add(batch.error(), file);
  if (workspace == nullptr) return;  // whose hosts are meant is not known
  std::optional<workspace::Infra> infra;
  if (batch::needs_infra(*batch)) {
    auto loaded = workspace::load_infra(*workspace, batch->infra, evaluator);
    if (!loaded) {  // what is wrong with it is told where it is looked at
      if (loaded.error().code == Code::not_found) report.add(loaded.error(), file);
      return;
    }
    infra = std::move(*loaded);
  }
  const auto& finder = finders.of(infra ? infra->folder : std::string());
  if (!finder) return;  // told as well
  auto resolved = batch::resolve_batch(*batch, root, infra ? &*infra : nullptr, *finder);
  if (!resolved) report.add(resolved.error(), file);
}

void check_batches(const Request& request, const workspace::Workspace* workspace,
                   const workspace::SettingsEvaluator& evaluator, Finders& finders, Report& report) {
  const auto check = [&](const std::string& file) {
    check_batch(request, file, workspace, evaluator, finders, report);
  };
  for (const auto& file : files_below(request.root, false)) {
    if (may_be_batch(file) && is_batch(file)) check(file);
  }
  const auto take = [&](const std::string& folder) {
    for (const auto& file : files_below(folder, true)) {
      if (!may_be_batch(file)) continue;
      if (is_batch(file)) {
        check(file);
      } else {
        check_readable(request, file, report);
      }
    }
  };
  take(request.root + "/batches");
  for (const auto& name : config::infras_of(request.root)) take(request.root + "/infra/" + name + "/batches");
}

}  // namespace prov::validation
