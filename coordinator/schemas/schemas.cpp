#include "coordinator/schemas/schemas.h"

#include <algorithm>

#include "coordinator/schemas/texts.h"

namespace prov::schemas {
namespace {

constexpr Schema kSchemas[] = {
    {"batch", "batches/*.{yaml,toml}", "operations over many hosts", kBatch},
    {"cluster", "infra/NAME/clusters/*.yaml", "task services on several hosts that are one thing", kCluster},
    {"config", "config.toml, *-defaults.toml, config.user.toml", "settings of any layer", kConfig},
    {"manifest", "extensions/*/NAME/manifest.yaml", "what an extension says of itself", kManifest},
    {"modules", "config/modules.yaml", "the extensions that a workspace uses", kModules},
    {"server", "an entry of \"servers\" in settings.{yaml,toml}", "one host with its task services", kServer},
    {"settings", "infra/NAME/settings.{yaml,toml}", "an infra: its hosts, and the task services on them", kSettings},
    {"user-config", "~/.provisioning/config/user_config.yaml", "known workspaces and preferences", kUserConfig},
    {"workspace", "config/provisioning.yaml", "what a workspace says of itself, and its settings", kWorkspace},
};

}  // namespace

std::span<const Schema> schemas() { return kSchemas; }

const Schema* find_schema(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kSchemas), std::end(kSchemas), [&](const Schema& one) { return one.name == name; });
  return found == std::end(kSchemas) ? nullptr : found;
}

}  // namespace prov::schemas
