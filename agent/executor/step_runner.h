#pragma once
// Runs steps on a host. A step outlives the agent: whoever runs it keeps its output and its verdict until the agent,
// perhaps after a restart, has reported them and forgets it. Implementations: supervisor processes
// (agent/executor/process_runner.h), the simulated host (tests/sim).
// All calls and callbacks on the agent's thread; no callback runs inside a call of this class.
#include <cstdint>
#include <functional>
#include <string>

#include "agent/step/step.h"
#include "common/result.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

enum class Boot { same, other };  // whether the host has not, or has, been booted since the step was started

class StepRunner {
 public:
  struct Handler {
    // Its output has grown to `bytes`, which can be read.
    std::function<void(const StepId& step, std::uint64_t bytes)> output;
    // It is over: its processes are gone and all its output can be read. Once per successful start or adopt.
    std::function<void(const StepId& step, Verdict verdict)> ended;
  };

  virtual ~StepRunner() = default;
  virtual void attach(Handler handler) = 0;  // once, before anything else

  // Starts the step; `ended` will follow. An error means that nothing ran and nothing follows; Code::conflict that
  // this attempt has been started before, so that it can only be adopted.
  // REQUIRES: the journal says "started", on disk; a script's bundle is in the bundle store; not a noop.
  virtual Result<void> start(const StepId& step, const wire::Order& order) = 0;

  // Finds a step that the journal calls started after the agent itself was started again; `ended` will follow: with
  // its verdict when it has one, at its end when it still runs, else Outcome::interrupted once its processes are gone.
  virtual void adopt(const StepId& step, Boot boot) = 0;

  virtual void cancel(const StepId& step) = 0;  // `ended` follows, Outcome::cancelled unless it was over already

  // At most `max` bytes at `offset`; fewer, or none, at the end of what there is.
  virtual Result<std::string> read_output(const StepId& step, std::uint64_t offset, std::size_t max) = 0;

  virtual void forget(const StepId& step) = 0;  // removes what is kept of an ended step; an unknown one is fine
};

}  // namespace prov::agent
