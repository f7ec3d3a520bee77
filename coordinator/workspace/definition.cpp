#include "coordinator/workspace/definition.h"
#include "common/nearest.h"
#include "coordinator/workspace/attachments.h"
#include "coordinator/workspace/inside.h"
#include "coordinator/workspace/kcl.h"
#include "coordinator/workspace/toml_tree.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

// The sections of settings (coordinator/config/keys.cpp) that the workspace's file may hold beside its own; a test
// there holds them to the table.
constexpr std::string_view kSettingSections[] = {"general", "providers", "cli",    "orchestrator",
                                                 "link",    "log",       "limits", "vars"};

std::string read_name(Reading& reading, Fields& fields, const char* key, bool needed) {
  const std::string name = needed ? fields.need_text(key) : fields.text(key);
  if (!name.empty() && !is_name(name)) {
    reading.refuse(fields.place(key), "\"" + std::string(key) + "\" cannot be \"" + name + "\"",
                   std::string(kNameRule));
  }
  if (needed && name.empty()) reading.refuse(fields.place(key), "\"" + std::string(key) + "\" is empty");
  return name;
}

// Sections that only files of the original platform have.
constexpr std::string_view kFormer[] = {"paths", "core",      "cache",    "output",   "debug",   "infra",
                                        "kms",   "taskservs", "clusters", "platform", "secrets", "sops"};

constexpr const char* kSettingsFiles[] = {"settings.yaml", "settings.toml", "settings.k"};

// What every provider calls alike stands beside the hostname; it is a parameter like the others.
constexpr std::string_view kServerParams[] = {"zone", "storages", "networks"};

bool has_settings(const fs::path& folder) {
  std::error_code none;
  return std::any_of(std::begin(kSettingsFiles), std::end(kSettingsFiles),
                     [&](const char* file) { return fs::exists(folder / file, none); });
}

void refuse_former(Reading& reading, const Node& tree) {
  for (const Node& key : tree.keys) {
    if (std::find(std::begin(kFormer), std::end(kFormer), key.text) == std::end(kFormer)) continue;
    reading.refuse(key.place, "\"" + key.text + "\" is of an older format of this file",
                   "provisioning workspace migrate --check");
  }
}

void read_taskservs(Reading& reading, const Node* node, ServerDefinition& server) {
  if (node == nullptr) return;
  if (node->kind != Node::Kind::list) {
    reading.refuse(node->place, "\"taskservs\" must be a list", "begin each with \"- name: ...\"");
    return;
  }
  if (node->items.size() > kMaxTaskservs) {
    reading.refuse(node->place, "more than " + std::to_string(kMaxTaskservs) + " taskservs on one server");
    return;
  }
  for (const auto& item : node->items) {
    TaskservUse use = read_taskserv(reading, item);
    for (const auto& other : server.taskservs) {
      if (other.name != use.name) continue;
      reading.refuse(use.place, "taskserv \"" + use.name + "\" is twice on " + server.hostname + ", first in line " +
                                    std::to_string(other.place.line));
    }
    server.taskservs.push_back(std::move(use));
  }
}

void read_labels(Reading& reading, const Node* node, ServerDefinition& server) {
  if (node == nullptr) return;
  if (node->kind != Node::Kind::map) {
    reading.refuse(node->place, "\"labels\" must be a mapping (key: value)");
    return;
  }
  if (node->keys.size() > kMaxLabels)
    reading.refuse(node->place, "more than " + std::to_string(kMaxLabels) + " labels");
  for (std::size_t i = 0; i < node->keys.size(); ++i) {
    const std::string value = reading.text(node->items[i], "label \"" + node->keys[i].text + "\"");
    if (value.size() > 255 || node->keys[i].text.size() > 255) {
      reading.refuse(node->keys[i].place, "a label is longer than 255 bytes");
    }
    server.labels.emplace_back(node->keys[i].text, value);
  }
  std::sort(server.labels.begin(), server.labels.end());
}

void read_server_params(Reading& reading, Fields& fields, const Node& node, ServerDefinition& server) {
  server.params = read_params(reading, fields.find("params"));
  for (const std::string_view name : kServerParams) {
    const Node* value = fields.find(name);
    if (value == nullptr) continue;
    if (name == "storages") read_storages(reading, *value);  // here, whoever the provider is
    if (name == "networks") read_networks(reading, *value);
    const auto key =
        std::find_if(node.keys.begin(), node.keys.end(), [&](const Node& one) { return one.text == name; });
    const bool twice = std::any_of(server.params.begin(), server.params.end(),
                                   [&](const auto& one) { return one.first.text == name; });
    if (twice) reading.refuse(key->place, "\"" + std::string(name) + "\" is there twice, here and in \"params\"");
    server.params.emplace_back(*key, *value);
  }
}

