#include "coordinator/modules/extension.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "common/nearest.h"
#include "coordinator/modules/overlay.h"
#include "coordinator/modules/parallel.h"
#include "coordinator/modules/relations.h"

namespace prov::workspace {
namespace fs = std::filesystem;
namespace {

constexpr int kLevelsAboveProgram = 5;
constexpr std::size_t kWorthAThread = 8;  // manifests; fewer are read while a thread starts

bool is_folder(const std::string& path) {
  std::error_code none;
  return fs::is_directory(path, none);
}

bool is_file(const std::string& path) {
  std::error_code none;
  return fs::is_regular_file(path, none);
}

resolution::Version version_of(const Extension& extension) {
  return *resolution::parse_version(extension.manifest.version);  // the manifest was read, so it is one
}

std::string versions_text(const std::vector<Extension>& all) {
  std::string text;
  for (const auto& one : all) text += (text.empty() ? "" : ", ") + one.manifest.version;
  return text;
}

}  // namespace

ExtensionFinder::ExtensionFinder(std::vector<Layer> layers, ModuleRules rules, std::shared_ptr<ManifestCache> cache)
    : layers_(std::move(layers)), rules_(std::move(rules)), cache_(std::move(cache)) {}

std::string ExtensionFinder::parent_of(ExtensionKind kind, std::size_t layer) const {
  return layers_[layer].folder + "/" + name_of(kind) + "s";
}

const std::vector<std::string>& ExtensionFinder::entries_of(const std::string& folder) const {
  const auto known = entries_.find(folder);
  if (known != entries_.end()) return known->second;
  const auto at = entries_.try_emplace(folder).first;
  std::error_code none;
  for (fs::directory_iterator entry(folder, none), end; !none && entry != end; entry.increment(none)) {
    const std::string_view path = entry->path().native();
    at->second.emplace_back(path.substr(path.rfind('/') + 1));
  }
  std::sort(at->second.begin(), at->second.end());
  return at->second;
}

// Folders below `parent` that hold a version of the extension, sorted.
std::vector<std::string> ExtensionFinder::folders_of(const std::string& parent, const std::string& name) const {
  std::vector<std::string> found;
  const auto& all = entries_of(parent);
  for (auto at = std::lower_bound(all.begin(), all.end(), name); at != all.end() && at->starts_with(name); ++at) {
    const bool is_it = at->size() == name.size() || (*at)[name.size()] == '@';
    if (is_it && is_file(parent + "/" + *at + "/manifest.yaml")) found.push_back(parent + "/" + *at);
  }
  return found;
}

Result<Extension> ExtensionFinder::read(ExtensionKind kind, const std::string& name, const std::string& folder,
                                        std::size_t layer) const {
  const std::string file = folder + "/manifest.yaml";
  auto tree = cache_ ? cache_->load(file) : load_yaml(file);
  if (!tree) return tl::unexpected(tree.error());
  auto manifest = parse_manifest(*tree, file);
  if (!manifest) return tl::unexpected(manifest.error());
  const std::string said = fs::path(folder).filename().string();
  if (manifest->name != name || manifest->kind != kind || (said != name && said != name + "@" + manifest->version)) {
    return fail(Code::invalid, file + ": it says \"" + manifest->name + "\" (" + name_of(manifest->kind) + ") " +
                                   manifest->version + ", its folder says \"" + said + "\" (" + name_of(kind) + ")");
  }
  Extension extension{std::move(*manifest), folder, layers_[layer].name, {}, {}, {}};
  for (std::size_t i = layer; i < layers_.size() && extension.library_folder.empty(); ++i) {
    if (is_folder(layers_[i].folder + "/lib")) extension.library_folder = layers_[i].folder + "/lib";
  }
  for (std::size_t i = layer; i-- > 0;) {  // the farthest overlay first, so that the nearest has the last word
    const std::string overlay = layers_[i].folder + "/" + name_of(kind) + "s/" + name;
    if (!is_folder(overlay)) continue;
    if (auto laid = lay_over(extension, {layers_[i].name, overlay}); !laid) return tl::unexpected(laid.error());
  }
  return extension;
}

const Result<std::vector<Extension>>& ExtensionFinder::versions(ExtensionKind kind, const std::string& name) const {
  const auto known = read_.find({kind, name});
  if (known != read_.end()) return known->second;
  return read_.emplace(std::pair(kind, name), read_versions(kind, name)).first->second;
}

void ExtensionFinder::read_all(ExtensionKind kind, const std::vector<std::string>& names) const {
  for (std::size_t i = 0; i < layers_.size(); ++i) entries_of(parent_of(kind, i));  // from here on they are only read
  std::vector<std::string> unread;
  for (const std::string& name : names) {
    if (!read_.contains({kind, name})) unread.push_back(name);
  }
  std::vector<std::optional<Versions>> read(unread.size());
  run_on_all_cores(unread.size(), kWorthAThread, [&](std::size_t i) { read[i] = read_versions(kind, unread[i]); });
  for (std::size_t i = 0; i < unread.size(); ++i) read_.try_emplace({kind, unread[i]}, std::move(*read[i]));
}

Result<std::vector<Extension>> ExtensionFinder::read_versions(ExtensionKind kind, const std::string& name) const {
  std::string looked_in;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string parent = parent_of(kind, i);
    looked_in += (looked_in.empty() ? "" : ", ") + parent;
    if (!is_name(name)) continue;
    std::vector<Extension> found;
    Problems problems;
    for (const auto& folder : folders_of(parent, name)) {
      auto extension = read(kind, name, folder, i);
      if (extension) {
        found.push_back(std::move(*extension));
      } else {
        problems.add(extension.error());
      }
    }
    if (problems.any()) return tl::unexpected(problems.error());
    if (found.empty()) continue;
    std::stable_sort(found.begin(), found.end(), [](const Extension& a, const Extension& b) {
      return resolution::is_preferred(version_of(a), version_of(b));
    });
    const auto twice = std::adjacent_find(found.begin(), found.end(),
                                          [](const auto& a, const auto& b) { return version_of(a) == version_of(b); });
    if (twice == found.end()) return found;
    return fail(Code::invalid,
                name + " " + twice->manifest.version + " is in two folders: " + twice->folder + " and " +
                    std::next(twice)->folder,
                "remove one of them");
  }
  const bool has_core =
      std::any_of(layers_.begin(), layers_.end(), [](const Layer& layer) { return layer.name == "core"; });
  return fail(Code::not_found,
              std::string("there is no ") + name_of(kind) + " \"" + name + "\" in " +
                  (looked_in.empty() ? "any folder (no extensions folder was found)" : looked_in),
              has_core ? did_you_mean(name, names(kind)) : kNoCoreExtensions);
}

