#pragma once
// Supervisors without an exec, and most without a fork: a small process, started once, forks them, and one whose step
// has left nothing behind waits for another. To execute the agent's program anew took longer than all else that the
// agent does for a step; a fork of a process this small takes a tenth of that, and holds nothing of the agent's memory.
#include <sys/types.h>

#include <mutex>
#include <string>
#include <vector>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::agent {

// What an agent and its small process say to each other belongs to this word: a program that was replaced by another
// release's, which speaks otherwise, does not know it, and no step begins.
inline constexpr const char* kZygoteCommand = "zygote-2";

class Zygote {
 public:
  // `program` is the agent's own: `PROGRAM zygote-2`. At most `most_free` supervisors wait for a step.
  explicit Zygote(std::string program, std::size_t most_free = 8)
      : program_(std::move(program)), most_free_(most_free) {}
  ~Zygote();  // supervisors with a step go on
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  // Puts a supervisor to the step in this folder: the line to it (agent/executor/supervisor.h). It is readable when the
  // step is over, by a word or its end. The small process is started when it is first needed, and again should it have
  // been killed. Any thread.
  Result<io::Fd> supervise(const std::string& step_dir);

  void give_back(io::Fd line);  // of a supervisor that has said it is free
  void send_home();             // those that are free

 private:
  Result<void> hatch();
  Result<io::Fd> fork_supervisor();
  Result<io::Fd> ask();
  void end();

  const std::string program_;
  const std::size_t most_free_;
  std::mutex mutex_;
  std::vector<io::Fd> free_;  // the one used last at the end
  io::Fd socket_;
  pid_t pid_ = 0;
};

// The whole life of the small process, until the other end of the socket that is its standard input is closed, and of
// each supervisor that it forks; the exit code.
int serve_as_zygote(char** argv);

}  // namespace prov::agent
