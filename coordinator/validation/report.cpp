#include "coordinator/validation/finding.h"

#include <algorithm>
#include <tuple>

#include "coordinator/workspace/problems.h"

namespace prov::validation {
namespace {

auto order_of(const Finding& one) { return std::tie(one.file, one.place.line, one.place.column, one.message); }

Finding finding_of(const Error& error, const std::string& file) {
  const workspace::Located where = workspace::located(error.message);
  if (where.place.line > 0) return {where.file, where.place, error.code, where.message, error.hint};
  const std::size_t colon = error.message.find(": ");
  const bool names_one = error.message.starts_with('/') && colon != std::string::npos;
  if (names_one) return {error.message.substr(0, colon), {}, error.code, error.message.substr(colon + 2), error.hint};
  const std::string lead = file + ": ";
  const bool names_it = !file.empty() && error.message.starts_with(lead);
  return {file, {}, error.code, names_it ? error.message.substr(lead.size()) : error.message, error.hint};
}

bool is_told(const Finding& one, const Finding& other) {
  if (one.file != other.file || !(one.place == other.place)) return false;
  return one.place.line > 0 || one.message == other.message;
}

}  // namespace

std::string text_of(const Finding& finding) {
  if (finding.file.empty()) return finding.message;
  return workspace::at(finding.file, finding.place, finding.message).message;
}

void Report::add(const Error& error, const std::string& file) {
  for (const Error& part : workspace::taken_apart(error)) {
    Finding one = finding_of(part, file);
    const bool known =
        std::any_of(findings_.begin(), findings_.end(), [&](const Finding& other) { return is_told(one, other); });
    if (!known) findings_.push_back(std::move(one));
  }
}

void Report::finish() {
  std::sort(files_.begin(), files_.end());
  files_.erase(std::unique(files_.begin(), files_.end()), files_.end());
  std::sort(findings_.begin(), findings_.end(),
            [](const Finding& a, const Finding& b) { return order_of(a) < order_of(b); });
}

Code Report::code() const {
  const Code first = findings_.front().code;
  const bool same = std::all_of(findings_.begin(), findings_.end(), [&](const Finding& f) { return f.code == first; });
  return same && first != Code::not_found ? first : Code::invalid;
}

}  // namespace prov::validation
