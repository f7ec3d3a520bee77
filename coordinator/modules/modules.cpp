#include "coordinator/modules/modules.h"

#include <algorithm>
#include <filesystem>

#include "coordinator/modules/relations.h"
#include "coordinator/workspace/home.h"
#include "coordinator/workspace/inside.h"

namespace prov::workspace {
namespace {

std::string key_of(ExtensionKind kind) { return std::string(name_of(kind)) + "s"; }

Result<ModuleList> parse_modules(const Node& tree, const std::string& file) {
  Reading reading(file);
  ModuleList list;
  if (tree.kind == Node::Kind::null) return list;
  Fields fields(reading, tree, "the list of modules");
  for (const ExtensionKind kind : kExtensionKinds) {
    auto relations = read_relations(reading, fields, key_of(kind));
    if (fields.find(key_of(kind)) == nullptr) continue;
    std::sort(relations.begin(), relations.end(), [](const auto& a, const auto& b) { return a.package < b.package; });
    list.kinds[kind] = std::move(relations);
  }
  fields.end();
  if (reading.failed()) return tl::unexpected(reading.error());
  return list;
}

LockedModule read_locked(Reading& reading, const Node& node, const std::string& name) {
  LockedModule module;
  Fields fields(reading, node, "\"" + name + "\"");
  module.version = fields.need_text("version");
  if (!is_version(module.version)) {
    reading.refuse(fields.place("version"), "\"" + module.version + "\" is not a semantic version");
  }
  module.layer = fields.need_text("layer");
  const std::string digest = fields.need_text("digest");
  if (const auto parsed = parse_hex<Digest>(digest)) {
    module.digest = *parsed;
  } else {
    reading.refuse(fields.place("digest"), "\"" + digest.substr(0, 80) + "\" is not a digest");
  }
  fields.end();
  return module;
}

LockedModules read_infra(Reading& reading, const Node& node, const std::string& infra) {
  LockedModules modules;
  Fields fields(reading, node, "infra \"" + infra + "\"");
  for (const ExtensionKind kind : kExtensionKinds) {
    const Node* map = fields.find(key_of(kind));
    if (map == nullptr) continue;
    if (map->kind != Node::Kind::map) reading.refuse(map->place, "\"" + key_of(kind) + "\" must be a mapping");
    for (std::size_t i = 0; i < map->keys.size(); ++i) {
      const std::string& name = map->keys[i].text;
      modules[{kind, name}] = read_locked(reading, map->items[i], name);
    }
  }
  fields.end();
  return modules;
}

Result<ModuleLock> parse_lock(const Node& tree, const std::string& file) {
  Reading reading(file);
  Fields fields(reading, tree, "the lock");
  ModuleLock lock;
  const Node& infras = fields.need("infras");
  fields.end();
  if (infras.kind != Node::Kind::map) reading.refuse(infras.place, "\"infras\" must be a mapping");
  for (std::size_t i = 0; i < infras.keys.size(); ++i) {
    lock.infras[infras.keys[i].text] = read_infra(reading, infras.items[i], infras.keys[i].text);
  }
  if (reading.failed()) {
    Error error = reading.error();
    if (error.hint.empty()) error.hint = "write it anew: provisioning module lock";
    return tl::unexpected(std::move(error));
  }
  return lock;
}

}  // namespace

const Relation* ModuleList::find(ExtensionKind kind, const std::string& name) const {
  const auto of_kind = kinds.find(kind);
  if (of_kind == kinds.end()) return nullptr;
  const auto& list = of_kind->second;
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.package == name; });
  return found == list.end() ? nullptr : &*found;
}

bool ModuleList::add(ExtensionKind kind, const Relation& relation) {
  auto& list = kinds[kind];
  const auto at = std::lower_bound(list.begin(), list.end(), relation.package,
                                   [](const Relation& one, const std::string& name) { return one.package < name; });
  if (at == list.end() || at->package != relation.package) {
    list.insert(at, relation);
    return true;
  }
  if (at->written == relation.written) return false;
  *at = relation;
  return true;
}

bool ModuleList::remove(ExtensionKind kind, const std::string& name) {
  const auto of_kind = kinds.find(kind);
  if (of_kind == kinds.end()) return false;
  const bool removed = std::erase_if(of_kind->second, [&](const auto& one) { return one.package == name; }) > 0;
  if (of_kind->second.empty()) kinds.erase(of_kind);
  return removed;
}

Result<ModuleList> load_modules(const std::string& workspace_root) {
  const std::string file = workspace_root + "/" + kModulesFile;
  if (auto inside = check_inside(workspace_root, file); !inside) return tl::unexpected(inside.error());
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return ModuleList();
  if (!tree) return tl::unexpected(tree.error());
  return parse_modules(*tree, file);
}

Result<ModuleLock> load_lock(const std::string& workspace_root) {
  const std::string file = workspace_root + "/" + kModulesLockFile;
  if (auto inside = check_inside(workspace_root, file); !inside) return tl::unexpected(inside.error());
  auto tree = load_yaml(file);
  if (!tree && tree.error().code == Code::not_found) return ModuleLock();
  if (!tree) return tl::unexpected(tree.error());
  return parse_lock(*tree, file);
}

Result<ModuleRules> load_rules(const std::string& workspace_root, const std::string& infra) {
  auto list = load_modules(workspace_root);
  if (!list) return tl::unexpected(list.error());
  ModuleRules rules{std::move(*list), {}};
  if (infra.empty()) return rules;
  auto lock = load_lock(workspace_root);
  if (!lock) return tl::unexpected(lock.error());
  if (const auto own = lock->infras.find(infra); own != lock->infras.end()) rules.locked = own->second;
  return rules;
}

Result<void> save_modules(const std::string& workspace_root, const ModuleList& list) {
  const std::string file = workspace_root + "/" + kModulesFile;
  if (list.kinds.empty()) {
    std::error_code error;
    std::filesystem::remove(file, error);
    if (error) return fail(Code::io, "cannot remove " + file + ": " + error.message());
    return {};
  }
  std::string text = "# The extensions that this workspace uses: provisioning module load, unload, list\n";
  for (const auto& [kind, relations] : list.kinds) {
    text += key_of(kind) + ":\n";
    for (const auto& one : relations) {
      text += "  - " + one.package + (one.written.empty() ? "" : ": \"" + one.written + "\"") + "\n";
    }
  }
  return write_file_atomically(file, text, 0644);
}

Result<void> save_lock(const std::string& workspace_root, const ModuleLock& lock) {
  std::string text =
      "# Written by: provisioning module lock\ninfras:" + std::string(lock.infras.empty() ? " {}\n" : "\n");
  for (const auto& [infra, modules] : lock.infras) {
    text += "  " + infra + ":" + (modules.empty() ? " {}\n" : "\n");
    std::string before;
    for (const auto& [id, module] : modules) {
      const std::string key = key_of(id.first);
      if (key != before) text += "    " + key + ":\n";
      before = key;
      text += "      " + id.second + ": {version: \"" + module.version + "\", layer: " + module.layer + ", digest: \"" +
              to_text(module.digest) + "\"}\n";
    }
  }
  return write_file_atomically(workspace_root + "/" + kModulesLockFile, text, 0644);
}

}  // namespace prov::workspace
