#pragma once
// The process that stands beside one step: starts it, drains its output, stops it at its time limit or when told to,
// and writes down how it ended. It outlives the agent; the step's folder is all that they share.
#include <csignal>
#include <string>

namespace prov::agent {

inline constexpr int kCancelSignal = SIGUSR1;  // from the agent; SIGTERM, as at shutdown, interrupts the step instead

int supervise(const std::string& step_dir);  // the whole life of the process; its exit code

}  // namespace prov::agent
