#pragma once
// Between the core and the agents: carries effects out (render, seal, send, re-send until settled), and brings what
// agents say to the core's one door. Knows what is volatile: who is connected, when it was last heard, which order is
// on its way. Everything runs on the owner's thread. Formats: schema/agent.capnp.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/ports/clock.h"
#include "common/ports/link.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "common/wire/agent_wire.h"
#include "common/wire/join_token.h"
#include "coordinator/command_handler/core.h"
#include "coordinator/providers/provider_runner.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::dispatcher {

struct DispatcherConfig {
  std::uint32_t heartbeat_ms = 5000;   // agents send one so often, and hear one back
  std::uint32_t dead_ms = 20000;       // without a word for so long, either side takes the other for lost
  std::uint32_t resend_ms = 2000;      // an order that the agent has not acknowledged goes out again
  std::vector<std::string> advertise;  // the agent link as agents reach it, now and after a move; at most 8
  std::string agent_program;           // the self-contained agent, for providers to put on hosts
  std::function<wire::JoinToken(const std::string& address)> join_endpoint;  // key and enrolment endpoint at an address
  std::function<std::string(const std::string& address)> link_endpoint;      // tcp://ADDRESS:PORT of the agent link
};

struct AgentView {
  bool connected = false;
  TimeMs last_heard_ms = 0;  // wall time; 0: not since the coordinator started
  std::uint32_t orders_out = 0;
};

// An interactive session's coordinator end. Output and end arrive on the owner's thread.
struct ShellEvents {
  std::function<void(std::string data)> output;
  std::function<void(std::int32_t exit_code, std::string reason)> ended;
};

class Dispatcher {
 public:
  Dispatcher(DispatcherConfig config, command_handler::Core& core, event_log::LogWriter& writer, RecordLog& log,
             AgentLink& link, providers::ProviderRunner& providers, secrets::SecretStore& secrets, Clock& clock,
             Timers& timers, Random& random);
  ~Dispatcher();

  // Takes the link as soon as the new epoch is durable. Every agent that the log knows is admitted by then: nobody who
  // comes back early is taken for a stranger. REQUIRES: after Core::start()
  void start();
  void perform(const domain::Effect& effect);

  AgentView view(const Key& agent) const;

  // The highest epoch that an agent attests beyond this log (it was cut, or forked); 0: none did.
  std::uint32_t attested_epoch() const;

  // New output of a task's running attempt, as it becomes durable; one listener for all (the feed).
  using OutputListener =
      std::function<void(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data)>;
  void on_output(OutputListener listener);

  // Interactive sessions. `opened` gets the session's id once it is logged, or why not.
  void open_shell(const std::string& workspace, const std::string& server, const domain::Principal& who,
                  wire::ShellOpen shell, ShellEvents events, std::function<void(Result<Id>)> opened);
  void shell_input(const Id& session, std::string data);
  void shell_resize(const Id& session, std::uint16_t rows, std::uint16_t columns);
  void shell_close(const Id& session);  // the operator went away

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prov::dispatcher
