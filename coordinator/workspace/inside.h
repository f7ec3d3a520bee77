#pragma once
// Workspaces are closed: what belongs to one stands below its folder, and is not reached from another by a link.
#include <string>

#include "common/result.h"

namespace prov::workspace {

// Whether `path`, its links followed, is within the folder `root`. What is not there leads nowhere, and is fine. Error
// (invalid): says where it leads.
Result<void> check_inside(const std::string& root, const std::string& path);

// The same for `<folder>/{providers,taskservs,clusters,lib}` and each extension in them: a layer of that workspace.
// What is within an extension is looked at when it is packed.
Result<void> check_layer_inside(const std::string& root, const std::string& folder);

}  // namespace prov::workspace
