#include "coordinator/expression/value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "coordinator/expression/facts.h"
#include "coordinator/expression/order.h"
#include "coordinator/expression/source.h"

namespace prov::expression {
namespace {

constexpr std::size_t kMaxListed = 8;
constexpr double kWholeBelow = 1e15;  // written without an exponent

// Two values as numbers, where at least one is one.
std::optional<std::pair<double, double>> as_numbers(const Value& a, const Value& b) {
  if (a.number() == nullptr && b.number() == nullptr) return std::nullopt;
  const auto read = [](const Value& value) -> std::optional<double> {
    if (value.number() != nullptr) return *value.number();
    return value.text() != nullptr ? read_number(*value.text()) : std::nullopt;
  };
  const auto left = read(a), right = read(b);
  if (!left || !right) return std::nullopt;
  return std::pair(*left, *right);
}

// Two values as true or false, where at least one is that.
std::optional<std::pair<bool, bool>> as_booleans(const Value& a, const Value& b) {
  if (a.boolean() == nullptr && b.boolean() == nullptr) return std::nullopt;
  const auto read = [](const Value& value) -> std::optional<bool> {
    if (value.boolean() != nullptr) return *value.boolean();
    if (value.text() == nullptr || (*value.text() != "true" && *value.text() != "false")) return std::nullopt;
    return *value.text() == "true";
  };
  const auto left = read(a), right = read(b);
  if (!left || !right) return std::nullopt;
  return std::pair(*left, *right);
}

Comparison said(bool equal) { return equal ? Comparison::equal : Comparison::different; }

Comparison compare_scalars(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return said(a.is_null() && b.is_null());
  if (a.text() != nullptr && b.text() != nullptr) return said(*a.text() == *b.text());
  if (const auto numbers = as_numbers(a, b)) return said(numbers->first == numbers->second);
  if (const auto booleans = as_booleans(a, b)) return said(booleans->first == booleans->second);
  return Comparison::not_comparable;
}

Ordering said(std::partial_ordering order) {
  if (order < 0) return Ordering::less;
  if (order > 0) return Ordering::greater;
  return order == 0 ? Ordering::equal : Ordering::none;
}

std::string number_text(double number) {
  char text[32];
  const bool whole = std::abs(number) < kWholeBelow && std::trunc(number) == number;
  const auto end = whole ? std::to_chars(text, text + sizeof text, number, std::chars_format::fixed)
                         : std::to_chars(text, text + sizeof text, number);
  return {text, end.ptr};
}

template <class OfText>
std::string scalar_text(const Value& value, OfText of_text) {
  if (value.boolean() != nullptr) return *value.boolean() ? "true" : "false";
  if (value.number() != nullptr) return number_text(*value.number());
  if (value.text() != nullptr) return of_text(*value.text());
  return value.list() != nullptr ? "[...]" : "null";
}

}  // namespace

Comparison compare_equal(const Value& a, const Value& b) {
  if (a.list() == nullptr || b.list() == nullptr) return compare_scalars(a, b);
  return said(std::equal(a.list()->begin(), a.list()->end(), b.list()->begin(), b.list()->end(),
                         [](const Value& x, const Value& y) { return compare_scalars(x, y) == Comparison::equal; }));
}

Ordering compare_order(const Value& a, const Value& b) {
  if (a.is_null() || b.is_null()) return Ordering::none;
  if (a.text() != nullptr && b.text() != nullptr) return said(order(*a.text(), *b.text()));
  const auto numbers = as_numbers(a, b);
  return numbers ? said(numbers->first <=> numbers->second) : Ordering::not_comparable;
}

std::string shown(const Value& value) {
  const auto scalar = [](const Value& v) { return scalar_text(v, shown_text); };
  if (value.list() == nullptr) return scalar(value);
  const Value::List& list = *value.list();
  std::string out = "[";
  for (std::size_t i = 0; i < list.size() && i < kMaxListed; ++i) out += (i > 0 ? ", " : "") + scalar(list[i]);
  return out + (list.size() > kMaxListed ? ", ...]" : "]");
}

std::string text_of(const Value& value) { return scalar_text(value, in_quotes); }

Value fact_value(const Facts& facts, const std::string& key) {
  Value::List found;
  for (auto& [name, value] : fact_pairs(facts)) {
    if (name != key) continue;
    const auto number = is_number_fact(key) ? read_number(value) : std::nullopt;
    found.push_back(number ? Value(*number) : Value(std::move(value)));
  }
  if (found.empty()) return {};
  return is_list_fact(key) ? Value(std::move(found)) : std::move(found.front());
}

}  // namespace prov::expression
