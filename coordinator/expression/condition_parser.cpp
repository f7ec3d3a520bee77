#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "common/nearest.h"
#include "coordinator/expression/condition_tree.h"
#include "coordinator/expression/facts.h"
#include "coordinator/expression/order.h"
#include "coordinator/expression/source.h"

namespace prov::expression::detail {
namespace {

using Node = ConditionNode;

constexpr std::array kOperators{Operator::equal,         Operator::not_equal, Operator::less_equal,
                                Operator::greater_equal, Operator::less,      Operator::greater};  // <= before <

constexpr std::array kFunctions{Function::defined,  Function::starts_with, Function::ends_with,
                                Function::contains, Function::matches,     Function::count,
                                Function::lower,    Function::any,         Function::all};

constexpr const char* kValues = "a value is a name, \"text\", a number, true, false, null, [a, b], or a call";

struct Root {
  std::string_view name;
  std::size_t least, most;  // parts
  const char* shape;
};
constexpr std::array<Root, 7> kRoots{{{"facts", 3, 3, "facts.HOST.KEY"},
                                      {"params", 2, 2, "params.NAME"},
                                      {"outputs", 3, 4, "outputs.OPERATION.NAME, or outputs.LOOP[\"KEY\"].NAME"},
                                      {"result", 2, 3, "result.OPERATION, or result.LOOP[\"KEY\"]"},
                                      {"host", 2, 2, "host.NAME"},
                                      {"item", 1, 2, "item or item.NAME"},
                                      {"key", 1, 1, "key"}}};

bool is_name_part(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

bool is_keyword(std::string_view word) {
  return word == "and" || word == "or" || word == "not" || word == "in" || word == "true" || word == "false" ||
         word == "null";
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), cursor_(source) {}

  Result<ConditionTree> all_of_it() {
    auto root = alternatives(0);
    if (!root) return tl::unexpected(root.error());
    cursor_.skip_space();
    if (!cursor_.ended()) return unexpected_behind_a_value();
    return ConditionTree{std::move(*root), std::move(names_)};
  }

 private:
  // ---- and, or, not
  Result<Node> alternatives(std::size_t depth) {
    return chain("or", Node::any_of, [&] { return chain("and", Node::all_of, [&] { return factor(depth); }); });
  }

  template <class Part>
  Result<Node> chain(std::string_view keyword, Node::Kind kind, Part part) {
    auto first = part();
    if (!first || !next_is_keyword(keyword)) return first;
    Node node;
    node.kind = kind;
    node.offset = first->offset;
    auto next = std::move(first);
    for (;;) {
      node.children.push_back(std::move(*next));
      if (!next_is_keyword(keyword)) return node;
      cursor_.skip(keyword.size());
      next = part();
      if (!next) return next;
    }
  }

  Result<Node> factor(std::size_t depth) {
    cursor_.skip_space();
    Node node;
    node.kind = Node::negation;
    node.offset = cursor_.at();
    if (!next_is_keyword("not")) return comparison(depth);
    if (auto ok = check_depth(depth); !ok) return tl::unexpected(ok.error());
    cursor_.skip(3);
    auto child = factor(depth + 1);
    if (!child) return child;
    node.children.push_back(std::move(*child));
    return node;
  }

  // ---- comparisons
  Result<Node> comparison(std::size_t depth) {
    auto left = operand(depth);
    if (!left) return left;
    cursor_.skip_space();
    Node node;
    node.kind = Node::comparison;
    node.offset = cursor_.at();
    const auto op = take_operator();
    if (!op) return left;
    node.op = *op;
    auto right = operand(depth);
    if (!right) return right;
    node.children.push_back(std::move(*left));
    node.children.push_back(std::move(*right));
    cursor_.skip_space();
    const std::size_t behind = cursor_.at();
    if (take_operator()) {
      return cursor_.fail(behind,
                          {"a comparison of a comparison", "two values are compared", "write: a < b and b < c"});
    }
    return node;
  }

  std::optional<Operator> take_operator() {
    for (const Operator op : kOperators) {
      if (cursor_.take(name_of(op))) return op;
    }
    if (!next_is_keyword("in")) return std::nullopt;
    cursor_.skip(2);
    return Operator::in;
  }

  Result<void> check_depth(std::size_t depth) const {
    if (depth < kMaxNesting) return {};
    return cursor_.fail({"nested too deeply", std::to_string(kMaxNesting) + " levels are possible", ""});
  }

  // ---- values
  Result<Node> operand(std::size_t depth) {
    cursor_.skip_space();
    if (cursor_.peek() == '(') return parenthesis(depth);
    if (++operands_ > kMaxOperands) {
      return cursor_.fail({"too many values", std::to_string(kMaxOperands) + " are possible", ""});
    }
    if (cursor_.next_is_quote()) return text();
    if (cursor_.peek() == '[') return list(depth);
    if (is_digit(cursor_.peek()) || (cursor_.peek() == '-' && is_digit(cursor_.peek(1)))) return number();
    if (is_letter(cursor_.peek())) return word(depth);
    return missing_value();
  }

  Result<Node> parenthesis(std::size_t depth) {
    const std::size_t begin = cursor_.at();
    if (auto ok = check_depth(depth); !ok) return tl::unexpected(ok.error());
    cursor_.skip(1);
    auto inner = alternatives(depth + 1);
    if (!inner) return inner;
    if (auto ok = close(")", begin); !ok) return tl::unexpected(ok.error());
    return inner;
  }

  Result<void> close(const std::string& bracket, std::size_t begin) {
    cursor_.skip_space();
    if (cursor_.take(bracket)) return {};
    if (!cursor_.ended()) return unexpected_behind_a_value();
    return cursor_.fail(
        begin, {std::string("a \"") + source_[begin] + "\" that is not closed", "", "add a \"" + bracket + "\""});
  }

  Node node_here(Node::Kind kind) const {
    Node node;
    node.kind = kind;
    node.offset = cursor_.at();
    return node;
  }

  Result<Node> text() {
    Node node = node_here(Node::literal);
    auto read = cursor_.take_quoted();
    if (!read) return tl::unexpected(read.error());
    node.value = Value(std::move(*read));
    return node;
  }

  Result<Node> number() {
    Node node = node_here(Node::literal);
    cursor_.skip(1);
    for (char before = '0'; is_name_part(cursor_.peek()) || cursor_.peek() == '.' || cursor_.peek() == '+';) {
      const char c = cursor_.peek();
      if ((c == '-' || c == '+') && before != 'e' && before != 'E') break;
      before = c;
      cursor_.skip(1);
    }
    const std::string_view digits = cursor_.text(node.offset);
    const auto read = read_number(digits);
    if (!read) {
      return cursor_.fail(node.offset,
                          {shown_text(digits) + " is no number", "", "a version or a size stands in quotes"});
    }
    node.value = Value(*read);
    return node;
  }

  Result<Node> list(std::size_t depth) {
    Node node = node_here(Node::list);
    if (auto ok = check_depth(depth); !ok) return tl::unexpected(ok.error());
    auto elements = separated(depth, "]");
    if (!elements) return tl::unexpected(elements.error());
    node.children = std::move(*elements);
    return node;
  }

  // From an opening bracket to its closing one.
  Result<std::vector<Node>> separated(std::size_t depth, const std::string& bracket) {
    const std::size_t begin = cursor_.at();
    cursor_.skip(1);
    std::vector<Node> parts;
    cursor_.skip_space();
    if (cursor_.take(bracket)) return parts;
    do {
      auto part = alternatives(depth + 1);
      if (!part) return tl::unexpected(part.error());
      parts.push_back(std::move(*part));
      cursor_.skip_space();
    } while (cursor_.take(","));
    if (auto ok = close(bracket, begin); !ok) return tl::unexpected(ok.error());
    return parts;
  }

  // ---- words
  std::string_view next_word() const {
    std::size_t bytes = 0;
    while (is_name_part(cursor_.peek(bytes))) ++bytes;
    return source_.substr(cursor_.at(), bytes);
  }

  bool next_is_keyword(std::string_view keyword) {
    cursor_.skip_space();
    return next_word() == keyword;
  }

  Result<Node> word(std::size_t depth) {
    const std::string word(next_word());
    Node node = node_here(Node::literal);
    if (word == "true" || word == "false" || word == "null") {
      cursor_.skip(word.size());
      if (word != "null") node.value = Value(word == "true");
      return node;
    }
    if (is_keyword(word)) return missing_value();
    Cursor ahead = cursor_;
    ahead.skip(word.size());
    ahead.skip_space();
    if (ahead.peek() == '(') return call(word, ahead, depth);
    return name(word);
  }

  Result<Node> call(const std::string& word, const Cursor& at_bracket, std::size_t depth) {
    Node node = node_here(Node::call);
    const auto* const known =
        std::find_if(kFunctions.begin(), kFunctions.end(), [&](Function f) { return name_of(f) == word; });
    if (known == kFunctions.end()) {
      std::vector<std::string> names;
      for (const Function function : kFunctions) names.emplace_back(name_of(function));
      return cursor_.fail({"there is no function " + shown_text(word), "", did_you_mean(word, names)});
    }
    node.function = *known;
    if (auto ok = check_depth(depth); !ok) return tl::unexpected(ok.error());
    cursor_ = at_bracket;
    auto arguments = separated(depth, ")");
    if (!arguments) return tl::unexpected(arguments.error());
    node.children = std::move(*arguments);
    return node;
  }

  // ---- names
  Result<Node> name(const std::string& first) {
    Node node = node_here(Node::name);
    const auto* const root = std::find_if(kRoots.begin(), kRoots.end(), [&](const Root& r) { return r.name == first; });
    if (root == kRoots.end()) return unknown_word(first);
    cursor_.skip(first.size());
    Name read{{first}, 0};
    std::size_t last_at = node.offset;
    while (cursor_.peek() == '.' || cursor_.peek() == '[') {
      last_at = cursor_.at() + 1;
      auto part = name_part();
      if (!part) return tl::unexpected(part.error());
      read.parts.push_back(std::move(*part));
    }
    if (read.parts.size() < root->least || read.parts.size() > root->most) {
      return cursor_.fail(node.offset, {"incomplete or too long name " + shown_text(read.text()),
                                        std::string("it is ") + root->shape, ""});
    }
    fold_key(read.parts);
    if (first == "facts" && !is_fact(read.parts[2])) {
      return cursor_.fail(
          last_at, {"there is no fact " + shown_text(read.parts[2]), "", did_you_mean(read.parts[2], fact_names())});
    }
    node.index = names_.size();
    read.column = column_of(node.offset);
    names_.push_back(std::move(read));
    return node;
  }

  // One item of a loop is an operation of its own: outputs.load["eu"].rows is outputs["load[eu]"].rows.
  static void fold_key(std::vector<std::string>& parts) {
    const bool with_key = (parts[0] == "outputs" && parts.size() == 4) || (parts[0] == "result" && parts.size() == 3);
    if (!with_key) return;
    parts[1] += "[" + parts[2] + "]";
    parts.erase(parts.begin() + 2);
  }

  // Behind a name: .part or ["part"].
  Result<std::string> name_part() {
    const std::size_t begin = cursor_.at();
    if (cursor_.take(".")) {
      std::string part(next_word());
      if (part.empty()) {
        return cursor_.fail(
            {"a part of a name is missing", "it has letters, digits, - and _", "others: facts[\"a.b\"].os"});
      }
      cursor_.skip(part.size());
      return part;
    }
    cursor_.skip(1);
    if (!cursor_.next_is_quote()) return cursor_.fail({"a text is missing", "in a name it is [\"part\"]", ""});
    auto part = cursor_.take_quoted();
    if (!part) return part;
    if (part->empty()) return cursor_.fail(begin, {"an empty part of a name", "", ""});
    if (auto ok = close("]", begin); !ok) return tl::unexpected(ok.error());
    return part;
  }

  // Names are read from left to right, so each column is counted from the one before.
  std::size_t column_of(std::size_t offset) {
    column_ += expression::column_of(source_.substr(column_offset_), offset - column_offset_) - 1;
    column_offset_ = offset;
    return column_;
  }

  // ---- refusals
  tl::unexpected<Error> unknown_word(const std::string& word) const {
    std::vector<std::string> known{"true", "false", "null", "and", "or", "not", "in"};
    for (const Root& root : kRoots) known.emplace_back(root.name);
    const std::string near = nearest(word, known);
    return cursor_.fail(
        {"unknown word " + shown_text(word), "a name begins with facts, params, outputs, result, host, item or key",
         near.empty() ? "a text stands in quotes: " + shown_text(word) : "did you mean \"" + near + "\"?"});
  }

  tl::unexpected<Error> missing_value() const {
    if (cursor_.ended()) return cursor_.fail({"a value is missing", kValues, ""});
    const std::string word(next_word());
    const std::string found = word.empty() ? std::string(cursor_.next_character()) : word;
    std::string hint;
    if (found == "!") hint = "write \"not\"";
    if (found == "=") hint = "equal is written ==";
    if (found == "$" || found == "{") hint = "a name stands as it is: params.NAME";
    return cursor_.fail({"unexpected " + shown_text(found), kValues, hint});
  }

  tl::unexpected<Error> unexpected_behind_a_value() const {
    const std::string word(next_word());
    const std::string found = word.empty() ? std::string(cursor_.next_character()) : word;
    std::string hint;
    if (found == "=") hint = "equal is written ==";
    if (found == "&") hint = "write \"and\"";
    if (found == "|") hint = "write \"or\"";
    if (found == "not") hint = "write: not a in [b, c]";
    if (const std::string near = nearest(word, {"and", "or", "in"}); near != word && !near.empty()) {
      hint = "did you mean \"" + near + "\"?";
    }
    return cursor_.fail(
        {"unexpected " + shown_text(found), "behind a value stands and, or, in, or a comparison such as ==", hint});
  }

  std::string_view source_;
  Cursor cursor_;
  std::vector<Name> names_;
  std::size_t operands_ = 0;
  std::size_t column_ = 1, column_offset_ = 0;
};

}  // namespace

Result<ConditionTree> parse_condition(std::string_view source) {
  if (auto ok = check_source(source, "write for instance: facts.web-1.os == \"debian\""); !ok) {
    return tl::unexpected(ok.error());
  }
  return Parser(source).all_of_it();
}

}  // namespace prov::expression::detail
