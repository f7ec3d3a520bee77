#pragma once
// One thing that is wrong with what somebody wrote, or might be, with its place: what the readers say as a message,
// taken apart for programs.
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::workspace {

enum class Severity { error, warning, note };
const char* name_of(Severity severity);

struct Finding {
  Severity severity = Severity::error;
  std::string file;
  Place place;  // line 0: of the file as a whole
  std::string message, hint;
  Code code = Code::invalid;

  bool operator==(const Finding&) const = default;
};
using Findings = std::vector<Finding>;

// All that an error of a reader tells (problems.h). A message says of which file it is; one that names none is about
// `file`.
Findings findings_of(const Error& error, const std::string& file);

bool is_before(const Finding& one, const Finding& other);  // by file, place and message

std::string place_text(const Finding& finding);  // "FILE:LINE:COLUMN", as much of it as is known
std::string text_of(const Finding& finding);     // "FILE:LINE:COLUMN: message"

}  // namespace prov::workspace
