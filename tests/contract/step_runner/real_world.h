#pragma once
// A real host in a temporary folder: the process runner, its bundle cache, an event loop.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>

#include "agent/executor/bundle_cache.h"
#include "agent/executor/process_runner.h"
#include "common/hash.h"
#include "common/io/loop/event_loop.h"
#include "common/io/loop/worker.h"
#include "common/io/posix/processes.h"

namespace prov::agent {

class RealWorld {
 public:
  RealWorld() {
    char path[] = "/tmp/prov-steps-XXXXXX";
    PROV_ASSERT(mkdtemp(path) != nullptr);
    dir_ = path;
    bundles_ = std::move(*BundleCache::open(dir_ + "/bundles"));
    open();
  }
  ~RealWorld() {
    runner_.reset();
    end_all();
    std::filesystem::remove_all(dir_);
  }

  StepRunner& runner() { return *runner_; }
  ProcessRunner& process_runner() { return *runner_; }
  BundleCache& bundles() { return *bundles_; }
  const SealKeys& keys() const { return keys_; }
  const std::string& dir() const { return dir_; }
  std::string step_path(const StepId& step) const { return dir_ + "/steps/" + step_dir_name(step); }

  void restart() {
    runner_.reset();
    open();
  }

  wire::Order order(const StepId& step, std::variant<wire::Noop, wire::Script, wire::Exec> action) const {
    wire::Order out;
    out.task = step.task;
    out.attempt = step.attempt;
    out.sequence = 1;
    out.timeout_s = 60;
    out.action = std::move(action);
    return out;
  }
  wire::Order shell(const StepId& step, const std::string& script) const {
    return order(step, wire::Exec{{"/bin/sh", "-c", script}, {}, {}});
  }
  wire::Order prints(const StepId& step, const std::string& text) const {
    return order(step, wire::Exec{{"printf", "%s", text}, {}, {}});
  }
  wire::Order ends_with(const StepId& step, int code) const { return shell(step, "exit " + std::to_string(code)); }
  wire::Order hangs(const StepId& step) const { return shell(step, "sleep 1000"); }

  Digest put_bundle(const std::vector<wire::File>& files) {
    const std::string bytes = wire::encode_bundle(files);
    PROV_ASSERT(bundles_->put(digest_of(bytes), bytes));
    return digest_of(bytes);
  }

  bool run_until(const std::function<bool()>& done, int limit_s = 120) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.turn(50);
    }
    return true;
  }

  io::EventLoop& loop() { return loop_; }
  io::Worker& clearing() { return clearing_; }
  void wait_until_cleared() {  // the folders of all that was forgotten
    std::promise<void> reached;
    clearing_.post([&] { reached.set_value(); });
    reached.get_future().wait();
  }
  std::uint64_t output_limit = 8 << 20;
  std::uint32_t grace_ms = 10'000;
  std::uint64_t rest_ms = 10'000;
  void reopen() { restart(); }  // with the limits as they are now

 private:
  void open() {
    RunnerConfig config{dir_ + "/steps", PROV_AGENT_PROGRAM, keys_};
    config.output_limit = output_limit;
    config.grace_ms = grace_ms;
    config.rest_ms = rest_ms;
    runner_ = std::move(*ProcessRunner::open(std::move(config), *bundles_, loop_, loop_, clearing_));
  }
  // Whatever a failed test left running under this folder.
  void end_all() const {
    const std::string mark = dir_ + "/steps/";
    for (const io::ProcessStat& each : io::all_processes()) {
      auto line = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 1 << 16);
      if (!line || line->find(mark) == std::string::npos) continue;
      auto spec = io::read_file(
          line->substr(line->find(mark), line->find('\0', line->find(mark)) - line->find(mark)) + "/step", 1 << 20);
      int supervisor = 0, group = 0;
      if (spec && std::sscanf(spec->c_str(), "%d %d", &supervisor, &group) == 2 && group > 1) kill(-group, SIGKILL);
      kill(each.pid, SIGKILL);
    }
  }

  std::string dir_;
  SealKeys keys_ = make_seal_keys();
  io::EventLoop loop_;
  io::Worker clearing_{"folders"};
  std::unique_ptr<BundleCache> bundles_;
  std::unique_ptr<ProcessRunner> runner_;
};

}  // namespace prov::agent
