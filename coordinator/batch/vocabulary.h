#pragma once
// A batch is written down in the words of a workspace (Node, Fields, Place, Params, Infra, ...); this room speaks them
// all.
#include "coordinator/modules/extension.h"
#include "coordinator/modules/resolve.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/fields.h"
#include "coordinator/workspace/problems.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::batch {

using namespace workspace;  // NOLINT(google-build-using-namespace): within this namespace alone

}  // namespace prov::batch
