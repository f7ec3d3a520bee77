#pragma once
// Fills a new step's folder: the bundle's files, rendered templates with the secrets put in, secret files, the spec.
#include <string>

#include "agent/executor/seal.h"
#include "agent/executor/step_dir.h"
#include "common/result.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

struct Preparation {
  std::string step_dir;  // path, as the step will see it in PROV_DIR etc.
  std::string program;   // the agent's own, for PROV_AGENT
  const SealKeys& keys;
  std::uint64_t output_limit = 8 << 20;
  std::uint64_t memory_limit = 0;
  std::uint32_t grace_ms = 10'000;
};

// `bundle` is the encoded bundle of a script, empty for an exec. Any error leaves a folder that must be removed; it is
// never Code::conflict. REQUIRES: dir_fd is the new folder, with an empty work/; the order is not a noop.
Result<void> prepare_step(int dir_fd, const Preparation& how, const StepId& step, const wire::Order& order,
                          const std::string& bundle);

}  // namespace prov::agent
