#pragma once
// What checks said of task services against what the log says of them. Pure.
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/cli/views/console.h"

namespace prov::cli {

struct Difference {
  std::string attribute;
  std::string expected;
  std::optional<std::string> found;  // nullopt: nothing
  bool operator==(const Difference&) const = default;
};

// The lines `drift: ATTRIBUTE expected "X" found "Y"` (or `found nothing`) of a check's output, in their order. Values
// are in quotes with \" and \\; a line that is not quite so is none.
std::vector<Difference> differences_in(std::string_view output);

struct Drift {
  enum class Verdict { same, differs, unknown };

  std::string infra, server, name, version;  // as the log says
  Verdict verdict = Verdict::unknown;
  std::string message;  // why it is unknown, or what the check said beside
  std::vector<Difference> differences;
};
const char* name_of(Drift::Verdict verdict);  // "as it should be", "differs", "unknown"

// `task` as REST has it, with `output` what its check printed. Only a check that ran and said so is "the same": one
// that is missing, was not delivered or could not tell is unknown.
Drift drift_of(const nlohmann::json& taskserv, const nlohmann::json& task, const std::string& output);

nlohmann::json drift_json(const std::vector<Drift>& drifts);  // {items, same, differs, unknown}
// The command that brings back what differs, one for each infra.
std::vector<std::string> ways_back(const std::vector<Drift>& drifts);
std::string drift_text(const std::vector<Drift>& drifts, const Console& console);

}  // namespace prov::cli
