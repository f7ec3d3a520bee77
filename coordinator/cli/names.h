#pragma once
// Names for completion. Quick and silent: what cannot be had is left out.
#include <string>
#include <vector>

#include "coordinator/cli/command.h"
#include "coordinator/cli/context.h"

namespace prov::cli {

std::vector<std::string> known_names(Context& context, Completes what);

}  // namespace prov::cli
