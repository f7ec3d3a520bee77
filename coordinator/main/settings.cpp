#include "coordinator/main/settings.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <functional>

#include "coordinator/config/load.h"
#include "coordinator/workspace/toml_tree.h"

#include "common/wire/join_token.h"

namespace prov::coordinator {
namespace {

// One table for flags, file keys and help, so that none can be forgotten.
struct Entry {
  const char* flag;  // nullptr: only in the file
  const char* key;   // "section.key" in the file; nullptr: only a flag
  const char* help;
  std::function<Result<void>(Settings&, const std::string&)> set;
};

Error wrong(const std::string& value, const std::string& expected) {
  return {Code::invalid, "\"" + value + "\" is not " + expected, ""};
}

template <class T>
Result<void> number(T& into, const std::string& text, std::uint64_t low, std::uint64_t high) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return tl::unexpected(wrong(text, "a number from " + std::to_string(low) + " to " + std::to_string(high)));
  }
  into = static_cast<T>(value);
  return {};
}

template <class T>
auto number_in(T Settings::*member, std::uint64_t low, std::uint64_t high) {
  return [=](Settings& s, const std::string& text) { return number(s.*member, text, low, high); };
}

auto text_in(std::string Settings::*member) {
  return [=](Settings& s, const std::string& text) -> Result<void> {
    s.*member = text;
    return {};
  };
}

template <class T>
auto limit_in(T domain::Limits::*member, std::uint64_t low, std::uint64_t high) {
  return [=](Settings& s, const std::string& text) { return number(s.limits.*member, text, low, high); };
}

