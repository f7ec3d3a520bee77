#pragma once
// Which of two values comes first.
#include <compare>
#include <optional>
#include <string_view>

namespace prov::expression {

// Texts that both begin with a digit are compared piece by piece, numbers as numbers of any length: 2 < 10,
// 12.5 < 12.10, 6.1.0-9 < 6.1.0-18, 1.0-rc1 < 1.0 (a word behind the end makes it earlier), 12 and 12.0 are the same.
// Others are compared by their bytes. A weak order over all texts.
std::weak_ordering order(std::string_view a, std::string_view b);

// A number as JSON writes it (-12, 3.5, 1e9), the whole text; nullopt when it is none, or too large for a double.
std::optional<double> read_number(std::string_view text);

}  // namespace prov::expression
