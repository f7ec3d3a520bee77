#pragma once
// One seed from beginning to end.
#include <cstdint>
#include <deque>
#include <string>

#include "tests/sim/chaos.h"
#include "tests/sim/plant.h"

namespace prov::sim {

struct Options {
  std::uint32_t agents = 3;
  std::uint32_t tasks = 50;
  std::uint64_t steps = 2'000'000;  // of the queue, at most
  Faults faults = Faults::all;
  Plant plant = Plant::none;
  bool verbose = false;
};

struct RunResult {
  std::string violation;  // empty: every invariant held
  std::deque<std::string> last;
  std::uint64_t trace_hash = 0;
  Digest log_hash;
  std::uint64_t steps = 0, virtual_ms = 0, events = 0, frames = 0, lost = 0, repeated = 0, late = 0;
  std::uint64_t effects = 0, tasks = 0, commands = 0, repeated_commands = 0;
  std::map<std::string, std::uint64_t> outcomes;  // of the tasks
  FaultCounts faults;
};

RunResult run_once(std::uint64_t seed, const Options& options);

// Twice; a difference between the two is a violation as well.
RunResult run_twice(std::uint64_t seed, const Options& options);

}  // namespace prov::sim
