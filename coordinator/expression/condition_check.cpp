// What is wrong with a condition whatever the values are: the kinds of its parts do not fit.
#include <algorithm>

#include "coordinator/expression/condition_tree.h"
#include "coordinator/expression/facts.h"
#include "coordinator/expression/source.h"

namespace prov::expression::detail {
namespace {

using Node = ConditionNode;

// Which kinds of value a node can have.
enum Kinds : unsigned { kNull = 1, kBoolean = 2, kNumber = 4, kText = 8, kList = 16, kAny = 31 };

unsigned kinds_of(const Value& value) {
  return value.boolean() != nullptr  ? kBoolean
         : value.number() != nullptr ? kNumber
         : value.text() != nullptr   ? kText
                                     : kNull;
}

unsigned kinds_of(const Node& node) {
  switch (node.kind) {
    case Node::literal: return kinds_of(node.value);
    case Node::name: return kAny;
    case Node::list: return kList;
    case Node::call:
      return node.function == Function::count ? kNumber : node.function == Function::lower ? kText | kNull : kBoolean;
    default: return kBoolean;
  }
}

// The kinds with which something of `kinds` can be compared.
unsigned comparable_with(unsigned kinds) {
  unsigned out = kNull;
  if (kinds & kNull) out |= kAny;
  if (kinds & kText) out |= kText | kNumber | kBoolean;
  if (kinds & kNumber) out |= kNumber | kText;
  if (kinds & kBoolean) out |= kBoolean | kText;
  if (kinds & kList) out |= kList;
  return out;
}

std::string words_of(unsigned kinds) {
  if (kinds == kAny) return "anything";
  std::string out;
  const auto add = [&](unsigned kind, const char* word) {
    if (kinds & kind) out += (out.empty() ? "" : " or ") + std::string(word);
  };
  add(kBoolean, "true or false");
  add(kNumber, "a number");
  add(kText, "a text");
  add(kList, "a list");
  return out.empty() ? "null" : out;
}

std::vector<unsigned> arguments_of(Function function) {
  switch (function) {
    case Function::defined: return {kAny};
    case Function::starts_with:
    case Function::ends_with: return {kText | kNull, kText | kNull};
    case Function::contains: return {kText | kList | kNull, kAny & ~kList};
    case Function::matches: return {kText | kNull, kText};
    case Function::count: return {kList | kNull};
    case Function::lower: return {kText | kNull};
    case Function::any:
    case Function::all: return {kBoolean};
  }
  return {};
}

// Something that is said of its first value: a comparison, or a function that looks at a text.
bool is_test(const Node& node) {
  if (node.kind == Node::comparison) return true;
  return node.kind == Node::call && (node.function == Function::starts_with || node.function == Function::ends_with ||
                                     node.function == Function::matches);
}

class Checker {
 public:
  Checker(const std::vector<Name>& names, std::string_view source) : names_(names), source_(source) {}

  Result<void> check(Node& node) const {
    if (node.kind == Node::call && is_of_elements(node.function)) return check_of_elements(node);
    for (Node& child : node.children) {
      if (auto ok = check(child); !ok) return ok;
    }
    switch (node.kind) {
      case Node::literal:
      case Node::name: return {};
      case Node::list: return check_list(node);
      case Node::call: return check_call(node);
      case Node::comparison: return check_comparison(node);
      case Node::negation:
      case Node::all_of:
      case Node::any_of: break;
    }
    for (const Node& child : node.children) {
      if (auto ok = check_boolean(child); !ok) return ok;
    }
    return {};
  }

  Result<void> check_boolean(const Node& node) const {
    if (kinds_of(node) & kBoolean) return {};
    return fail(node, {words_of(kinds_of(node)) + " where true or false belongs", "", "compare it with =="});
  }

 private:
  [[nodiscard]] tl::unexpected<Error> fail(const Node& node, Complaint complaint) const {
    return fail_at(source_, node.offset, std::move(complaint));
  }

