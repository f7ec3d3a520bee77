#pragma once
// What a word that crosses the boundary may look like.
#include <string_view>

namespace prov::api {

bool is_hostname(std::string_view text);  // RFC 1123, lower case, labels of at most 63, 253 in all
bool is_name(std::string_view text);      // [a-z0-9._-], begins with a letter or digit, at most 64
bool is_plain(std::string_view text);     // no control character

}  // namespace prov::api
