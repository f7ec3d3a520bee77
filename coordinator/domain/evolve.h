#pragma once
// evolve(state, event): total. It never fails, never asks the time, and folds the same state from the same events
// for ever. An event of unknown type or version freezes its aggregate and changes nothing else.
#include "coordinator/domain/events.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

void evolve(State& state, const Event& event);

}  // namespace prov::domain