  // The test is made of each element, so a list that is written out in its first place is no mistake.
  Result<void> check_of_elements(Node& node) const {
    const std::string function = name_of(node.function);
    if (node.children.size() != 1 || !is_test(node.children.front())) {
      return fail(node, {function + "() without a test of one value", "it takes a comparison whose left side is a list",
                         function + "(outputs.load.state == \"ready\")"});
    }
    Node& test = node.children.front();
    if (test.children.empty() || test.children.front().kind != Node::list) return check(test);
    Node& list = test.children.front();
    if (auto ok = check(list); !ok) return ok;
    for (const Node& element : list.children) {
      Node of_one = test;
      of_one.children.front() = element;
      if (auto ok = check(of_one); !ok) return ok;
    }
    return test.kind == Node::call && test.function == Function::matches ? compile_pattern(test) : Result<void>();
  }

  Result<void> check_list(const Node& node) const {
    for (const Node& element : node.children) {
      if (element.kind == Node::list) return fail(element, {"a list in a list", "lists are flat", ""});
    }
    return {};
  }

  Result<void> check_comparison(const Node& node) const {
    const Node &left = node.children[0], &right = node.children[1];
    const unsigned left_kinds = kinds_of(left), right_kinds = kinds_of(right);
    if (node.op == Operator::in) {
      if (right_kinds & (kList | kNull)) return {};
      return fail(right, {"no list behind \"in\"", "", "in a text: contains(text, part)"});
    }
    if (auto ok = check_version(left, right); !ok) return ok;
    if (auto ok = check_version(right, left); !ok) return ok;
    const bool by_order = node.op != Operator::equal && node.op != Operator::not_equal;
    for (const Node& operand : node.children) {
      if (!by_order || (kinds_of(operand) & (kNumber | kText | kNull))) continue;
      return fail(operand,
                  {words_of(kinds_of(operand)) + " that is compared by order", "numbers and texts have one", ""});
    }
    if (comparable_with(left_kinds) & right_kinds) return {};
    return fail(node, {"two values that cannot be compared",
                       "left is " + words_of(left_kinds) + ", right is " + words_of(right_kinds), ""});
  }

  // 12.10 is the number 12.1, so a version that is written as a number is a mistake that nobody would see.
  Result<void> check_version(const Node& fact, const Node& number) const {
    if (fact.kind != Node::name || number.kind != Node::literal || kinds_of(number) != kNumber) return {};
    const Name& name = names_[fact.index];
    if (name.parts[0] != "facts" || !is_version_fact(name.parts[2])) return {};
    return fail(number, {"a version that is written as a number", "as a number 12.10 is 12.1",
                         "write it in quotes, such as \"12.10\""});
  }

  Result<void> check_call(Node& node) const {
    const std::string function = name_of(node.function);
    const std::vector<unsigned> wanted = arguments_of(node.function);
    const std::size_t given = node.children.size();
    if (given != wanted.size()) {
      return fail(node, {function + "() with " + std::to_string(given) + (given == 1 ? " value" : " values"),
                         "it takes " + std::to_string(wanted.size()), ""});
    }
    for (std::size_t i = 0; i < given; ++i) {
      const Node& argument = node.children[i];
      if (kinds_of(argument) & wanted[i]) continue;
      const std::string takes = words_of(wanted[i] & ~kNull);
      return fail(argument, {words_of(kinds_of(argument)) + " where " + function + "() takes " + takes, "", ""});
    }
    if (node.function == Function::defined && node.children[0].kind != Node::name) {
      return fail(node.children[0], {"no name", "defined() takes one", "defined(outputs.build.image)"});
    }
    return node.function == Function::matches ? compile_pattern(node) : Result<void>();
  }

  // A pattern is the author's alone: one that came from a host would be a small program.
  Result<void> compile_pattern(Node& node) const {
    const Node& pattern = node.children[1];
    if (pattern.kind != Node::literal) {
      return fail(pattern, {"a glob that is not written out", "matches() takes it as a text in quotes",
                            "matches(facts.web-1.kernel, \"6.*\")"});
    }
    auto glob = Glob::compile(*pattern.value.text());
    if (!glob) return fail(pattern, {glob.error().message, "", glob.error().hint});
    node.glob = std::move(*glob);
    return {};
  }

  const std::vector<Name>& names_;
  std::string_view source_;
};

}  // namespace

Result<void> check_condition(ConditionTree& tree, std::string_view source) {
  const Checker checker(tree.names, source);
  if (auto ok = checker.check(tree.root); !ok) return ok;
  return checker.check_boolean(tree.root);
}

}  // namespace prov::expression::detail
