#pragma once
// One seed from beginning to end.
#include <cstdint>
#include <deque>
#include <string>

#include "tests/sim/chaos.h"
#include "tests/sim/plant.h"

namespace prov::sim {

struct Options {
  std::uint32_t agents = 3;     // hosts at the beginning; a provider makes more
  std::uint32_t tasks = 85;     // that the operator asks for, at least
  std::uint64_t ticks = ~0ULL;  // events of the queue after which faults end, and nothing more is asked for
  Profile faults;
  std::uint32_t fault_s = 3'600;  // faults end after so long at most
  Plant plant = Plant::none;
  bool verbose = false;
  bool keeps_last = false;  // RunResult::last, for which text has to be made
  bool repeats = false;     // it was run before, and checked: what counts is that it is the same
};

struct RunResult {
  std::string violation;         // empty: every invariant held
  std::deque<std::string> last;  // lines of the trace, if they were to be kept
  std::uint64_t trace_hash = 0;
  Digest log_hash;
  std::uint64_t ticks = 0, virtual_ms = 0, ended_ms = 0;  // ended: after the last fault
  Inspector::Most most;
  std::uint64_t agents = 0, events = 0, steps = 0, started_again = 0, tasks = 0, snapshots = 0;
  Operator::Counts commands;
  Network::Counts frames;
  std::map<std::string, std::uint64_t> outcomes;  // of the tasks
  FaultCounts faults;

  std::string invariant() const { return violation.substr(0, violation.find(':')); }
};

RunResult run_once(std::uint64_t seed, const Options& options);

// Twice; a difference between the two is a violation as well.
RunResult run_twice(std::uint64_t seed, const Options& options);

// A smaller run of the same seed that breaks the same invariant: fewer tasks and hosts, a shorter time of faults, fewer
// kinds of them. Tries at most `tries` runs.
Options shrink(std::uint64_t seed, const Options& options, const std::string& invariant, int tries);

// What repeats the run; words that stand for their defaults are left out.
std::string command_of(std::uint64_t seed, const Options& options);

}  // namespace prov::sim
