#pragma once
// Interactive sessions between an operator's terminal and a host: opened and closed in the log, their bytes only
// passed on.
#include <map>

#include "coordinator/dispatcher/agent_sessions.h"

namespace prov::dispatcher {

class ShellDesk {
 public:
  ShellDesk(Desk& desk, AgentSessions& sessions) : desk_(desk), sessions_(sessions) {}

  void open(const std::string& workspace, const std::string& server, const domain::Principal& who,
            wire::ShellOpen shell, ShellEvents events, std::function<void(Result<Id>)> opened);
  void input(const Id& session, const std::string& data);
  void resize(const Id& session, std::uint16_t rows, std::uint16_t columns);
  void close(const Id& session);

  void output(const Key& agent, wire::ShellData data);
  void closed(const Key& agent, const wire::ShellClosed& closed);
  void agent_lost(const Key& agent);

 private:
  struct Shell {
    Key agent;
    ShellEvents events;
  };
  std::map<Id, Shell>::iterator of(const Key& agent, const Id& session);  // end(): not this agent's
  void end(std::map<Id, Shell>::iterator at, std::int32_t exit_code, const std::string& reason);

  static constexpr std::size_t kMaxShells = 256;
  Desk& desk_;
  AgentSessions& sessions_;
  std::map<Id, Shell> shells_;
};

}  // namespace prov::dispatcher
