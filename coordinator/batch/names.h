#pragma once
// The expressions of a batch: each is read here, so that nothing starts with one that cannot be, and each name in it is
// looked up. Names of operations become final ids, loop variables and an included file's parameters their values.
#include "coordinator/batch/graph.h"

namespace prov::batch {

// Fills in BatchOperation::when and ::until, and the ids within placeholders. An operation whose condition or step
// reads what another said goes after that one: a soft dependency is added where there is none. What `until` reads comes
// before it in the order, and is not waited for.
void check_names(std::vector<UnrolledOperation>& operations, const OperationIndex& index, Problems& problems);

// Of operations that could not all be read: whether their conditions can be, whatever the names in them mean.
void check_syntax(const std::vector<UnrolledOperation>& operations, Problems& problems);

}  // namespace prov::batch
