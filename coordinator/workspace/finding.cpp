#include "coordinator/workspace/finding.h"

#include <tuple>

#include "coordinator/workspace/problems.h"

namespace prov::workspace {
namespace {

Finding finding_of(const Error& error, const std::string& file) {
  Finding finding{Severity::error, file, {}, error.message, error.hint, error.code};
  const Located where = located(error.message);
  const std::size_t colon = error.message.find(": ");
  const std::string lead = file + ": ";
  if (where.place.line > 0) {
    finding.file = where.file;
    finding.place = where.place;
    finding.message = where.message;
  } else if (error.message.starts_with('/') && colon != std::string::npos) {
    finding.file = error.message.substr(0, colon);
    finding.message = error.message.substr(colon + 2);
  } else if (!file.empty() && error.message.starts_with(lead)) {
    finding.message.erase(0, lead.size());
  }
  return finding;
}

auto order_of(const Finding& one) { return std::tie(one.file, one.place.line, one.place.column, one.message); }

}  // namespace

const char* name_of(Severity severity) {
  switch (severity) {
    case Severity::error: return "error";
    case Severity::warning: return "warning";
    case Severity::note: return "note";
  }
  return "";
}

Findings findings_of(const Error& error, const std::string& file) {
  Findings out;
  for (const Error& part : taken_apart(error)) out.push_back(finding_of(part, file));
  return out;
}

bool is_before(const Finding& one, const Finding& other) { return order_of(one) < order_of(other); }

std::string place_text(const Finding& finding) {
  std::string text = finding.file;
  if (finding.place.line > 0) text += ":" + std::to_string(finding.place.line);
  if (finding.place.line > 0 && finding.place.column > 0) text += ":" + std::to_string(finding.place.column);
  return text;
}

std::string text_of(const Finding& finding) {
  return finding.file.empty() ? finding.message : place_text(finding) + ": " + finding.message;
}

}  // namespace prov::workspace
