#pragma once
// Lists of workflows: of every kind, or of batches alone; of the working set, or of all time.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

Result<Exit> list_workflows(Context& context, const std::string& path);  // "/workflows", "/workflows/batch"
std::string workflow_table(const Context& context, const nlohmann::json& items);

// {"items", "total", "next_before"}: at most `limit` of the workflows of all time, newest first.
// REQUIRES: the first field of `query` is the workspace.
Result<nlohmann::json> workflow_history_page(Client& client, Query query, std::size_t limit);

}  // namespace prov::cli
