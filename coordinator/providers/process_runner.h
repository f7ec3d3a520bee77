#pragma once
// Runs providers as processes: unpacks the extension once by digest, starts its scripts/provider in a session of its
// own, feeds the request, reads the answer. A thread per call, as calls are few and long.
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/providers/provider_runner.h"

namespace prov::providers {

struct ProcessRunnerConfig {
  std::string work_dir;   // unpacked extensions and the providers' state_dir; made 0700
  std::string cache_dir;  // PROVISIONING_CACHE_DIR for providers; may be empty
};

class ProcessRunner final : public ProviderRunner {
 public:
  ProcessRunner(ProcessRunnerConfig config, RecordLog& log, Executor& owner);
  ~ProcessRunner() override;  // stop_all, and waits for the threads

  void run(ProviderCall call, Progress progress, Done done) override;
  void stop_all() override;

 private:
  Result<std::string> unpack(const Digest& bundle);  // the extension's folder
  void reap_finished();

  struct Worker {
    std::thread thread;
    std::atomic<bool> finished{false};
  };
  ProcessRunnerConfig config_;
  RecordLog& log_;
  Executor& owner_;
  std::shared_ptr<std::atomic<bool>> stopping_;
  std::list<std::unique_ptr<Worker>> workers_;
};

}  // namespace prov::providers
