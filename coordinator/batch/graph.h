#pragma once
// What depends on what, once every operation is there.
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "coordinator/batch/unroll.h"

namespace prov::batch {

using OperationIndex = std::unordered_map<std::string, std::uint32_t>;  // by final id

OperationIndex index_of(const std::vector<UnrolledOperation>& operations);

// Fills in BatchOperation::dependencies, each once, the hard ones first. An operation can name those of its own list,
// and what is inside these ("outer/inner"). A hard one that does not exist is a problem, a soft one a note.
void link_dependencies(Unrolled& unrolled, const OperationIndex& index, Problems& problems);

void add_soft_dependency(BatchOperation& operation, const std::string& id);  // unless there is one already

// What must be first comes first; of those that could come at the same time, the one that stands first in the file.
// Error (invalid): a circle, link by link.
Result<std::vector<BatchOperation>> in_order(std::vector<UnrolledOperation> operations, const OperationIndex& index);

}  // namespace prov::batch
