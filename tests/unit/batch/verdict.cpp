// batch_verdict ROOT FILE...: for each batch file one line of JSON: what the reader says of it, and the values in it as
// any other reader of YAML would see them. For batch_schema_agrees.py.
#include <filesystem>
#include <iostream>

#include "common/json/json.h"
#include "coordinator/batch/batch.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/support/documents/tree_json.h"

using nlohmann::json;

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
                      {"tree", tree ? prov::test::tree_json(*tree) : json()}}
                     .dump()
              << "\n";
  }
  return argc > 2 ? 0 : 2;
}
