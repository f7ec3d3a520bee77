#pragma once
// What rehearsed steps would have changed on their hosts (docs/guides/extension-contract.md, "Rehearsal"). Pure.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/json/json.h"
#include "coordinator/cli/views/console.h"

namespace prov::cli {

inline constexpr std::string_view kRehearsalMark = "prov-rehearsal ";

// The report that stands in the last line of a rehearsed step's output that begins with the mark; nullopt: none does.
std::optional<nlohmann::json> rehearsal_in(std::string_view output);

struct Rehearsed {
  std::string server, name, outcome, message;
  std::optional<nlohmann::json> report;
};

nlohmann::json rehearsals_json(
    const std::vector<Rehearsed>& all);  // {items: [{server, name, outcome, message, report}]}

// A section for each step: packages, users, groups, units and services by name, files by path with + ~ -.
std::string rehearsals_text(const std::vector<Rehearsed>& all, const Console& console);

}  // namespace prov::cli
