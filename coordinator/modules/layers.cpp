#include "coordinator/modules/layers.h"

#include "coordinator/workspace/inside.h"

namespace prov::workspace {

Result<std::vector<Layer>> layers_of(const std::string& workspace_root, const std::string& infra_folder,
                                     const std::string& core_folder) {
  std::vector<Layer> layers;
  if (!infra_folder.empty()) layers.push_back({"infra", infra_folder + "/extensions"});
  if (!workspace_root.empty()) layers.push_back({"workspace", workspace_root + "/extensions"});
  for (const auto& layer : layers) {
    if (workspace_root.empty()) break;
    if (auto inside = check_layer_inside(workspace_root, layer.folder); !inside) return tl::unexpected(inside.error());
  }
  if (!core_folder.empty()) layers.push_back({"core", core_folder});
  return layers;
}

Result<ExtensionFinder> open_layers(const std::string& workspace_root, const std::string& infra_folder,
                                    const std::string& core_folder, std::shared_ptr<ManifestCache> cache) {
  auto layers = layers_of(workspace_root, infra_folder, core_folder);
  if (!layers) return tl::unexpected(layers.error());
  if (workspace_root.empty()) return ExtensionFinder(std::move(*layers), {}, std::move(cache));
  auto rules = load_rules(workspace_root, infra_folder.substr(infra_folder.rfind('/') + 1));
  if (!rules) return tl::unexpected(rules.error());
  return ExtensionFinder(std::move(*layers), std::move(*rules), std::move(cache));
}

}  // namespace prov::workspace
