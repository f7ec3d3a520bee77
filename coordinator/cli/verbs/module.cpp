// Which extensions a workspace uses, and in which versions.
#include <algorithm>
#include <filesystem>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/submit.h"
#include "coordinator/cli/verbs/modules_in_use.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/modules/lock.h"
#include "coordinator/modules/relations.h"
#include "coordinator/modules/versions.h"
#include "coordinator/resolution/solver.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {

using nlohmann::json;
using workspace::ExtensionKind;
using workspace::Relation;

namespace {

std::string kinds_word(ExtensionKind kind) { return std::string(workspace::name_of(kind)) + "s"; }

json relations_json(const std::vector<Relation>& relations) {
  json out = json::array();
  for (const auto& one : relations) out.push_back({{"name", one.package}, {"versions", one.written}});
  return out;
}

json extension_json(const workspace::Extension& extension) {
  const workspace::Manifest& manifest = extension.manifest;
  return {{"name", manifest.name},
          {"kind", workspace::name_of(manifest.kind)},
          {"version", manifest.version},
          {"layer", extension.layer},
          {"folder", extension.folder},
          {"description", manifest.description},
          {"licence", manifest.licence},
          {"requires", relations_json(manifest.requires_)},
          {"optional", relations_json(manifest.optional)},
          {"conflicts", relations_json(manifest.conflicts)},
          {"ports", manifest.ports},
          {"interpreters", manifest.interpreters},
          {"resources",
           {{"cpus", manifest.resources.cpus},
            {"memory_mb", manifest.resources.memory_mb},
            {"disk_mb", manifest.resources.disk_mb}}},
          {"os", manifest.os},
          {"arch", manifest.arch}};
}

// That some version of it is there, and that what it requires can be had together.
Result<std::string> check_loadable(const workspace::ExtensionFinder& finder, ExtensionKind kind,
                                   const Relation& relation) {
  const auto& versions = finder.versions(kind, relation.package);
  if (!versions) return tl::unexpected(versions.error());
  if (kind != ExtensionKind::taskserv) {
    for (const auto& one : *versions) {
      if (relation.range.contains(*resolution::parse_version(one.manifest.version))) return one.manifest.version;
    }
    return fail(Code::not_found, "no version of " + relation.package + " is in " + relation.written,
                "there is " + versions->front().manifest.version);
  }
  auto catalogue = workspace::catalogue_of(finder, {relation.package}, nullptr);
  if (!catalogue) return tl::unexpected(catalogue.error());
  auto solution = resolution::solve_or_explain(*catalogue, {{{relation, ""}}, {}});
  if (!solution) {
    return fail(solution.error().code, relation.package + " cannot be loaded:\n" + solution.error().message,
                "see what is there: provisioning module discover taskservs");
  }
  return to_text(solution->at(relation.package));
}

struct ModuleTarget {
  ExtensionKind kind = ExtensionKind::taskserv;
  std::string root;
  workspace::ModuleList list;
};

// From the arguments KIND WORKSPACE ...
Result<ModuleTarget> module_target_of(Context& context) {
  auto kind = kind_named(context.call.args[0]);
  if (!kind) return tl::unexpected(kind.error());
  auto root = workspace_named(context, context.call.args[1]);
  if (!root) return tl::unexpected(root.error());
  auto list = workspace::load_modules(*root);
  if (!list) return tl::unexpected(list.error());
  return ModuleTarget{*kind, std::move(*root), std::move(*list)};
}

// The layers of the workspace with those of all its infras: what can be loaded may be one infra's own.
Result<std::vector<workspace::ExtensionFinder>> finders_of(Context& context, const std::string& root) {
  auto loaded = workspace::load_workspace(root);
  if (!loaded) return tl::unexpected(loaded.error());
  auto names = workspace::list_infras(*loaded);
  if (!names) return tl::unexpected(names.error());
  std::vector<workspace::ExtensionFinder> out;
  std::vector<std::string> folders{""};
  for (const auto& name : *names) folders.push_back(root + "/infra/" + name);
  for (const auto& folder : folders) {
    auto finder = context.extensions(root, folder);
    if (!finder) return tl::unexpected(finder.error());
    out.push_back(std::move(*finder));
  }
  return out;
}

Result<std::string> check_in_some(const std::vector<workspace::ExtensionFinder>& finders, ExtensionKind kind,
                                  const Relation& relation) {
  auto first = check_loadable(finders.front(), kind, relation);
  for (std::size_t i = 1; i < finders.size() && !first && first.error().code == Code::not_found; ++i) {
    if (auto other = check_loadable(finders[i], kind, relation)) return other;
  }
  return first;
}

Result<workspace::ModuleLock> lock_all(Context& context, const workspace::Workspace& loaded,
                                       const std::vector<std::string>& names, workspace::ModuleLock lock) {
  for (const auto& name : names) {
    auto infra = workspace::load_infra(loaded, name);
    if (!infra) return tl::unexpected(infra.error());
    auto finder = context.extensions(loaded.root, infra->folder);
    if (!finder) return tl::unexpected(finder.error());
    workspace::ModuleRules rules = finder->rules();
    rules.locked.clear();
    auto locked =
        workspace::lock_infra(*infra, workspace::ExtensionFinder(finder->layers(), std::move(rules), finder->cache()));
    if (!locked) return tl::unexpected(locked.error());
    lock.infras[name] = std::move(*locked);
  }
  return lock;
}

// What differs between two locks, a row each.
json lock_changes(const workspace::ModuleLock& before, const workspace::ModuleLock& after) {
  std::map<std::tuple<std::string, ExtensionKind, std::string>, std::pair<std::string, std::string>> rows;
  const auto text = [](const workspace::LockedModule& module) {
    return module.version + " (" + module.layer + ", " + to_text(module.digest).substr(0, 12) + ")";
  };
  for (const auto& [infra, modules] : before.infras) {
    for (const auto& [id, module] : modules) rows[{infra, id.first, id.second}].first = text(module);
  }
  for (const auto& [infra, modules] : after.infras) {
    for (const auto& [id, module] : modules) rows[{infra, id.first, id.second}].second = text(module);
  }
  json out = json::array();
  for (const auto& [id, both] : rows) {
    if (both.first == both.second) continue;
    out.push_back({{"infra", std::get<0>(id)},
                   {"kind", workspace::name_of(std::get<1>(id))},
                   {"name", std::get<2>(id)},
                   {"before", both.first},
                   {"after", both.second}});
  }
  return out;
}

std::string changes_table(const json& changes, bool was_there, const Console& console) {
  if (changes.empty()) return was_there ? "the lock is as it was\n" : "a first lock, and nothing to hold yet\n";
  Table table({"INFRA", "KIND", "NAME", "BEFORE", "AFTER"});
  for (const auto& one : changes) {
    const auto or_dash = [&](const char* field) { return text_in(one, field).empty() ? "-" : text_in(one, field); };
    table.add({{text_in(one, "infra")},
               {text_in(one, "kind")},
               {text_in(one, "name"), Colour::bold},
               {or_dash("before")},
               {or_dash("after")}});
  }
  return table.text(console);
}

// ---- the graph

struct GraphEdge {
  std::string from, to, kind, versions;
};
struct Graph {
  std::map<std::string, workspace::Extension> nodes;
  std::vector<GraphEdge> edges;  // by from, then as the manifest has them; only between nodes
};

Result<Graph> graph_of(Context& context, const Loaded& loaded) {
  auto chosen = workspace::choose_versions(loaded.infra, loaded.finder);
  if (!chosen) context.console.warn(chosen.error().message);
  Graph graph;
  for (const auto& name : workspace::Hosts(loaded.infra).names()) {
    auto extension = chosen ? loaded.finder.find(ExtensionKind::taskserv, name, chosen->at(name))
                            : loaded.finder.find(ExtensionKind::taskserv, name);
    if (!extension) return tl::unexpected(extension.error());
    graph.nodes.emplace(name, std::move(*extension));
  }
  for (const auto& [name, extension] : graph.nodes) {
    const auto add = [&](const std::vector<Relation>& relations, const char* kind) {
      for (const auto& one : relations) {
        if (graph.nodes.count(one.package) > 0) graph.edges.push_back({name, one.package, kind, one.written});
      }
    };
    add(extension.manifest.requires_, "requires");
    add(extension.manifest.optional, "optional");
    add(extension.manifest.conflicts, "conflicts");
  }
  return graph;
}

std::string graph_text(const Graph& graph) {
  std::string text;
  for (const auto& [name, extension] : graph.nodes) {
    text += name + " " + extension.manifest.version + " (" + extension.layer + ")\n";
    for (const auto& edge : graph.edges) {
      if (edge.from != name) continue;
      const std::string word = edge.kind == "requires"   ? "requires"
                               : edge.kind == "optional" ? "goes after"
                                                         : "never with";
      text += "  " + word + " " + edge.to + (edge.versions.empty() ? "" : " " + edge.versions) + "\n";
    }
  }
  return text;
}

std::string graph_dot(const Graph& graph) {
  std::string text = "digraph modules {\n";  // names and versions have no character that would need an escape
  for (const auto& [name, extension] : graph.nodes) {
    text += "  \"" + name + "\" [label=\"" + name + "\\n" + extension.manifest.version + "\"];\n";
  }
  for (const auto& edge : graph.edges) {
    const std::string style = edge.kind == "requires"   ? ""
                              : edge.kind == "optional" ? "style=dashed, "
                                                        : "color=red, dir=both, ";
    text += "  \"" + edge.from + "\" -> \"" + edge.to + "\" [" + style + "label=\"" + edge.versions + "\"];\n";
  }
  return text + "}\n";
}

json graph_json(const Graph& graph) {
  json nodes = json::array(), edges = json::array();
  for (const auto& [name, extension] : graph.nodes) {
    nodes.push_back({{"name", name}, {"version", extension.manifest.version}, {"layer", extension.layer}});
  }
  for (const auto& edge : graph.edges) {
    edges.push_back({{"from", edge.from}, {"to", edge.to}, {"kind", edge.kind}, {"versions", edge.versions}});
  }
  return {{"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
}

}  // namespace

Result<Exit> module_discover(Context& context) {
  auto kind = kind_named(context.call.args[0]);
  if (!kind) return tl::unexpected(kind.error());
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  json items = json::array();
  workspace::Problems problems;
  const auto names = finder->names(*kind);
  finder->read_all(*kind, names);
  for (const auto& name : names) {
    const auto& versions = finder->versions(*kind, name);
    if (!versions) {
      problems.add(versions.error());
      continue;
    }
    for (const auto& one : *versions) items.push_back(extension_json(one));
  }
  if (problems.any()) return tl::unexpected(problems.error());
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"NAME", "VERSION", "LAYER", "REQUIRES", "DESCRIPTION"});
    for (const auto& one : items) {
      std::string needed;
      for (const auto& relation : child_in(one, "requires")) {
        needed += (needed.empty() ? "" : ", ") + text_in(relation, "name");
      }
      table.add({{text_in(one, "name"), Colour::bold},
                 {text_in(one, "version")},
                 {text_in(one, "layer")},
                 {needed.empty() ? "-" : needed},
                 {text_in(one, "description")}});
    }
    return table.text(context.console);
  });
  if (items.empty()) context.console.say("none: set PROVISIONING_EXTENSIONS, or make one (docs/guides/modules.md)");
  return Exit::ok;
}

