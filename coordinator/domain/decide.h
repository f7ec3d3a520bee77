#pragma once
// decide(state, command) -> the events that follow, or why not. Pure: time and ids come in as values.
#include <functional>
#include <optional>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

struct Limits {
  std::uint32_t agent_orders = 256;             // out at one agent at most
  std::uint32_t workflow_parallel = 64;         // tasks of a workflow that are out at once, unless it says less
  std::uint32_t workflow_tasks = 1'000'000;
  std::uint32_t provider_parallel = 4;          // provider calls at once
  std::uint64_t delivery_ms = 15 * 60 * 1000;   // a ready task whose host cannot be reached for so long is not delivered
  std::uint64_t report_grace_ms = 60 * 1000;    // after a step's time limit, until it is in doubt
  std::uint64_t retry_base_ms = 2000;           // doubles with each attempt
  std::uint64_t agent_arrival_ms = 180 * 1000;  // from a created host to its agent's first hello
};

struct Inputs {
  TimeMs now_ms = 0;
  std::function<Id()> new_id;
  Limits limits;
};

Result<std::vector<EventBody>> decide(const State& state, const Command& command, const Inputs& in);

// The next event that the state itself calls for at `now_ms`: a task to dispatch, to skip or to give up, a workflow that
// is complete, a token that expired. Folded and asked again until there is none. Touches only the agenda.
std::optional<EventBody> follow_up(State& state, const Limits& limits, TimeMs now_ms);

// When follow_up has something to say although nothing happens; nullopt: never.
std::optional<TimeMs> next_deadline(const State& state);

}  // namespace prov::domain
