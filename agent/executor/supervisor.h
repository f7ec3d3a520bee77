#pragma once
// The process that stands beside one step: starts it, drains its output, stops it at its time limit or when told to,
// and writes down how it ended. It outlives the agent; the step's folder is all that they share.
#include <csignal>
#include <string>

namespace prov::agent {

inline constexpr int kCancelSignal = SIGUSR1;  // from the agent; SIGTERM, as at shutdown, interrupts the step instead

// The whole life of the process; its exit code. `program` is the path of the agent's own, which may have been replaced
// since this process was started from it.
int supervise(const std::string& step_dir, const std::string& program);

}  // namespace prov::agent
