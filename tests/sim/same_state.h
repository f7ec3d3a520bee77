#pragma once
// Whether two states are the same, field by field: what event_log::state_hash says of them, at a fiftieth of its cost.
// Everything that is encoded is compared, and more: what is derived inside of workflows as well. It can miss nothing
// that the hashes of the canonical bytes notice: those are made of the same fields, each of which is named in
// same_state.cpp, where a field that is added later does not compile before somebody has said whether it counts.
#include "coordinator/domain/state.h"

namespace prov::sim {

bool same_state(const domain::State& a, const domain::State& b);
bool same_workflow(const domain::Workflow& a, const domain::Workflow& b);

}  // namespace prov::sim
