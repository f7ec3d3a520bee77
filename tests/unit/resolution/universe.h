#pragma once
// Catalogues written shortly, for tests: "a 1.0.0" with "requires b ^1", ...
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "coordinator/resolution/solver.h"

namespace prov::resolution {

inline Relation relation(const std::string& text) {  // "b ^1", "b"
  const std::size_t blank = text.find(' ');
  const std::string written = blank == std::string::npos ? "" : text.substr(blank + 1);
  auto range = written.empty() ? Result<Range>(Range::all()) : parse_range(written);
  EXPECT_TRUE(range) << text;
  return {text.substr(0, blank), range.value_or(Range::none()), written, ""};
}

inline std::vector<Relation> relations(const std::vector<std::string>& texts) {
  std::vector<Relation> out;
  for (const auto& text : texts) out.push_back(relation(text));
  return out;
}

class Universe {
 public:
  Universe& add(const std::string& name, const std::string& version, const std::vector<std::string>& requires_ = {},
                const std::vector<std::string>& optional = {}, const std::vector<std::string>& conflicts = {}) {
    auto parsed = parse_version(version);
    EXPECT_TRUE(parsed) << version;
    catalogue[name].push_back({*parsed, relations(requires_), relations(optional), relations(conflicts)});
    return *this;
  }

  std::variant<Solution, Proof> solve(const std::vector<std::string>& wanted) {
    request.wanted.clear();
    for (const auto& one : relations(wanted)) request.wanted.push_back({one, ""});
    auto outcome = resolution::solve(catalogue, request);
    EXPECT_TRUE(outcome) << (outcome ? "" : outcome.error().message);
    return outcome ? std::move(*outcome) : std::variant<Solution, Proof>();
  }

  // "a 1.0.0, b 2.0.0", or the explanation, a sentence a line.
  std::string answer(const std::vector<std::string>& wanted) {
    auto outcome = solve(wanted);
    std::string text;
    if (const auto* solution = std::get_if<Solution>(&outcome)) {
      for (const auto& [name, version] : *solution) text += (text.empty() ? "" : ", ") + name + " " + to_text(version);
    } else {
      for (const auto& line : sentences(std::get<Proof>(outcome))) text += (text.empty() ? "" : "\n") + line;
    }
    return text;
  }

  Catalogue catalogue;
  Request request;
};

}  // namespace prov::resolution
