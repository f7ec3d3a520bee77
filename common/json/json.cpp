#include "common/json/json.h"

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

}  // namespace prov
