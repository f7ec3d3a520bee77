#include <array>

#include "common/json/json.h"
#include "coordinator/audit/audit.h"
#include "coordinator/event_log/state_codec.h"

namespace prov::audit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxShown = 160;  // of a value, in a line for people

// The lists of the state whose elements have a name: two states are compared by name, not by place.
struct NamedList {
  const char* list;
  std::array<const char*, 3> name;  // pointers to the parts of it
};
constexpr NamedList kNamedLists[] = {
    {"join_tokens", {"/id", nullptr, nullptr}},
    {"agents", {"/key", nullptr, nullptr}},
    {"servers", {"/workspace", "/spec/hostname", nullptr}},
    {"taskservs", {"/workspace", "/spec/server", "/spec/name"}},
    {"workflows", {"/id", nullptr, nullptr}},
    {"sessions", {"/id", nullptr, nullptr}},
    {"secrets", {"/workspace", "/reference", nullptr}},
    {"answers", {"/subject", "/workspace", "/command_id"}},
    {"frozen", {"/aggregate_kind", "/aggregate_id", nullptr}},
};

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

Json by_name(const Json& state) {
  Json out = state;
  for (const NamedList& named : kNamedLists) {
    Json object = Json::object();
    for (const Json& element : state.value(named.list, Json::array())) {
      std::string name;
      for (const char* part : named.name) {
        if (part == nullptr) continue;
        name += (name.empty() ? "" : "/") + plain(element.at(Json::json_pointer(part)));
      }
      object[name] = element;
    }
    out[named.list] = std::move(object);
  }
  Json workspaces = Json::object();
  for (const Json& name : state.value("workspaces", Json::array())) workspaces[plain(name)] = true;
  out["workspaces"] = std::move(workspaces);
  return out;
}

void compare(const Json& before, const Json& after, const std::string& path, std::vector<Change>& out) {
  if (before == after) return;
  const auto inner = [&](const std::string& key) { return path.empty() ? key : path + "/" + key; };
  if (before.is_object() && after.is_object()) {
    for (const auto& [key, value] : before.items()) {
      if (const auto found = after.find(key); found != after.end()) {
        compare(value, *found, inner(key), out);
      } else {
        out.push_back({Change::Kind::removed, inner(key), value.dump(), ""});
      }
    }
    for (const auto& [key, value] : after.items()) {
      if (!before.contains(key)) out.push_back({Change::Kind::added, inner(key), "", value.dump()});
    }
    return;
  }
  if (before.is_array() && after.is_array() && before.size() == after.size()) {
    for (std::size_t i = 0; i < before.size(); ++i) compare(before[i], after[i], inner(std::to_string(i)), out);
    return;
  }
  out.push_back({Change::Kind::changed, path, before.dump(), after.dump()});
}

Result<domain::State> state_there(RecordLog& log, std::uint64_t sequence) {
  if (sequence != kEnd) return event_log::state_at(log, sequence);
  return event_log::open_log(log).state;
}

const char* word(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::added: return "added";
    case Change::Kind::changed: return "changed";
    case Change::Kind::removed: return "removed";
  }
  return "";
}

std::string shown(const std::string& value) {
  return value.size() <= kMaxShown ? value : value.substr(0, kMaxShown - 3) + "...";
}

struct Compared {
  std::uint64_t from, to;
  std::vector<Change> changes;
};

Result<Compared> compare_states(RecordLog& log, std::uint64_t from, std::uint64_t to) {
  auto before = state_there(log, from);
  if (!before) return tl::unexpected(before.error());
  auto after = state_there(log, to);
  if (!after) return tl::unexpected(after.error());
  Compared out{before->sequence, after->sequence, {}};
  compare(by_name(event_log::state_to_json(*before)), by_name(event_log::state_to_json(*after)), "", out.changes);
  return out;
}

}  // namespace

Result<Json> state_report(RecordLog& log, std::uint64_t sequence) {
  auto state = state_there(log, sequence);
  if (!state) return tl::unexpected(state.error());
  Json out;
  out["sequence"] = state->sequence;
  out["log_time_ms"] = state->log_time_ms;
  out["state_hash"] = prov::to_text(event_log::state_hash(*state));
  out["state"] = event_log::state_to_json(*state);
  return out;
}

Result<std::vector<Change>> diff(RecordLog& log, std::uint64_t from, std::uint64_t to) {
  auto compared = compare_states(log, from, to);
  if (!compared) return tl::unexpected(compared.error());
  return std::move(compared->changes);
}

Result<Json> diff_report(RecordLog& log, std::uint64_t from, std::uint64_t to) {
  auto compared = compare_states(log, from, to);
  if (!compared) return tl::unexpected(compared.error());
  Json out;
  out["from"] = compared->from;
  out["to"] = compared->to;
  Json changes = Json::array();
  for (const Change& change : compared->changes) {
    Json line;
    line["change"] = word(change.kind);
    line["path"] = change.path;
    line["before"] = change.before.empty() ? Json() : Json::parse(change.before);
    line["after"] = change.after.empty() ? Json() : Json::parse(change.after);
    changes.push_back(std::move(line));
  }
  out["changes"] = std::move(changes);
  return out;
}

std::string to_text(const std::vector<Change>& changes) {
  std::string out;
  for (const Change& change : changes) {
    switch (change.kind) {
      case Change::Kind::added: out += "+ " + change.path + ": " + shown(change.after); break;
      case Change::Kind::removed: out += "- " + change.path + ": " + shown(change.before); break;
      case Change::Kind::changed:
        out += "~ " + change.path + ": " + shown(change.before) + " -> " + shown(change.after);
        break;
    }
    out += "\n";
  }
  return out;
}

}  // namespace prov::audit
