#pragma once
// An agent as an object: it takes orders from its coordinator, remembers them in its journal before anything happens,
// has them run, and reports until every report is acknowledged. Nothing in here touches the outside but through the
// ports given, so thousands can live in one process, and the simulation runs this same code.
//
// The way of an order: link -> Agent::on_frame -> Book::offer -> journal (one sync per loop turn) -> StepRunner ->
// journal -> Outbox -> link. One thread owns everything; every port calls back on it.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/executor/bundle_store.h"
#include "agent/executor/step_runner.h"
#include "agent/executor/terminals.h"
#include "agent/journal/journal.h"
#include "common/facts.h"
#include "common/ports/clock.h"
#include "common/ports/link.h"
#include "common/ports/random.h"
#include "common/ports/timers.h"

namespace prov::agent {

struct World {  // what an agent stands on; all must outlive it
  Clock& clock;
  Timers& timers;
  Random& random;
  CoordinatorLink& link;
  JournalFile& journal;
  StepRunner& steps;
  BundleStore& bundles;
  Terminals* terminals = nullptr;  // none: shells are refused
};

enum class Severity { info, warning, error };

struct Config {
  Key key;              // its CURVE public key: frames meant for another are refused
  Id log_id;            // of the coordinator's log it enrolled with; another log is not obeyed. Zero: the first one
  std::string boot_id;  // of the host's current boot
  std::function<Facts()> facts;
  std::function<void(Severity, std::string_view)> log;  // lines for people
  std::uint32_t parallel = 8;                           // steps that run at once
  std::uint32_t capacity = 256;                         // orders held that have not ended
  std::uint64_t journal_floor_bytes = kJournalFloorBytes;
  // Hears where the coordinator says that it can be reached, with each welcome that says it. May be empty.
  std::function<void(const std::vector<std::string>& endpoints)> endpoints;
  bool expects_journal = false;  // it has worked before: an empty journal is a lost one, not a new one
};

struct Counters {
  std::uint64_t frames_refused = 0;  // did not decode, not for this agent, an old epoch, out of place
  std::uint64_t orders_accepted = 0;
  std::uint64_t orders_refused = 0;  // stale, or beyond the capacity
  std::uint64_t steps_started = 0;
  std::uint64_t steps_ended = 0;
  std::uint64_t journal_bytes_cut = 0;  // torn tail found at the start
  std::uint64_t reconnects = 0;
};

class Agent {
 public:
  Agent(World world, Config config);
  ~Agent();  // as a crash does: says nothing, stops nothing; steps go on under their supervisors
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Reads the journal, decides what became of each step, and connects. Once. An error: the journal cannot be used at
  // all (disk); a damaged one is set aside and what it may have held is reported as in doubt.
  Result<void> start();

  // Takes no more orders, lets running steps end for at most `limit_ms`, gets its reports acknowledged, says goodbye;
  // then `done`, once. Steps that still run stay with their supervisors, for the next start.
  void drain(std::uint64_t limit_ms, std::function<void()> done);

  // What ended this agent for good: a journal that cannot be written. `dead` is called once; nothing is started,
  // acknowledged or reported any more. REQUIRES: set before start().
  void on_fatal(std::function<void(const Error&)> dead);

  bool knows(const StepId& step) const;  // whether its journal still holds it
  bool connected() const;                // between a welcome and the loss of the coordinator
  const Counters& counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace prov::agent
