#pragma once
// Steps as real processes, each under a supervisor of its own (agent/executor/supervisor.h) that outlives the agent.
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/executor/bundle_store.h"
#include "agent/executor/prepare.h"
#include "agent/executor/step_folders.h"
#include "agent/executor/step_runner.h"
#include "agent/executor/zygote.h"
#include "common/io/posix/files.h"
#include "common/ports/alarm.h"
#include "common/ports/fd_watcher.h"

namespace prov::agent {

struct RunnerConfig {
  std::string steps_dir;  // made when missing; must be private
  std::string program;    // the agent's own
  SealKeys keys;
  std::uint64_t output_limit = 8 << 20;
  std::uint64_t memory_limit = 0;
  std::uint32_t grace_ms = 10'000;
  std::uint64_t rest_ms = 10'000;  // with nothing to run, until the supervisors that are free go home
  std::shared_ptr<Zygote> zygote;  // may be shared by many runners; none: one of its own
};

class ProcessRunner final : public StepRunner {
 public:
  // On `clearing`, beside the loop, folders are removed; like the others it has to outlive this.
  static Result<std::unique_ptr<ProcessRunner>> open(RunnerConfig config, BundleStore& bundles, Timers& timers,
                                                     FdWatcher& watcher, Executor& clearing);
  ~ProcessRunner() override;

  void attach(Handler handler) override { handler_ = std::move(handler); }
  Result<void> start(const StepId& step, const wire::Order& order) override;
  void adopt(const StepId& step, Boot boot) override;
  void cancel(const StepId& step) override;
  Result<std::string> read_output(const StepId& step, std::uint64_t offset, std::size_t max) override;
  void forget(const StepId& step) override;

  // Removes folders of steps that nobody knows and no supervisor holds: what a crash between two removals left.
  void sweep(const std::function<bool(const StepId&)>& known);

 private:
  struct Running {
    io::Fd dir;
    io::Fd line;   // to the supervisor, when it is this agent's own
    io::Fd pidfd;  // of the supervisor that an agent before had, once it is known
    Boot boot = Boot::same;
    std::uint64_t bytes_seen = 0;
    bool cancelled = false;
    bool over = false;      // its supervisor has said so, or has ended
    bool was_free = false;  // and did not end, so it has run the step
    bool settled = false;   // no supervisor will run it any more; `group` is being ended
    Supervisor last;
  };

  ProcessRunner(RunnerConfig config, StepFolders folders, BundleStore& bundles, Timers& timers, FdWatcher& watcher);
  Result<void> fill(int dir_fd, const StepId& step, const wire::Order& order);
  void watch_line(const StepId& step, io::Fd line);
  void hear_supervisor(const StepId& step);
  void watch_supervisor(const StepId& step, Running& running, io::Fd pidfd);
  void poll_all();
  void poll_output(const StepId& step, Running& running);
  void look_after(const StepId& step);
  bool end_leftovers(Running& running);
  void conclude(const StepId& step, Verdict verdict);
  Verdict interrupted(const StepId& step, const Running& running) const;

  RunnerConfig config_;
  StepFolders folders_;  // no-op orders have none
  BundleStore& bundles_;
  FdWatcher& watcher_;
  Alarm poll_alarm_, rest_alarm_;
  Handler handler_;
  std::map<StepId, Running> running_;
};

}  // namespace prov::agent
