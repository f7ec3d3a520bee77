#include <nlohmann/json.hpp>

#include "coordinator/cli/completion.h"
#include "coordinator/cli/context.h"
#include "coordinator/cli/help.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/cli/verbs/verbs.h"

namespace prov::cli {

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
  const auto endpoint = context.endpoint();
  const auto workspace = context.found_workspace();
  const std::string core =
      workspace::core_extensions_folder(context.world.env("PROVISIONING_EXTENSIONS"), context.world.program_folder);
  const std::vector<std::pair<std::string, std::string>> facts{
      {"home", home.root},
      {"workspace", workspace ? workspace->root + " (" + workspace->by + ")" : ""},
      {"endpoint", endpoint ? io::to_text(*endpoint) : endpoint.error().message},
      {"extensions", core},
      {"data", home.data()},
      {"log", home.log_file()},
      {"pid_file", home.pid_file()},
      {"user_config", home.user_config()},
      {"token_file", home.token_file()}};
  nlohmann::json document = nlohmann::json::object();
  for (const auto& [name, value] : facts) document[name] = value;
  nlohmann::json variables = nlohmann::json::object();
  std::string shown;
  for (const char* name :
       {"PROVISIONING_HOME", "PROVISIONING_WORKSPACE", "PROVISIONING_ENDPOINT", "PROVISIONING_TOKEN_FILE",
        "PROVISIONING_EXTENSIONS", "PROVISIONING_COORDINATOR", "NO_COLOR"}) {
    const std::string value = context.world.env(name);
    variables[name] = value.empty() ? nlohmann::json() : nlohmann::json(value);
    shown += std::string(name) + (value.empty() ? " is not set\n" : "=" + one_line(value) + "\n");
  }
  document["variables"] = std::move(variables);
  context.print(document, [&] { return facts_text(facts) + "\n" + shown; });
  return Exit::ok;
}

}  // namespace prov::cli
