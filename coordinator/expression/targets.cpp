#include "coordinator/expression/targets.h"

#include <algorithm>

#include "coordinator/expression/order.h"
#include "coordinator/expression/source.h"
#include "coordinator/expression/targets_tree.h"

namespace prov::expression {
namespace {

using detail::Op;
using detail::Term;
using detail::TermKind;
using Node = detail::TargetNode;

constexpr std::size_t kMaxListed = 12;

// All that stand under the key.
std::vector<std::string_view> values_of(const Pairs& pairs, std::string_view key) {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : pairs) {
    if (name == key) values.emplace_back(value);
  }
  return values;
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    std::string_view part = text.substr(0, comma);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    part = part.substr(0, part.find_last_not_of(' ') + 1);
    if (!part.empty()) parts.push_back(part);
    if (more) text.remove_prefix(comma + 1);
  }
  return parts;
}

std::vector<std::string_view> roles_of(const HostView& host) {
  std::vector<std::string_view> roles(host.roles.begin(), host.roles.end());
  for (const std::string_view label : values_of(host.labels, "role")) {
    for (const std::string_view role : split_at_commas(label)) {
      if (std::find(roles.begin(), roles.end(), role) == roles.end()) roles.push_back(role);
    }
  }
  return roles;
}

// What a host has in the place that a term looks at.
std::vector<std::string_view> looked_at(const Term& term, const HostView& host) {
  switch (term.kind) {
    case TermKind::all: return {};
    case TermKind::name: return {host.name};
    case TermKind::role: return roles_of(host);
    case TermKind::infra: return {host.infra};
    case TermKind::provider: return {host.provider};
    case TermKind::status: return {host.status};
    case TermKind::label: return values_of(host.labels, term.key);
    case TermKind::fact: return host.has_facts ? values_of(host.facts, term.key) : std::vector<std::string_view>();
  }
  return {};
}

bool is_equal(const Term& term, std::string_view value) {
  if (term.value.matches(value)) return true;
  const bool number = term.kind == TermKind::fact && is_number_fact(term.key) && term.value.is_plain();
  return number && order(value, term.value.text()) == 0;
}

bool holds_for(const Term& term, std::string_view value) {
  const auto ordered = [&] { return order(value, term.value.text()); };
  switch (term.op) {
    case Op::none:  // a glob, or only whether there is such a label
      return term.kind == TermKind::label || term.value.matches(value);
    case Op::equal: return is_equal(term, value);
    case Op::not_equal: return !is_equal(term, value);
    case Op::less: return ordered() < 0;
    case Op::less_equal: return ordered() <= 0;
    case Op::greater: return ordered() > 0;
    case Op::greater_equal: return ordered() >= 0;
  }
  return false;
}

// One value is enough, but for !=, which all must meet: a host without the label meets it, one without the fact does
// not, since there it is only not known.
bool holds(const Term& term, const std::vector<std::string_view>& values) {
  if (term.kind == TermKind::all) return true;
  const auto one = [&](std::string_view value) { return holds_for(term, value); };
  if (term.op != Op::not_equal) return std::any_of(values.begin(), values.end(), one);
  if (values.empty()) return term.kind == TermKind::label;
  return std::all_of(values.begin(), values.end(), one);
}

bool matches_node(const Node& node, const HostView& host) {
  const auto child = [&](const Node& part) { return matches_node(part, host); };
  switch (node.kind) {
    case Node::term: return holds(node.leaf, looked_at(node.leaf, host));
    case Node::negation: return !child(node.children.front());
    case Node::all_of: return std::all_of(node.children.begin(), node.children.end(), child);
    case Node::any_of: return std::any_of(node.children.begin(), node.children.end(), child);
  }
  return false;
}

std::string list_of(const std::vector<std::string_view>& values) {
  std::string out;
  for (std::size_t i = 0; i < values.size() && i < kMaxListed; ++i) out += (i > 0 ? ", " : "") + shown_text(values[i]);
  return values.size() > kMaxListed ? out + " and " + std::to_string(values.size() - kMaxListed) + " more" : out;
}

std::string why(const Term& term, const HostView& host, const std::vector<std::string_view>& values) {
  switch (term.kind) {
    case TermKind::all: return "it is a host";
    case TermKind::role: return values.empty() ? "it has none" : "it has " + list_of(values);
    case TermKind::label: return values.empty() ? "it has no such label" : "it is " + list_of(values);
    case TermKind::fact:
      if (!host.has_facts) return "its agent has not told any facts yet";
      return values.empty() ? "its agent does not know it" : "it is " + list_of(values);
    case TermKind::infra:
    case TermKind::provider:
    case TermKind::status:
    case TermKind::name: return "it is " + list_of(values);
  }
  return {};
}

// Looks at every term, so that nothing is left out of the reasons.
bool explain_node(const Node& node, const HostView& host, std::vector<Reason>& reasons) {
  if (node.kind == Node::term) {
    const auto values = looked_at(node.leaf, host);
    reasons.push_back({detail::text_of(node.leaf), holds(node.leaf, values), why(node.leaf, host, values)});
    return reasons.back().holds;
  }
  bool all = true, any = false;
  for (const Node& child : node.children) {
    const bool matched = explain_node(child, host, reasons);
    all = all && matched;
    any = any || matched;
  }
  return node.kind == Node::negation ? !any : node.kind == Node::all_of ? all : any;
}

}  // namespace

struct Targets::Parsed {
  Node root;
  std::string text;
};

std::string Reason::text() const { return term + ": " + (holds ? "yes, " : "no, ") + why; }

Result<Targets> Targets::parse(std::string_view source) {
  auto root = detail::parse_targets(source);
  if (!root) return tl::unexpected(root.error());
  auto parsed = std::make_shared<Parsed>();
  parsed->text = detail::text_of(*root);
  parsed->root = std::move(*root);
  if (auto ok = check_written(parsed->text); !ok) return tl::unexpected(ok.error());
  return Targets(std::move(parsed));
}

bool Targets::matches(const HostView& host) const { return matches_node(parsed_->root, host); }

Explanation Targets::explain(const HostView& host) const {
  Explanation out;
  out.matched = explain_node(parsed_->root, host, out.reasons);
  return out;
}

const std::string& Targets::text() const { return parsed_->text; }

}  // namespace prov::expression