Result<void> set_tcp(Settings& s, const std::string& text) {
  if (text != "true" && text != "false") return tl::unexpected(wrong(text, "true or false"));
  s.tcp = text == "true";
  return {};
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::size_t from = 0;
  while (from <= text.size()) {
    const std::size_t to = std::min(text.find(',', from), text.size());
    if (to > from) out.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return out;
}

Result<void> set_addresses(Settings& s, const std::string& text) {
  s.link_addresses = split(text);
  if (s.link_addresses.empty()) return fail(Code::invalid, "at least one address is needed for the agent link");
  return {};
}

Result<void> set_advertised(Settings& s, const std::string& text) {
  s.advertise.clear();
  for (const std::string& one : split(text)) {
    if (wire::add_endpoint(s.advertise, one)) continue;
    if (!wire::numeric_endpoint(one)) return tl::unexpected(wrong(one, "tcp://ADDRESS:PORT with a numeric address"));
    return fail(Code::invalid, "\"" + one + "\" stands there twice, or is one more than the " +
                                   std::to_string(wire::kMaxEndpoints) + " that an agent keeps");
  }
  return {};
}

Result<void> set_owners(Settings& s, const std::string& text) {
  s.owners.clear();
  for (const std::string& word : split(text)) {
    std::uint32_t uid = 0;
    if (auto ok = number(uid, word, 0, UINT32_MAX - 1); !ok) return ok;
    s.owners.push_back(uid);
  }
  return {};
}

Result<void> set_reserve(Settings& s, const std::string& text) {
  std::uint64_t mib = 0;
  if (auto ok = number(mib, text, 0, 1 << 20); !ok) return ok;
  s.reserve_bytes = mib << 20;
  return {};
}

constexpr std::uint64_t kPorts = 65535;

const std::vector<Entry>& entries() {
  static const std::vector<Entry> table{
      {"--data", "orchestrator.data_dir", "folder of the log and keys", text_in(&Settings::data_dir)},
      {"--socket", "orchestrator.socket", "Unix socket for REST", text_in(&Settings::socket_path)},
      {"--token-file", "orchestrator.token_file", "file with the bearer token for TCP", text_in(&Settings::token_file)},
      {"--tcp", "orchestrator.tcp", "REST on localhost TCP too (true, false)", set_tcp},
      {"--port", "orchestrator.port", "its TCP port, 0 to let the system choose",
       number_in(&Settings::tcp_port, 0, kPorts)},
      {"--owners", "orchestrator.owners", "user ids that may do everything, with commas", set_owners},
      {"--pid-file", nullptr, "file to write the process id to", text_in(&Settings::pid_file)},
      {"--log-file", nullptr, "file to write messages to", text_in(&Settings::log_file)},
      {"--log-level", "orchestrator.log_level", "debug, info, warn or error", text_in(&Settings::log_level)},
      {"--agent-program", "orchestrator.agent_program", "the agent that providers put on hosts",
       text_in(&Settings::agent_program)},
      {"--cache-dir", "orchestrator.cache_dir", "cache for providers (base images)", text_in(&Settings::cache_dir)},
      {"--link-addresses", "link.addresses", "local addresses for agents, with commas", set_addresses},
      {"--advertise", "link.advertise",
       "where agents reach the link, now and after a move: tcp://ADDRESS:PORT, with commas", set_advertised},
      {"--link-port", "link.port", "port of the agent link", number_in(&Settings::link_port, 0, kPorts)},
      {"--enrol-port", "link.enrol_port", "port of the enrolment endpoint",
       number_in(&Settings::enrol_port, 0, kPorts)},
      {"--heartbeat-ms", "link.heartbeat_ms", "milliseconds between heartbeats",
       number_in(&Settings::heartbeat_ms, 50, 60'000)},
      {"--dead-ms", "link.dead_ms", "silence after which the other side is lost",
       number_in(&Settings::dead_ms, 200, 600'000)},
      {"--reserve-mib", "log.reserve_mib", "MiB kept free on the log's disk", set_reserve},
      {nullptr, "log.snapshot_events", "events between two snapshots",
       number_in(&Settings::snapshot_events, 1000, 1ULL << 40)},
      {nullptr, "log.archive_after_days",
       "move commits older than so many days to the archive (0: never for their age)",
       number_in(&Settings::archive_after_days, 0, 36'500)},
      {nullptr, "log.archive_keep_events", "keep so many of the newest events in the log (0: any number)",
       number_in(&Settings::archive_keep_events, 0, 1ULL << 40)},
      {nullptr, "log.archive_dir", "where the archive is (default: archive/ in the data folder)",
       text_in(&Settings::archive_dir)},
      {nullptr, "log.archive_segment_kib", "KiB that are moved at once, a file of the archive",
       number_in(&Settings::archive_segment_kib, 64, 1 << 20)},
      {nullptr, "limits.workflow_parallel", "tasks of a workflow out at once",
       limit_in(&domain::Limits::workflow_parallel, 1, 1'000'000)},
      {nullptr, "limits.agent_orders", "orders out at one agent", limit_in(&domain::Limits::agent_orders, 1, 256)},
      {nullptr, "limits.provider_parallel", "provider calls at once",
       limit_in(&domain::Limits::provider_parallel, 1, 100)},
      {nullptr, "limits.delivery_ms", "until a task for an absent host is given up",
       limit_in(&domain::Limits::delivery_ms, 1000, 7ULL * 24 * 3600 * 1000)},
  };
  return table;
}

// As a flag says it.
std::string with_commas(const config::Key& key, const config::Value& value) {
  if (!is_list(key.type)) return value.text;
  std::string out;
  for (const std::string& item : value.items) out += (out.empty() ? "" : ",") + item;
  return out;
}

// What can be put into a value here. `provisioning platform start` writes a file in which nothing is left to put in.
config::Facts facts() {
  config::Facts facts;
  facts.missing["paths.base"] = "this program knows no home; provisioning platform start does";
  facts.variable = [](const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return std::string(value == nullptr ? "" : value);
  };
  facts.git_branch = []() -> Result<std::string> {
    return fail(Code::unsupported, "this program looks into no repository", "write the value out");
  };
  return facts;
}

Result<void> read_file(Settings& settings, const std::string& path) {
  auto text = workspace::read_file(path, config::kMaxFile);
  if (!text) return tl::unexpected(text.error());
  auto tree = workspace::parse_toml(*text, path);
  if (!tree) return tl::unexpected(tree.error());
  workspace::Problems problems;
  const config::Tree said = config::read_tree(*tree, path, config::Layer::user, problems);
  const config::Settings all = config::interpolate(said, facts(), problems);
  if (problems.any()) return tl::unexpected(problems.error());
  for (const Entry& entry : entries()) {
    const auto found = entry.key == nullptr ? all.end() : all.find(entry.key);
    if (found == all.end()) continue;
    const std::string value = with_commas(*config::find_key(entry.key), found->second.value);
    if (auto ok = entry.set(settings, value); !ok) {
      return fail(Code::invalid, text_of(found->second.origin()) + ": " + entry.key + ": " + ok.error().message);
    }
  }
  return {};
}

}  // namespace

Result<Settings> read_settings(const std::vector<std::string>& arguments, const std::string& program_dir) {
  Settings settings;
  settings.agent_program = program_dir + "/provisioning-agent";
  settings.owners = {geteuid()};
  std::vector<std::pair<const Entry*, std::string>> flags;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& flag = arguments[i];
    const Entry* found = nullptr;
    for (const Entry& entry : entries()) {
      if (entry.flag != nullptr && entry.flag == flag) found = &entry;
    }
    if (found == nullptr && flag != "--config") {
      return fail(Code::invalid, "unknown argument \"" + flag + "\"", "see: provisioning-coordinator serve --help");
    }
    if (i + 1 == arguments.size()) return fail(Code::invalid, flag + " needs a value");
    const std::string& value = arguments[++i];
    if (found != nullptr) {
      flags.emplace_back(found, value);
    } else if (auto ok = read_file(settings, value); !ok) {
      return tl::unexpected(ok.error());
    }
  }
  for (const auto& [entry, value] : flags) {  // flags are stronger than the file, wherever they stand
    if (auto ok = entry->set(settings, value); !ok)
      return fail(Code::invalid, std::string(entry->flag) + ": " + ok.error().message);
  }
  if (settings.data_dir.empty()) return fail(Code::invalid, "where the log is kept was not given", "use --data DIR");
  if (settings.socket_path.empty()) settings.socket_path = settings.data_dir + "/orchestrator.sock";
  if (settings.token_file.empty()) settings.token_file = settings.data_dir + "/orchestrator.token";
  if (settings.dead_ms < 2 * settings.heartbeat_ms) {
    return fail(Code::invalid, "dead_ms has to be at least twice heartbeat_ms, or every hiccup is a loss");
  }
  return settings;
}

std::string serve_help() {
  std::string out = "usage: provisioning-coordinator serve --data DIR [--config FILE] [FLAG VALUE]...\n\n";
  for (const Entry& entry : entries()) {
    std::string line = std::string("  ") + (entry.flag == nullptr ? "" : entry.flag);
    line.resize(std::max<std::size_t>(line.size() + 1, 20), ' ');
    line += entry.key == nullptr ? "" : entry.key;
    line.resize(std::max<std::size_t>(line.size() + 1, 50), ' ');
    out += line + entry.help + "\n";
  }
  return out + "\nThe second column is the key in the TOML file.\n";
}

}  // namespace prov::coordinator
