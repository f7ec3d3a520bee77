#include <algorithm>
#include <array>
#include <utility>

#include "common/nearest.h"
#include "coordinator/expression/facts.h"
#include "coordinator/expression/source.h"
#include "coordinator/expression/targets_tree.h"

namespace prov::expression::detail {
namespace {

using Node = TargetNode;

constexpr std::array<std::pair<std::string_view, TermKind>, 6> kPrefixes{{{"role", TermKind::role},
                                                                          {"infra", TermKind::infra},
                                                                          {"provider", TermKind::provider},
                                                                          {"status", TermKind::status},
                                                                          {"label", TermKind::label},
                                                                          {"fact", TermKind::fact}}};

constexpr std::array<std::pair<std::string_view, Op>, 6> kOps{{{"!=", Op::not_equal},
                                                               {"<=", Op::less_equal},
                                                               {">=", Op::greater_equal},
                                                               {"=", Op::equal},
                                                               {"<", Op::less},
                                                               {">", Op::greater}}};

constexpr const char* kTerms =
    "a term is a name, a glob, all, or begins with role:, infra:, provider:, status:, label: or fact:";

bool is_bare(char c) {
  return is_letter(c) || is_digit(c) || std::string_view("_.:/*?-").find(c) != std::string_view::npos;
}

// The bytes of a [...] at the beginning of `text`; 0: it holds something that only quotes can hold, or does not end.
std::size_t set_bytes(std::string_view text) {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == ']' && i > 1) return i + 1;
    if (!is_bare(text[i]) && text[i] != '!' && text[i] != '^') return 0;
  }
  return 0;
}

// The bytes of the word at the beginning of `text`.
std::size_t word_bytes(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t more = text[i] == '[' ? set_bytes(text.substr(i)) : is_bare(text[i]) ? 1 : 0;
    if (more == 0) break;
    i += more;
  }
  return i;
}

// The keyword that a word is, in whatever case; empty: none.
std::string keyword_in(std::string_view word) {
  const std::string small = lower(std::string(word));
  return small == "and" || small == "or" || small == "not" || small == "all" ? small : "";
}

std::string bare_or_quoted(const std::string& text, bool may_hold_colon) {
  const bool bare = !text.empty() && word_bytes(text) == text.size() && keyword_in(text).empty() &&
                    (may_hold_colon || text.find(':') == std::string::npos);
  return bare ? text : in_quotes(text);
}

class Parser {
 public:
  explicit Parser(std::string_view source) : source_(source), cursor_(source) {}

  Result<Node> all_of_it() {
    auto node = alternatives(0);
    if (!node) return node;
    cursor_.skip_space();
    return cursor_.ended() ? std::move(node) : Result<Node>(unexpected_behind_a_term());
  }

 private:
  Result<Node> alternatives(std::size_t depth) {
    return chain("or", Node::any_of, [&] { return chain("and", Node::all_of, [&] { return factor(depth); }); });
  }

  template <class Part>
  Result<Node> chain(std::string_view keyword, Node::Kind kind, Part part) {
    auto first = part();
    if (!first || !take_keyword(keyword)) return first;
    Node node{kind, {}, {}};
    node.children.push_back(std::move(*first));
    do {
      auto next = part();
      if (!next) return next;
      node.children.push_back(std::move(*next));
    } while (take_keyword(keyword));
    return node;
  }

  Result<Node> factor(std::size_t depth) {
    cursor_.skip_space();
    const std::size_t begin = cursor_.at();
    const bool negated = take_keyword("not");
    if (!negated && !cursor_.take("(")) return term();
    if (depth == kMaxNesting)
      return cursor_.fail(begin, {"nested too deeply", std::to_string(kMaxNesting) + " levels are possible", ""});
    if (negated) {
      auto child = factor(depth + 1);
      if (!child) return child;
      Node node{Node::negation, {}, {}};
      node.children.push_back(std::move(*child));
      return node;
    }
    auto inner = alternatives(depth + 1);
    if (!inner) return inner;
    cursor_.skip_space();
    if (cursor_.take(")")) return inner;
    if (!cursor_.ended()) return unexpected_behind_a_term();
    return cursor_.fail(begin, {"a \"(\" that is not closed", "", "add a \")\""});
  }

