#pragma once
// One thing that is wrong with an extension, or might be, where it stands.
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::kit {

enum class Severity { error, warning, note };
const char* name_of(Severity severity);

struct Finding {
  Severity severity = Severity::error;
  std::string file;
  workspace::Place place;  // line 0: of the file as a whole
  std::string message, hint;

  bool operator==(const Finding& other) const;
};
using Findings = std::vector<Finding>;

// An error whose message begins with "FILE:LINE:COLUMN: " or "FILE: ", taken apart; any other is about `file`.
Finding finding_of(const Error& error, const std::string& file);

std::string place_text(const Finding& finding);  // "FILE:LINE:COLUMN", as much of it as is known

}  // namespace prov::kit
