#include "coordinator/validation/report.h"

#include <algorithm>

namespace prov::validation {
namespace {

bool is_told(const Finding& one, const Finding& other) {
  if (one.file != other.file || one.place != other.place) return false;
  return one.place.line > 0 || one.message == other.message;
}

}  // namespace

void Report::add(const Error& error, const std::string& file) {
  const std::size_t before = findings_.size();  // what one error tells is all worth telling
  for (Finding& one : workspace::findings_of(error, file)) {
    const auto end = findings_.begin() + static_cast<std::ptrdiff_t>(before);
    const bool known = std::any_of(findings_.begin(), end, [&](const Finding& other) { return is_told(one, other); });
    if (!known) findings_.push_back(std::move(one));
  }
}

void Report::finish() {
  std::sort(files_.begin(), files_.end());
  files_.erase(std::unique(files_.begin(), files_.end()), files_.end());
  std::sort(findings_.begin(), findings_.end(), workspace::is_before);
}

Code Report::code() const {
  const Code first = findings_.front().code;
  const bool same = std::all_of(findings_.begin(), findings_.end(), [&](const Finding& f) { return f.code == first; });
  return same && first != Code::not_found ? first : Code::invalid;
}

}  // namespace prov::validation