  bool take_keyword(std::string_view keyword) {
    cursor_.skip_space();
    return next_word() == keyword && cursor_.take(keyword);
  }

  std::string_view next_word() const {
    const std::string_view rest = source_.substr(cursor_.at());
    return rest.substr(0, word_bytes(rest));
  }

  tl::unexpected<Error> unexpected_behind_a_term() const {
    const std::string word(next_word());
    const std::string found = word.empty() ? std::string(cursor_.next_character()) : word;
    std::string hint = keyword_in(word);
    if (hint == word) hint.clear();
    if (!hint.empty()) hint = "did you mean \"" + hint + "\"?";
    if (found == ",") hint = "for one or the other write \"or\" between them";
    if (found == "&") hint = "write \"and\"";
    if (found == "|") hint = "write \"or\"";
    return cursor_.fail({"unexpected " + shown_text(found), "behind a term stands and, or, or nothing", hint});
  }

  Result<Node> term() {
    const std::size_t begin = cursor_.at();
    if (cursor_.ended()) return cursor_.fail({"a term is missing", kTerms, ""});
    if (cursor_.next_is_quote()) return with_value({TermKind::name, {}, Op::none, {}});
    const std::string word(next_word());
    if (word.empty()) return unexpected_as_a_term();
    if (word == "all") {
      cursor_.skip(word.size());
      return Node{Node::term, {}, {}};
    }
    if (const std::string keyword = keyword_in(word); !keyword.empty()) {
      const std::string hint = keyword == word ? "" : "did you mean \"" + keyword + "\"?";
      return cursor_.fail({"unexpected " + shown_text(word), kTerms, hint});
    }
    const std::size_t colon = word.find(':');
    if (colon == std::string::npos) return with_value({TermKind::name, {}, Op::none, {}});
    const std::string prefix = word.substr(0, colon);
    const auto* const known =
        std::find_if(kPrefixes.begin(), kPrefixes.end(), [&](const auto& p) { return p.first == prefix; });
    if (known == kPrefixes.end()) return unknown_word(prefix);
    cursor_.skip(colon + 1);
    if (known->second == TermKind::label || known->second == TermKind::fact) return keyed(known->second, begin);
    if (!cursor_.next_is_quote() && next_word().empty()) {
      return cursor_.fail({"a name or glob is missing", "it stands right behind " + prefix + ":", ""});
    }
    return with_value({known->second, {}, Op::none, {}});
  }

  tl::unexpected<Error> unexpected_as_a_term() const {
    const std::string found(cursor_.next_character());
    std::string hint = "a name with other characters stands in quotes";
    if (found == "!") hint = "write \"not\"";
    if (found == ")") hint.clear();
    if (found == "[") hint = "a [...] is closed, and holds letters, digits and _.:/*?-!^; others stand in quotes";
    return cursor_.fail({"unexpected " + shown_text(found), kTerms, hint});
  }

  tl::unexpected<Error> unknown_word(const std::string& word) const {
    std::vector<std::string> known;
    for (const auto& prefix : kPrefixes) known.emplace_back(prefix.first);
    const std::string near = nearest(word, known);
    return cursor_.fail({"unknown word " + shown_text(word), kTerms, near.empty() ? "" : did_you_mean(word, known)});
  }

  // A bare word or a quoted text.
  Result<std::string> word_or_quoted() {
    if (cursor_.next_is_quote()) return cursor_.take_quoted();
    std::string word(next_word());
    cursor_.skip(word.size());
    return word;
  }

  // The same as a pattern.
  Result<Node> with_value(Term term) {
    const std::size_t begin = cursor_.at();
    const auto text = word_or_quoted();
    if (!text) return tl::unexpected(text.error());
    auto glob = Glob::compile(*text);
    if (!glob) return cursor_.fail(begin, {glob.error().message, "", glob.error().hint});
    term.value = std::move(*glob);
    return Node{Node::term, std::move(term), {}};
  }

