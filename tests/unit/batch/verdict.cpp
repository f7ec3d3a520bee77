// batch_verdict ROOT FILE...: for each batch file one line of JSON: what the reader says of it, and the values in it as
// any other reader of YAML would see them. For batch_schema_agrees.py.
#include <charconv>
#include <filesystem>
#include <iostream>

#include "common/json/json.h"
#include "coordinator/batch/batch.h"
#include "coordinator/workspace/toml_tree.h"

namespace {

using nlohmann::json;
using prov::workspace::Node;

json scalar(const Node& node) {
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  const char* end = node.text.data() + node.text.size();
  std::int64_t whole = 0;
  if (auto read = std::from_chars(node.text.data(), end, whole); read.ec == std::errc() && read.ptr == end)
    return whole;
  double number = 0;
  if (auto read = std::from_chars(node.text.data(), end, number); read.ec == std::errc() && read.ptr == end)
    return number;
  return node.text;
}

json tree_of(const Node& node) {
  json out;
  switch (node.kind) {
    case Node::Kind::null: break;
    case Node::Kind::scalar: return scalar(node);
    case Node::Kind::list:
      out = json::array();
      for (const auto& item : node.items) out.push_back(tree_of(item));
      break;
    case Node::Kind::map:
      out = json::object();
      for (std::size_t i = 0; i < node.keys.size(); ++i) out[node.keys[i].text] = tree_of(node.items[i]);
      break;
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  namespace ws = prov::workspace;
  for (int i = 2; i < argc; ++i) {
    const std::string path = argv[i];
    const auto batch = prov::batch::load_batch(path, argv[1], {});
    auto text = ws::read_file(path, prov::batch::kMaxBatchBytes);
    const bool toml = std::filesystem::path(path).extension() == ".toml";
    const auto tree = toml ? ws::parse_toml(text.value(), path) : ws::parse_yaml(text.value(), path);
    std::cout << json{{"file", path},
                      {"refused", batch ? "" : batch.error().message},
                      {"tree", tree ? tree_of(*tree) : json()}}
                     .dump()
              << "\n";
  }
  return argc > 2 ? 0 : 2;
}