ServerDefinition read_server(Reading& reading, const Infra& infra, const Node& node) {
  ServerDefinition server;
  server.place = node.place;
  Fields fields(reading, node, "a server");
  server.hostname = fields.need_text("hostname");
  if (node.kind != Node::Kind::map) return server;
  if (!is_hostname(server.hostname)) {
    reading.refuse(fields.place("hostname"), "\"" + server.hostname + "\" is not a host name (RFC 1123)",
                   "lower-case letters, digits and hyphens; at most 63 between dots");
  }
  server.plan = fields.text("plan");
  server.plan_place = fields.place("plan");
  server.provider = read_name(reading, fields, "provider", false);
  if (server.provider.empty()) server.provider = infra.provider;
  if (server.provider.empty() && node.find("hostname") != nullptr) {
    reading.refuse(node.place, server.hostname + " has no provider", "write \"provider: local\" below \"settings:\"");
  }
  server.runtime = fields.text("runtime", infra.runtime);
  server.runtime_place = fields.place("runtime");
  read_labels(reading, fields.find("labels"), server);
  read_server_params(reading, fields, node, server);
  read_taskservs(reading, fields.find("taskservs"), server);
  fields.end();
  return server;
}

void read_servers(Reading& reading, const Node& node, Infra& infra) {
  if (node.place.line == 0) return;  // it is not there, which was said
  if (node.kind != Node::Kind::list) {
    reading.refuse(node.place, "\"servers\" must be a list", "begin each server with \"- hostname: ...\"");
    return;
  }
  if (node.items.size() > kMaxServers) {
    reading.refuse(node.place, "more than " + std::to_string(kMaxServers) + " servers in one infra");
    return;
  }
  std::map<std::string, int> lines;
  for (const auto& item : node.items) {
    ServerDefinition server = read_server(reading, infra, item);
    const auto [first, fresh] = lines.emplace(server.hostname, server.place.line);
    if (!fresh) {
      reading.refuse(server.place,
                     "host \"" + server.hostname + "\" is there twice, first in line " + std::to_string(first->second));
    }
    infra.servers.push_back(std::move(server));
  }
}

}  // namespace

Result<std::string> choose_infra(const Workspace& workspace, const std::string& wanted) {
  auto names = list_infras(workspace);
  if (!names) return tl::unexpected(names.error());
  const std::string name = wanted.empty() ? workspace.default_infra : wanted;
  if (!name.empty()) {
    if (std::count(names->begin(), names->end(), name) > 0) return name;
    return fail(
        Code::not_found, "workspace \"" + workspace.name + "\" has no infra \"" + name + "\"",
        names->empty() ? "make " + workspace.root + "/infra/" + name + "/settings.yaml" : did_you_mean(name, *names));
  }
  if (names->size() == 1) return names->front();
  if (names->empty()) {
    return fail(Code::not_found, "workspace \"" + workspace.name + "\" has no infra yet",
                "make " + workspace.root + "/infra/NAME/settings.yaml");
  }
  return fail(Code::invalid, "workspace \"" + workspace.name + "\" has several infras",
              "say which: --infra " + names->front());
}

Params read_params(Reading& reading, const Node* node) {
  Params params;
  if (node == nullptr) return params;
  if (node->kind != Node::Kind::map) {
    reading.refuse(node->place,
                   "\"params\" must be a mapping (name: value), it is " + std::string(name_of(node->kind)));
    return params;
  }
  for (std::size_t i = 0; i < node->keys.size(); ++i) params.emplace_back(node->keys[i], node->items[i]);
  return params;
}

TaskservUse read_taskserv(Reading& reading, const Node& node) {
  TaskservUse use;
  use.place = node.place;
  if (node.kind == Node::Kind::scalar) {
    use.name = node.text;
    if (!is_name(use.name)) {
      reading.refuse(node.place, "\"" + use.name + "\" cannot be the name of a taskserv", std::string(kNameRule));
    }
    return use;
  }
  Fields fields(reading, node, "a taskserv");
  use.name = read_name(reading, fields, "name", true);
  use.profile = read_name(reading, fields, "profile", false);
  use.params = read_params(reading, fields.find("params"));
  fields.end();
  return use;
}

void lay_over(Params& params, const Params& over) {
  for (const auto& [key, value] : over) {
    const auto same =
        std::find_if(params.begin(), params.end(), [&](const auto& one) { return one.first.text == key.text; });
    if (same == params.end()) {
      params.emplace_back(key, value);
    } else {
      same->second = value;
    }
  }
}

