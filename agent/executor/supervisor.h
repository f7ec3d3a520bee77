#pragma once
// The process that stands beside one step: starts it, drains its output, stops it at its time limit or when told to,
// and writes down how it ended. It outlives the agent; the step's folder is all that they need to share.
#include <csignal>
#include <functional>
#include <string>
#include <string_view>

#include "common/io/posix/files.h"

namespace prov::agent {

inline constexpr int kCancelSignal = SIGUSR1;  // from the agent; SIGTERM, as at shutdown, interrupts the step instead

// One step; the exit code. `program` is the path of the agent's own, which may have been replaced since this process
// was started from it.
int supervise(const std::string& step_dir, const std::string& program);

// What is said on the line between an agent and a supervisor of its own, a SOCK_SEQPACKET socket: the agent names the
// folder of a step, by its path, or wants the present step cancelled; the supervisor is free for another one.
// Free, it says of the step that ended that nothing is left: no child, no secret in its memory, nothing open. Where
// that is not so it ends instead.
inline constexpr std::string_view kCancelWord = "cancel";
inline constexpr std::string_view kFreeWord = "free";

// One step after the other, until the agent lets go of the line; the exit code. `title` is given what ps should show.
int supervise_all(const io::Fd& line, const std::string& program, const std::function<void(std::string_view)>& title);

}  // namespace prov::agent
