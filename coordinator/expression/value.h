#pragma once
// What a condition computes with. A value that comes from a host is data: nothing here reads it as an expression.
#include <concepts>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/facts.h"
#include "common/result.h"

namespace prov::expression {

struct Value {
  using List = std::vector<Value>;  // flat: a list in a list is equal to nothing

  std::variant<std::monostate, bool, double, std::string, List> data;  // monostate: null, also what is absent

  Value() = default;
  Value(std::same_as<bool> auto b) : data(b) {}
  template <class T>
  requires(std::is_arithmetic_v<T> && !std::same_as<T, bool>) Value(T number)
      : data(static_cast<double>(number)) {}  // whole numbers are exact up to 2^53
  Value(std::string text) : data(std::move(text)) {}
  Value(const char* text) : data(std::string(text)) {}
  Value(List list) : data(std::move(list)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data); }
  const bool* boolean() const { return std::get_if<bool>(&data); }
  const double* number() const { return std::get_if<double>(&data); }
  const std::string* text() const { return std::get_if<std::string>(&data); }
  const List* list() const { return std::get_if<List>(&data); }
  bool operator==(const Value&) const = default;  // of representation; conditions compare with equal()
};

enum class Comparison { equal, different, not_comparable };

// null is equal to null alone. A text and a number are compared as numbers if the text reads as one, a text and true or
// false if the text says one of these; lists element by element, elements of different kinds being different.
Comparison compare_equal(const Value& a, const Value& b);

enum class Ordering { less, equal, greater, none, not_comparable };  // none: one side is null, or no number

// Numbers, and texts in the order of order.h; a text and a number as above.
Ordering compare_order(const Value& a, const Value& b);

// For messages: as it would be written, long ones cut, nothing that moves a cursor.
std::string shown(const Value& value);

// As it is read again. REQUIRES: no list.
std::string text_of(const Value& value);

// The value of facts.HOST.KEY: of the kind that facts.h says of it; null when it is not known.
Value fact_value(const Facts& facts, const std::string& key);

}  // namespace prov::expression
