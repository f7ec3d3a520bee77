#include "coordinator/kit/finding.h"

#include <charconv>

namespace prov::kit {
namespace {

// Takes "N:" off the front of `text`. 0, and nothing taken, when there is none.
int take_number(std::string_view& text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end == text.data() + text.size() || *end != ':' || value <= 0) return 0;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return value;
}

}  // namespace

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
  std::string_view rest = error.message;
  if (rest.substr(0, file.size() + 1) != file + ":") return finding;
  rest.remove_prefix(file.size() + 1);
  finding.place.line = take_number(rest);
  if (finding.place.line > 0) finding.place.column = take_number(rest);
  if (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  finding.message = std::string(rest);
  return finding;
}

std::string place_text(const Finding& finding) {
  std::string text = finding.file;
  if (finding.place.line > 0) text += ":" + std::to_string(finding.place.line);
  if (finding.place.line > 0 && finding.place.column > 0) text += ":" + std::to_string(finding.place.column);
  return text;
}

}  // namespace prov::kit
