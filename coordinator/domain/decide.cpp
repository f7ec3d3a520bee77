#include "coordinator/domain/decide.h"

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

Decision decide_on(const State&, const Command&, const Tick&, const Inputs&) { return std::vector<EventBody>{}; }

}  // namespace

Result<std::vector<EventBody>> decide(const State& state, const Command& command, const Inputs& in) {
  return std::visit([&](const auto& body) { return decide_on(state, command, body, in); }, command.body);
}

bool valid_hostname(const std::string& name) {
  if (name.empty() || name.size() > 253) return false;
  std::size_t label = 0;
  for (std::size_t i = 0; i <= name.size(); ++i) {
    const char c = i < name.size() ? name[i] : '.';
    if (c == '.') {
      if (label == 0 || label > 63 || name[i - 1] == '-') return false;
      label = 0;
      continue;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && !(c == '-' && label > 0)) return false;
    ++label;
  }
  return true;
}

bool valid_name(const std::string& name) {
  if (name.empty() || name.size() > 64 || name.front() == '.' || name.front() == '-') return false;
  for (const char c : name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!fine) return false;
  }
  return true;
}

bool names_ok(const std::vector<std::string>& hostnames, std::string& bad) {
  for (const auto& name : hostnames) {
    if (!valid_hostname(name)) {
      bad = name;
      return false;
    }
  }
  return true;
}

void register_workspace(const State& state, const Command& command, std::vector<EventBody>& out) {
  if (!state.workspaces.contains(command.workspace)) out.emplace_back(WorkspaceRegistered{command.workspace});
}

}  // namespace prov::domain
