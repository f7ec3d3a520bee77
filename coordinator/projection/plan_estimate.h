#pragma once
// How long a workflow will take, from what the same kinds of steps took before.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/domain/state.h"

namespace prov::projection {

struct Estimate {
  std::uint64_t known_ms = 0;     // of the steps whose kind was timed before, one after the other
  std::size_t unknown_steps = 0;  // the others; they count as nothing in expected_ms
  std::uint64_t expected_ms = 0;  // the longest chain of steps, or all of them through the parallel limit
};

// `events` are what the command would log, of which `workflow` is one: they declare servers that `before` has not.
Estimate estimate_of(const domain::State& before, const std::string& workspace,
                     const domain::WorkflowSubmitted& workflow, const std::vector<domain::EventBody>& events);

}  // namespace prov::projection
