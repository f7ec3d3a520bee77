#pragma once
// decide(state, command) -> the events that follow, or why not. Pure: time and ids come in as values.
#include <functional>
#include <optional>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

struct Inputs {
  TimeMs now_ms = 0;
  std::function<Id()> new_id;
};

Result<std::vector<EventBody>> decide(const State& state, const Command& command, const Inputs& in);

// The next event that the state itself calls for at `now_ms`: a task to dispatch, to skip or to give up, a workflow
// that is complete, a token that expired. Folded and asked again until there is none. Touches only the agenda, where
// `speaks_for` is then the workspace of an event that does not tell it.
std::optional<EventBody> follow_up(State& state, TimeMs now_ms);

// When follow_up has something to say although nothing happens; nullopt: never.
std::optional<TimeMs> next_deadline(const State& state);

}  // namespace prov::domain
