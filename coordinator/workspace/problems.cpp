#include "coordinator/workspace/problems.h"

#include <algorithm>

namespace prov::workspace {
namespace {

constexpr std::string_view kCorrectThese = "correct these";
constexpr std::string_view kMayBeMore = "correct these; there may be more";
constexpr std::string_view kMessageGoesOn = "  ";
constexpr std::string_view kHint = "    hint: ";  // spaces alone would be the mark under an expression, too

// A message of several lines, so that none of them can be taken for another message.
std::string indented(const std::string& message) {
  std::string out;
  for (const char c : message) {
    const bool at_margin = !out.empty() && out.back() == '\n' && c != ' ';
    if (at_margin) out += kMessageGoesOn;
    out += c;
  }
  return out;
}

}  // namespace

void Problems::add(const Error& error) {
  for (Error& one : taken_apart(error)) {
    const auto same = [&](const Error& told) { return told.message == one.message; };
    if (full() || std::any_of(errors_.begin(), errors_.end(), same)) continue;
    errors_.push_back(std::move(one));
  }
}

void Problems::reword(const std::string& message, Error error) {
  const auto told =
      std::find_if(errors_.begin(), errors_.end(), [&](const Error& one) { return one.message == message; });
  if (told == errors_.end()) return;
  if (error.hint.empty()) error.hint = told->hint;
  *told = std::move(error);
}

Error Problems::error() const {
  PROV_ASSERT(any());
  if (errors_.size() == 1) return errors_.front();
  Error all{errors_.front().code, {}, std::string(full() ? kMayBeMore : kCorrectThese)};
  for (const auto& one : errors_) {
    all.message += (all.message.empty() ? "" : "\n") + indented(one.message);
    if (!one.hint.empty()) all.message += "\n" + std::string(kHint) + one.hint;
  }
  return all;
}

std::vector<Error> taken_apart(const Error& error) {
  if (error.hint != kCorrectThese && error.hint != kMayBeMore) return {error};
  std::vector<Error> out;
  for (std::size_t begin = 0; begin <= error.message.size();) {
    const std::size_t end = std::min(error.message.find('\n', begin), error.message.size());
    const std::string line = error.message.substr(begin, end - begin);
    begin = end + 1;
    if (out.empty() || !line.starts_with(kMessageGoesOn)) {
      out.push_back({error.code, line, {}});
    } else if (line.starts_with(kHint)) {
      out.back().hint = line.substr(kHint.size());
    } else {
      out.back().message += "\n" + line;
    }
  }
  return out;
}

}  // namespace prov::workspace
