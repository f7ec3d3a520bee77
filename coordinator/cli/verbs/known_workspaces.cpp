// The list of known workspaces and the preferences beside it: user_config.yaml.
#include <filesystem>

#include "common/json/json.h"
#include "common/nearest.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/verbs/workspaces.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/workspace/inside.h"

namespace prov::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

Result<void> remove_folder(const Context& context, const std::string& root) {
  std::error_code error;
  for (const auto& needed : {context.home.root, context.world.cwd}) {
    if (!workspace::check_inside(root, needed)) continue;  // it is elsewhere
    if (!fs::exists(needed, error)) continue;
    return fail(Code::conflict, root + " holds " + needed + ", so it stays",
                needed == context.home.root ? "remove it yourself, if you are sure" : "go to another folder first");
  }
  if (!fs::is_regular_file(root + "/" + workspace::kWorkspaceFile, error)) {
    return fail(Code::conflict, root + " is not a workspace (it has no " + workspace::kWorkspaceFile + "), so it stays",
                "remove it yourself, if you are sure; to forget it: without --files");
  }
  fs::remove_all(root, error);
  if (error) return fail(Code::io, "cannot remove " + root + ": " + error.message());
  return {};
}

std::vector<std::string> names_of(const workspace::UserConfig& config) {
  std::vector<std::string> names;
  for (const auto& known : config.workspaces) names.push_back(known.name);
  return names;
}

Result<std::string> preference_in(const workspace::UserConfig& config, const std::string& name) {
  const auto set = config.preferences.find(name);
  if (set != config.preferences.end()) return set->second;
  const auto* known = workspace::find_preference(name);
  if (known != nullptr) return std::string(known->otherwise);
  return tl::unexpected(workspace::check_preference(name, {}).error());
}

}  // namespace

Result<Exit> workspace_register(Context& context) {
  const std::string &name = context.call.args[0], root = folder_given(context, context.call.args[1]);
  auto loaded = workspace::load_workspace(root);
  if (!loaded) return tl::unexpected(loaded.error());
  if (loaded->name != name) {
    return fail(Code::conflict, root + " calls itself \"" + loaded->name + "\", not \"" + name + "\"",
                "provisioning workspace register " + loaded->name + " " + context.call.args[1]);
  }
  if (auto kept = remember_workspace(context, name, root, context.call.has("activate")); !kept) {
    return tl::unexpected(kept.error());
  }
  context.print({{"name", name}, {"path", root}}, [&] { return "workspace " + name + " is known: " + root + "\n"; });
  return Exit::ok;
}

Result<Exit> workspace_remove(Context& context) {
  const std::string& name = context.call.args[0];
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  const auto* known = config->find(name);
  if (known == nullptr) {
    return fail(Code::not_found, "no workspace \"" + name + "\" is known", did_you_mean(name, names_of(*config)));
  }
  const std::string root = known->path;
  const bool active = config->active == name, files = context.call.has("files");
  if (active && !context.call.has("force")) {
    return fail(Code::conflict, "\"" + name + "\" is the active workspace",
                "activate another one first, or add --force");
  }
  if (files) {
    auto sure = context.confirmed("Remove " + root + " with everything in it?");
    if (!sure) return tl::unexpected(sure.error());
    if (!*sure) return Exit::failed;
    if (auto removed = remove_folder(context, root); !removed) return tl::unexpected(removed.error());
  }
  config->forget(name);
  if (auto saved = workspace::save_user_config(context.home, *config); !saved) return tl::unexpected(saved.error());
  context.print({{"name", name}, {"path", root}, {"files_removed", files}, {"was_active", active}}, [&] {
    return "workspace " + name + " is forgotten; " +
           (files ? root + " is removed\n" : "its files stay: " + root + "\n");
  });
  context.console.say("what runs of it goes on: provisioning server list --all");
  return Exit::ok;
}

Result<Exit> workspace_preferences(Context& context) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  json document = json::object();
  Table table({"PREFERENCE", "VALUE", "CAN BE", "MEANING"});
  for (const auto& one : workspace::preferences()) {
    const std::string name(one.name), value = *preference_in(*config, name);
    document[name] = value;
    const std::string can_be = one.choices.empty() ? "a name" : std::string(one.choices);
    const bool is_set = config->preferences.count(name) > 0;
    table.add({{name, Colour::bold}, {value, is_set ? Colour::plain : Colour::dim}, {can_be}, {std::string(one.help)}});
  }
  for (const auto& [name, value] : config->preferences) {
    if (workspace::find_preference(name) != nullptr) continue;
    document[name] = value;
    table.add({{name, Colour::bold}, {value}, {""}, {"not known to this release, and kept"}});
  }
  context.print(document, [&] { return table.text(context.console); });
  return Exit::ok;
}

Result<Exit> workspace_get_preference(Context& context) {
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  auto value = preference_in(*config, context.call.args[0]);
  if (!value) return tl::unexpected(value.error());
  context.print(json(*value), [&] { return *value + "\n"; });
  return Exit::ok;
}

Result<Exit> workspace_set_preference(Context& context) {
  const std::string &name = context.call.args[0], &value = context.call.args[1];
  auto config = workspace::load_user_config(context.home);
  if (!config) return tl::unexpected(config.error());
  if (auto fine = workspace::check_preference(name, value); !fine) return tl::unexpected(fine.error());
  const std::string before = *preference_in(*config, name);
  config->preferences[name] = value;
  if (auto saved = workspace::save_user_config(context.home, *config); !saved) return tl::unexpected(saved.error());
  context.print({{"preference", name}, {"value", value}, {"before", before}}, [&] {
    return name + " is " + value + (before == value || before.empty() ? "" : ", it was " + before) + "\n";
  });
  return Exit::ok;
}

}  // namespace prov::cli
