#include <algorithm>

#include "common/json/json.h"
#include "coordinator/cli/completion.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/help.h"
#include "coordinator/cli/verbs/verbs.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/load.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {
namespace {

// Those with a name of their own, and the settings that are in the environment by their long names.
std::vector<std::string> known_variables(const World& world) {
  std::vector<std::string> names{"PROVISIONING_HOME", "PROVISIONING_WORKSPACE", "PROVISIONING_MODE"};
  for (const auto& key : config::keys()) {
    if (!key.variable.empty()) names.emplace_back(key.variable);
  }
  for (const auto& key : config::key_names()) {
    const std::string name = config::variable_of(key);
    if (!world.env(name).empty()) names.push_back(name);
  }
  names.emplace_back("NO_COLOR");
  return names;
}

// What is wrong with what is shown.
std::vector<std::string> trouble_of(const Context& context, const Result<const config::Config*>& settings,
                                    const Result<workspace::FoundWorkspace>& workspace, const std::string& extensions) {
  std::vector<std::string> out;
  const auto add = [&](const Error& error) {
    for (const Error& one : workspace::taken_apart(error)) {
      const std::string text = one.message + (one.hint.empty() ? "" : " (" + one.hint + ")");
      if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(text);
    }
  };
  if (!settings) add(settings.error());
  const auto known = workspace::load_user_config(context.home);
  const bool asked = context.call.has("workspace") || !context.world.env("PROVISIONING_WORKSPACE").empty();
  if (!workspace && (asked || !known || !known->active.empty())) add(workspace.error());  // else there is none yet
  if (extensions.empty()) out.emplace_back(workspace::kNoCoreExtensions);
  return out;
}

}  // namespace

Result<Exit> show_help(Context& context) {
  auto page = help_page(context.call.topic);
  if (!page) return tl::unexpected(page.error());
  context.console.result(*page);
  return Exit::ok;
}

Result<Exit> show_completion(Context& context) {
  auto script = completion_script(context.call.args[0]);
  if (!script) return tl::unexpected(script.error());
  context.console.result(*script);
  return Exit::ok;
}

Result<Exit> show_version(Context& context) {
  context.print({{"name", "provisioning"}, {"version", PROV_VERSION}},
                [] { return std::string("provisioning " PROV_VERSION "\n"); });
  return Exit::ok;
}

Result<Exit> show_env(Context& context) {
  const auto& home = context.home;
  const auto settings = context.settings();
  const config::Config none, &all = settings ? **settings : none;  // the rest is shown whatever is wrong with them
  const auto endpoint = context.endpoint();
  const auto workspace = context.found_workspace();
  const auto mode = workspace::load_active_mode(home, context.world.env("PROVISIONING_MODE"));
  const std::string extensions =
      workspace::core_extensions_folder(all.text("cli.extensions"), context.world.program_folder);
  const std::vector<std::pair<std::string, std::string>> facts{
      {"home", home.root},
      {"workspace", workspace ? workspace->root + " (" + workspace->by + ")" : ""},
      {"mode", mode ? mode->name + " (" + mode->by + ")" : mode.error().message},
      {"environment", all.text("general.environment")},
      {"infra", all.infra()},
      {"endpoint", endpoint ? io::to_text(*endpoint) : one_line(endpoint.error().message)},
      {"extensions", extensions},
      {"data", all.text("orchestrator.data_dir")},
      {"log", home.log_file()},
      {"pid_file", home.pid_file()},
      {"user_config", home.user_config()},
      {"token_file", all.text("cli.token_file")}};
  nlohmann::json document = nlohmann::json::object();
  for (const auto& [name, value] : facts) document[name] = value;
  nlohmann::json variables = nlohmann::json::object();
  std::string shown;
  for (const auto& name : known_variables(context.world)) {
    const std::string value = context.world.env(name);
    variables[name] = value.empty() ? nlohmann::json() : nlohmann::json(value);
    shown += name + (value.empty() ? " is not set\n" : "=" + one_line(value) + "\n");
  }
  document["variables"] = std::move(variables);
  document["files"] = nlohmann::json::array();
  std::string files;
  for (const auto& source : all.sources()) {
    document["files"].push_back({{"layer", name_of(source.layer)}, {"file", source.file}, {"there", source.there}});
    files +=
        std::string(name_of(source.layer)) + ": " + one_line(source.file) + (source.there ? "\n" : " is not there\n");
  }
  const auto trouble = trouble_of(context, settings, workspace, extensions);
  document["trouble"] = trouble;
  context.print(document, [&] {
    return facts_text(facts) + "\n" + shown + "\nFiles of settings, weakest first:\n" + files +
           "\nMore: provisioning config show --origin\n";
  });
  for (const auto& one : trouble) context.console.warn("trouble: " + one_line(one));
  return Exit::ok;
}

}  // namespace prov::cli
