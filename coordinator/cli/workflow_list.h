#pragma once
// Lists of workflows: of every kind, or of batches alone.
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

Result<Exit> list_workflows(Context& context, const std::string& path);  // "/workflows", "/workflows/batch"

}  // namespace prov::cli
