#pragma once
// The first process of a host without an init system: starts the agent and the defined services, starts them again
// when they die, reaps orphans, and ends everything on SIGTERM.
#include <string>

namespace prov::agent {

struct HostInitConfig {
  std::string program;    // the agent's own
  std::string state_dir;  // for `run`
};

int host_init(const HostInitConfig& config);  // the whole life of the process; its exit code

}  // namespace prov::agent
