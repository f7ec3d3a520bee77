#pragma once
// The operations of a batch brought into an order in which none stands before what it depends on.
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/domain/commands.h"

namespace prov::domain {

// Places of `operations`, each once; of those that could stand at the same place the earlier one does. Code::invalid:
// an id that is empty or twice, a dependency that is not there (with the nearest that is), a circle, link by link.
Result<std::vector<std::uint32_t>> order_of(const std::vector<const BatchOperation*>& operations);

// An id: letters, digits and ._/[]- ; at most 256 bytes.
bool valid_operation_id(const std::string& id);

}  // namespace prov::domain
