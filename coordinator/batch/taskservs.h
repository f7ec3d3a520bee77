#pragma once
// The task services of one operation of a batch: for the hosts that the infra's settings give them to, and, when the
// operation chooses its hosts by an expression, for those that they do not.
#include <vector>

#include "coordinator/batch/batch.h"

namespace prov::batch {

Result<std::vector<ResolvedTaskserv>> resolve_batch_taskservs(const BatchOperation& operation, const Infra& infra,
                                                              TaskservResolver& resolver);

}  // namespace prov::batch
