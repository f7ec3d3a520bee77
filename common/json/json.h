#pragma once
// The JSON library, whose one class is compiled once, in json.cpp, and not in each of a hundred units that include it.
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

extern template class nlohmann::basic_json<>;

namespace prov {
namespace detail {

inline void put_members(nlohmann::json::object_t&) {}
template <class Value, class... Rest>
void put_members(nlohmann::json::object_t& to, const char* name, Value&& value, Rest&&... rest) {
  to.emplace(name, std::forward<Value>(value));
  put_members(to, std::forward<Rest>(rest)...);
}

}  // namespace detail

// What a stranger wrote; discarded (is_discarded()) when it is no JSON, or nested deeper. Copying, printing and
// comparing a value go as deep into the stack as it is nested, so that a few hundred kilobytes of "[" would end it.
nlohmann::json parse_within(std::string_view text, int max_depth);

// object_of("id", id, "tasks", 3): what {{"id", id}, {"tasks", 3}} is, without the array of each pair that this makes
// first. For what is built for each request.
template <class... NamesAndValues>
nlohmann::json object_of(NamesAndValues&&... members) {
  nlohmann::json::object_t out;
  detail::put_members(out, std::forward<NamesAndValues>(members)...);
  return out;
}

}  // namespace prov
