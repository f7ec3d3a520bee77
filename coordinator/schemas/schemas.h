#pragma once
// The JSON Schemas of what operators write, built into the program: schema/json/*.schema.json, word for word.
#include <span>
#include <string_view>

namespace prov::schemas {

struct Schema {
  std::string_view name;   // "settings"
  std::string_view files;  // where such a file stands, for people
  std::string_view help;   // one sentence without its full stop
  std::string_view text;   // JSON, self-contained
};

std::span<const Schema> schemas();                 // in order of name
const Schema* find_schema(std::string_view name);  // nullptr: there is none

}  // namespace prov::schemas
