#pragma once
// Processes by argv arrays, never through a shell. A process is told apart from a later one with the same number by
// its start time.
#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::io {

struct Spawn {
  std::vector<std::string> argv;         // argv[0] is the path of the program
  std::vector<std::string> environment;  // NAME=value; exactly these
  bool new_session = false;
  int input_fd = -1;   // standard input; -1: /dev/null
  int output_fd = -1;  // standard output and error; -1: /dev/null
};

// As exec takes them, with a null pointer at the end; they point into `texts`.
std::vector<char*> c_strings(const std::vector<std::string>& texts);

Result<pid_t> spawn(const Spawn& request);  // signals are as a fresh process has them
Result<Fd> open_pidfd(pid_t pid);           // readable when it has ended; Code::not_found when there is none

void signal_pidfd(const Fd& pidfd, int number);  // one that has ended is fine

struct ProcessStat {
  pid_t pid = 0, parent = 0, group = 0, session = 0;
  char state = '?';
  std::uint64_t start_ticks = 0;  // since boot
};
std::optional<ProcessStat> process_stat(pid_t pid);  // nullopt when there is none
std::vector<ProcessStat> all_processes();

// Whether a process, zombies aside, belongs to this group and session; the session guards against a number that was
// used again for another group.
bool group_alive(pid_t group, pid_t session);

std::string own_program();  // path of the running program

// Lets this process open as many files as it may at all, and returns how many that are. A system gives a service 1024
// unless it asks for more.
std::uint64_t raise_open_files();

}  // namespace prov::io
