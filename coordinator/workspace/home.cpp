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

constexpr Preference kPreferences[] = {
    {"output_format", "table json yaml", "table", "the form of results where --out does not say"},
    {"color", "auto never", "auto", "whether colour and movement appear where the stream is a terminal"},
    {"preferred_provider", "", "", "the provider of the first infra of a new workspace where --provider does not say"},
};

const std::vector<std::string> kModes{"solo", "multi-user", "cicd", "enterprise"};

std::vector<std::string> words_of(std::string_view spaced) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < spaced.size();) {
    const std::size_t to = std::min(spaced.find(' ', from), spaced.size());
    out.emplace_back(spaced.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

void read_preferences(Reading& reading, const Node* node, UserConfig& config) {
  if (node == nullptr) return;
  if (node->kind != Node::Kind::map) return reading.refuse(node->place, "\"preferences\" must be a mapping");
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const std::string& name = node->keys[i].text;
    if (find_preference(name) == nullptr) {  // of another release: kept as it is where it is a single value
      if (node->items[i].kind == Node::Kind::scalar) config.preferences[name] = node->items[i].text;
      continue;
    }
    const std::string value = reading.text(node->items[i], "\"" + name + "\"");
    if (auto fine = check_preference(name, value); !fine) {
      reading.refuse(node->items[i].place, fine.error().message, fine.error().hint);
    }
    config.preferences[name] = value;
  }
}

Result<std::string> known_mode(const std::string& mode, const std::string& by) {
  if (std::find(kModes.begin(), kModes.end(), mode) != kModes.end()) return mode;
  std::string hint = did_you_mean(mode, kModes);
  if (hint.empty()) hint = "it can be solo, multi-user, cicd or enterprise";
  return fail(Code::invalid, by + ": there is no mode \"" + mode + "\"", std::move(hint));
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

bool UserConfig::forget(const std::string& name) {
  if (active == name) active.clear();
  return std::erase_if(workspaces, [&](const auto& w) { return w.name == name; }) > 0;
}

void UserConfig::activate(const std::string& name, const std::string& now_iso) {
  active = name;
  for (auto& known : workspaces) {
    if (known.name == name) known.last_used = now_iso;
  }
}

void UserConfig::remember(const std::string& name, const std::string& path) {
  const KnownWorkspace* before = find(name);
  const std::string last_used = before != nullptr && before->path == path ? before->last_used : std::string();
  std::erase_if(workspaces, [&](const auto& w) { return w.name == name; });
  workspaces.push_back({name, path, last_used});
  std::sort(workspaces.begin(), workspaces.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}

Result<UserConfig> load_user_config(const Home& home) {
  const std::string file = home.user_config();
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return UserConfig{};
  if (!tree) return tl::unexpected(tree.error());
  if (tree->kind == Node::Kind::null) return UserConfig{};  // an empty file
  Reading reading(file);
  Fields fields(reading, *tree, "the file");
  UserConfig config;
  config.active = fields.text("active_workspace");
  if (const Node* list = fields.find("workspaces")) {
    if (list->kind != Node::Kind::list) reading.refuse(list->place, "\"workspaces\" must be a list");
    for (const auto& item : list->items) {
      Fields entry(reading, item, "a workspace");
      KnownWorkspace known{entry.need_text("name"), entry.need_text("path"), entry.text("last_used")};
      entry.end();
      if (config.find(known.name) != nullptr) {
        reading.refuse(item.place, "the workspace \"" + known.name + "\" is there twice", "keep one of them");
      }
      config.workspaces.push_back(std::move(known));
    }
  }
  std::sort(config.workspaces.begin(), config.workspaces.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  read_preferences(reading, fields.find("preferences"), config);
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  return config;
}

Result<void> save_user_config(const Home& home, const UserConfig& config) {
  std::string text = "# Written by \"provisioning workspace\"; safe to edit.\n";
  text += "active_workspace: " + quoted(config.active) + "\nworkspaces:";
  if (config.workspaces.empty()) text += " []";
  text += "\n";
  for (const auto& known : config.workspaces) {
    text += "  - {name: " + quoted(known.name) + ", path: " + quoted(known.path) +
            (known.last_used.empty() ? "" : ", last_used: " + quoted(known.last_used)) + "}\n";
  }
  if (!config.preferences.empty()) text += "preferences:\n";
  for (const auto& [name, value] : config.preferences) text += "  " + quoted(name) + ": " + quoted(value) + "\n";
  if (auto made = make_private_folder(home.root + "/config"); !made) return made;
  return write_file_atomically(home.user_config(), text, 0600);
}

std::span<const Preference> preferences() { return kPreferences; }

const Preference* find_preference(std::string_view name) {
  const auto* const found = std::find_if(std::begin(kPreferences), std::end(kPreferences),
                                         [&](const Preference& one) { return one.name == name; });
  return found == std::end(kPreferences) ? nullptr : found;
}

Result<void> check_preference(const std::string& name, const std::string& value) {
  const Preference* known = find_preference(name);
  if (known == nullptr) {
    std::vector<std::string> names;
    for (const Preference& one : kPreferences) names.emplace_back(one.name);
    std::string hint = did_you_mean(name, names);
    if (hint.empty()) hint = "provisioning workspace preferences";
    return fail(Code::not_found, "there is no preference \"" + name + "\"", std::move(hint));
  }
  if (known->choices.empty()) {
    if (is_name(value)) return {};
    return fail(Code::invalid, "\"" + name + "\" cannot be \"" + value + "\"", std::string(kNameRule));
  }
  const auto choices = words_of(known->choices);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return {};
  return fail(Code::invalid, "\"" + name + "\" cannot be \"" + value + "\"",
              "it can be one of: " + std::string(known->choices));
}

Result<ActiveMode> load_active_mode(const Home& home, const std::string& environment) {
  if (!environment.empty()) {
    auto mode = known_mode(environment, "PROVISIONING_MODE");
    if (!mode) return tl::unexpected(mode.error());
    return ActiveMode{*mode, "PROVISIONING_MODE"};
  }
  const std::string file = home.active_mode_file();
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return ActiveMode{"solo", "default"};
  if (!tree) return tl::unexpected(tree.error());
  Reading reading(file);
  Fields fields(reading, *tree, "the file");
  const std::string name = fields.need_text("active_mode");
  fields.end();
  if (auto mode = known_mode(name, "\"active_mode\""); !mode) {
    reading.refuse(fields.place("active_mode"), mode.error().message, mode.error().hint);
  }
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  return ActiveMode{name, file};
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
  std::string temporary = path + std::string(kUnfinishedMark) + "XXXXXX";
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
