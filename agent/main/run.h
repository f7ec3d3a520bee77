#pragma once
// The agent as a process: its state directory, its parts, its signals.
#include <cstdint>
#include <string>

#include "common/result.h"

namespace prov::agent {

struct RunOptions {
  std::string state_dir;
  std::string token_file;           // default <state_dir>/join-token
  std::uint32_t parallel = 8;       // steps that run at once
  std::uint64_t drain_ms = 30'000;  // running steps may end within this time after SIGTERM
};

Result<void> run_agent(const RunOptions& options);  // until SIGTERM or SIGINT
Result<void> join_only(const RunOptions& options);  // enrols, and no more

}  // namespace prov::agent
