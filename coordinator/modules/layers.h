#pragma once
// The layers of one infra (docs/guides/modules.md), opened.
#include <memory>
#include <string>
#include <vector>

#include "coordinator/modules/extension.h"

namespace prov::workspace {

// The nearest first. Error (invalid): a link in one of them leads out of the workspace. Any of the three may be empty:
// there is none.
Result<std::vector<Layer>> layers_of(const std::string& workspace_root, const std::string& infra_folder,
                                     const std::string& core_folder);

// The same with what the workspace's list and lock of modules say. Without an infra no lock holds.
Result<ExtensionFinder> open_layers(const std::string& workspace_root, const std::string& infra_folder,
                                    const std::string& core_folder, std::shared_ptr<ManifestCache> cache = {});

}  // namespace prov::workspace
