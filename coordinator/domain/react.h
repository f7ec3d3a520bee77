#pragma once
// What has to happen in the world because of an event, as values. They leave through the output gate, so nothing
// happens that the log does not know. After a restart nothing is replayed: `resume` derives from the state what is
// still owed.
#include <variant>
#include <vector>

#include "coordinator/domain/events.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

struct SendOrder {  // to the agent of this attempt; the dispatcher renders, seals and re-sends it
  Id task;
  std::uint32_t attempt = 0;
};
struct RunProvider {  // on the coordinator itself
  Id task;
  std::uint32_t attempt = 0;
};
struct ProviderInterrupted {  // the coordinator that ran it is gone; whether it had an effect is the next attempt's to
                              // see
  Id task;
  std::uint32_t attempt = 0;
};
struct CancelAttempt {
  Id task;
  std::uint32_t attempt = 0;
};
struct AdmitAgent {  // its key may connect
  Key agent;
};
struct ExpelAgent {
  Key agent;
};
struct ListenOn {  // hosts reach the coordinator at this local address
  std::string address;
};
using Effect =
    std::variant<SendOrder, RunProvider, ProviderInterrupted, CancelAttempt, AdmitAgent, ExpelAgent, ListenOn>;

// Adds to `out`. `state` is after the event.
void react(const State& state, const Event& event, std::vector<Effect>& out);
std::vector<Effect> resume(const State& state);

}  // namespace prov::domain
