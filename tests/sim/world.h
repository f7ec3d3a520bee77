#pragma once
// One simulated installation from one seed: the production coordinator and the production agents on modelled machines,
// and everything that can happen to them. What can be done to it by hand (scenarios) or by dice (chaos.h) is here.
#include <map>
#include <memory>
#include <string>

#include "tests/sim/auditor.h"
#include "tests/sim/coordinator.h"
#include "tests/sim/inspector.h"
#include "tests/sim/machine.h"
#include "tests/sim/operator.h"
#include "tests/sim/plant.h"

namespace prov::sim {

struct FaultCounts {
  std::uint64_t coordinator_crashes = 0, agent_crashes = 0, host_crashes = 0, partitions = 0, slow_disks = 0,
                clock_jumps = 0, full_disks = 0, torn_commits = 0, snapshots = 0;
  void add(const FaultCounts& other);
};

class World {
 public:
  World(std::uint64_t seed, Plant plant);

  Kernel kernel;
  Network network;
  Ledger ledger;
  Cloud cloud;
  Coordinator coordinator;
  Auditor auditor;
  Inspector inspector;
  Operator who;
  std::map<std::string, std::unique_ptr<Machine>> machines;
  FaultCounts counts;

  void step();  // the next event, and the checks that follow each
  Machine& machine(const std::string& name);

  void crash_coordinator(test::MemoryDisk::Tail tail, std::uint64_t down_us);
  void kill_agent(const std::string& name, std::uint64_t down_us);
  void crash_host(const std::string& name, std::uint64_t down_us);
  void heal();  // everything runs, nothing is lost

  // Whether all that was asked for has ended.
  bool settled() const;
  void check_end();

  // Something worth a scenario's attention, e.g. "logged TaskDispatched", "started h1".
  std::function<void(const std::string& moment)> on_moment;
  std::function<void()> on_next_sync;  // once, when a commit is on the disk and nobody in the process knows yet

 private:
  void wire_up();
  void start_coordinator();
  void moment(const std::string& text) {
    if (on_moment) on_moment(text);
  }
  bool sent(Way way, const Key& agent, const std::string& frame);
  void tamper(Key& agent, std::string& frame);
  const std::string* host_of(const Key& agent) const;

  const Plant plant_;
  std::optional<wire::Order> old_order_;  // of the planted repetition
};

// libsodium's randomness, which only seals secrets here, comes from the seed too.
void seed_sodium(std::uint64_t seed);

}  // namespace prov::sim
