#pragma once
// What is offered to a store under faults: a platform's life from a seed, as commits of the real log with side records
// beside them. The one who offers and the one who checks make the same bytes.
#include <cstdint>
#include <string>
#include <vector>

#include "common/ports/record_log.h"

namespace prov::test {

// Commits 1, 2, 3, ...; the n-th is at [n - 1]. Each has one side record, which does not compress.
std::vector<LogBatch> offered_log(std::uint64_t seed, std::size_t commits, std::size_t side_bytes);

}  // namespace prov::test
