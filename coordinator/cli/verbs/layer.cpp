// The three layers of extensions: which of them has what, and who wins.
#include <algorithm>
#include <filesystem>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/verbs/modules_in_use.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/bundle.h"
#include "coordinator/modules/relations.h"

namespace prov::cli {

namespace fs = std::filesystem;
using nlohmann::json;
using workspace::Extension;
using workspace::ExtensionKind;

namespace {

std::string joined_names(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

// Folders of one kind in one layer: whole extensions (with a manifest) and overlays (without).
struct Holding {
  std::vector<std::string> whole, overlays;  // sorted
};
Holding holding_of(const workspace::Layer& layer, ExtensionKind kind) {
  Holding holding;
  std::error_code none;
  fs::directory_iterator folder(layer.folder + "/" + workspace::name_of(kind) + "s", none), end;
  for (; !none && folder != end; folder.increment(none)) {
    std::error_code ignored;
    const std::string name = folder->path().filename().string();
    if (!folder->is_directory(ignored) || !workspace::is_name(name.substr(0, name.find('@')))) continue;
    const bool whole = fs::exists(folder->path() / "manifest.yaml", ignored);
    (whole ? holding.whole : holding.overlays).push_back(name);
  }
  std::sort(holding.whole.begin(), holding.whole.end());
  std::sort(holding.overlays.begin(), holding.overlays.end());
  return holding;
}

// Layers behind the one that was taken which have it too.
std::vector<std::string> hidden_layers(const workspace::ExtensionFinder& finder, const Extension& taken) {
  std::vector<std::string> out;
  bool behind = false;
  for (const auto& layer : finder.layers()) {
    if (behind) {
      const auto holding = holding_of(layer, taken.manifest.kind);
      const auto& name = taken.manifest.name;
      if (std::any_of(holding.whole.begin(), holding.whole.end(),
                      [&](const std::string& one) { return one.substr(0, one.find('@')) == name; })) {
        out.push_back(layer.name);
      }
    }
    behind = behind || layer.name == taken.layer;
  }
  return out;
}

std::string why(const workspace::PackedFile& file, const Extension& extension) {
  if (file.layer == "library") return "packed with every extension";
  if (!file.hidden.empty()) return "nearer than " + joined_names(file.hidden);
  return file.layer == extension.layer ? "the extension's own" : "added by the overlay";
}

json explanation(const workspace::ExtensionFinder& finder, const Extension& extension,
                 const std::vector<workspace::PackedFile>& files) {
  const auto hidden = hidden_layers(finder, extension);
  json overlays = json::array(), file_rows = json::array(), key_rows = json::array();
  for (const auto& one : extension.overlays) overlays.push_back({{"layer", one.name}, {"folder", one.folder}});
  for (const auto& one : files) {
    file_rows.push_back({{"file", one.name},
                         {"layer", one.layer},
                         {"path", one.path},
                         {"hides", one.hidden},
                         {"why", why(one, extension)}});
  }
  for (const auto& one : extension.changed) {
    key_rows.push_back({{"key", one.key},
                        {"value", one.value},
                        {"layer", one.layer},
                        {"file", one.file},
                        {"before", one.before},
                        {"before_layer", one.before_layer},
                        {"why", one.layer + " is nearer than " + one.before_layer}});
  }
  const std::string reason = hidden.empty() ? "no other layer has it" : "nearer than " + joined_names(hidden);
  return {{"name", extension.manifest.name},
          {"kind", workspace::name_of(extension.manifest.kind)},
          {"version", extension.manifest.version},
          {"layer", extension.layer},
          {"folder", extension.folder},
          {"why", reason},
          {"overlays", std::move(overlays)},
          {"files", std::move(file_rows)},
          {"keys", std::move(key_rows)}};
}

std::string explanation_text(const json& document, const Console& console) {
  Table files({"FILE", "LAYER", "WHY"});
  for (const auto& one : child_in(document, "files")) {
    files.add({{text_in(one, "file")}, {text_in(one, "layer"), Colour::bold}, {text_in(one, "why")}});
  }
  std::string text = facts_text({{"extension", text_in(document, "kind") + " " + text_in(document, "name") + " " +
                                                   text_in(document, "version")},
                                 {"layer", text_in(document, "layer") + ": " + text_in(document, "why")},
                                 {"folder", text_in(document, "folder")}}) +
                     "\n" + files.text(console);
  if (child_in(document, "keys").empty()) return text;
  Table keys({"KEY", "VALUE", "LAYER", "INSTEAD OF", "WHY"});
  for (const auto& one : child_in(document, "keys")) {
    keys.add({{text_in(one, "key")},
              {text_in(one, "value")},
              {text_in(one, "layer"), Colour::bold},
              {text_in(one, "before")},
              {text_in(one, "why")}});
  }
  return text + "\n" + keys.text(console);
}

Result<json> explain(const workspace::ExtensionFinder& finder, const Extension& extension) {
  auto files = workspace::list_packed_files(extension);
  if (!files) return tl::unexpected(files.error());
  return explanation(finder, extension, *files);
}

// Keeps of files and keys those that are asked for. not_found when there is none.
Result<void> keep_only(json& document, const std::string& wanted) {
  std::vector<std::string> known;
  json kept_files = json::array(), kept_keys = json::array();
  for (const auto& one : document["files"]) {
    known.push_back(text_in(one, "file"));
    if (known.back() == wanted) kept_files.push_back(one);
  }
  for (const auto& one : document["keys"]) {
    known.push_back(text_in(one, "key"));
    if (known.back() == wanted) kept_keys.push_back(one);
  }
  if (kept_files.empty() && kept_keys.empty()) {
    return fail(
        Code::not_found,
        text_in(document, "name") + " has no file \"" + wanted + "\", and no overlay changes a key of that name",
        did_you_mean(wanted, known));
  }
  document["files"] = std::move(kept_files);
  document["keys"] = std::move(kept_keys);
  return {};
}

// Every problem with one extension, in all its versions; empty: none.
std::vector<std::string> problems_of(const workspace::ExtensionFinder& finder, ExtensionKind kind,
                                     const std::string& name) {
  const auto& versions = finder.versions(kind, name);
  if (!versions) return {versions.error().message};
  const ExtensionKind meant = kind == ExtensionKind::cluster ? ExtensionKind::taskserv : kind;  // made of these
  std::vector<std::string> problems;
  for (const auto& one : *versions) {
    if (auto bundle = workspace::pack_extension(one); !bundle) problems.push_back(bundle.error().message);
    for (const auto& needed : one.manifest.requires_) {
      const auto& others = finder.versions(meant, needed.package);
      const bool met = others && std::any_of(others->begin(), others->end(), [&](const Extension& other) {
                         return needed.range.contains(*resolution::parse_version(other.manifest.version));
                       });
      if (met) continue;
      problems.push_back(one.manifest.name + " " + one.manifest.version + " requires " + workspace::to_text(needed) +
                         ", which no layer has");
    }
  }
  return problems;
}

}  // namespace

Result<Exit> layer_explain(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  auto named = extension_named(*finder, context.call.args[0]);
  if (!named) return tl::unexpected(named.error());
  auto extension = finder->find(named->kind, named->name);
  if (!extension) return tl::unexpected(extension.error());
  auto document = explain(*finder, *extension);
  if (!document) return tl::unexpected(document.error());
  if (context.call.args.size() > 1) {
    if (auto kept = keep_only(*document, context.call.args[1]); !kept) return tl::unexpected(kept.error());
  }
  context.print(*document, [&] { return explanation_text(*document, context.console); });
  return Exit::ok;
}

Result<Exit> layer_show(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  json items = json::array();
  for (const auto& layer : finder->layers()) {
    json row{{"layer", layer.name}, {"folder", layer.folder}, {"overlays", json::array()}};
    for (const ExtensionKind kind : workspace::kExtensionKinds) {
      const auto holding = holding_of(layer, kind);
      row[std::string(workspace::name_of(kind)) + "s"] = holding.whole;
      for (const auto& one : holding.overlays) row["overlays"].push_back(workspace::name_of(kind) + ("/" + one));
    }
    items.push_back(std::move(row));
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    std::string text;
    for (const auto& one : items) {
      const auto list = [&](const char* field) {
        return joined_names(child_in(one, field).get<std::vector<std::string>>());
      };
      text += (text.empty() ? "" : "\n") + facts_text({{"layer", text_in(one, "layer")},
                                                       {"folder", text_in(one, "folder")},
                                                       {"providers", list("providers")},
                                                       {"taskservs", list("taskservs")},
                                                       {"clusters", list("clusters")},
                                                       {"overlays", list("overlays")}});
    }
    return text;
  });
  return Exit::ok;
}

Result<Exit> layer_test(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  std::vector<Named> wanted;
  for (const auto& word : context.call.args) {
    auto named = extension_named(*finder, word);
    if (!named) return tl::unexpected(named.error());
    wanted.push_back(*named);
  }
  if (wanted.empty()) {
    for (const ExtensionKind kind : workspace::kExtensionKinds) {
      for (const auto& name : finder->names(kind)) wanted.push_back({kind, name});
    }
  }
  json items = json::array();
  std::size_t bad = 0;
  for (const auto& one : wanted) {
    const auto problems = problems_of(*finder, one.kind, one.name);
    bad += problems.empty() ? 0 : 1;
    items.push_back({{"kind", workspace::name_of(one.kind)}, {"name", one.name}, {"problems", problems}});
  }
  context.print({{"items", items}, {"total", items.size()}, {"failed", bad}}, [&] {
    std::string text;
    for (const auto& one : items) {
      const auto& problems = child_in(one, "problems");
      text += text_in(one, "kind") + " " + text_in(one, "name") + ": " + (problems.empty() ? "ok" : "failed") + "\n";
      for (const auto& problem : problems) text += "  " + problem.get<std::string>() + "\n";
    }
    return text + std::to_string(items.size()) + " looked at, " + std::to_string(bad) + " failed\n";
  });
  return bad == 0 ? Exit::ok : Exit::failed;
}

namespace {

struct Count {
  std::size_t extensions = 0, overlays = 0, used = 0, files = 0, keys = 0;
};
using Counts = std::map<std::string, Count>;  // by layer

void count_folders(const workspace::ExtensionFinder& finder, Counts& counts) {
  for (const auto& layer : finder.layers()) {
    for (const ExtensionKind kind : workspace::kExtensionKinds) {
      const auto holding = holding_of(layer, kind);
      counts[layer.name].extensions += holding.whole.size();
      counts[layer.name].overlays += holding.overlays.size();
    }
  }
}

Result<void> count_used(const workspace::ExtensionFinder& finder, ExtensionKind kind, const std::string& name,
                        workspace::PackedFiles& packed, Counts& counts) {
  const auto& all = finder.versions(kind, name);
  if (!all) return tl::unexpected(all.error());
  counts[all->front().layer].used += all->size();
  for (const auto& one : *all) {
    auto files = packed.of(one);
    if (!files) return tl::unexpected(files.error());
    for (const auto& file : *files) ++counts[file.layer].files;
    for (const auto& key : one.changed) ++counts[key.layer].keys;
  }
  return {};
}

Result<Counts> count_layers(const workspace::ExtensionFinder& finder) {
  Counts counts;
  count_folders(finder, counts);
  workspace::PackedFiles packed;
  for (const ExtensionKind kind : workspace::kExtensionKinds) {
    const auto names = finder.names(kind);
    finder.read_all(kind, names);
    for (const auto& name : names) {
      if (auto counted = count_used(finder, kind, name, packed, counts); !counted)
        return tl::unexpected(counted.error());
    }
  }
  return counts;
}

std::string layer_stats_table(const json& items, const Console& console) {
  Table table({"LAYER", "EXTENSIONS", "USED", "HIDDEN", "OVERLAYS", "FILES", "KEYS"});
  for (const auto& one : items) {
    table.add({{text_in(one, "layer"), Colour::bold},
               {text_in(one, "extensions")},
               {text_in(one, "used")},
               {text_in(one, "hidden")},
               {text_in(one, "overlays")},
               {text_in(one, "files")},
               {text_in(one, "keys")}});
  }
  return table.text(console);
}

}  // namespace

Result<Exit> layer_stats(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  auto counts = count_layers(*finder);
  if (!counts) return tl::unexpected(counts.error());
  json items = json::array();
  for (const auto& layer : finder->layers()) {
    const Count& count = (*counts)[layer.name];
    items.push_back({{"layer", layer.name},
                     {"extensions", count.extensions},
                     {"used", count.used},
                     {"hidden", count.extensions - count.used},
                     {"overlays", count.overlays},
                     {"files", count.files},
                     {"keys", count.keys}});
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] { return layer_stats_table(items, context.console); });
  return Exit::ok;
}

}  // namespace prov::cli