Result<Exit> module_load(Context& context) {
  auto target = module_target_of(context);
  if (!target) return tl::unexpected(target.error());
  auto finders = finders_of(context, target->root);
  if (!finders) return tl::unexpected(finders.error());
  json items = json::array();
  bool changed = false;
  workspace::Problems problems;
  for (std::size_t i = 2; i < context.call.args.size(); ++i) {
    auto relation = workspace::parse_relation(context.call.args[i]);
    auto version = relation ? check_in_some(*finders, target->kind, *relation) : tl::unexpected(relation.error());
    if (!version) {
      problems.add(version.error());
      continue;
    }
    const bool is_new = target->list.add(target->kind, *relation);
    changed = changed || is_new;
    items.push_back(
        {{"name", relation->package}, {"versions", relation->written}, {"version", *version}, {"changed", is_new}});
  }
  if (problems.any()) return tl::unexpected(problems.error());
  if (changed) {
    if (auto saved = workspace::save_modules(target->root, target->list); !saved) return tl::unexpected(saved.error());
  }
  context.print({{"items", items}, {"changed", changed}}, [&] {
    std::string text;
    for (const auto& one : items) {
      text += text_in(one, "name") + " " + text_in(one, "version") +
              (flag_in(one, "changed") ? " is loaded\n" : " was loaded already\n");
    }
    return text;
  });
  context.console.say("the list: " + target->root + "/" + workspace::kModulesFile);
  return Exit::ok;
}

