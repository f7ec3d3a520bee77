// One file: by its name, or by the keys that it begins with, to the reader that a command would use.
#include <algorithm>
#include <filesystem>

#include "common/nearest.h"
#include "coordinator/config/tree.h"
#include "coordinator/modules/cluster.h"
#include "coordinator/modules/modules.h"
#include "coordinator/validation/parts.h"
#include "coordinator/workspace/home.h"
#include "coordinator/workspace/toml_tree.h"

namespace prov::validation {
namespace fs = std::filesystem;
using workspace::Node;

namespace {

// Above the largest of the readers' own limits; these are said by them.
constexpr std::size_t kMaxFile = 16 << 20;

constexpr const char* kWhatCanBe =
    "known are config/provisioning.yaml, settings.{yaml,toml,k} and clusters/NAME.yaml of an infra, manifest.yaml, "
    "modules.yaml, batches, and files of settings: config.toml, NAME-defaults.toml, config.user.toml";

template <class T>
void take(const Result<T>& read, const std::string& file, Report& report) {
  if (!read) report.add(read.error(), file);
}

std::optional<config::Layer> layer_of(const std::string& name) {
  if (name == "config.defaults.toml") return config::Layer::defaults;
  if (name == "config.user.toml" || name == "orchestrator.toml") return config::Layer::user;
  if (name == "provisioning.yaml") return config::Layer::workspace;
  if (name == "config.toml") return config::Layer::infra;
  if (name.ends_with("-defaults.toml")) return config::Layer::environment;
  return std::nullopt;
}

void check_layer(const Node& tree, const std::string& file, config::Layer layer, Report& report) {
  workspace::Problems problems;
  config::read_tree(tree, file, layer, problems);
  if (problems.any()) report.add(problems.error(), file);
}

class FileCheck {
 public:
  FileCheck(const Request& request, std::string path, const workspace::SettingsEvaluator& evaluator, Report& report)
      : request_(request), path_(std::move(path)), evaluator_(evaluator), finders_(request), report_(report) {}

  void run() {
    const fs::path path(path_);
    const std::string name = path.filename().string();
    folder_ = path.parent_path();
    report_.looked_at(path_);
    std::error_code none;
    if (fs::is_directory(path, none)) return report_.add(not_a_file(), path_);
    if (path.extension() == ".k") return check_as_settings();
    auto text = workspace::read_file(path_, kMaxFile);
    if (!text) return report_.add(with_way_out(text.error(), name), path_);
    const workspace::TreeLimits limits{kMaxFile, 4'000'000};
    auto tree = path.extension() == ".toml" ? workspace::parse_toml(*text, path_, limits)
                                            : workspace::parse_yaml(*text, path_, limits);
    if (!tree) return report_.add(tree.error(), path_);
    if (text->find_first_not_of(" \t\r\n") == std::string::npos && !may_be_empty(name)) {
      return report_.add(Error{Code::invalid, "it is empty", kWhatCanBe}, path_);
    }
    check(*tree, name);
  }

 private:
  void check(const Node& tree, const std::string& name) {
    const auto has = [&](const char* key) { return tree.find(key) != nullptr; };
    if (name == "modules.yaml") return take(workspace::load_modules(above(folder_)), path_, report_);
    if (name == "modules.lock.yaml") return take(workspace::load_lock(above(folder_)), path_, report_);
    if (name == "user_config.yaml") return take(workspace::load_user_config({above(folder_)}), path_, report_);
    if (name == "active-mode.yaml") return take(workspace::load_active_mode({above(folder_)}), path_, report_);
    if (name == "manifest.yaml") return take(workspace::parse_manifest(tree, path_), path_, report_);
    if (name == "provisioning.yaml") take(workspace::parse_workspace(tree, path_), path_, report_);
    if (const auto layer = layer_of(name)) return check_layer(tree, path_, *layer, report_);
    if (name == "settings.yaml" || name == "settings.toml") return check_as_settings();
    if (has("batch_workflow")) return check_as_batch();
    if (has("cluster")) {
      return take(workspace::parse_cluster(tree, path_, fs::path(path_).stem().string()), path_, report_);
    }
    if (has("settings") && has("servers")) return check_as_settings();
    if (has("kind") && has("version")) return take(workspace::parse_manifest(tree, path_), path_, report_);
    report_.add(Error{Code::invalid, "it is not clear what this file is", kWhatCanBe}, path_);
  }

  // Files of settings, which say nothing then.
  static bool may_be_empty(const std::string& name) {
    return name == "user_config.yaml" || (layer_of(name) && name != "provisioning.yaml");
  }

  Error not_a_file() const {
    std::error_code none;
    const bool workspace = fs::is_regular_file(fs::path(path_) / workspace::kWorkspaceFile, none);
    return Error{Code::invalid, std::string("it is a folder") + (workspace ? ", a workspace" : ""),
                 workspace ? "provisioning workspace validate " + path_
                           : "name its files; every file of the workspace: provisioning validate --all"};
  }

  // Of a file that is not there: which is meant, or how to look at all of them.
  Error with_way_out(Error error, const std::string& name) const {
    if (error.code != Code::not_found) return error;
    std::vector<std::string> there;
    for (const auto& file : files_below(folder_.string(), false)) there.push_back(fs::path(file).filename().string());
    const std::string near = nearest(name, there);
    error.hint = near.empty() ? "every file of the workspace: provisioning validate --all"
                              : "did you mean \"" + (folder_ / near).string() + "\"?";
    return error;
  }

  static std::string above(const fs::path& folder) { return folder.parent_path().string(); }

  // In its place in a workspace, with everything it names; anywhere else, for itself.
  void check_as_settings() {
    const std::string name = folder_.filename().string();
    const bool at_home = !request_.root.empty() && folder_.parent_path() == fs::path(request_.root) / "infra";
    if (at_home && workspace::is_name(name)) return check_infra(request_, name, evaluator_, finders_, report_);
    check_settings(path_, name, evaluator_, report_);
  }

  void check_as_batch() {
    auto workspace = request_.root.empty() ? Result<workspace::Workspace>(fail(Code::not_found, ""))
                                           : workspace::load_workspace(request_.root);
    check_batch(request_, path_, workspace ? &*workspace : nullptr, evaluator_, finders_, report_);
  }

  const Request& request_;
  const std::string path_;
  fs::path folder_;
  const workspace::SettingsEvaluator& evaluator_;
  Finders finders_;
  Report& report_;
};

}  // namespace

void validate_file(const Request& request, const std::string& path, const workspace::SettingsEvaluator& evaluator,
                   Report& report) {
  FileCheck(request, path, evaluator, report).run();
}

}  // namespace prov::validation
