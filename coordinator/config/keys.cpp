#include "coordinator/config/keys.h"

#include <algorithm>

#include "coordinator/workspace/fields.h"

namespace prov::config {
namespace {

constexpr std::int64_t kPorts = 65535;
constexpr std::int64_t kMany = std::int64_t{1} << 40;
constexpr std::string_view kVars = "vars.";

struct Section {
  std::string_view name, help;
};
constexpr Section kSections[] = {
    {"general", "what holds for the whole installation"},
    {"workspace", "what a workspace says of itself"},
    {"providers", "the providers that make hosts"},
    {"cli", "what the command line talks to, and where it finds things"},
    {"orchestrator", "the coordinator: where it keeps things, who may reach it"},
    {"link", "the link between the coordinator and its agents"},
    {"log", "the event log: snapshots, reserve, archive"},
    {"limits", "how much is done at once"},
    {"vars", "values of your own, for {{vars.NAME}} in other settings"},
};

constexpr Key text(std::string_view name, std::string_view otherwise, std::string_view help,
                   std::string_view variable = {}, std::string_view flag = {}) {
  return {name, Type::text, "", otherwise, 0, 0, "", variable, flag, Where::anywhere, help};
}
constexpr Key path(std::string_view name, std::string_view otherwise, std::string_view help,
                   std::string_view variable = {}) {
  return {name, Type::path, "", otherwise, 0, 0, "", variable, "", Where::anywhere, help};
}
constexpr Key number(std::string_view name, std::string_view unit, std::string_view otherwise, std::int64_t low,
                     std::int64_t high, std::string_view help) {
  return {name, Type::integer, unit, otherwise, low, high, "", "", "", Where::anywhere, help};
}
constexpr Key of_workspace(std::string_view name, Type type, std::string_view help) {
  return {name, type, "", "", 0, 0, "", "", "", Where::workspace_only, help};
}

constexpr Key kKeys[] = {
    {"general.environment", Type::name, "", "dev", 0, 0, "", "PROVISIONING_ENV", "environment", Where::before_its_file,
     "which {environment}-defaults.toml of the workspace is read"},

    {"workspace.format", Type::integer, "", "", 1, 1'000'000, "", "", "", Where::workspace_only,
     "the format of the workspace's file; without it 1, the only one so far"},
    of_workspace("workspace.name", Type::name, "the name of the workspace"),
    of_workspace("workspace.version", Type::text, "the version of what the workspace describes"),
    of_workspace("workspace.description", Type::text, "what the workspace is for"),
    {"workspace.default_infra", Type::name, "", "", 0, 0, "", "", "", Where::before_infra,
     "the infra that is meant when --infra does not say; without it the only one"},

    {"providers.default_provider", Type::name, "", "local", 0, 0, "", "", "provider", Where::anywhere,
     "the provider of the first infra of a new workspace"},

    text("cli.endpoint", "{{orchestrator.socket}}", "where the coordinator is: a Unix socket, or http://ADDRESS:PORT",
         "PROVISIONING_ENDPOINT", "endpoint"),
    path("cli.token_file", "{{orchestrator.token_file}}", "the file with the bearer token for http://",
         "PROVISIONING_TOKEN_FILE"),
    path("cli.extensions", "", "the platform's own extensions; without it they are found beside the program",
         "PROVISIONING_EXTENSIONS"),
    path("cli.coordinator", "", "the coordinator's program; without it the one beside this program",
         "PROVISIONING_COORDINATOR"),

    path("orchestrator.data_dir", "{{paths.base}}/orchestrator/data",
         "the log, keys and secrets; nobody else may read it"),
    path("orchestrator.socket", "{{paths.base}}/services/state/orchestrator.sock", "the Unix socket for REST"),
    path("orchestrator.token_file", "{{paths.base}}/tokens/orchestrator.token",
         "bearer tokens for TCP, one a line, mode 0600"),
    path("orchestrator.cache_dir", "{{paths.base}}/cache", "what providers keep for the next time: base images"),
    path("orchestrator.agent_program", "",
         "the one file that providers put on hosts; without it provisioning-agent beside the coordinator"),
    {"orchestrator.owners", Type::integer_list, "user id", "", 0, 4294967294, "", "", "", Where::anywhere,
     "the users that may do everything; without it who runs the coordinator"},
    {"orchestrator.tcp", Type::boolean, "", "true", 0, 0, "", "", "", Where::anywhere,
     "whether REST is on 127.0.0.1 as well, always with a token"},
    number("orchestrator.port", "", "8080", 0, kPorts, "the TCP port of REST; 0: the system chooses"),
    {"orchestrator.log_level", Type::choice, "", "info", 0, 0, "debug info warn error", "", "", Where::anywhere,
     "how much the coordinator writes into its log file"},

    {"link.addresses", Type::text_list, "", "127.0.0.1", 0, 0, "", "", "", Where::anywhere,
     "where agents connect; a provider adds the address that its hosts can reach"},
    {"link.advertise", Type::text_list, "", "", 0, 0, "", "", "", Where::anywhere,
     "where agents reach the link, now and after a move: tcp://ADDRESS:PORT"},
    number("link.port", "", "9091", 0, kPorts,
           "the port for agents; 0: the system chooses, at each start anew, so only for trials"),
    number("link.enrol_port", "", "9092", 0, kPorts, "where a new host shows its join token"),
    number("link.heartbeat_ms", "ms", "5000", 50, 60'000, "between two heartbeats, both ways"),
    number("link.dead_ms", "ms", "20000", 200, 600'000,
           "silence after which the other side is lost; at least twice link.heartbeat_ms"),

    number("log.reserve_mib", "MiB", "256", 0, 1 << 20,
           "kept free on the log's disk: below it new commands are refused, agents' reports still fit"),
    number("log.snapshot_events", "events", "100000", 1000, kMany, "between two snapshots"),
    number("log.archive_after_days", "days", "0", 0, 36'500,
           "commits older than that are moved to the archive; 0: their age is no reason"),
    number("log.archive_keep_events", "events", "0", 0, kMany,
           "so many of the newest stay in the log; 0: their number is no reason"),
    path("log.archive_dir", "", "the folder of the archive; without it archive/ in orchestrator.data_dir"),
    number("log.archive_segment_kib", "KiB", "65536", 64, 1 << 20, "moved to the archive at once, as one file"),

    number("limits.workflow_parallel", "tasks", "64", 1, 1'000'000, "of one workflow that are out at once"),
    number("limits.agent_orders", "orders", "256", 1, 256,
           "out at one agent; no more than 128 unless it ends so many in a second"),
    number("limits.provider_parallel", "calls", "4", 1, 100, "to providers at once"),
    number("limits.delivery_ms", "ms", "900000", 1000, 604'800'000,
           "a task whose host stays away for so long is given up: not delivered"),

    text("vars.*", "", "any value of your own, used as {{vars.NAME}}"),
};

}  // namespace

std::string_view name_of(Layer layer) {
  constexpr std::string_view kNames[] = {"defaults", "user", "workspace", "environment", "infra", "variable", "flag"};
  return kNames[static_cast<std::size_t>(layer)];
}

std::string_view describe(Layer layer) {
  constexpr std::string_view kTexts[] = {"config.defaults.toml",
                                         "~/.provisioning/config.user.toml",
                                         "config/provisioning.yaml of the workspace",
                                         "config/{env}-defaults.toml of the workspace",
                                         "infra/{name}/config.toml of the workspace",
                                         "PROVISIONING_<SECTION>_<KEY>",
                                         "the command line"};
  return kTexts[static_cast<std::size_t>(layer)];
}

bool layer_is_a_file(Layer layer) { return layer < Layer::variable; }

std::string_view name_of(Type type) {
  constexpr std::string_view kNames[] = {"a text",     "a path",        "a name",          "one word of several",
                                         "an integer", "true or false", "a list of texts", "a list of integers"};
  return kNames[static_cast<std::size_t>(type)];
}

bool is_list(Type type) { return type == Type::text_list || type == Type::integer_list; }

std::span<const Key> keys() { return kKeys; }

const Key* find_key(std::string_view name) {
  if (name.substr(0, kVars.size()) == kVars) {
    return workspace::is_parameter_name(name.substr(kVars.size())) ? &std::end(kKeys)[-1] : nullptr;
  }
  const auto* const found =
      std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& key) { return key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

bool is_section(std::string_view path) {
  return std::any_of(std::begin(kKeys), std::end(kKeys), [&](const Key& key) {
    return key.name.size() > path.size() && key.name.substr(0, path.size()) == path && key.name[path.size()] == '.';
  });
}

bool may_stand_in(const Key& key, Layer layer) {
  switch (key.where) {
    case Where::anywhere: return true;
    case Where::workspace_only: return layer == Layer::workspace;
    case Where::before_infra: return layer != Layer::infra;
    case Where::before_its_file: return layer != Layer::environment && layer != Layer::infra;
  }
  return false;
}

std::vector<std::string> key_names() {
  std::vector<std::string> names;
  for (const Key& key : kKeys) {
    if (key.name.back() != '*') names.emplace_back(key.name);
  }
  return names;
}

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Section& section : kSections) names.emplace_back(section.name);
  return names;
}

std::string variable_of(std::string_view key_name) {
  std::string out = "PROVISIONING_";
  for (const char c : key_name) {
    out += c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return out;
}

std::string_view section_help(std::string_view section) {
  const auto* const found =
      std::find_if(std::begin(kSections), std::end(kSections), [&](const Section& s) { return s.name == section; });
  return found == std::end(kSections) ? std::string_view() : found->help;
}

}  // namespace prov::config