std::vector<TaskservUse> read_taskserv_uses(Reading& reading, const Node& node) {
  std::vector<TaskservUse> uses;
  if (node.place.line == 0) return uses;  // it is not there, which was said
  if (node.kind != Node::Kind::list || node.items.empty() || node.items.size() > kMaxTaskservs) {
    reading.refuse(node.place, "\"taskservs\" must be a list of 1 to " + std::to_string(kMaxTaskservs),
                   "write [postgres], or [{name: postgres, params: {...}}]");
    return uses;
  }
  for (const auto& item : node.items) {
    TaskservUse use = read_taskserv(reading, item);
    if (std::any_of(uses.begin(), uses.end(), [&](const TaskservUse& other) { return other.name == use.name; })) {
      reading.refuse(use.place, "taskserv \"" + use.name + "\" is there twice");
    }
    if (!use.profile.empty()) {
      reading.refuse(use.place, "a profile is chosen by a server", "write it into the infra's settings.yaml");
    }
    uses.push_back(std::move(use));
  }
  return uses;
}

Result<Workspace> parse_workspace(const Node& tree, const std::string& file) {
  Reading reading(file);
  Fields fields(reading, tree, "the file");
  Workspace workspace;
  bool says_its_format = false;
  if (const Node& section = fields.need("workspace"); section.place.line > 0) {
    Fields inner(reading, section, "\"workspace\"");
    says_its_format = section.find("format") != nullptr;
    const std::int64_t format = inner.integer("format", kWorkspaceFormat, 1, INT32_MAX);
    if (format > kWorkspaceFormat) {
      reading.refuse(inner.place("format"),
                     "it is written in format " + std::to_string(format) + ", and this program reads up to " +
                         std::to_string(kWorkspaceFormat),
                     "use a newer release of provisioning");
    }
    workspace.name = read_name(reading, inner, "name", true);
    workspace.version = inner.text("version");
    workspace.description = inner.text("description");
    workspace.default_infra = read_name(reading, inner, "default_infra", false);
    inner.end();
  }
  for (const std::string_view other : kSettingSections) static_cast<void>(fields.find(other));  // read by config
  if (!says_its_format) refuse_former(reading, tree);
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  return workspace;
}

Infra read_infra(Reading& reading, const Node& tree, const std::string& folder_name) {
  Fields fields(reading, tree, "the file");
  Infra infra;
  infra.file = reading.file();
  if (const Node& settings = fields.need("settings"); settings.place.line > 0) {
    Fields inner(reading, settings, "\"settings\"");
    infra.name = read_name(reading, inner, "name", true);
    infra.description = inner.text("description");
    infra.provider = read_name(reading, inner, "provider", false);
    infra.runtime = inner.text("runtime");
    if (infra.name != folder_name) {
      reading.refuse(inner.place("name"), "\"name\" is \"" + infra.name + "\", its folder is \"" + folder_name + "\"",
                     "make them the same");
    }
    inner.end();
  }
  read_servers(reading, fields.need("servers"), infra);
  fields.end();
  return infra;
}

Result<Infra> parse_infra(const Node& tree, const std::string& file, const std::string& folder_name) {
  Reading reading(file);
  Infra infra = read_infra(reading, tree, folder_name);
  if (reading.failed()) return tl::unexpected(reading.problems().error());
  return infra;
}

Result<Workspace> load_workspace(const std::string& root) {
  const std::string file = root + "/" + kWorkspaceFile;
  if (auto inside = check_inside(root, file); !inside) return tl::unexpected(inside.error());
  auto tree = load_yaml(file);
  if (!tree) {
    if (tree.error().code != Code::not_found) return tl::unexpected(tree.error());
    return fail(Code::not_found, root + " is not a workspace: it has no " + kWorkspaceFile,
                "provisioning workspace init NAME");
  }
  auto workspace = parse_workspace(*tree, file);
  if (workspace) workspace->root = root;
  return workspace;
}

Result<std::vector<std::string>> list_infras(const Workspace& workspace) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator folder(workspace.root + "/infra", error), end;
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && folder != end; folder.increment(error)) {
    const std::string name = folder->path().filename().string();
    if (is_name(name) && has_settings(folder->path())) names.push_back(name);
  }
  if (error) return fail(Code::io, workspace.root + "/infra: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::string> settings_file(const std::string& root, const std::string& infra) {
  const std::string folder = root + "/infra/" + infra + "/";
  std::string found, first;
  for (const char* file : kSettingsFiles) {
    std::error_code none;
    if (!fs::exists(folder + file, none)) continue;
    if (!found.empty()) {
      return fail(Code::invalid,
                  folder.substr(0, folder.size() - 1) + ": it has both " + first + " and " + file +
                      ", and only one can be right",
                  "remove one of them");
    }
    found = folder + file;
    first = file;
  }
  if (found.empty()) return fail(Code::not_found, folder + kSettingsFiles[0] + ": there is none");
  if (auto inside = check_inside(root, found); !inside) return tl::unexpected(inside.error());
  return found;
}

Result<Infra> load_infra(const Workspace& workspace, const std::string& name) {
  return load_infra(workspace, name, KclProgram({}));
}

}  // namespace prov::workspace
