#include "coordinator/modules/layers.h"

#include "coordinator/workspace/inside.h"

namespace prov::workspace {

Result<ExtensionFinder> open_layers(const std::string& workspace_root, const std::string& infra_folder,
                                    const std::string& core_folder) {
  std::vector<Layer> layers;
  ModuleRules rules;
  if (!infra_folder.empty()) layers.push_back({"infra", infra_folder + "/extensions"});
  if (!workspace_root.empty()) {
    layers.push_back({"workspace", workspace_root + "/extensions"});
    for (const auto& layer : layers) {
      if (auto inside = check_layer_inside(workspace_root, layer.folder); !inside) {
        return tl::unexpected(inside.error());
      }
    }
    for (const char* file : {kModulesFile, kModulesLockFile}) {
      if (auto inside = check_inside(workspace_root, workspace_root + "/" + file); !inside) {
        return tl::unexpected(inside.error());
      }
    }
    auto own = load_rules(workspace_root, infra_folder.substr(infra_folder.rfind('/') + 1));
    if (!own) return tl::unexpected(own.error());
    rules = std::move(*own);
  }
  if (!core_folder.empty()) layers.push_back({"core", core_folder});
  return ExtensionFinder(std::move(layers), std::move(rules));
}

}  // namespace prov::workspace
