#include "coordinator/expression/condition.h"

#include <cstring>
#include <optional>

#include "coordinator/expression/condition_tree.h"
#include "coordinator/expression/source.h"

namespace prov::expression {

using detail::Function;
using detail::Operator;
using Node = detail::ConditionNode;

struct Condition::Parsed {
  detail::ConditionTree tree;
  std::string source, text;
};

namespace {

constexpr std::size_t kMaxShownOperand = 80;

// Takes time in proportion to both, also for texts that were made to be slow.
bool has_part(const std::string& text, const std::string& part) {
  return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

class Evaluation {
 public:
  Evaluation(const detail::ConditionTree& tree, const std::string& source, const Scope& scope)
      : tree_(tree), source_(source), scope_(scope) {}

  Result<bool> truth_of(const Node& node) const {
    auto value = value_of(node);
    if (!value) return tl::unexpected(value.error());
    if (value->boolean() != nullptr) return *value->boolean();
    return fail(node, operand(node, *value) + " where true or false belongs",
                value->is_null() ? "whether there is such a value: defined(...)" : "compare it with ==");
  }

 private:
  Result<Value> value_of(const Node& node) const {
    switch (node.kind) {
      case Node::literal: return node.value;
      case Node::name: return scope_(tree_.names[node.index]);
      case Node::list: return list(node);
      case Node::call: return call(node);
      case Node::comparison: return comparison(node);
      case Node::negation: return truth_of(node.children.front()).map([](bool truth) { return Value(!truth); });
      case Node::all_of:
      case Node::any_of: return chain(node);
    }
    return Value();
  }

  // What decides nothing is not looked at.
  Result<Value> chain(const Node& node) const {
    const bool decides = node.kind == Node::any_of;
    for (const Node& child : node.children) {
      const auto truth = truth_of(child);
      if (!truth) return tl::unexpected(truth.error());
      if (*truth == decides) return Value(decides);
    }
    return Value(!decides);
  }

  Result<Value> list(const Node& node) const {
    Value::List elements;
    for (const Node& child : node.children) {
      auto value = value_of(child);
      if (!value) return value;
      if (value->list() != nullptr) return fail(child, operand(child, *value) + " in a list", "lists are flat");
      elements.push_back(std::move(*value));
    }
    return Value(std::move(elements));
  }

  Result<Value> comparison(const Node& node) const {
    auto left = value_of(node.children[0]);
    if (!left) return left;
    auto right = value_of(node.children[1]);
    if (!right) return right;
    return comparison_of(node, *left, *right);
  }

  Result<Value> comparison_of(const Node& node, const Value& left, const Value& right) const {
    const auto truth = node.op == Operator::in ? element_of(node, left, right) : compared(node.op, left, right);
    if (!truth) return tl::unexpected(truth.error());
    if (*truth) return Value(**truth);
    return fail(node, "cannot compare " + operand(node.children[0], left) + " with " +
                          operand(node.children[1], right) + " by " + name_of(node.op));
  }

  // nullopt: they cannot be compared.
  static Result<std::optional<bool>> compared(Operator op, const Value& left, const Value& right) {
    if (op == Operator::equal || op == Operator::not_equal) {
      const Comparison result = compare_equal(left, right);
      if (result == Comparison::not_comparable) return std::nullopt;
      return (result == Comparison::equal) == (op == Operator::equal);
    }
    const Ordering result = compare_order(left, right);
    if (result == Ordering::not_comparable) return std::nullopt;
    if (result == Ordering::equal) return op == Operator::less_equal || op == Operator::greater_equal;
    if (result == Ordering::less) return op == Operator::less || op == Operator::less_equal;
    return result == Ordering::greater && (op == Operator::greater || op == Operator::greater_equal);
  }

  Result<std::optional<bool>> element_of(const Node& node, const Value& value, const Value& list) const {
    if (list.is_null()) return false;
    if (list.list() != nullptr) return holds(*list.list(), value);
    return fail(node.children[1], operand(node.children[1], list) + " behind \"in\" is no list",
                "in a text: contains(text, part)");
  }

  static bool holds(const Value::List& list, const Value& value) {
    for (const Value& element : list) {
      if (compare_equal(element, value) == Comparison::equal) return true;
    }
    return false;
  }

  // ---- functions
  // any(TEST), all(TEST): the test, of each element of what stands in its first place. Of nothing neither is true.
  Result<Value> of_elements(const Node& node) const {
    const Node& test = node.children.front();
    auto subject = value_of(test.children.front());
    if (!subject || subject->is_null()) return subject ? Result<Value>(Value(false)) : subject;
    std::vector<Value> values(test.children.size());
    for (std::size_t i = 1; i < values.size(); ++i) {
      auto value = value_of(test.children[i]);
      if (!value) return value;
      values[i] = std::move(*value);
    }
    const Value::List only{*subject};
    const Value::List& elements = subject->list() != nullptr ? *subject->list() : only;
    const bool decides = node.function == Function::any;
    for (const Value& element : elements) {
      values.front() = element;
      auto truth =
          test.kind == Node::comparison ? comparison_of(test, values[0], values[1]) : about_texts(test, values);
      if (!truth || *truth->boolean() == decides) return truth;
    }
    return Value(!decides && !elements.empty());
  }

  Result<Value> call(const Node& node) const {
    if (detail::is_of_elements(node.function)) return of_elements(node);
    std::vector<Value> arguments;
    for (const Node& child : node.children) {
      auto value = value_of(child);
      if (!value) return value;
      arguments.push_back(std::move(*value));
    }
    const Value& first = arguments.front();
    switch (node.function) {
      case Function::defined: return Value(!first.is_null());
      case Function::count:
        if (first.is_null()) return Value(0);
        return first.list() != nullptr ? Value(first.list()->size()) : not_a(node, 0, first, "a list");
      case Function::lower:
        if (first.is_null()) return Value();
        return first.text() != nullptr ? Value(lower(*first.text())) : not_a(node, 0, first, "a text");
      case Function::contains:
        if (first.list() != nullptr) return Value(holds(*first.list(), arguments[1]));
        return about_texts(node, arguments);
      default: return about_texts(node, arguments);
    }
  }

  // Nothing is said of a text that is absent.
  Result<Value> about_texts(const Node& node, const std::vector<Value>& arguments) const {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (arguments[i].is_null()) return Value(false);
      if (arguments[i].text() == nullptr) return not_a(node, i, arguments[i], "a text");
    }
    const std::string &text = *arguments[0].text(), &part = *arguments[1].text();
    switch (node.function) {
      case Function::starts_with: return Value(text.starts_with(part));
      case Function::ends_with: return Value(text.ends_with(part));
      case Function::matches: return Value(node.glob.matches(text));
      default: return Value(has_part(text, part));
    }
  }

  Result<Value> not_a(const Node& node, std::size_t argument, const Value& value, const std::string& wanted) const {
    const Node& child = node.children[argument];
    return fail(child, operand(child, value) + " where " + name_of(node.function) + "() takes " + wanted);
  }

  // ---- messages
  tl::unexpected<Error> fail(const Node& node, std::string what, std::string hint = {}) const {
    return fail_at(source_, node.offset, {std::move(what), "", std::move(hint)});
  }

  // outputs.build.count (which is "many")
  std::string operand(const Node& node, const Value& value) const {
    if (node.kind == Node::literal) return shown(value);
    const std::string text = detail::text_of(node, tree_.names);
    return text.size() > kMaxShownOperand ? shown(value) : text + " (which is " + shown(value) + ")";
  }

  const detail::ConditionTree& tree_;
  const std::string& source_;
  const Scope& scope_;
};

}  // namespace

Result<Condition> Condition::parse(std::string_view source) {
  auto tree = detail::parse_condition(source);
  if (!tree) return tl::unexpected(tree.error());
  if (auto ok = detail::check_condition(*tree, source); !ok) return tl::unexpected(ok.error());
  auto parsed = std::make_shared<Parsed>();
  parsed->text = detail::text_of(tree->root, tree->names);
  parsed->source = source;
  parsed->tree = std::move(*tree);
  if (auto ok = check_written(parsed->text); !ok) return tl::unexpected(ok.error());
  return Condition(std::move(parsed));
}

Result<bool> Condition::evaluate(const Scope& scope) const {
  return Evaluation(parsed_->tree, parsed_->source, scope).truth_of(parsed_->tree.root);
}

const std::vector<Name>& Condition::names() const { return parsed_->tree.names; }

Error Condition::error_at(const Name& name, std::string message, std::string hint) const {
  return error_at_column(parsed_->source, name.column, {std::move(message), "", std::move(hint)});
}

const std::string& Condition::text() const { return parsed_->text; }

}  // namespace prov::expression
