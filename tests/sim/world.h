#pragma once
// One simulated installation from one seed: the production coordinator and the production agents on modelled machines,
// and everything that can happen to them. What can be done to it by hand (scenarios) or by dice (chaos.h) is here.
#include <map>
#include <memory>
#include <set>
#include <string>

#include "tests/sim/auditor.h"
#include "tests/sim/coordinator.h"
#include "tests/sim/inspector.h"
#include "tests/sim/machine.h"
#include "tests/sim/operator.h"
#include "tests/sim/plant.h"

namespace prov::sim {

inline constexpr std::uint64_t kLastCommit = 0;  // for World::flip_log

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
  std::uint64_t snapshots = 0;

  // For a second run of a seed that holds: see Inspector.
  void only_watch() {
    watches_ = plant_ == Plant::none;  // a planted fault looks into frames
    inspector.only_watch();
    auditor.only_watch();
  }
  void step();  // the next event, and the checks that follow each
  Machine& machine(const std::string& name);

  void crash_coordinator(test::MemoryDisk::Tail tail, std::uint64_t down_us);
  void kill_agent(const std::string& name, std::uint64_t down_us);
  void crash_host(const std::string& name, std::uint64_t down_us);
  void storm(std::uint64_t silent_us);                                 // every link dies, and all come back at once
  void fill_log_disk(std::uint64_t free_bytes, std::uint64_t for_us);  // that few are left
  void fill_host_disk(const std::string& name, std::uint64_t for_us);
  // A bit of one of the last durable commits (kLastCommit: of the last), while the coordinator is down; none where
  // hosts or bundles would be lost with it, whose return no operator of the simulation knows how to ask for.
  void flip_log(std::uint64_t dice, std::uint64_t down_us);
  void flip_journal(const std::string& name, std::uint64_t down_us);  // while the agent is down
  void give_token(const std::string& hostname, const wire::JoinToken& token);
  std::function<void(const std::string& hostname)> on_refused;  // its token has expired, or was lost: it wants another
  void heal();                                                  // everything runs, nothing is lost

  // Whether all that was asked for has ended.
  bool settled() const;
  void check_end();

  // Something worth a scenario's attention, e.g. "logged TaskDispatched", "started h1".
  std::function<void(const std::string& moment)> on_moment;
  std::function<void()> on_next_sync;  // once, when a commit is on the disk and nobody in the process knows yet

 private:
  void wire_up();
  void start_coordinator();
  void watch_for_damage();
  void moment(const std::string& text) {
    if (on_moment) on_moment(text);
  }
  bool sent(Way way, const Key& agent, const std::string& frame);
  void tamper(Key& agent, std::string& frame);
  const std::string* host_of(const Key& agent) const;

  const Plant plant_;
  bool watches_ = false;  // frames are hashed, and not looked into
  // I10: secrets, as they are and as they travel, which are in no byte that is written or sent.
  void look_for_secrets(const std::string& host, const wire::ToAgent& message);
  std::set<std::string> canaries_;
  std::optional<wire::Order> old_order_;                  // of the planted repetition
  std::set<std::pair<std::string, agent::StepId>> told_;  // ends: of the planted loss
};

// libsodium's randomness, which only seals secrets here, comes from the seed too.
void seed_sodium(std::uint64_t seed);

}  // namespace prov::sim
