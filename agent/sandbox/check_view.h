#pragma once
// The host as a check sees it: all of it, and nothing of it to be written.
//
// Every mount is read-only, but for the check's own folder and private, empty /tmp, /var/tmp and /run/lock; /dev has
// no hardware; and the process can neither undo that nor get around it through other processes' folders in /proc.
// The network and the sockets of services are as ever: a check has to ask whether they answer.
#include <string>

#include "common/result.h"

namespace prov::agent {

// Moves this process there. An error (Code::unsupported where the kernel or the container does not allow it) leaves a
// process that sees the host as it is and can write to it. REQUIRES: a child with one thread that will execute the
// check; `work`, its private folder, and `program`, the agent's own, are absolute.
Result<void> enter_check_view(const std::string& work, const std::string& program);

}  // namespace prov::agent
