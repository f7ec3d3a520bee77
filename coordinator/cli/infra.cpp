#include "coordinator/cli/infra.h"

#include "coordinator/workspace/kcl.h"

namespace prov::cli {

Result<workspace::Infra> load_infra(Context& context, const workspace::Workspace& workspace, const std::string& name) {
  return workspace::load_infra(workspace, name, workspace::KclProgram(context.world.env("PATH")));
}

Result<void> check_infra_of_list(Context& context) {
  if (!context.call.has("infra") || context.call.has("all")) return {};
  auto found = context.found_workspace();
  if (!found) return {};  // then those of every workspace were listed
  auto workspace = workspace::load_workspace(found->root);
  if (!workspace) return tl::unexpected(workspace.error());
  auto there = workspace::choose_infra(*workspace, context.call.value("infra"));
  if (!there) return tl::unexpected(there.error());
  return {};
}

}  // namespace prov::cli