  // Behind "label:" or "fact:".
  Result<Node> keyed(TermKind kind, std::size_t begin) {
    const std::size_t key_at = cursor_.at();
    auto key = word_or_quoted();
    if (!key) return tl::unexpected(key.error());
    if (auto ok = check_key(kind, *key, key_at); !ok) return tl::unexpected(ok.error());
    Term term{kind, std::move(*key), Op::none, {}};
    const std::size_t behind_key = cursor_.at();
    cursor_.skip_space();
    const std::size_t op_at = cursor_.at();
    term.op = take_op();
    if (term.op != Op::none) return compared(std::move(term), op_at);
    if (kind == TermKind::label) return Node{Node::term, std::move(term), {}};
    return cursor_.fail(behind_key, {"a comparison is missing", "a fact is compared with = != < <= > or >=",
                                     std::string(source_.substr(begin, behind_key - begin)) + "=..."});
  }

  Result<void> check_key(TermKind kind, const std::string& key, std::size_t key_at) const {
    const std::string what = kind == TermKind::fact ? "fact" : "label";
    if (key.empty()) return cursor_.fail(key_at, {"the name of a " + what + " is missing", "", ""});
    if (key.find_first_of("*?[") != std::string::npos) {
      return cursor_.fail(key_at, {"a glob for the name of a " + what, "only its value can be one", ""});
    }
    if (kind == TermKind::label || is_fact(key)) return {};
    return cursor_.fail(key_at, {"there is no fact " + shown_text(key), "", did_you_mean(key, fact_names())});
  }

  Op take_op() {
    for (const auto& [text, op] : kOps) {
      if (cursor_.take(text)) return op;
    }
    return Op::none;
  }

  // Behind the operator of a label or fact.
  Result<Node> compared(Term term, std::size_t op_at) {
    const bool equality = term.op == Op::equal || term.op == Op::not_equal;
    if (term.kind == TermKind::label && !equality) {
      return cursor_.fail(op_at, {"a label that is compared by order", "labels have = and != alone", ""});
    }
    if (cursor_.peek() == '=') return cursor_.fail(op_at, {"unknown operator", "equal is written =", ""});
    cursor_.skip_space();
    const std::size_t value_at = cursor_.at();
    const std::string word(next_word());
    if (!cursor_.next_is_quote() && (word.empty() || !keyword_in(word).empty())) {
      return cursor_.fail({"a value is missing", "",
                           "a value with other characters than letters, digits and _.:/*?- stands in quotes"});
    }
    auto node = with_value(std::move(term));
    if (!node) return node;
    const Glob& value = node->leaf.value;
    if (!equality && !value.is_plain()) {
      return cursor_.fail(value_at, {"a glob that is compared by order", "globs go with = and != alone", ""});
    }
    const bool number = std::all_of(value.text().begin(), value.text().end(), is_digit) && !value.text().empty();
    if (node->leaf.kind == TermKind::fact && is_number_fact(node->leaf.key) && value.is_plain() && !number) {
      return cursor_.fail(value_at, {shown_text(value.text()) + " is no whole number", node->leaf.key + " is one", ""});
    }
    return node;
  }

  std::string_view source_;
  Cursor cursor_;
};

std::string text_of(Op op) {
  for (const auto& [text, known] : kOps) {
    if (known == op) return std::string(text);
  }
  return {};
}

}  // namespace

Result<Node> parse_targets(std::string_view source) {
  if (auto ok = check_source(source, "for every host write: all"); !ok) return tl::unexpected(ok.error());
  return Parser(source).all_of_it();
}

std::string text_of(const Term& term) {
  if (term.kind == TermKind::all) return "all";
  if (term.kind == TermKind::name) return bare_or_quoted(term.value.text(), false);
  std::string out;
  for (const auto& [text, kind] : kPrefixes) {
    if (kind == term.kind) out = std::string(text) + ":";
  }
  if (term.kind != TermKind::label && term.kind != TermKind::fact) return out + bare_or_quoted(term.value.text(), true);
  out += bare_or_quoted(term.key, true);
  return term.op == Op::none ? out : out + text_of(term.op) + bare_or_quoted(term.value.text(), true);
}

std::string text_of(const Node& node) {
  if (node.kind == Node::term) return text_of(node.leaf);
  std::string out = node.kind == Node::negation ? "not " : "";
  const char* const between = node.kind == Node::all_of ? " and " : " or ";
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    const Node& child = node.children[i];
    const bool weaker = node.kind == Node::negation ? child.kind > node.kind : child.kind >= node.kind;
    if (i > 0) out += between;
    out += weaker ? "(" + text_of(child) + ")" : text_of(child);
  }
  return out;
}

}  // namespace prov::expression::detail
