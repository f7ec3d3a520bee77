#pragma once
// What the verbs of workspaces share.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

// The workspace that the first argument names, else the one in use: its folder.
Result<std::string> workspace_root(Context& context);

// Writes it down among the known ones. conflict: another workspace that is there has that name.
Result<void> remember_workspace(Context& context, const std::string& name, const std::string& root, bool activate);

std::string folder_given(const Context& context, const std::string& path);  // from where we are, "." and ".." taken out

// not_found, with those that there are: neither the platform nor the workspace at `root` (empty: none) has that
// provider.
Result<void> known_provider(Context& context, const std::string& root, const std::string& name);

// Its infras as lists show them.
Result<nlohmann::json> infras_json(Context& context, const workspace::Workspace& workspace);
std::string infras_table(const nlohmann::json& infras, const Console& console);

}  // namespace prov::cli
