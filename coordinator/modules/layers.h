#pragma once
// The layers of extensions that an infra of a workspace sees, put together: its own, the workspace's, the platform's.
#include <string>

#include "common/result.h"
#include "coordinator/modules/extension.h"

namespace prov::workspace {

// With the modules that the workspace lists and, for an infra, locks. Any of the three may be empty: not that layer.
// Refused: a layer, or the file of modules, that leads out of the workspace (inside.h).
Result<ExtensionFinder> open_layers(const std::string& workspace_root, const std::string& infra_folder,
                                    const std::string& core_folder);

}  // namespace prov::workspace
