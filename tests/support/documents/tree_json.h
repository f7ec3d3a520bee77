#pragma once
// A tree of YAML or TOML with the values that any other reader of it would see, for comparisons with JSON Schemas.
#include <charconv>
#include <cstdint>

#include "common/json/json.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::test {

inline nlohmann::json scalar_json(const workspace::Node& node) {
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  const char* end = node.text.data() + node.text.size();
  std::int64_t whole = 0;
  if (auto read = std::from_chars(node.text.data(), end, whole); read.ec == std::errc() && read.ptr == end) {
    return whole;
  }
  double number = 0;
  if (auto read = std::from_chars(node.text.data(), end, number); read.ec == std::errc() && read.ptr == end) {
    return number;
  }
  return node.text;
}

inline nlohmann::json tree_json(const workspace::Node& node) {
  using Kind = workspace::Node::Kind;
  nlohmann::json out;
  if (node.kind == Kind::scalar) return scalar_json(node);
  if (node.kind == Kind::list) out = nlohmann::json::array();
  if (node.kind == Kind::map) out = nlohmann::json::object();
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (node.kind == Kind::list) out.push_back(tree_json(node.items[i]));
    if (node.kind == Kind::map) out[node.keys[i].text] = tree_json(node.items[i]);
  }
  return out;
}

}  // namespace prov::test
