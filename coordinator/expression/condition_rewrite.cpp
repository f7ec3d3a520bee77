#include "coordinator/expression/condition_rewrite.h"

#include <optional>
#include <utility>
#include <vector>

#include "coordinator/expression/condition_tree.h"
#include "coordinator/expression/source.h"

namespace prov::expression {
namespace {

using Node = detail::ConditionNode;
using Literals = std::vector<std::optional<Value>>;  // for each name of a tree: the value in its place

Node node_of(const Value& value, std::size_t offset) {
  Node node;
  node.offset = offset;
  if (const Value::List* list = value.list()) {
    node.kind = Node::list;
    for (const Value& element : *list) node.children.push_back(node_of(element, offset));
  } else {
    node.kind = Node::literal;
    node.value = value;
  }
  return node;
}

void put_literals(Node& node, const Literals& literals) {
  if (node.kind == Node::name) {
    if (const auto& value = literals[node.index]) node = node_of(*value, node.offset);
    return;
  }
  if (node.kind == Node::call && node.function == detail::Function::defined) {
    const auto& value = literals[node.children.front().index];  // defined() takes a name and nothing else
    if (value) node = node_of(Value(!value->is_null()), node.offset);
    return;
  }
  for (Node& child : node.children) put_literals(child, literals);
}

}  // namespace

Result<std::string> rewrite_condition(std::string_view source, const Replace& replace) {
  auto tree = detail::parse_condition(source);
  if (!tree) return tl::unexpected(tree.error());
  if (auto ok = detail::check_condition(*tree, source); !ok) return tl::unexpected(ok.error());
  Literals literals(tree->names.size());
  for (std::size_t i = 0; i < tree->names.size(); ++i) {
    Name& name = tree->names[i];
    auto replacement = replace(name);
    if (!replacement) {
      const Error& error = replacement.error();
      return tl::unexpected(error_at_column(source, name.column, {error.message, "", error.hint}));
    }
    if (auto* other = std::get_if<Name>(&*replacement)) {
      name = std::move(*other);
    } else {
      literals[i] = std::get<Value>(std::move(*replacement));
    }
  }
  put_literals(tree->root, literals);
  std::string text = detail::text_of(tree->root, tree->names);
  if (auto again = Condition::parse(text); !again) return tl::unexpected(again.error());
  return text;
}

}  // namespace prov::expression
