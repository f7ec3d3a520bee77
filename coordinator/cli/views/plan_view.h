#pragma once
// What a command does and leaves alone, as the coordinator's answer has it (docs/formats/rest.md, "Plans"), for people.
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "coordinator/cli/views/console.h"

namespace prov::cli {

// "+ install redis on db-1": one of the plan's lines, without its reason.
std::string plan_line(const nlohmann::json& line);

// All lines with their reasons, what is unchanged and untouched, and how long it will take.
std::string plan_text(const nlohmann::json& answer, const Console& console);

bool removes_something(const nlohmann::json& answer);  // a line of it deletes, uninstalls or makes anew

// What has moved between the plan that was saved and the one of now, a line each: "not any more: ...", "new: ...", "for
// another reason: ...".
std::vector<std::string> plan_differences(const nlohmann::json& saved, const nlohmann::json& now);

}  // namespace prov::cli
