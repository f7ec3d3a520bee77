#pragma once
// What the steps of a workflow printed, read when it has ended.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/cli/context.h"

namespace prov::cli {

inline constexpr std::size_t kMostOutputBytes = 4 << 20;  // of one step; of more, the end is read

// Of the step's last attempt; empty when it was never tried.
Result<std::string> output_of_step(Client& client, const nlohmann::json& task);

// GET /workflows/{id} with all its tasks and operations, of every page.
Result<nlohmann::json> whole_workflow(Client& client, const std::string& workflow);

}  // namespace prov::cli
