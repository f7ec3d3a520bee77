#include "coordinator/validation/validate.h"

#include <algorithm>
#include <filesystem>

#include "coordinator/config/places.h"
#include "coordinator/validation/parts.h"
#include "coordinator/workspace/home.h"
#include "coordinator/workspace/inside.h"

namespace prov::validation {
namespace fs = std::filesystem;
namespace {

constexpr int kMaxFolderDepth = 8;

void collect(const std::string& folder, int depth, std::vector<std::string>& out) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code none;
    const std::string path = entry->path().string();
    if (entry->path().filename().string().front() == '.') continue;
    if (entry->is_regular_file(none)) out.push_back(path);
    if (depth > 0 && entry->is_directory(none) && !entry->is_symlink(none)) collect(path, depth - 1, out);
  }
}

class WorkspaceCheck {
 public:
  WorkspaceCheck(const Request& request, const workspace::SettingsEvaluator& evaluator)
      : request_(request), evaluator_(evaluator), finders_(request) {}

  Report run() {
    const std::string file = request_.root + "/" + workspace::kWorkspaceFile;
    report_.looked_at(file);
    auto workspace = workspace::load_workspace(request_.root);
    if (!workspace) report_.add(workspace.error(), file);
    finders_.lists(report_);
    if (request_.infras.empty()) {
      check_settings_layers();
      check_home();
      check_own_extensions();
    }
    check_infras();
    if (request_.infras.empty())
      check_batches(request_, workspace ? &*workspace : nullptr, evaluator_, finders_, report_);
    report_.finish();
    return std::move(report_);
  }

 private:
  // Every file of every layer is read in some combination, and held together with what goes with it.
  void check_settings_layers() {
    check_settings_of({}, {});
    for (const auto& name : config::environments_of(request_.root)) check_settings_of(name, {});
    for (const auto& name : config::infras_of(request_.root)) check_settings_of({}, name);
  }

  void check_settings_of(const std::string& environment, const std::string& infra) {
    config::Request settings = request_.settings;
    if (!infra.empty()) settings.infra = infra;
    if (!environment.empty()) settings.flags.push_back({"general.environment", environment, "--environment"});
    auto loaded = config::load(settings);
    if (!loaded) return report_.add(loaded.error(), request_.root);
    for (const auto& source : loaded->sources()) {
      if (source.there) report_.looked_at(source.file);
    }
  }

  void check_home() {
    const workspace::Home home{request_.home};
    if (auto config = workspace::load_user_config(home); !config) report_.add(config.error(), home.user_config());
    if (auto mode = workspace::load_active_mode(home); !mode) report_.add(mode.error(), home.active_mode_file());
    for (const auto& file : {home.user_config(), home.active_mode_file()}) {
      std::error_code none;
      if (fs::exists(file, none)) report_.looked_at(file);
    }
  }

  void check_own_extensions() {
    for (const char* below : {workspace::kModulesFile, workspace::kModulesLockFile}) {
      std::error_code none;
      if (fs::exists(request_.root + "/" + below, none)) report_.looked_at(request_.root + "/" + below);
    }
    const auto& finder = finders_.of({});
    if (!finder) return report_.add(finder.error(), request_.root);
    check_extensions(*finder, request_.root + "/extensions", report_);
  }

  void check_infras() {
    std::vector<std::string> names = request_.infras;
    if (names.empty()) names = infra_folders();
    for (const auto& name : names) {
      if (workspace::is_name(name)) {
        check_infra(request_, name, evaluator_, finders_, report_);
        continue;
      }
      report_.add(
          Error{Code::invalid, "\"" + name + "\" cannot be the name of an infra", std::string(workspace::kNameRule)},
          request_.root + "/infra/" + name);
    }
  }

  std::vector<std::string> infra_folders() {
    std::vector<std::string> names;
    if (auto inside = workspace::check_inside(request_.root, request_.root + "/infra"); !inside) {
      report_.add(inside.error(), request_.root + "/infra");
      return names;
    }
    std::error_code error;
    fs::directory_iterator entry(request_.root + "/infra", error), end;
    for (; !error && entry != end; entry.increment(error)) {
      std::error_code none;
      const std::string name = entry->path().filename().string();
      if (name.front() != '.' && entry->is_directory(none)) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  const Request& request_;
  const workspace::SettingsEvaluator& evaluator_;
  Finders finders_;
  Report report_;
};

}  // namespace

std::vector<std::string> files_below(const std::string& folder, bool with_folders) {
  std::vector<std::string> out;
  collect(folder, with_folders ? kMaxFolderDepth : 0, out);
  std::sort(out.begin(), out.end());
  return out;
}

Report validate_workspace(const Request& request, const workspace::SettingsEvaluator& evaluator) {
  return WorkspaceCheck(request, evaluator).run();
}

}  // namespace prov::validation
