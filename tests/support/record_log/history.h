#pragma once
// A platform's life from a seed, decided by the real domain: hosts and agents that come, go, drain and are removed,
// workflows whose tasks succeed, fail, are retried, cancelled or never heard of again. What it decides goes to a
// writer of the log (or anything else that numbers events), so that a test has a log that means something.
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "coordinator/domain/commands.h"
#include "coordinator/domain/state.h"
#include "tests/support/record_log/fakes.h"

namespace prov::test {

class History {
 public:
  using Append = std::function<std::shared_ptr<const domain::Event>(domain::Event)>;

  // What operators ask for: single commands; or batches as well, with all that can become of them (paused, approved,
  // cancelled, retried, rolled back).
  enum class Asks { commands, batches };

  History(std::uint64_t seed, ManualClock& clock, Append append, Asks asks = Asks::commands);

  void begin();  // the log and the first epoch
  void step();   // time passes, one command of some kind, and what follows from it
  void fold(const std::shared_ptr<const domain::Event>& event);  // one that was made elsewhere, e.g. a checkpoint

  const domain::State& state() const { return state_; }

 private:
  void give(domain::CommandBody body, const domain::Principal& who);
  void append(domain::EventBody body, const domain::Command& command, const domain::Principal& who);
  void follow();
  domain::CommandBody operator_command();
  domain::CommandBody agent_command();
  domain::CommandBody inside_command();
  domain::CommandBody batch_command();  // batch_history.cpp
  domain::SubmitBatch batch();
  domain::BatchOperation operation(std::uint32_t index);
  domain::CommandBody steering(const domain::Workflow& workflow);
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  std::string host() { return "host-" + std::to_string(below(6)); }
  template <class T>
  T bytes();
  domain::TaskservSpec taskserv();

  std::mt19937_64 engine_;
  ManualClock& clock_;
  Append append_;
  Asks asks_;
  domain::State state_;
};

}  // namespace prov::test
