#pragma once
// What the parts of the dispatcher share: the world and the core. All of it lives on the owner's thread.
#include <memory>

#include "common/ports/clock.h"
#include "common/ports/link.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/command_handler/core.h"
#include "coordinator/dispatcher/dispatcher.h"

namespace prov::dispatcher {

struct Desk {
  DispatcherConfig config;
  command_handler::Core& core;
  event_log::LogWriter& writer;
  RecordLog& log;
  AgentLink& link;
  secrets::SecretStore& secrets;
  Clock& clock;
  Timers& timers;
  Random& random;
  Dispatcher::OutputListener output_listener = {};

  // The verdict of an attempt that this process itself has to give (provider, rendering). Nobody else would ever tell
  // it, so while the platform is read-only it is offered again and again.
  void report_ended(const Key& agent, domain::TaskEnded ended, std::optional<domain::ServerCreated> created = {});
  // Output of an attempt: stored at `offset`, told to the listener once it is durable.
  void store_output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string data);

  std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // what waits for a timer ends with it
};

domain::Principal agent_principal(const Key& agent);
domain::Principal system_principal();

}  // namespace prov::dispatcher
