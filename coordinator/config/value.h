#pragma once
// One value of a setting, and how it is read from a file, a variable or a flag and held to its key. Pure.
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"
#include "coordinator/config/keys.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::config {

struct Value {
  std::string text;                // of all but lists: "8080", "true", "debug"
  std::vector<std::string> items;  // of lists

  bool operator==(const Value&) const = default;
};

inline constexpr std::size_t kMaxValue = 64 << 10;  // bytes of a text; also of one that was put together
inline constexpr std::size_t kMaxItems = 1000;

// As it stands in a file; the error's message has no place yet. A text with "{{" in it is taken as it is, whatever
// the type, since only what is put in its place can be judged.
Result<Value> value_of(const Key& key, const workspace::Node& node);

// As a variable or a flag says it: a list with commas between, and no quotes.
Result<Value> value_of(const Key& key, std::string_view text);

// Whether a value is what its key asks for. REQUIRES: nothing in it is still to be put in.
Result<void> check(const Key& key, const Value& value);

// Messages of the two above and of check() name the key as the table does; this gives "vars.*" its own name.
Error by_name(Error error, const Key& key, std::string_view name);

bool has_placeholder(const Value& value);
std::string shown(const Key& key, const Value& value);    // for people: lists with ", " between
std::string expected(const Key& key);                     // "an integer from 0 to 65535"
std::string toml_of(const Key& key, const Value& value);  // as it is written in a TOML file; also right in YAML

}  // namespace prov::config
