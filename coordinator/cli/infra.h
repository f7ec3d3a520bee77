#pragma once
// An infra from its files, in whichever form it is written.
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

// As workspace::load_infra; one in KCL is made by the kcl on PATH.
Result<workspace::Infra> load_infra(Context& context, const workspace::Workspace& workspace, const std::string& name);

}  // namespace prov::cli
