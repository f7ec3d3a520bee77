#pragma once
// What several verbs take in the same form.
#include "coordinator/cli/context.h"
#include "coordinator/modules/resolve.h"

namespace prov::cli {

// --param NAME=VALUE, again for more; sorted, and of one name the last.
Result<workspace::Pairs> given_params(const Context& context);

}  // namespace prov::cli
