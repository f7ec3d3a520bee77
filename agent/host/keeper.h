#pragma once
// The process that stands beside one service: starts its program again when it ends, with growing pauses, keeps what
// it prints up to a limit, and ends it on SIGTERM.
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "agent/host/services.h"
#include "common/io/posix/files.h"
#include "common/io/posix/posix_world.h"

namespace prov::agent {

class Keeper {
 public:
  Keeper(ServiceDefinition definition, std::string run_path, std::string log_path)
      : definition_(std::move(definition)), run_path_(std::move(run_path)), log_path_(std::move(log_path)) {}

  int run();  // until SIGTERM; 0. 5: another keeper holds this service

 private:
  bool claim();
  void announce(pid_t program);
  bool start_program();
  [[noreturn]] void become_program(int output, int trouble);  // `trouble`: a pipe for errno, closed by exec
  void wait(std::uint64_t until_ms);                          // a signal, output, the end of the program, or that time
  void take_output();
  void take_signals();
  void write_log(std::string_view text);
  void program_ended(int status);

  ServiceDefinition definition_;
  std::string run_path_, log_path_;
  io::Fd lock_, signals_, printed_, log_;
  std::uint64_t log_bytes_ = 0;
  io::SystemClock clock_;
  pid_t program_ = 0;
  bool stopping_ = false;
  std::uint64_t started_ms_ = 0, start_at_ms_ = 0, pause_ms_ = 0, kill_at_ms_ = 0;
};

}  // namespace prov::agent
