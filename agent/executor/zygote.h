#pragma once
// Supervisors without an exec for each: a small process, started once, forks one for each step. To execute the agent's
// program anew took longer than all else that the agent does for a step; a fork of a process this small takes a tenth
// of that, and holds nothing of the agent's memory.
#include <sys/types.h>

#include <mutex>
#include <string>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

class Zygote {
 public:
  explicit Zygote(std::string program) : program_(std::move(program)) {}  // the agent's own: `PROGRAM zygote`
  ~Zygote();                                                              // supervisors go on
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  // A supervisor for the step in this folder (agent/executor/supervisor.h), as a pidfd. The small process is started
  // when it is first needed, and again should it have been killed. Any thread.
  Result<io::Fd> supervise(const std::string& step_dir);

 private:
  Result<void> hatch();
  Result<io::Fd> ask(const std::string& step_dir);
  void end();

  const std::string program_;
  std::mutex mutex_;
  io::Fd socket_;
  pid_t pid_ = 0;
};

// The whole life of the small process, until the other end of the socket that is its standard input is closed, and of
// each supervisor that it forks; the exit code.
int serve_as_zygote(char** argv);

}  // namespace prov::agent
