#include "common/json/json.h"

#include <algorithm>

#include "common/json/json_text.h"

template class nlohmann::basic_json<>;

namespace prov {

using nlohmann::json;

json parse_within(std::string_view text, int max_depth) {
  bool too_deep = false;
  const auto watch = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || depth > max_depth;
    return !too_deep;
  };
  json value = json::parse(text, watch, false);
  return too_deep ? json(json::value_t::discarded) : value;
}

void append_json_string(std::string& out, std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= ' ' && byte < 0x80 && c != '"' && c != '\\';
  });
  if (!plain) {
    out += json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

}  // namespace prov
