#pragma once
// A rehearsal: the first process of namespaces of its own builds a copy of the host (host_copy.h), has the step run in
// it, ends whatever the step has left running, and tells the difference. The supervisor of the step starts it, waits
// for it as it waits for a step, and learns the rest through two descriptors.
//
//   told     lines: "refused WHY" (this host cannot do it, nothing ran), "exit CODE" or "signal NUMBER" (of the step),
//            "note TEXT" (for people)
//   report   the difference as one line of JSON (report.h)
#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "agent/sandbox/host_copy.h"
#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

struct RehearsalPlan {
  HostPlaces places;
  std::vector<std::string> addresses;  // of the host
  io::Fd host_network;                 // its network namespace
  io::Fd told, report;
};
// Looks at the host as this process sees it.
Result<RehearsalPlan> plan_rehearsal(const std::string& step_dir, const std::string& program);

// As fork(), but the child is the first process of its own PID, mount, network, UTS and IPC namespaces and dies with
// this process. Code::unsupported where this host does not allow it.
Result<pid_t> fork_for_rehearsal();

// The life of that child. `become_step` runs in a child of it, in the copy of the host, and executes the step;
// `let_go` closes here what only the step should hold then.
[[noreturn]] void rehearse(const RehearsalPlan& plan, const std::function<void()>& become_step,
                           const std::function<void()>& let_go);

}  // namespace prov::agent
