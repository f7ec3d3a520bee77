#pragma once
// The interactive sessions of one agent. What shells print is sent only as fast as the coordinator takes it: after
// each window of bytes a heartbeat goes behind them, and reading waits until it is answered.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "agent/executor/terminals.h"
#include "common/ids.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

class Shells {
 public:
  struct Hooks {
    std::function<void(const wire::FromAgent&)> send;
    std::function<std::uint64_t()> beat;  // sends a heartbeat, returns its count
  };
  Shells(Terminals* terminals, Hooks hooks) : terminals_(terminals), hooks_(std::move(hooks)) {}

  void open(const wire::ShellOpen& request);
  bool data(const wire::ShellData& data);  // false: no such session
  bool resize(const wire::ShellResize& resize);
  bool close(const Id& session);
  void close_all();                    // the coordinator is lost: nobody is at the other end
  void answered(std::uint64_t count);  // of a heartbeat
  std::size_t count() const { return sessions_.size(); }

 private:
  void printed(const Id& session, std::string data);
  void ended(Id session, std::int32_t exit_code);  // ends the terminal that calls, and its copy of the id

  Terminals* terminals_;
  Hooks hooks_;
  std::map<Id, std::unique_ptr<Terminal>> sessions_;
  std::size_t unanswered_bytes_ = 0;
  std::uint64_t awaited_ = 0;  // count of the heartbeat that is waited for, 0: none
};

}  // namespace prov::agent
