#include "coordinator/dispatcher/shell_desk.h"

#include <algorithm>

namespace prov::dispatcher {

void ShellDesk::open(const std::string& workspace, const std::string& server, const domain::Principal& who,
                     wire::ShellOpen shell, ShellEvents events, std::function<void(Result<Id>)> opened) {
  if (shells_.size() >= kMaxShells) {
    return opened(fail(Code::exhausted, "there are " + std::to_string(kMaxShells) + " open shells already"));
  }
  const domain::Command command{desk_.random.id(), workspace, domain::OpenSession{server, shell.argv, true}};
  desk_.core.submit(command, who,
                    [this, workspace, server, shell = std::move(shell), events = std::move(events),
                     opened = std::move(opened)](Result<domain::Answer> answer) mutable {
                      if (!answer) return opened(tl::unexpected(answer.error()));
                      const auto session = desk_.core.state().sessions.find(answer->made);
                      if (session == desk_.core.state().sessions.end())
                        return opened(fail(Code::conflict, "the session was closed at once"));
                      shell.session = answer->made;
                      shells_[shell.session] = Shell{session->second.agent, std::move(events)};
                      sessions_.send(session->second.agent, shell);
                      opened(shell.session);
                    });
}

void ShellDesk::input(const Id& session, const std::string& data) {
  const auto found = shells_.find(session);
  if (found == shells_.end()) return;
  for (std::size_t at = 0; at < data.size(); at += wire::kMaxShellData) {
    sessions_.send(found->second.agent, wire::ShellData{session, data.substr(at, wire::kMaxShellData)});
  }
}

void ShellDesk::resize(const Id& session, std::uint16_t rows, std::uint16_t columns) {
  const auto found = shells_.find(session);
  if (found != shells_.end()) sessions_.send(found->second.agent, wire::ShellResize{session, rows, columns});
}

void ShellDesk::close(const Id& session) {
  const auto found = shells_.find(session);
  if (found == shells_.end()) return;
  sessions_.send(found->second.agent, wire::ShellClose{session});
  end(found, 0, "the operator left");
}

std::map<Id, ShellDesk::Shell>::iterator ShellDesk::of(const Key& agent, const Id& session) {
  const auto found = shells_.find(session);
  if (found == shells_.end() || found->second.agent == agent) return found;  // one that ended a moment ago is no harm
  desk_.core.raise_alarm("foreign_session", "agent:" + to_text(agent), "it speaks in session " + to_text(session));
  return shells_.end();
}

void ShellDesk::output(const Key& agent, wire::ShellData data) {
  const auto found = of(agent, data.session);
  if (found != shells_.end()) found->second.events.output(std::move(data.data));
}

void ShellDesk::closed(const Key& agent, const wire::ShellClosed& closed) {
  const auto found = of(agent, closed.session);
  if (found != shells_.end()) end(found, closed.exit_code, closed.reason.substr(0, 200));
}

void ShellDesk::agent_lost(const Key& agent) {
  for (auto at = shells_.begin(); at != shells_.end();) {
    auto next = std::next(at);
    if (at->second.agent == agent) end(at, -1, "the connection to the host's agent was lost");
    at = next;
  }
}

void ShellDesk::end(std::map<Id, Shell>::iterator at, std::int32_t exit_code, const std::string& reason) {
  const Id session = at->first;
  const ShellEvents events = std::move(at->second.events);
  shells_.erase(at);
  desk_.core.submit({{}, "", domain::CloseSession{session, exit_code, reason}}, system_principal(), {});
  if (events.ended) events.ended(exit_code, reason);
}

}  // namespace prov::dispatcher
