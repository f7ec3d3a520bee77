#include "coordinator/cli/context.h"

#include <charconv>
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/cli/http_transport.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/config/load.h"
#include "coordinator/config/places.h"
#include "coordinator/modules/layers.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {
namespace {

constexpr std::size_t kMaxToken = 4096;

// Flags that say a setting, whatever the command.
constexpr std::pair<const char*, const char*> kFlagsOfSettings[] = {{"endpoint", "cli.endpoint"},
                                                                    {"environment", "general.environment"}};

using Preferences = std::map<std::string, std::string>;

bool says(const Preferences& preferences, const std::string& name, std::string_view value) {
  const auto found = preferences.find(name);
  return found != preferences.end() && found->second == value;
}

ConsoleSettings settings_of(const World& world, const Invocation& call, const Preferences& preferences) {
  const bool plain = call.has("no-color") || !world.env("NO_COLOR").empty() || world.env("TERM") == "dumb" ||
                     says(preferences, "color", "never");
  ConsoleSettings settings;
  settings.quiet = call.has("quiet");
  settings.out_colour = !plain && world.out_is_terminal;
  settings.err_colour = !plain && world.err_is_terminal;
  settings.movement = settings.err_colour && !settings.quiet;
  return settings;
}

std::string home_of(const World& world) {
  const std::string given = world.env("PROVISIONING_HOME");
  if (!given.empty()) return absolute_path(world, given);
  const std::string user = world.env("HOME");
  return (user.empty() ? "/root" : user) + "/.provisioning";
}

std::optional<Format> format_named(const std::string& word) {
  if (word == "table") return Format::table;
  if (word == "json") return Format::json;
  if (word == "yaml") return Format::yaml;
  return word == "jsonl" ? std::optional<Format>(Format::jsonl) : std::nullopt;
}

// --out may be given twice where it can also name a file: one for the form, one for the file.
Format format_of(const Invocation& call, const Preferences& preferences) {
  Format format = says(preferences, "output_format", "json")   ? Format::json
                  : says(preferences, "output_format", "yaml") ? Format::yaml
                                                               : Format::table;
  for (const auto& word : call.values("out")) format = format_named(word).value_or(format);
  return format;
}

// None where the file cannot be read: whoever needs it says so.
Preferences preferences_of(const World& world) {
  auto known = workspace::load_user_config({home_of(world)});
  return known ? std::move(known->preferences) : Preferences();
}

}  // namespace

Context::Context(World& outside, const Invocation& invocation)
    : Context(outside, invocation, preferences_of(outside)) {}

Context::Context(World& outside, const Invocation& invocation, const std::map<std::string, std::string>& preferences)
    : world(outside),
      call(invocation),
      console(outside.out, outside.err, settings_of(outside, invocation, preferences)),
      home{home_of(outside)},
      format_(format_of(invocation, preferences)) {}

