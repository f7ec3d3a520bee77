#pragma once
// The order in which task services can be installed, as a graph of plain indexes: pure, so that it can be checked
// against brute force.
#include <cstdint>
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::workspace {

struct OrderItem {
  std::string name, host;
  std::vector<std::string> requires_;  // names on the same host: hard
  std::vector<std::string> optional;   // names on any host: order only
  std::vector<std::string> conflicts;  // names on the same host
};

struct Order {
  std::vector<std::uint32_t> sequence;            // every item once; what must be first comes first
  std::vector<std::vector<std::uint32_t>> after;  // per item: the items before it, rising, each once
  std::vector<std::vector<std::uint32_t>> hard;   // the part of `after` that comes from requires_
};

inline constexpr std::size_t kMaxOrderEdges = 2'000'000;

// Of items that could come at the same time the earlier one of `items` does. A name in `optional` that itself requires
// this one, directly or by others, is passed over: what is hard wins. Errors (invalid): a required name is not on the
// host, a conflicting one is, a circle (named link by link).
Result<Order> order_items(const std::vector<OrderItem>& items);

}  // namespace prov::workspace
