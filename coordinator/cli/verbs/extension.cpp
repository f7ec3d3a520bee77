// Making extensions of each kind, and looking at them: the noun of the command says which kind is meant.

#include <algorithm>

#include "common/json/json.h"
#include "coordinator/cli/verbs/findings.h"
#include "coordinator/cli/verbs/modules_in_use.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/kit/skeleton.h"

namespace prov::cli {

using nlohmann::json;
using workspace::ExtensionKind;

namespace {

Result<ExtensionKind> kind_in_use(const Context& context) {
  return kind_named(std::string(context.call.command->noun));
}

// Where a new one goes: below --into, else in the workspace.
Result<std::string> layer_to_write(Context& context) {
  if (context.call.has("into")) return absolute_path(context.world, context.call.value("into"));
  auto found = context.found_workspace();
  if (!found) {
    found.error().hint = "make one: provisioning workspace init NAME; or name a folder of extensions: --into FOLDER";
    return tl::unexpected(found.error());
  }
  return found->root + "/extensions";
}

// One in the workspace goes before the platform's own of that name, in every infra: not by accident.
Result<void> hides_nothing(Context& context, ExtensionKind kind, const std::string& name) {
  if (context.call.has("into")) return {};
  auto platform = context.extensions("", "");
  if (!platform) return tl::unexpected(platform.error());
  const auto names = platform->names(kind);
  if (std::find(names.begin(), names.end(), name) == names.end()) return {};
  return fail(
      Code::conflict,
      std::string("the platform has a ") + workspace::name_of(kind) + " \"" + name + "\", which this one would hide",
      "take another name; to go before it all the same: --into FOLDER, with the workspace's extensions");
}

Result<std::vector<kit::Subject>> subjects_asked_for(const workspace::ExtensionFinder& finder, ExtensionKind kind,
                                                     const std::vector<std::string>& names) {
  if (names.empty()) return kit::all_subjects(finder, kind);
  std::vector<kit::Subject> out;
  for (const auto& name : names) {
    auto some = kit::subjects_named(finder, kind, name);
    if (!some) return tl::unexpected(some.error());
    out.insert(out.end(), some->begin(), some->end());
  }
  return out;
}

}  // namespace

Result<Exit> extension_generate(Context& context) {
  auto kind = kind_in_use(context);
  if (!kind) return tl::unexpected(kind.error());
  const std::string word = workspace::name_of(*kind);
  const std::string& name = context.call.args[0];
  if (!workspace::is_name(name)) {
    return fail(Code::invalid, "\"" + name + "\" cannot be the name of a " + word, std::string(workspace::kNameRule));
  }
  auto layer = layer_to_write(context);
  if (!layer) return tl::unexpected(layer.error());
  if (auto fine = hides_nothing(context, *kind, name); !fine) return tl::unexpected(fine.error());
  const std::string folder = *layer + "/" + word + "s/" + name;
  const auto files = kit::skeleton_of(*kind, name);
  if (auto written = kit::write_skeleton(folder, files); !written) return tl::unexpected(written.error());
  json names = json::array();
  for (const auto& file : files) names.push_back(file.path);
  context.print({{"name", name}, {"kind", word}, {"folder", folder}, {"files", names}, {"changed", true}}, [&] {
    std::string text = word + " " + name + ": " + folder + "\n";
    for (const auto& file : files) text += "  " + file.path + "\n";
    return text;
  });
  context.console.say("next: try it with " + folder + "/tests/run, and look at it with: provisioning " + word +
                      " validate " + name);
  return Exit::ok;
}

Result<Exit> extension_validate(Context& context) {
  auto kind = kind_in_use(context);
  if (!kind) return tl::unexpected(kind.error());
  auto level = kit::level_named(context.call.value("level", "all"));
  if (!level) return tl::unexpected(level.error());
  auto finder = finder_in_use(context);
  if (!finder) return tl::unexpected(finder.error());
  auto subjects = subjects_asked_for(*finder, *kind, context.call.args);
  if (!subjects) return tl::unexpected(subjects.error());
  const auto report = kit::check_extensions(*finder, *subjects, *level, context.world.env("PATH"));
  context.print(report_json(report), [&] { return report_text(report, context.console); });
  return exit_of(report);
}

}  // namespace prov::cli