void Context::print(const nlohmann::json& document, const std::function<std::string()>& table) {
  switch (format_) {
    case Format::table: console.result(table()); return;
    case Format::json: console.result(to_pretty_json(document)); return;
    case Format::yaml: console.result(to_yaml(document)); return;
    case Format::jsonl: console.result(document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  }
}

std::string Context::out_file() const {
  std::string file;
  for (const auto& word : call.values("out")) {
    if (!format_named(word)) file = word;
  }
  return file;
}

Result<config::Request> Context::settings_request() {
  config::Request request;
  request.home = home.root;
  request.cwd = world.cwd;
  request.defaults_file = config::find_defaults_file(world.program_folder);
  request.infra = call.value("infra");
  if (call.has("config")) request.coordinator_file = absolute_path(world, call.value("config"));
  auto found = find_workspace();
  if (found) {
    request.workspace_root = found->root;
  } else if (found.error().code != Code::not_found) {
    return tl::unexpected(found.error());
  } else {
    request.no_workspace = found.error().message;  // a command that needs one says so itself
  }
  for (const auto& [flag, key] : kFlagsOfSettings) {
    if (call.has(flag)) request.flags.push_back({key, call.value(flag), std::string("--") + flag});
  }
  for (const auto& text : call.values("set")) {
    auto one = config::parse_assignment(text);
    if (!one) return tl::unexpected(one.error());
    request.flags.push_back(std::move(*one));
  }
  for (const auto& name : world.env_names()) request.variables.emplace_back(name, world.env(name));
  request.variable = world.env;
  request.now_ms = world.now_ms();
  return request;
}

Result<const config::Config*> Context::settings() {
  if (settings_) return settings_.get();
  auto request = settings_request();
  if (!request) return tl::unexpected(request.error());
  auto loaded = config::load(*request);
  if (!loaded) return tl::unexpected(loaded.error());
  settings_ = std::make_shared<const config::Config>(std::move(*loaded));
  return settings_.get();
}

Result<std::string> Context::setting(std::string_view key) {
  auto all = settings();
  if (!all) return tl::unexpected(all.error());
  return (*all)->text(key);
}

// An infra's file that is wrong is no reason not to ask the coordinator, unless it may say which one is meant.
Result<std::shared_ptr<const config::Config>> Context::settings_of_endpoint() {
  if (endpoint_settings_) return endpoint_settings_;
  const auto all = settings();
  if (all) return endpoint_settings_ = settings_;
  auto request = settings_request();
  if (!request) return tl::unexpected(all.error());
  request->without_infra_file = true;
  auto others = config::load(*request);
  if (!others || others->infra().empty()) return tl::unexpected(all.error());
  const auto text =
      workspace::read_file(config::infra_file(request->workspace_root, others->infra()), config::kMaxFile);
  if (!text || text->find("cli") != std::string::npos || text->find("orchestrator") != std::string::npos) {
    return tl::unexpected(all.error());
  }
  console.warn("note: without the settings of infra \"" + others->infra() + "\", where something is wrong:");
  for (const Error& one : workspace::taken_apart(all.error())) console.warn("  " + one_line(one.message));
  return endpoint_settings_ = std::make_shared<const config::Config>(std::move(*others));
}

Result<io::Endpoint> Context::endpoint() {
  auto all = settings_of_endpoint();
  if (!all) return tl::unexpected(all.error());
  const std::string text = (*all)->text("cli.endpoint");
  auto endpoint = parse_endpoint(text);
  if (!endpoint || !endpoint->unix_path.empty()) return endpoint;
  const std::string file = (*all)->text("cli.token_file");
  auto token = workspace::read_file(file, kMaxToken);
  if (!token) {
    return fail(Code::unauthenticated, "no token for " + text + ": " + token.error().message,
                "put it into that file, mode 0600, or name another with PROVISIONING_TOKEN_FILE");
  }
  token_file_ = file;
  endpoint->token = token->substr(0, token->find_last_not_of(" \t\r\n") + 1);
  return endpoint;
}

Result<Client*> Context::client() {
  if (client_) return client_.get();
  auto where = endpoint();
  if (!where) return tl::unexpected(where.error());
  Client::World outside{world.new_id, world.sleep_ms, io::to_text(*where)};
  if (!token_file_.empty()) {
    outside.token_hint = (where->token.empty() ? "there is no token in " : "it is not the one in ") + token_file_ +
                         "; name the coordinator's with PROVISIONING_TOKEN_FILE (cli.token_file)";
  }
  client_ = std::make_unique<Client>(world.connect(*where), std::move(outside));
  return client_.get();
}

Result<workspace::FoundWorkspace> Context::find_workspace() const {
  auto known = workspace::load_user_config(home);
  if (!known) return tl::unexpected(known.error());
  return workspace::find_workspace({call.value("workspace"), world.env("PROVISIONING_WORKSPACE"), world.cwd}, *known);
}

// Others that cannot be read say so themselves; only of the active one nobody has given the name just now.
Result<void> Context::check_active_is_there(const workspace::FoundWorkspace& found) const {
  std::error_code none;
  if (found.by != "active" || std::filesystem::exists(found.root + "/" + workspace::kWorkspaceFile, none)) return {};
  const auto known = workspace::load_user_config(home);
  const std::string name = known ? known->active : "";
  return fail(Code::not_found,
              "the active workspace \"" + name + "\" is not there any more: " + found.root + " has no " +
                  workspace::kWorkspaceFile,
              "moved: provisioning workspace register " + name + " FOLDER; gone: provisioning workspace remove " +
                  name + "; another: provisioning workspace activate NAME");
}

Result<workspace::FoundWorkspace> Context::found_workspace() {
  if (found_) return *found_;
  auto found = find_workspace();
  if (!found) return found;
  if (auto there = check_active_is_there(*found); !there) return tl::unexpected(there.error());
  if (!found->note.empty()) console.say("note: " + found->note);
  found_ = *found;
  return found;
}

Result<workspace::Workspace> Context::workspace() {
  auto found = found_workspace();
  if (!found) return tl::unexpected(found.error());
  auto loaded = workspace::load_workspace(found->root);
  if (!loaded) return loaded;
  auto infra = setting("workspace.default_infra");
  if (!infra) return tl::unexpected(infra.error());
  loaded->default_infra = std::move(*infra);
  return loaded;
}

Result<std::string> Context::workspace_name_or_all() {
  if (call.has("all")) return std::string();
  auto found = find_workspace();
  if (!found) {
    const bool asked = call.has("workspace") || !world.env("PROVISIONING_WORKSPACE").empty();
    if (asked || found.error().code != Code::not_found) return tl::unexpected(found.error());
    return std::string();
  }
  if (found = found_workspace(); !found) return tl::unexpected(found.error());
  auto loaded = workspace::load_workspace(found->root);
  if (!loaded) return tl::unexpected(loaded.error());
  return loaded->name;
}

Result<workspace::ExtensionFinder> Context::extensions(const std::string& workspace_root,
                                                       const std::string& infra_folder) {
  auto given = setting("cli.extensions");
  if (!given) return tl::unexpected(given.error());
  return workspace::open_layers(workspace_root, infra_folder,
                                workspace::core_extensions_folder(*given, world.program_folder), manifests());
}

const std::shared_ptr<workspace::ManifestCache>& Context::manifests() {
  if (!manifests_) manifests_ = std::make_shared<workspace::ManifestCache>(home.manifest_cache());
  return manifests_;
}

Result<std::uint64_t> Context::number(const std::string& flag, std::uint64_t otherwise, std::uint64_t low,
                                      std::uint64_t high) const {
  if (!call.has(flag)) return otherwise;
  const std::string text = call.value(flag);
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size() && value >= low && value <= high) return value;
  return fail(Code::invalid, "--" + flag + " must be a number from " + std::to_string(low) + " to " +
                                 std::to_string(high) + ", it is \"" + text + "\"");
}

Result<bool> Context::confirmed(const std::string& question) {
  if (call.has("yes")) return true;
  if (!world.in_is_terminal || !world.err_is_terminal) {
    return fail(Code::invalid, "this needs a yes, and there is no terminal to ask on: " + question, "add --yes");
  }
  console.talk_raw(question + " [y/N] ");
  const auto answer = world.read_line();
  if (answer && (*answer == "y" || *answer == "Y" || *answer == "yes")) return true;
  console.warn("nothing was done");
  return false;
}

Result<void> check_hostname(const std::string& name) {
  if (workspace::is_hostname(name)) return {};
  return fail(Code::invalid, "\"" + name + "\" is not a host name", "lower-case letters, digits and inner hyphens");
}

std::string absolute_path(const World& world, const std::string& path) {
  return !path.empty() && path[0] == '/' ? path : world.cwd + "/" + path;
}

std::string program_beside(const World& world, const std::string& name) { return world.program_folder + "/" + name; }

}  // namespace prov::cli
