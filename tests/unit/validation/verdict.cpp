// definition_verdict, fed with lines "KIND FILE": for each one line of JSON: what the strict reader of that kind says
// of the file, and the values in it as any other reader of YAML or TOML would see them. For schemas_agree.py.
#include <filesystem>
#include <iostream>

#include "common/json/json.h"
#include "coordinator/config/tree.h"
#include "coordinator/modules/cluster.h"
#include "coordinator/modules/modules.h"
#include "coordinator/workspace/home.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/support/documents/tree_json.h"

namespace {

namespace ws = prov::workspace;
using nlohmann::json;
using prov::Result;
using ws::Node;

template <class T>
std::string said(const Result<T>& read) {
  return read ? "" : read.error().message;
}

std::string folder_above(const std::string& file, int levels) {
  std::filesystem::path path(file);
  while (levels-- > 0) path = path.parent_path();
  return path.string();
}

std::string config_says(const Node& tree, const std::string& file, prov::config::Layer layer) {
  ws::Problems problems;
  prov::config::read_tree(tree, file, layer, problems);
  return problems.any() ? problems.error().message : "";
}

// An infra is called as the folder of a corpus says: demo; a cluster as its file.
std::string refusal(const std::string& kind, const Node& tree, const std::string& file, const std::string& infra) {
  const std::string stem = std::filesystem::path(file).stem().string();
  if (kind == "settings") return said(ws::parse_infra(tree, file, infra));
  if (kind == "cluster") return said(ws::parse_cluster(tree, file, stem));
  if (kind == "manifest") return said(ws::parse_manifest(tree, file));
  if (kind == "modules") return said(ws::load_modules(folder_above(file, 2)));
  if (kind == "user-config") return said(ws::load_user_config({folder_above(file, 2)}));
  if (kind == "config") return config_says(tree, file, prov::config::Layer::user);
  const std::string own = said(ws::parse_workspace(tree, file));
  return own.empty() ? config_says(tree, file, prov::config::Layer::workspace) : own;
}

}  // namespace

int main() {
  std::string kind, infra, file;
  while (std::cin >> kind >> infra && std::getline(std::cin >> std::ws, file)) {
    auto text = ws::read_file(file, 1 << 20);
    auto tree = !text                     ? Result<Node>(tl::unexpected(text.error()))
                : file.ends_with(".toml") ? ws::parse_toml(*text, file)
                                          : ws::parse_yaml(*text, file);
    const std::string refused = tree ? refusal(kind, *tree, file, infra) : tree.error().message;
    std::cout << json{{"refused", refused},
                      {"parsed", tree.has_value()},
                      {"tree", tree ? prov::test::tree_json(*tree) : json()}}
                     .dump()
              << "\n";
  }
  return 0;
}
