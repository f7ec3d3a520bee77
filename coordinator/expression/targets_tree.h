#pragma once
// What targets_parser.cpp reads and targets.cpp works with: the tree of a target expression.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/expression/glob.h"

namespace prov::expression::detail {

enum class TermKind { name, all, role, infra, provider, status, label, fact };
enum class Op { none, equal, not_equal, less, less_equal, greater, greater_equal };

struct Term {
  TermKind kind = TermKind::all;
  std::string key;  // of label and fact
  Op op = Op::none;
  Glob value;  // with <, <=, >, >= a plain one
};

struct TargetNode {
  enum Kind { term, negation, all_of, any_of } kind = term;  // by precedence, the strongest first
  Term leaf;
  std::vector<TargetNode> children;
};

Result<TargetNode> parse_targets(std::string_view source);

// As it is read again: quotes where they are needed.
std::string text_of(const Term& term);
std::string text_of(const TargetNode& node);

}  // namespace prov::expression::detail
