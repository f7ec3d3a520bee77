#include "agent/main/identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <sstream>

#include "common/io/posix/files.h"
#include "common/wire/join_token.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxBytes = 16 << 10;
constexpr const char* kKeys = "/keys";
constexpr const char* kNextKeys = "/keys.next";
using Fields = std::map<std::string, std::string>;

Result<std::optional<Fields>> load(const std::string& path) {
  auto text = io::read_file(path, kMaxBytes);
  if (!text && text.error().code == Code::not_found) return std::optional<Fields>();
  if (!text) return tl::unexpected(text.error());
  Fields out;
  std::istringstream in(*text);
  for (std::string line; std::getline(in, line);) {
    const auto equals = line.find('=');
    if (equals != std::string::npos) out[line.substr(0, equals)] = line.substr(equals + 1);
  }
  wipe(*text);
  return std::optional(std::move(out));
}

std::string text_of(const Fields& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out += name + "=" + value + "\n";
  return out;
}

tl::unexpected<Error> broken(const std::string& path) {
  return fail(Code::corrupt, path + " is damaged",
              "remove the state directory and enrol this host with a new join token");
}

SealKeys seal_keys_of(const io::KeyPair& pair) {
  const auto* raw = reinterpret_cast<const char*>(pair.secret_key.data());
  return {pair.public_key, std::string(raw, pair.secret_key.size())};
}

std::optional<io::KeyPair> pair_from_hex(const std::string& hex) {
  auto raw = from_hex(hex);
  if (!raw || raw->size() != io::SecretKey{}.size()) return std::nullopt;
  io::SecretKey secret;
  std::copy(raw->begin(), raw->end(), secret.begin());
  wipe(*raw);
  return io::key_pair_from(secret);
}

std::string hex_of(const io::KeyPair& pair) {
  return to_hex({reinterpret_cast<const char*>(pair.secret_key.data()), pair.secret_key.size()});
}

Result<std::optional<AgentKeys>> load_keys(const std::string& path) {
  auto fields = load(path);
  if (!fields) return tl::unexpected(fields.error());
  if (!*fields) return std::optional<AgentKeys>();
  struct stat info {};
  if (stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return fail(Code::denied, "others can read the secret keys in " + path,
                "chmod 600 " + path + "; if they may have been read, remove the agent and enrol this host anew");
  }
  const auto link = pair_from_hex((**fields)["link"]);
  const auto seal = pair_from_hex((**fields)["seal"]);
  if (!link || !seal) return broken(path);
  return std::optional(AgentKeys{*link, seal_keys_of(*seal)});
}

Result<AgentKeys> load_or_make(const std::string& path) {
  auto known = load_keys(path);
  if (!known) return tl::unexpected(known.error());
  if (*known) return **known;
  const io::KeyPair link = io::generate_key_pair(), seal = io::generate_key_pair();
  std::string text = text_of({{"link", hex_of(link)}, {"seal", hex_of(seal)}});
  auto written = io::write_durably(path, text, 0600);
  wipe(text);
  if (!written) return tl::unexpected(written.error());
  return AgentKeys{link, seal_keys_of(seal)};
}

std::vector<std::string> split_endpoints(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) wire::add_endpoint(out, one);
  return out;
}

std::string join_endpoints(const std::vector<std::string>& endpoints) {
  std::string out;
  for (const std::string& one : endpoints) out += (out.empty() ? "" : ",") + one;
  return out;
}

}  // namespace

std::vector<std::string> endpoints_to_try(const Enrolment& enrolment) {
  std::vector<std::string> out = enrolment.endpoints;
  if (std::find(out.begin(), out.end(), enrolment.endpoint) == out.end()) out.push_back(enrolment.endpoint);
  return out;
}

bool learn_endpoints(Enrolment& enrolment, const std::string& reached, const std::vector<std::string>& said) {
  std::vector<std::string> now;
  wire::add_endpoint(now, reached);
  for (const std::string& one : said) wire::add_endpoint(now, one);
  if (now == enrolment.endpoints) return false;
  enrolment.endpoints = std::move(now);
  return true;
}

Result<AgentKeys> load_or_make_keys(const std::string& state_dir) { return load_or_make(state_dir + kKeys); }

Result<AgentKeys> load_or_make_next_keys(const std::string& state_dir) { return load_or_make(state_dir + kNextKeys); }

Result<bool> has_next_keys(const std::string& state_dir, const Key& link) {
  auto keys = load_keys(state_dir + kNextKeys);
  if (!keys) return tl::unexpected(keys.error());
  return keys->has_value() && (*keys)->link.public_key == link;
}

Result<void> take_next_keys(const std::string& state_dir) {
  const std::string next = state_dir + kNextKeys;
  if (std::rename(next.c_str(), (state_dir + kKeys).c_str()) != 0) {
    return tl::unexpected(io::system_error("rename", next));
  }
  return io::sync_dir(state_dir);
}

void drop_next_keys(const std::string& state_dir) { unlink((state_dir + kNextKeys).c_str()); }

Result<std::optional<Enrolment>> load_enrolment(const std::string& state_dir) {
  const std::string path = state_dir + "/enrolment";
  auto loaded = load(path);
  if (!loaded) return tl::unexpected(loaded.error());
  if (!*loaded) return std::optional<Enrolment>();
  Fields& fields = **loaded;
  const auto server_key = parse_hex<Key>(fields["server_key"]);
  const auto log_id = parse_id(fields["log_id"]);
  if (!server_key || !log_id || fields["endpoint"].empty()) return broken(path);
  return std::optional(Enrolment{*server_key, fields["endpoint"], fields["workspace"], fields["server"], *log_id,
                                 split_endpoints(fields["endpoints"]), parse_id(fields["token"]).value_or(Id{}),
                                 parse_hex<Key>(fields["agent"]).value_or(Key{})});
}

Result<void> save_enrolment(const std::string& state_dir, const Enrolment& enrolment) {
  Fields fields = {{"server_key", to_text(enrolment.server_key)},
                   {"endpoint", enrolment.endpoint},
                   {"workspace", enrolment.workspace},
                   {"server", enrolment.server},
                   {"log_id", to_text(enrolment.log_id)}};
  if (!enrolment.token.is_zero()) fields["token"] = to_text(enrolment.token);
  if (!enrolment.agent.is_zero()) fields["agent"] = to_text(enrolment.agent);
  if (!enrolment.endpoints.empty()) fields["endpoints"] = join_endpoints(enrolment.endpoints);
  return io::write_durably(state_dir + "/enrolment", text_of(fields), 0600);
}

}  // namespace prov::agent
