#pragma once
// Inside of the codecs: a Cap'n Proto struct as JSON, by reflection. Names become snake_case; of a union only the
// member that is set is written; a struct that is not there is null; data of 16 bytes becomes a UUID, other data hex;
// text that is not UTF-8 is repaired. Written as text at once, since the feed does it for each event.
#include <capnp/dynamic.h>

#include <charconv>
#include <concepts>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace prov::event_log::detail {

void append_json(std::string& out, capnp::DynamicStruct::Reader value);
void append_quoted(std::string& out, std::string_view text);  // as a JSON string; U+FFFD for what is not UTF-8
template <std::integral Number>
void append_number(std::string& out, Number value) {
  char digits[24];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  out.append(std::begin(digits), end);
}

nlohmann::ordered_json to_json(capnp::DynamicStruct::Reader value);  // the same, to look into

std::string snake_case(std::string_view camel_case);
std::string id_text(std::string_view bytes);  // UUID, hex, or "" for nothing
std::string utf8(std::string_view text);      // U+FFFD for what is not UTF-8

}  // namespace prov::event_log::detail
