#include "agent/sandbox/host_records.h"

namespace prov::agent {
namespace {

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

struct Stanza {
  std::string name, version, state, architecture;
};

void take_field(std::string_view line, Stanza& stanza) {
  const auto take = [&](std::string_view field, std::string& to) {
    if (line.starts_with(field)) to = line.substr(field.size());
  };
  take("Package: ", stanza.name);
  take("Version: ", stanza.version);
  take("Architecture: ", stanza.architecture);
  // "Status: install ok installed": what is wanted, an error flag, what is
  if (line.starts_with("Status: ")) stanza.state = line.substr(line.rfind(' ') + 1);
}

template <class Each>
void for_each_stanza(std::string_view rest, Each each) {
  Stanza stanza;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    if (!line.empty()) take_field(line, stanza);
    if (!line.empty() && !rest.empty()) continue;
    if (!stanza.name.empty()) each(stanza);
    stanza = {};
  }
}

}  // namespace

std::string architecture_of_dpkg(std::string_view status) {
  std::string out;
  for_each_stanza(status, [&](const Stanza& stanza) {
    if (stanza.name == "dpkg") out = stanza.architecture;
  });
  return out;
}

Entries parse_dpkg_status(std::string_view text, const std::string& usual_architecture) {
  Entries out;
  for_each_stanza(text, [&](const Stanza& stanza) {
    if (stanza.state == "not-installed" || stanza.state == "config-files" || stanza.state.empty()) return;
    const bool usual = stanza.architecture == "all" || stanza.architecture == usual_architecture;
    const std::string name = usual ? stanza.name : stanza.name + ":" + stanza.architecture;
    out[name] = stanza.state == "installed" ? stanza.version : stanza.version + " (" + stanza.state + ")";
  });
  return out;
}

Entries parse_accounts(std::string_view rest) {
  Entries out;
  while (!rest.empty()) {
    const std::string_view line = next_line(rest);
    const auto colon = line.find(':');
    if (colon != std::string_view::npos && colon > 0) out[std::string(line.substr(0, colon))] = line.substr(colon + 1);
  }
  return out;
}

std::vector<NameChange> changes_between(const Entries& before, const Entries& after) {
  std::vector<NameChange> out;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && old->first < now->first)) {
      out.push_back({Change::removed, old->first, old->second, ""});
      ++old;
    } else if (old == before.end() || now->first < old->first) {
      out.push_back({Change::added, now->first, "", now->second});
      ++now;
    } else {
      if (old->second != now->second) out.push_back({Change::changed, old->first, old->second, now->second});
      ++old;
      ++now;
    }
  }
  return out;
}

}  // namespace prov::agent