Result<Exit> module_unload(Context& context) {
  auto target = module_target_of(context);
  if (!target) return tl::unexpected(target.error());
  std::vector<std::string> known;
  const auto list = target->list.kinds.find(target->kind);
  if (list != target->list.kinds.end()) known = workspace::names_of(list->second);
  const std::vector<std::string> names(context.call.args.begin() + 2, context.call.args.end());
  workspace::Problems problems;
  for (const auto& name : names) {
    if (target->list.remove(target->kind, name)) continue;
    problems.add({Code::not_found,
                  std::string(workspace::name_of(target->kind)) + " \"" + name + "\" is not loaded in " + target->root,
                  known.empty() ? "nothing of that kind is" : did_you_mean(name, known)});
  }
  if (problems.any()) return tl::unexpected(problems.error());
  if (auto saved = workspace::save_modules(target->root, target->list); !saved) return tl::unexpected(saved.error());
  context.print({{"unloaded", names}, {"changed", true}}, [&] {
    std::string text;
    for (const auto& name : names) text += name + " is not loaded any more\n";
    return text;
  });
  if (target->list.kinds.count(target->kind) == 0) {
    context.console.say("no " + kinds_word(target->kind) + " are listed now, so any may be used");
  }
  return Exit::ok;
}

Result<Exit> module_list(Context& context) {
  auto kind = kind_named(context.call.args[0]);
  if (!kind) return tl::unexpected(kind.error());
  auto root = context.call.args.size() > 1 ? workspace_named(context, context.call.args[1]) : Result<std::string>();
  if (!root) return tl::unexpected(root.error());
  if (root->empty()) {
    auto found = context.found_workspace();
    if (!found) return tl::unexpected(found.error());
    *root = found->root;
  }
  auto list = workspace::load_modules(*root);
  if (!list) return tl::unexpected(list.error());
  auto finders = finders_of(context, *root);
  if (!finders) return tl::unexpected(finders.error());
  json items = json::array();
  const auto of_kind = list->kinds.find(*kind);
  for (const auto& relation : of_kind == list->kinds.end() ? std::vector<Relation>() : of_kind->second) {
    auto version = check_in_some(*finders, *kind, relation);
    items.push_back({{"name", relation.package},
                     {"versions", relation.written},
                     {"version", version ? *version : ""},
                     {"problem", version ? "" : version.error().message}});
  }
  context.print({{"items", items}, {"total", items.size()}, {"all_allowed", of_kind == list->kinds.end()}}, [&] {
    Table table({"NAME", "ASKED FOR", "VERSION", "PROBLEM"});
    for (const auto& one : items) {
      table.add({{text_in(one, "name"), Colour::bold},
                 {text_in(one, "versions").empty() ? "any" : text_in(one, "versions")},
                 {text_in(one, "version").empty() ? "-" : text_in(one, "version")},
                 {text_in(one, "problem"), Colour::red}});
    }
    return table.text(context.console);
  });
  if (items.empty()) {
    context.console.say("no " + kinds_word(*kind) + " are loaded, so any may be used: provisioning module discover " +
                        kinds_word(*kind));
  }
  return Exit::ok;
}

