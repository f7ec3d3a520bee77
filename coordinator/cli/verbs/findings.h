#pragma once
// What was found wrong, with extensions above all, for people and for programs.
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/cli/views/console.h"
#include "coordinator/cli/views/exit_codes.h"
#include "coordinator/kit/check.h"

namespace prov::cli {

nlohmann::json finding_json(const workspace::Finding& one);  // line and column null: of the file as a whole
nlohmann::json report_json(const kit::Report& report);

// A line for each finding, as compilers write them; then one for each extension, and the counts.
std::string report_text(const kit::Report& report, const Console& console);

Exit exit_of(const kit::Report& report);  // usage when anything is wrong; warnings and notes are none

}  // namespace prov::cli
