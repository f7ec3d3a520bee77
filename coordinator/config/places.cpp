#include "coordinator/config/places.h"

#include <algorithm>
#include <filesystem>

#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::config {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kEnvironmentEnd = "-defaults.toml";
constexpr std::size_t kMaxHead = 4096;
constexpr int kLevelsAboveProgram = 4;

bool is_file(const fs::path& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

std::string first_line(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.pop_back();
  return line;
}

// The folder that holds HEAD: .git itself, or where a file .git points (a worktree, a submodule); empty: neither.
fs::path git_folder(const fs::path& folder) {
  std::error_code none;
  const fs::path git = folder / ".git";
  if (fs::is_directory(git, none)) return git;
  if (!is_file(git)) return {};
  const auto text = workspace::read_file(git.string(), kMaxHead);
  constexpr std::string_view kPointer = "gitdir: ";
  if (!text || text->rfind(kPointer, 0) != 0) return {};
  return folder / first_line(text->substr(kPointer.size()));
}

}  // namespace

std::string user_file(const std::string& home) { return home + "/config.user.toml"; }
std::string coordinator_file(const std::string& home) { return home + "/config/orchestrator.toml"; }
std::string workspace_file(const std::string& root) { return root + "/" + workspace::kWorkspaceFile; }
std::string environment_file(const std::string& root, const std::string& environment) {
  return root + "/config/" + environment + std::string(kEnvironmentEnd);
}
std::string infra_file(const std::string& root, const std::string& infra) {
  return root + "/infra/" + infra + "/config.toml";
}

std::vector<std::string> environments_of(const std::string& root) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator folder(root + "/config", error), end;
  for (; !error && folder != end; folder.increment(error)) {
    const std::string name = folder->path().filename().string();
    if (name.size() <= kEnvironmentEnd.size() || !name.ends_with(kEnvironmentEnd)) continue;
    names.push_back(name.substr(0, name.size() - kEnvironmentEnd.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> infras_of(const std::string& root) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator folder(root + "/infra", error), end;
  for (; !error && folder != end; folder.increment(error)) {
    const fs::path& path = folder->path();
    const std::string name = path.filename().string();
    const char* const files[] = {"settings.yaml", "settings.toml", "settings.k", "config.toml"};
    const bool there =
        std::any_of(std::begin(files), std::end(files), [&](const char* one) { return is_file(path / one); });
    if (there && workspace::is_name(name)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string find_defaults_file(const std::string& program_folder) {
  fs::path folder = program_folder;
  for (int level = 0; level < kLevelsAboveProgram && !folder.empty(); ++level) {
    for (const char* candidate : {"share/provisioning/config.defaults.toml", "config/config.defaults.toml"}) {
      if (is_file(folder / candidate)) return (folder / candidate).string();
    }
    if (folder.parent_path() == folder) break;
    folder = folder.parent_path();
  }
  return {};
}

Result<std::string> git_branch(const std::string& start) {
  for (fs::path folder = start; !folder.empty(); folder = folder.parent_path()) {
    const fs::path git = git_folder(folder);
    if (!git.empty()) {
      auto head = workspace::read_file((git / "HEAD").string(), kMaxHead);
      if (!head) return fail(Code::io, "cannot read the branch: " + head.error().message);
      const std::string line = first_line(*head);
      constexpr std::string_view kRef = "ref: refs/heads/";
      return line.rfind(kRef, 0) == 0 ? line.substr(kRef.size()) : std::string("HEAD");
    }
    if (folder == folder.root_path()) break;
  }
  return fail(Code::not_found, "no git repository is at or above " + start, "git init, or write the branch out");
}

}  // namespace prov::config
