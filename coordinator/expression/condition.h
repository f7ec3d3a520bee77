#pragma once
// Whether something is so, for `when:` and `until:`: `facts.web-1.os == "debian" and result.migrate == "done"`. Values,
// comparisons and nine functions, nothing that runs, changes or repeats; docs/formats/expressions.md is its manual.
// The same condition over the same values gives the same answer on every machine and in every later release.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/expression/value.h"

namespace prov::expression {

inline constexpr std::size_t kMaxOperands = 1000;  // names, literals and calls in a condition

// A name that a condition reads: facts.HOST.KEY, params.NAME, outputs.OPERATION.NAME, result.OPERATION, host.NAME,
// item, item.NAME or key.
struct Name {
  std::vector<std::string> parts;  // as many as one of these has
  std::size_t column = 0;          // in the source that was parsed

  std::string text() const;  // as it is written
  bool operator==(const Name&) const = default;
};

// The value of a name; null when there is none. Must not throw. It may be asked again for the same name, and is not
// asked for what decides nothing (behind `false and`).
using Scope = std::function<Value(const Name&)>;

// A condition that was read; immutable, cheap to copy, safe to share between threads.
class Condition {
 public:
  // Code::invalid with the column, the place and what would be right; also for what can never be true or false, such as
  // `"a" and true`. Limits: kMaxSourceBytes, kMaxNesting, kMaxOperands, kMaxGlobBytes.
  static Result<Condition> parse(std::string_view source);

  // Code::invalid, with the place and the values, when values have kinds that do not fit.
  Result<bool> evaluate(const Scope& scope) const;

  // Every name it reads, in the order in which they stand, so that a caller can check that there is such an operation.
  const std::vector<Name>& names() const;

  // Points at the place of a name, for what a caller finds wrong with it: "MESSAGE at column N" and the picture.
  Error error_at(const Name& name, std::string message, std::string hint) const;

  // Written out in one way: parse(text()) is the same condition, with the same text().
  const std::string& text() const;

 private:
  struct Parsed;
  explicit Condition(std::shared_ptr<const Parsed> parsed) : parsed_(std::move(parsed)) {}
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace prov::expression
