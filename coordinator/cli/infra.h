#pragma once
// An infra from its files, in whichever form it is written.
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

// As workspace::load_infra; one in KCL is made by the kcl on PATH.
Result<workspace::Infra> load_infra(Context& context, const workspace::Workspace& workspace, const std::string& name);

// An empty list may come from a mistyped --infra: that is not_found where the workspace in use has no such infra.
Result<void> check_infra_of_list(Context& context);

}  // namespace prov::cli
