// Templates of extensions: which there are, what they make, and whether they are right.

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/verbs/findings.h"
#include "coordinator/cli/verbs/given.h"
#include "coordinator/cli/verbs/modules_in_use.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/kit/parts.h"
#include "coordinator/kit/sample.h"
#include "coordinator/modules/bundle.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {

using nlohmann::json;
using workspace::Extension;
using workspace::ExtensionKind;

namespace {

constexpr std::string_view kFolder = "templates/", kSuffix = ".mustache";

struct Template {
  std::string name;               // of what it makes: "redis.conf"
  std::string file, layer, path;  // "templates/redis.conf.mustache", "core", and where it stands
};

// As a host would get them, with what nearer layers put in their place.
Result<std::vector<Template>> templates_of(Extension extension) {
  extension.library_folder.clear();  // it has none
  auto files = workspace::list_packed_files(extension);
  if (!files) return tl::unexpected(files.error());
  std::vector<Template> out;
  for (const auto& one : *files) {
    const std::string_view name = one.name;
    if (name.substr(0, kFolder.size()) != kFolder || name.size() <= kFolder.size() + kSuffix.size()) continue;
    if (name.substr(name.size() - kSuffix.size()) != kSuffix) continue;
    const std::size_t length = name.size() - kFolder.size() - kSuffix.size();
    out.push_back({one.name.substr(kFolder.size(), length), one.name, one.layer, one.path});
  }
  return out;
}

Result<Extension> extension_asked_for(const workspace::ExtensionFinder& finder, const std::string& word) {
  auto named = extension_named(finder, word);
  if (!named) return tl::unexpected(named.error());
  return finder.find(named->kind, named->name);
}

// Those that the arguments name; without any, every one of every kind.
Result<std::vector<Extension>> extensions_asked_for(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  std::vector<Extension> out;
  workspace::Problems problems;
  for (const auto& word : context.call.args) {
    auto one = extension_asked_for(*finder, word);
    if (one) {
      out.push_back(std::move(*one));
    } else {
      problems.add(one.error());
    }
  }
  if (problems.any()) return tl::unexpected(problems.error());
  if (!context.call.args.empty()) return out;
  for (const ExtensionKind kind : workspace::kExtensionKinds) {
    const auto names = finder->names(kind);
    finder->read_all(kind, names);
    for (const auto& name : names) {
      const auto& versions = finder->versions(kind, name);
      if (versions) {
        out.push_back(versions->front());
      } else {
        problems.add(versions.error());
      }
    }
  }
  if (problems.any()) return tl::unexpected(problems.error());
  return out;
}

Result<Template> choose_template(const Extension& extension, const std::string& wanted) {
  auto all = templates_of(extension);
  if (!all) return tl::unexpected(all.error());
  const std::string whose = std::string(workspace::name_of(extension.manifest.kind)) + " " + extension.manifest.name;
  if (all->empty()) return fail(Code::not_found, whose + " has no templates");
  if (wanted.empty() && all->size() == 1) return all->front();
  std::vector<std::string> known;
  for (const auto& one : *all) {
    if (!wanted.empty() && (one.name == wanted || one.file == wanted || one.file == std::string(kFolder) + wanted)) {
      return one;
    }
    known.push_back(one.name);
  }
  if (wanted.empty()) {
    return fail(Code::invalid, whose + " has several templates, and one has to be named", did_you_mean("", known));
  }
  return fail(Code::not_found, whose + " has no template \"" + wanted + "\"", did_you_mean(wanted, known));
}

Result<std::vector<kit::TextFile>> read_templates(const Extension& extension) {
  auto all = templates_of(extension);
  if (!all) return tl::unexpected(all.error());
  std::vector<kit::TextFile> files;
  for (const auto& one : *all) {
    auto text = workspace::read_file(one.path, workspace::kMaxYamlBytes);
    if (!text) return tl::unexpected(text.error());
    files.push_back({one.file, one.path, std::move(*text), false});
  }
  return files;
}

}  // namespace

Result<Exit> template_list(Context& context) {
  auto extensions = extensions_asked_for(context);
  if (!extensions) return tl::unexpected(extensions.error());
  json items = json::array();
  for (const auto& extension : *extensions) {
    auto all = templates_of(extension);
    if (!all) return tl::unexpected(all.error());
    for (const auto& one : *all) {
      items.push_back({{"kind", workspace::name_of(extension.manifest.kind)},
                       {"extension", extension.manifest.name},
                       {"version", extension.manifest.version},
                       {"name", one.name},
                       {"layer", one.layer},
                       {"path", one.path}});
    }
  }
  context.print({{"items", items}, {"total", items.size()}}, [&] {
    Table table({"EXTENSION", "TEMPLATE", "LAYER", "FILE"});
    for (const auto& one : items) {
      table.add({{text_in(one, "kind") + "/" + text_in(one, "extension"), Colour::bold},
                 {text_in(one, "name")},
                 {text_in(one, "layer")},
                 {text_in(one, "path")}});
    }
    return table.text(context.console);
  });
  if (items.empty()) context.console.say("none: a template is a file templates/NAME.mustache of an extension");
  return Exit::ok;
}

Result<Exit> template_show(Context& context) {
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  auto extension = extension_asked_for(*finder, context.call.args[0]);
  if (!extension) return tl::unexpected(extension.error());
  auto chosen = choose_template(*extension, context.call.args.size() > 1 ? context.call.args[1] : "");
  if (!chosen) return tl::unexpected(chosen.error());
  auto given = given_params(context);
  if (!given) return tl::unexpected(given.error());
  auto scope = kit::sample_scope(extension->manifest, *given);
  if (!scope) return tl::unexpected(scope.error());
  auto text = workspace::read_file(chosen->path, workspace::kMaxYamlBytes);
  if (!text) return tl::unexpected(text.error());
  kit::add_sample_hosts(*scope, *text);
  auto rendered = templates::render_template(chosen->path, *text, *scope);
  if (!rendered) return tl::unexpected(rendered.error());
  json params = json::object();
  for (const auto& [name, value] : scope->params) params[name] = value;
  const json document{{"extension", extension->manifest.name},
                      {"name", chosen->name},
                      {"path", chosen->path},
                      {"params", std::move(params)},
                      {"text", *rendered}};
  context.print(document, [&] { return *rendered; });
  return Exit::ok;
}

Result<Exit> template_validate(Context& context) {
  auto extensions = extensions_asked_for(context);
  if (!extensions) return tl::unexpected(extensions.error());
  kit::Report report;
  for (const auto& extension : *extensions) {
    auto files = read_templates(extension);
    if (!files) return tl::unexpected(files.error());
    if (files->empty() && context.call.args.empty()) continue;
    report.items.push_back({{extension.manifest.kind, extension.manifest.name, extension.folder},
                            extension.manifest.version,
                            kit::check_templates(extension.manifest, *files)});
  }
  context.print(report_json(report), [&] { return report_text(report, context.console); });
  return exit_of(report);
}

}  // namespace prov::cli