Result<Extension> ExtensionFinder::find(ExtensionKind kind, const std::string& name) const {
  const auto& all = versions(kind, name);
  if (!all) return tl::unexpected(all.error());
  if (auto loaded = check_loaded(kind, name); !loaded) return tl::unexpected(loaded.error());
  const Relation* asked = rules_.list.find(kind, name);
  const auto locked = rules_.locked.find({kind, name});
  for (const auto& one : *all) {
    if (asked != nullptr && !asked->range.contains(version_of(one))) continue;
    if (locked != rules_.locked.end() && one.manifest.version != locked->second.version) continue;
    return one;
  }
  const bool by_lock = locked != rules_.locked.end();
  const std::string rule = by_lock ? std::string(kModulesLockFile) + " holds it at " + locked->second.version
                                   : std::string(kModulesFile) + " asks for " + asked->written;
  return fail(Code::conflict,
              "no version of " + std::string(name_of(kind)) + " \"" + name + "\" will do: " + rule + ", and there is " +
                  versions_text(*all),
              by_lock ? "put that version back, or accept another: provisioning module lock"
                      : "provisioning module load " + std::string(name_of(kind)) + " WORKSPACE " + name + "@RANGE");
}

Result<Extension> ExtensionFinder::find(ExtensionKind kind, const std::string& name, const std::string& version) const {
  const auto& all = versions(kind, name);
  if (!all) return tl::unexpected(all.error());
  for (const auto& one : *all) {
    if (one.manifest.version == version) return one;
  }
  return fail(Code::not_found, "there is no version " + version + " of " + name_of(kind) + " \"" + name + "\"",
              "there is " + versions_text(*all));
}

Result<void> ExtensionFinder::check_loaded(ExtensionKind kind, const std::string& name) const {
  const auto of_kind = rules_.list.kinds.find(kind);
  if (of_kind == rules_.list.kinds.end() || rules_.list.find(kind, name) != nullptr) return {};
  std::vector<std::string> open = names_of(of_kind->second);
  std::set<std::string> seen(open.begin(), open.end());
  while (!open.empty()) {
    const auto& all = versions(kind, open.back());
    open.pop_back();
    if (!all) continue;
    for (const auto& one : *all) {
      for (const auto& needed : one.manifest.requires_) {
        if (needed.package == name) return {};
        if (seen.insert(needed.package).second) open.push_back(needed.package);
      }
    }
  }
  return fail(Code::not_found,
              std::string(name_of(kind)) + " \"" + name + "\" is not loaded: neither " + kModulesFile +
                  " names it, nor does anything there require it",
              std::string("provisioning module load ") + name_of(kind) + " WORKSPACE " + name);
}

std::vector<std::string> ExtensionFinder::names(ExtensionKind kind) const {
  std::set<std::string> found;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const std::string parent = parent_of(kind, i);
    for (const std::string& whole : entries_of(parent)) {
      const std::string name = whole.substr(0, whole.find('@'));
      if (is_name(name) && is_file(parent + "/" + whole + "/manifest.yaml")) found.insert(name);
    }
  }
  return {found.begin(), found.end()};
}

std::string core_extensions_folder(const std::string& override_folder, const std::string& program_folder) {
  if (!override_folder.empty()) return override_folder;
  fs::path folder = program_folder;
  for (int level = 0; level < kLevelsAboveProgram; ++level) {
    for (const char* candidate : {"share/provisioning/extensions", "extensions"}) {
      std::error_code none;
      if (fs::is_directory(folder / candidate / "taskservs", none)) return (folder / candidate).string();
    }
    if (!folder.has_parent_path() || folder.parent_path() == folder) break;
    folder = folder.parent_path();
  }
  return {};
}

}  // namespace prov::workspace
