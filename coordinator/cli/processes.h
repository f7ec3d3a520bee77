#pragma once
// Other processes of this machine: the coordinator as a daemon, and the sibling program in our place.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::cli {

struct ProcessId {
  int pid = 0;
  std::uint64_t start_time = 0;  // as /proc/PID/stat has it: tells a process from a later one with its number
  bool operator==(const ProcessId&) const = default;
};

struct Finished {
  int exit_code = 0;  // 128 + N: by signal N
  std::string out, err;
};

class Processes {
 public:
  virtual ~Processes() = default;

  // Starts argv[0] in a session of its own with standard output and error appended to `log_file`. Its descriptors and
  // working directory are its own, so it holds nothing of ours.
  virtual Result<ProcessId> start_daemon(const std::vector<std::string>& argv, const std::string& log_file) = 0;

  // Whether that very process runs (a zombie does not). `exit_status` of a daemon that we started and that has ended.
  virtual bool is_alive(const ProcessId& process) = 0;
  virtual std::optional<int> exit_status(const ProcessId& process) = 0;

  // Who has that number now, and whether its program is called `program_name`; nullopt: nobody, or another program.
  virtual std::optional<ProcessId> find(int pid, const std::string& program_name) = 0;

  virtual Result<void> terminate(const ProcessId& process) = 0;  // SIGTERM, to that very process

  // Runs argv[0] without input to its end and keeps what it writes. exhausted: that is more than fits.
  virtual Result<Finished> finish(const std::vector<std::string>& argv) = 0;

  // Becomes that program. Returns only when it cannot.
  virtual Error become(const std::vector<std::string>& argv) = 0;
};

}  // namespace prov::cli
