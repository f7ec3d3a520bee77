#include <algorithm>

#include "coordinator/expression/condition_tree.h"
#include "coordinator/expression/source.h"

namespace prov::expression {

std::string Name::text() const {
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string& part = parts[i];
    const bool plain = std::all_of(part.begin(), part.end(),
                                   [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
    out += i == 0 ? part : plain ? "." + part : "[" + in_quotes(part) + "]";
  }
  return out;
}

namespace detail {
namespace {

using Node = ConditionNode;

std::string in_parentheses_if(bool weak, std::string text) { return weak ? "(" + std::move(text) + ")" : text; }

std::string joined(const std::vector<Node>& nodes, const std::vector<Name>& names) {
  std::string out;
  for (const Node& node : nodes) out += (out.empty() ? "" : ", ") + text_of(node, names);
  return out;
}

std::string comparison_text(const Node& node, const std::vector<Name>& names) {
  const auto operand = [&](const Node& child) {
    return in_parentheses_if(child.kind >= Node::comparison, text_of(child, names));
  };
  return operand(node.children[0]) + " " + name_of(node.op) + " " + operand(node.children[1]);
}

std::string chain_text(const Node& node, const std::vector<Name>& names) {
  std::string out;
  for (const Node& child : node.children) {
    if (!out.empty()) out += node.kind == Node::all_of ? " and " : " or ";
    out += in_parentheses_if(child.kind >= node.kind, text_of(child, names));
  }
  return out;
}

}  // namespace

const char* name_of(Operator op) {
  switch (op) {
    case Operator::equal: return "==";
    case Operator::not_equal: return "!=";
    case Operator::less: return "<";
    case Operator::less_equal: return "<=";
    case Operator::greater: return ">";
    case Operator::greater_equal: return ">=";
    case Operator::in: return "in";
  }
  return "?";
}

const char* name_of(Function function) {
  switch (function) {
    case Function::defined: return "defined";
    case Function::starts_with: return "starts_with";
    case Function::ends_with: return "ends_with";
    case Function::contains: return "contains";
    case Function::matches: return "matches";
    case Function::count: return "count";
    case Function::lower: return "lower";
    case Function::any: return "any";
    case Function::all: return "all";
  }
  return "?";
}

std::string text_of(const Node& node, const std::vector<Name>& names) {
  switch (node.kind) {
    case Node::literal: return expression::text_of(node.value);
    case Node::name: return names[node.index].text();
    case Node::list: return "[" + joined(node.children, names) + "]";
    case Node::call: return std::string(name_of(node.function)) + "(" + joined(node.children, names) + ")";
    case Node::comparison: return comparison_text(node, names);
    case Node::negation: {
      const Node& child = node.children.front();
      return "not " + in_parentheses_if(child.kind > node.kind, text_of(child, names));
    }
    case Node::all_of:
    case Node::any_of: return chain_text(node, names);
  }
  return {};
}

}  // namespace detail
}  // namespace prov::expression
