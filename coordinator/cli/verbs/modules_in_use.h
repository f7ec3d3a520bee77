#pragma once
// What the verbs of modules, layers and versions have in common.
#include "coordinator/cli/context.h"
#include "coordinator/modules/extension.h"

namespace prov::cli {

// "taskserv", "taskservs", "t"...: as the verbs take it.
Result<workspace::ExtensionKind> kind_named(const std::string& word);

// "redis", "taskserv/redis", "provider/local". A bare name is a task service, else a provider, else a cluster.
struct Named {
  workspace::ExtensionKind kind;
  std::string name;
};
Result<Named> extension_named(const workspace::ExtensionFinder& finder, const std::string& word);

// The folder of the workspace that an argument names: a known name, or a path.
Result<std::string> workspace_named(Context& context, const std::string& word);

// The layers of the workspace in use, with --infra also those of that infra; without a workspace the platform's alone.
Result<workspace::ExtensionFinder> finder_in_use(Context& context);

}  // namespace prov::cli
