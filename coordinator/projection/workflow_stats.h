#pragma once
// What many workflows add up to: how they ended and how long they took, by kind.
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "common/facts.h"
#include "common/time.h"
#include "coordinator/domain/specs.h"

namespace prov::projection {

struct RunFacts {
  std::string kind;
  TimeMs submitted_ms = 0;
  std::optional<Outcome> outcome;  // nullopt: it runs
  std::uint64_t took_ms = 0;       // of one that ended
};

// {"total", "running", "since_ms", "until_ms", "outcomes": {name: count}, "kinds": [{"kind", "total", "running",
// "outcomes", "median_ms", "longest_ms"}]}: kinds by name; times are null where nothing has ended (or there is
// nothing). The median of an even number is the lower middle one.
nlohmann::json workflow_stats(const std::vector<RunFacts>& runs);

}  // namespace prov::projection
