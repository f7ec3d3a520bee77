#pragma once
// What a for_each goes over.
#include <vector>

#include "coordinator/batch/scope.h"

namespace prov::batch {

// `{targets: EXPRESSION}`: once for each host, which the coordinator finds. nullptr: it is another loop.
const Node* loop_over_targets(const Node& for_each);

// Items of a list of single values have the value for key, those of a list of mappings their place from 0, those of a
// mapping its key. At most kMaxLoopItems, each key once.
std::vector<LoopItem> read_loop_items(Reading& reading, const Node& for_each);

}  // namespace prov::batch
