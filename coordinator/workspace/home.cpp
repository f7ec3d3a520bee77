#include "coordinator/workspace/home.h"
#include "common/nearest.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "coordinator/workspace/definition.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

std::string quoted(const std::string& text) {  // as a double-quoted YAML scalar
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool is_workspace(const fs::path& folder) {
  std::error_code none;
  return fs::is_regular_file(folder / kWorkspaceFile, none);
}

std::string workspace_above(const std::string& cwd) {
  for (fs::path folder = cwd; !folder.empty(); folder = folder.parent_path()) {
    if (is_workspace(folder)) return folder.string();
    if (folder == folder.root_path()) break;
  }
  return {};
}

Result<FoundWorkspace> named(const std::string& wanted, const std::string& by, const std::string& cwd,
                             const UserConfig& config) {
  if (const KnownWorkspace* known = config.find(wanted)) return FoundWorkspace{known->path, by, {}};
  const fs::path path = fs::path(wanted).is_absolute() ? fs::path(wanted) : fs::path(cwd) / wanted;
  if (is_workspace(path)) return FoundWorkspace{path.lexically_normal().string(), by, {}};
  std::vector<std::string> names;
  for (const auto& known : config.workspaces) names.push_back(known.name);
  std::string hint = did_you_mean(wanted, names);
  if (hint.empty()) hint = "provisioning workspace init NAME";
  return fail(Code::not_found,
              by + ": \"" + wanted + "\" is neither a known workspace nor a folder with " + kWorkspaceFile,
              std::move(hint));
}

bool write_all(int fd, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t n = ::write(fd, bytes.data() + sent, bytes.size() - sent);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

const KnownWorkspace* UserConfig::find(const std::string& name) const {
  const auto found = std::find_if(workspaces.begin(), workspaces.end(), [&](const auto& w) { return w.name == name; });
  return found == workspaces.end() ? nullptr : &*found;
}

void UserConfig::remember(const std::string& name, const std::string& path) {
  workspaces.erase(std::remove_if(workspaces.begin(), workspaces.end(), [&](const auto& w) { return w.name == name; }),
                   workspaces.end());
  workspaces.push_back({name, path});
  std::sort(workspaces.begin(), workspaces.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

Result<UserConfig> load_user_config(const Home& home) {
  const std::string file = home.user_config();
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return UserConfig{};
  if (!tree) return tl::unexpected(tree.error());
  Reading reading(file);
  Fields fields(reading, *tree, "the file");
  UserConfig config;
  config.active = fields.text("active_workspace");
  if (const Node* list = fields.find("workspaces")) {
    if (list->kind != Node::Kind::list) reading.refuse(list->place, "\"workspaces\" must be a list");
    for (const auto& item : list->items) {
      Fields entry(reading, item, "a workspace");
      const std::string name = entry.need_text("name"), path = entry.need_text("path");
      entry.end();
      if (!reading.failed()) config.remember(name, path);
    }
  }
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.error());
  return config;
}

Result<void> save_user_config(const Home& home, const UserConfig& config) {
  std::string text = "# Written by \"provisioning workspace\"; safe to edit.\n";
  text += "active_workspace: " + quoted(config.active) + "\nworkspaces:";
  if (config.workspaces.empty()) text += " []";
  text += "\n";
  for (const auto& known : config.workspaces) {
    text += "  - {name: " + quoted(known.name) + ", path: " + quoted(known.path) + "}\n";
  }
  if (auto made = make_private_folder(home.root + "/config"); !made) return made;
  return write_file_atomically(home.user_config(), text, 0600);
}

Result<void> make_private_folder(const std::string& path) {
  std::error_code none;
  if (fs::is_directory(path, none)) return {};
  const std::string parent = fs::path(path).parent_path().string();
  if (!parent.empty() && parent != path) {
    if (auto made = make_private_folder(parent); !made) return made;
  }
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return fail(Code::io, "cannot make the folder " + path + ": " + std::strerror(errno));
}

Result<void> write_file_atomically(const std::string& path, const std::string& bytes, unsigned mode) {
  std::string temporary = path + ".XXXXXX";
  const int fd = ::mkstemp(temporary.data());
  if (fd < 0) return fail(Code::io, "cannot write " + path + ": " + std::strerror(errno));
  const bool written = write_all(fd, bytes) && ::fchmod(fd, mode) == 0 && ::fsync(fd) == 0;
  const int cause = errno;
  if (::close(fd) == 0 && written && ::rename(temporary.c_str(), path.c_str()) == 0) return {};
  const int why = written ? errno : cause;
  ::unlink(temporary.c_str());
  return fail(Code::io, "cannot write " + path + ": " + std::strerror(why));
}

Result<FoundWorkspace> find_workspace(const WorkspaceRequest& request, const UserConfig& config) {
  if (!request.flag.empty()) return named(request.flag, "--workspace", request.cwd, config);
  if (!request.environment.empty()) return named(request.environment, "PROVISIONING_WORKSPACE", request.cwd, config);
  const std::string here = workspace_above(request.cwd);
  if (!config.active.empty()) {
    auto active = named(config.active, "active workspace", request.cwd, config);
    if (!active) return active;
    active->by = "active";
    std::error_code none;
    if (!here.empty() && !fs::equivalent(here, active->root, none)) {
      active->note = "using the active workspace \"" + config.active + "\" (" + active->root + "), not the one in " +
                     here + "; to use that: --workspace " + here;
    }
    return active;
  }
  if (!here.empty()) return FoundWorkspace{here, "current folder", {}};
  return fail(Code::not_found, "no workspace is active, and " + request.cwd + " is in none",
              config.workspaces.empty() ? "provisioning workspace init NAME"
                                        : "provisioning workspace activate " + config.workspaces.front().name);
}

}  // namespace prov::workspace