Result<Exit> module_lock(Context& context) {
  auto loaded = context.workspace();
  if (!loaded) return tl::unexpected(loaded.error());
  auto before = workspace::load_lock(loaded->root);
  if (!before) return tl::unexpected(before.error());
  auto names = context.call.has("infra") ? Result<std::vector<std::string>>({context.call.value("infra")})
                                         : workspace::list_infras(*loaded);
  if (!names) return tl::unexpected(names.error());
  auto after = lock_all(context, *loaded, *names, context.call.has("infra") ? *before : workspace::ModuleLock());
  if (!after) return tl::unexpected(after.error());
  const json changes = lock_changes(*before, *after);
  const bool check = context.call.has("check");
  const std::string file = loaded->root + "/" + workspace::kModulesLockFile;
  const bool was_there = std::filesystem::exists(file);
  if (!check) {
    if (auto saved = workspace::save_lock(loaded->root, *after); !saved) return tl::unexpected(saved.error());
  }
  context.print({{"file", file}, {"changes", changes}, {"written", !check}, {"first", !was_there}},
                [&] { return changes_table(changes, was_there, context.console); });
  return check && (!changes.empty() || !was_there) ? Exit::differs : Exit::ok;
}

Result<Exit> module_graph(Context& context) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  auto graph = graph_of(context, *loaded);
  if (!graph) return tl::unexpected(graph.error());
  const std::string format = context.call.value("format", "text");
  if (format == "dot") {
    context.console.result(graph_dot(*graph));
  } else if (format == "json") {
    context.console.result(to_pretty_json(graph_json(*graph)));
  } else {
    context.print(graph_json(*graph), [&] { return graph_text(*graph); });
  }
  if (graph->nodes.empty()) context.console.say("none: no host of the infra has a task service yet");
  return Exit::ok;
}

