#pragma once
// A workflow as `workflow status` shows it: made of GET /workflows/{id}, with its tasks and operations.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "coordinator/cli/views/console.h"

namespace prov::cli {

std::string workflow_page(const nlohmann::json& workflow, std::uint64_t now_ms, const Console& console);

std::string took_text(std::uint64_t begin_ms, std::uint64_t end_ms, std::uint64_t now_ms);  // empty: not begun
std::string progress_text(const nlohmann::json& counts);                                    // "3/9"

}  // namespace prov::cli
