#pragma once
// What the end of a process means for its task (docs/guides/extension-contract.md, table of exit codes).
#include <cstdint>
#include <string>

#include "agent/step/step.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

enum class StepKind { exec, script, check };  // check: a script that only looks, with exit codes of its own

struct ProcessEnd {
  std::int32_t exit_code = 0;
  std::int32_t signal = 0;  // not 0: it ended the process, and exit_code means nothing
  bool timed_out = false;
  bool cancelled = false;
  std::string problem;  // not empty: nothing ran, and why
  std::string refused;  // not empty: this host cannot run it as it was ordered, so nothing ran, and why
};

// Why an agent must not carry this order out at all; empty: it may. A check may only look, so all that it may run is
// scripts/check; an order that runs nothing is fine in every mode.
std::string refusal_of(wire::Mode mode, const Action& action);
inline std::string refusal_of(const wire::Order& order) { return refusal_of(order.mode, order.action); }

// The verdict on what runs nothing, and the commonest of all: done, without a message, an output or anything to read.
const Verdict& silent_success();

StepKind kind_of(const wire::Order& order);                                    // REQUIRES: not a noop
Verdict judge(StepKind kind, const ProcessEnd& end, std::uint32_t timeout_s);  // without the output's size and digest

}  // namespace prov::agent
