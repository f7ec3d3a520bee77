#include "coordinator/cli/infra.h"

#include "coordinator/workspace/kcl.h"

namespace prov::cli {

Result<workspace::Infra> load_infra(Context& context, const workspace::Workspace& workspace, const std::string& name) {
  return workspace::load_infra(workspace, name, workspace::KclProgram(context.world.env("PATH")));
}

}  // namespace prov::cli
