#pragma once
// One step from its start to its verdict, by the process that stands beside it (agent/executor/supervisor.h).
#include <string>

#include "agent/executor/supervisor.h"
#include "common/io/posix/files.h"

namespace prov::agent {

// What a supervisor has for all its steps.
struct Post {
  const std::string& program;
  io::Fd signals;  // signalfd: SIGCHLD, kCancelSignal, and those that send it home
  int line = -1;   // to the agent; -1: none
};

struct Word {
  std::string text;      // empty: none came
  bool is_last = false;  // nobody is at the other end
};
Word hear(int line);  // does not wait

struct StepOver {
  int exit_code = 0;          // where there was no step to run; else the verdict says it all
  bool left_nothing = false;  // as kFreeWord means it
};
StepOver supervise_step(const std::string& step_dir, const Post& post);

}  // namespace prov::agent
