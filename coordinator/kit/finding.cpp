#include "coordinator/kit/finding.h"

#include "coordinator/workspace/yaml_tree.h"

namespace prov::kit {

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "";
}

bool Finding::operator==(const Finding& other) const {
  return severity == other.severity && file == other.file && place.line == other.place.line &&
         place.column == other.place.column && message == other.message && hint == other.hint;
}

Finding finding_of(const Error& error, const std::string& file) {
  Finding finding{Severity::error, file, {}, error.message, error.hint};
  const workspace::Located where = workspace::located(error.message);
  const std::string lead = file + ": ";
  if (where.place.line > 0 && where.file == file) {
    finding.place = where.place;
    finding.message = where.message;
  } else if (error.message.starts_with(lead)) {
    finding.message.erase(0, lead.size());
  }
  return finding;
}

std::string place_text(const Finding& finding) {
  std::string text = finding.file;
  if (finding.place.line > 0) text += ":" + std::to_string(finding.place.line);
  if (finding.place.line > 0 && finding.place.column > 0) text += ":" + std::to_string(finding.place.column);
  return text;
}

}  // namespace prov::kit