// ---- what goes with one task service

namespace {

// One task service of an infra, with the versions that its infra chooses and what the hosts have.
struct Relations {
  const workspace::Hosts& hosts;
  const Result<workspace::ChosenVersions>& chosen;
  std::string name;

  bool is_on(const std::string& other, const std::string& host) const {
    const auto& all = hosts.of(other);
    return std::find(all.begin(), all.end(), host) != all.end();
  }
  std::string version_of(const std::string& other) const {
    return chosen && chosen->count(other) > 0 ? chosen->at(other) : "";
  }
  bool is_within(const Relation& relation) const {
    const std::string version = version_of(relation.package);
    return !version.empty() && relation.range.contains(*resolution::parse_version(version));
  }
};

// Whether it is as it should be. Without a choice of versions only presence counts.
bool is_met(const Relations& all, const std::string& kind, const Relation& relation, bool there) {
  const bool within = all.is_within(relation);
  if (kind == "requires") return there && (within || !all.chosen);
  if (kind == "optional") return !there || within || !all.chosen;
  return !there || (all.chosen && !within);
}

void add_rows(const Relations& all, const std::string& kind, const std::vector<Relation>& relations, json& items) {
  for (const auto& one : relations) {
    for (const auto& host : all.hosts.of(all.name)) {
      const bool there = kind == "optional" ? !all.hosts.of(one.package).empty() : all.is_on(one.package, host);
      const std::string version = all.version_of(one.package);
      items.push_back({{"host", host},
                       {"relation", kind},
                       {"name", one.package},
                       {"versions", one.written},
                       {"found", there ? (version.empty() ? "there" : version) : ""},
                       {"ok", is_met(all, kind, one, there)}});
    }
  }
}

json relation_rows(const Relations& all, const workspace::Manifest& manifest) {
  json items = json::array();
  add_rows(all, "requires", manifest.requires_, items);
  add_rows(all, "optional", manifest.optional, items);
  add_rows(all, "conflicts", manifest.conflicts, items);
  return items;
}

std::string relations_table(const json& items, const Console& console) {
  Table table({"HOST", "RELATION", "NAME", "VERSIONS", "FOUND", "OK"});
  for (const auto& one : items) {
    const bool ok = flag_in(one, "ok");
    table.add({{text_in(one, "host"), Colour::bold},
               {text_in(one, "relation")},
               {text_in(one, "name")},
               {text_in(one, "versions").empty() ? "any" : text_in(one, "versions")},
               {text_in(one, "found").empty() ? "-" : text_in(one, "found")},
               {ok ? "yes" : "no", ok ? Colour::green : Colour::red}});
  }
  return table.text(console);
}

}  // namespace

Result<Exit> taskserv_check_deps(Context& context) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  const std::string& name = context.call.args[0];
  const workspace::Hosts hosts(loaded->infra);
  if (hosts.of(name).empty()) {
    const std::string near = nearest(name, hosts.names());
    return fail(Code::not_found, "no host of infra \"" + loaded->infra.name + "\" has the taskserv \"" + name + "\"",
                near.empty()
                    ? "name it in " + loaded->infra.file + ", or look at it alone: provisioning taskserv validate " +
                          name + " --level dependencies"
                    : "did you mean \"" + near + "\"?");
  }
  const auto chosen = workspace::choose_versions(loaded->infra, loaded->finder);
  auto extension = chosen ? loaded->finder.find(ExtensionKind::taskserv, name, chosen->at(name))
                          : loaded->finder.find(ExtensionKind::taskserv, name);
  if (!extension) return tl::unexpected(extension.error());
  const auto fine = chosen ? workspace::check_hosts(loaded->infra, loaded->finder, *chosen)
                           : Result<void>(tl::unexpected(chosen.error()));
  const json items = relation_rows({hosts, chosen, name}, extension->manifest);
  const std::string& version = extension->manifest.version;
  context.print({{"name", name},
                 {"version", version},
                 {"items", items},
                 {"problem", fine ? "" : fine.error().message},
                 {"ok", fine.has_value()}},
                [&] { return name + " " + version + "\n" + relations_table(items, context.console); });
  if (!fine) return tl::unexpected(fine.error());
  return Exit::ok;
}

}  // namespace prov::cli
