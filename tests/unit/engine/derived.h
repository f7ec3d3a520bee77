#pragma once
// What is derived, as it was kept up with every event, against what is derived from scratch.
#include <string>
#include <vector>

#include "coordinator/domain/state.h"

namespace prov::domain::model {

std::vector<std::string> differences_from_derived(const State& state);  // empty: none

}  // namespace prov::domain::model
