#pragma once
#include <map>

#include "coordinator/cli/processes.h"

namespace prov::cli {

class PosixProcesses final : public Processes {
 public:
  Result<ProcessId> start_daemon(const std::vector<std::string>& argv, const std::string& log_file) override;
  bool is_alive(const ProcessId& process) override;
  std::optional<int> exit_status(const ProcessId& process) override;
  std::optional<ProcessId> find(int pid, const std::string& program_name) override;
  Result<void> terminate(const ProcessId& process) override;
  Result<Finished> finish(const std::vector<std::string>& argv) override;
  Error become(const std::vector<std::string>& argv) override;

 private:
  void reap(int pid);
  std::map<int, std::optional<int>> children_;  // pid -> exit status, once it ended
};

}  // namespace prov::cli
