#pragma once
// The tree of a condition: condition_parser.cpp reads it, condition_check.cpp looks whether it makes sense,
// condition_text.cpp writes it, condition.cpp evaluates it.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/expression/condition.h"
#include "coordinator/expression/glob.h"

namespace prov::expression::detail {

enum class Operator { equal, not_equal, less, less_equal, greater, greater_equal, in };
enum class Function { defined, starts_with, ends_with, contains, matches, count, lower, any, all };

// It takes a test, whose first value is a list, and asks it of each element.
inline bool is_of_elements(Function function) { return function == Function::any || function == Function::all; }

struct ConditionNode {
  enum Kind { literal, name, list, call, comparison, negation, all_of, any_of } kind = literal;  // the strongest first
  std::size_t offset =
      0;                  // of the place that a message about it points at: its beginning, of a comparison the operator
  Value value;            // literal
  std::size_t index = 0;  // name: in ConditionTree::names
  Operator op = Operator::equal;
  Function function = Function::defined;
  Glob glob;                            // matches(): its second argument
  std::vector<ConditionNode> children;  // elements, arguments, operands
};

struct ConditionTree {
  ConditionNode root;
  std::vector<Name> names;
};

Result<ConditionTree> parse_condition(std::string_view source);

// Refuses what can never be evaluated, such as `"a" and true`, and compiles the globs. `source` is what it was read
// from.
Result<void> check_condition(ConditionTree& tree, std::string_view source);

const char* name_of(Operator op);
const char* name_of(Function function);
std::string text_of(const ConditionNode& node, const std::vector<Name>& names);

}  // namespace prov::expression::detail
