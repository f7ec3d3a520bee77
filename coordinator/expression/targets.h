#pragma once
// Which hosts are meant: `web-* and not role:db`, `label:env=prod and fact:cores >= 4`. Names, globs and comparisons of
// values, nothing that runs; docs/formats/expressions.md is its manual. What a host says about itself is only ever
// compared, never read as part of an expression.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/expression/facts.h"

namespace prov::expression {

// All that an expression may look at of a host.
struct HostView {
  std::string name, infra, provider, status;
  Pairs labels;
  std::vector<std::string> roles;  // task services declared on it or wanted for it
  bool has_facts = false;          // its agent has told them
  Pairs facts;                     // fact_pairs()
};

struct Reason {
  std::string term;  // as written
  bool holds = false;
  std::string why;  // "it is \"prod\"": what the host has in that place

  std::string text() const;  // "label:env=prod: no, it is \"test\""
};

struct Explanation {
  bool matched = false;
  std::vector<Reason> reasons;  // one for each term, in the order in which they stand, also where it decides nothing
};

// An expression that was read; immutable, cheap to copy, safe to share between threads.
class Targets {
 public:
  // Code::invalid with the column, the place and what would be right. Limits: kMaxSourceBytes (so at most 820 terms),
  // kMaxNesting, kMaxGlobBytes.
  static Result<Targets> parse(std::string_view source);

  bool matches(const HostView& host) const;
  Explanation explain(const HostView& host) const;

  // Written out in one way: parse(text()) is the same expression, with the same text().
  const std::string& text() const;

 private:
  struct Parsed;
  explicit Targets(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace prov::expression
