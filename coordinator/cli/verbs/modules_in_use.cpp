#include "coordinator/cli/verbs/modules_in_use.h"

#include "common/nearest.h"

namespace prov::cli {

using workspace::ExtensionKind;

Result<ExtensionKind> kind_named(const std::string& word) {
  for (const ExtensionKind kind : workspace::kExtensionKinds) {
    const std::string name = workspace::name_of(kind);
    if (word == name || word == name + "s") return kind;
  }
  return fail(Code::invalid, "there is no kind of module \"" + word + "\"",
              did_you_mean(word, {"taskservs", "providers", "clusters"}));
}

Result<Named> extension_named(const workspace::ExtensionFinder& finder, const std::string& word) {
  const std::size_t slash = word.find('/');
  if (slash != std::string::npos) {
    auto kind = kind_named(word.substr(0, slash));
    if (!kind) return tl::unexpected(kind.error());
    return Named{*kind, word.substr(slash + 1)};
  }
  for (const ExtensionKind kind : {ExtensionKind::taskserv, ExtensionKind::provider, ExtensionKind::cluster}) {
    const auto& found = finder.versions(kind, word);
    if (found) return Named{kind, word};
    if (found.error().code != Code::not_found) return tl::unexpected(found.error());
  }
  return tl::unexpected(finder.versions(ExtensionKind::taskserv, word).error());
}

Result<std::string> workspace_named(Context& context, const std::string& word) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  auto found = workspace::find_workspace({word, "", context.world.cwd}, *config);
  if (found) return found->root;
  std::vector<std::string> known;
  for (const auto& one : config->workspaces) known.push_back(one.name);
  return fail(Code::not_found,
              "\"" + word + "\" is neither a known workspace nor a folder with " + workspace::kWorkspaceFile,
              did_you_mean(word, known));
}

Result<workspace::ExtensionFinder> finder_in_use(Context& context) {
  auto found = context.found_workspace();
  if (!found) {
    if (found.error().code != Code::not_found || context.call.has("workspace") || context.call.has("infra")) {
      return tl::unexpected(found.error());
    }
    return context.extensions("", "");
  }
  if (!context.call.has("infra")) return context.extensions(found->root, "");
  auto loaded = workspace::load_workspace(found->root);
  if (!loaded) return tl::unexpected(loaded.error());
  auto infra = workspace::load_infra(*loaded, context.call.value("infra"));
  if (!infra) return tl::unexpected(infra.error());
  return context.extensions(loaded->root, infra->folder);
}

}  // namespace prov::cli
