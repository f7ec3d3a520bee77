#pragma once
// The words that cross the boundary: what a name may look like, and which known word a mistyped one was meant to be.
#include <string>
#include <string_view>
#include <vector>

namespace prov::api {

bool is_hostname(std::string_view text);  // RFC 1123, lower case, labels of at most 63, 253 in all
bool is_name(std::string_view text);      // [a-z0-9._-], begins with a letter or digit, at most 64
bool is_plain(std::string_view text);     // no control character

// "did you mean \"x\"?", or "known are: a, b, c".
std::string suggest(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace prov::api
