#pragma once
// A host: its disk (journal, bundles, folders of steps), the steps that run on it, and the agent's process, which is
// the production agent. Steps outlive the agent's process and die with the host.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/executor/step_runner.h"
#include "agent/step/judge.h"
#include "common/wire/join_token.h"
#include "tests/sim/behaviour.h"
#include "tests/sim/ledger.h"
#include "tests/sim/machine_disk.h"
#include "tests/sim/network.h"
#include "tests/sim/plant.h"

namespace prov::sim {

class Machine {
 public:
  Machine(Kernel& kernel, Network& network, Ledger& ledger, std::string name, Plant plant);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  const std::string& name() const { return name_; }
  const Key& key() const { return key_; }
  bool agent_up() const { return life_ != nullptr; }
  bool enrolled() const { return log_id_.has_value(); }
  bool connected() const;
  bool knows(const agent::StepId& step) const;  // its agent runs, and holds it in its journal

  void give_token(wire::JoinToken token);  // an agent that has not enrolled uses the newest
  void start_agent();                      // no effect when it runs
  void kill_agent();                       // kill -9: the process alone
  void crash();                            // power off: everything that is not on the disk is gone
  void boot();                             // with another boot id; starts the agent
  bool running() const { return on_; }

  void crash_in_next_sync() { journal_.fail_next_sync(); }
  void set_disk_full(bool full) { journal_.set_full(full); }
  std::string opened(const std::string& box) const;  // sealed to it; empty: it is not
  bool flip_journal();  // a bit of it, for the next start of the agent to find; false: there is nothing to flip
  void set_clock(std::int64_t skew_ms) { skew_ms_ = skew_ms; }
  TimeMs reconnected_ms() const { return reconnected_ms_; }
  std::string journal() { return journal_.read_all().value_or(""); }
  std::function<void()> on_refused;        // its join token is worth nothing (any more); once for each token
  std::function<void()> on_crash_in_sync;  // the world sees to the reboot

 private:
  struct Step {
    Behaviour behaviour;
    agent::StepKind kind = agent::StepKind::exec;
    std::uint32_t timeout_s = 0;
    std::string whole, output;  // what it will print, what it has printed
    bool over = false, stopping = false;
    std::optional<std::int32_t> exited;  // the step itself has; what it left in its group has not
    Fate fate = Fate::exited;            // what stopped it
    std::uint64_t over_us = 0;
    std::optional<agent::ProcessEnd> end;  // as its supervisor wrote it down
    std::set<Schedule::Token> waiting;
  };
  class Runner;
  struct Life;

  void join();
  void joined(const std::string& answer);
  void run_agent();
  Result<void> start_step(const agent::StepId& id, const wire::Order& order);
  void plan_step(const agent::StepId& id, Step& step);
  void step_prints(const agent::StepId& id, std::size_t upto);
  void step_exits(const agent::StepId& id);
  void stop_step(const agent::StepId& id, Fate why);
  void step_ends(const agent::StepId& id);
  void count_misdeeds(const Step& step);
  void cancel_step(const agent::StepId& id);
  agent::Verdict verdict_of(const agent::StepId& id) const;
  void later(const agent::StepId& id, std::uint64_t delay_us, std::function<void()> run);
  void lose_what_was_not_synced(Step& step, const agent::StepId& id);

  Kernel& kernel_;
  Network& network_;
  Ledger& ledger_;
  const std::string name_;
  const Plant plant_;
  Key key_, seal_key_, opening_key_;
  std::int64_t skew_ms_ = 0;
  TimeMs reconnected_ms_ = 0;
  std::uint32_t boots_ = 1;
  bool on_ = true;
  std::optional<wire::JoinToken> token_;
  Id refused_token_;
  std::optional<Id> log_id_;
  SimJournal journal_;
  SimBundles bundles_;
  std::map<agent::StepId, Step> steps_;
  std::unique_ptr<Life> life_;
};

}  // namespace prov::sim
