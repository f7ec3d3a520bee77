#include "agent/executor/process_runner.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "agent/executor/supervisor.h"
#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kRemovalMs = 20;     // after a step is forgotten; what came with that news goes first
constexpr std::size_t kRemovalsAtOnce = 16;  // folders, before the loop has its turn again
constexpr std::uint64_t kPollMs = 50;  // while steps run: new output, and steps whose supervisor is not watched yet

io::Fd open_dir(int parent, const std::string& name) {
  return io::Fd(openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

std::uint64_t output_size(int dir_fd) {
  struct stat info {};
  return fstatat(dir_fd, "output", &info, AT_SYMLINK_NOFOLLOW) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

}  // namespace

Result<std::unique_ptr<ProcessRunner>> ProcessRunner::open(RunnerConfig config, BundleStore& bundles, Timers& timers,
                                                           FdWatcher& watcher) {
  auto dir = io::make_private_dir(config.steps_dir);
  if (!dir) return tl::unexpected(dir.error());
  auto names = io::list_dir(dir->get());
  if (!names) return tl::unexpected(names.error());
  std::unique_ptr<ProcessRunner> runner(
      new ProcessRunner(std::move(config), std::move(*dir), bundles, timers, watcher));
  for (const std::string& name : *names) {
    if (const auto step = parse_step_dir_name(name)) runner->folders_.insert(*step);
  }
  return runner;
}

ProcessRunner::ProcessRunner(RunnerConfig config, io::Fd dir, BundleStore& bundles, Timers& timers, FdWatcher& watcher)
    : config_(std::move(config)),
      dir_(std::move(dir)),
      bundles_(bundles),
      watcher_(watcher),
      poll_alarm_(timers),
      removal_alarm_(timers) {
  if (!config_.zygote) config_.zygote = std::make_shared<Zygote>(config_.program);
}

ProcessRunner::~ProcessRunner() {
  for (auto& [step, running] : running_) {
    if (running.pidfd) watcher_.unwatch(running.pidfd.get());
  }
}

Result<void> ProcessRunner::start(const StepId& step, const wire::Order& order) {
  const std::string name = step_dir_name(step);
  auto dir = io::make_new_dir_at(dir_.get(), name);
  if (!dir) return tl::unexpected(dir.error());  // Code::conflict: begun before
  folders_.insert(step);
  const auto give_up = [&](const Error& error) -> Result<void> {
    dir->reset();
    static_cast<void>(io::remove_tree_at(dir_.get(), name));
    return tl::unexpected(error);
  };
  if (auto filled = fill(dir->get(), step, order); !filled) return give_up(filled.error());
  PROV_FAIL_HERE("supervisor_before");
  auto supervisor = config_.zygote->supervise(path_of(step));
  PROV_FAIL_HERE("supervisor_after");
  if (!supervisor) return give_up(supervisor.error());
  Running& running = running_[step];
  running.dir = std::move(*dir);
  watch_supervisor(step, running, std::move(*supervisor));
  if (!poll_alarm_.is_set()) poll_alarm_.set(kPollMs, [this] { poll_all(); });
  return {};
}

Result<void> ProcessRunner::fill(int dir_fd, const StepId& step, const wire::Order& order) {
  std::string bundle;
  if (const auto* script = std::get_if<wire::Script>(&order.action)) {
    auto bytes = bundles_.get(script->bundle);
    if (!bytes) return tl::unexpected(bytes.error());
    bundle = std::move(*bytes);
  }
  const Preparation how{path_of(step),        config_.program,      config_.keys,
                        config_.output_limit, config_.memory_limit, config_.grace_ms};
  return prepare_step(dir_fd, how, step, order, bundle);
}

void ProcessRunner::adopt(const StepId& step, Boot boot) {
  Running& running = running_[step];
  running.dir = open_dir(dir_.get(), step_dir_name(step));
  if (running.dir) folders_.insert(step);
  running.boot = boot;
  if (!poll_alarm_.is_set()) poll_alarm_.set(0, [this] { poll_all(); });
}

void ProcessRunner::watch_supervisor(const StepId& step, Running& running, io::Fd pidfd) {
  running.pidfd = std::move(pidfd);
  watcher_.watch(running.pidfd.get(), [this, step] { look_after(step); });
  if (running.cancelled) io::signal_pidfd(running.pidfd, kCancelSignal);
}

void ProcessRunner::poll_all() {
  std::vector<StepId> unwatched;
  for (auto& [step, running] : running_) {
    if (!running.pidfd) unwatched.push_back(step);
    poll_output(step, running);
  }
  for (const StepId& step : unwatched) look_after(step);
  if (!running_.empty()) poll_alarm_.set(kPollMs, [this] { poll_all(); });
}

void ProcessRunner::poll_output(const StepId& step, Running& running) {
  if (!running.dir) return;
  const std::uint64_t bytes = output_size(running.dir.get());
  if (bytes <= running.bytes_seen) return;
  running.bytes_seen = bytes;
  if (handler_.output) handler_.output(step, bytes);
}

// Its supervisor has ended, or is not known yet. Ends with a verdict, with a supervisor to wait for, or with nothing
// (the next poll looks again).
void ProcessRunner::look_after(const StepId& step) {
  const auto it = running_.find(step);
  if (it == running_.end()) return;
  Running& running = it->second;
  if (running.pidfd) {
    watcher_.unwatch(running.pidfd.get());
    running.pidfd.reset();
  }
  if (!running.dir) return conclude(step, interrupted(running));  // it was never begun
  const auto verdict = [&]() -> std::optional<Verdict> {
    const auto step_file = read_step(running.dir.get());
    if (!step_file || !step_file->result) return std::nullopt;
    return verdict_of(step_file->spec, *step_file->result);
  };
  if (auto found = verdict()) return conclude(step, std::move(*found));
  if (running.boot == Boot::other) return conclude(step, interrupted(running));
  if (!running.settled) {
    auto sign = probe_supervisor(running.dir.get());
    if (!sign) return;
    if (sign->life == Life::alive) {
      auto pidfd = sign->supervisor.pid > 0 ? io::open_pidfd(sign->supervisor.pid) : Result<io::Fd>();
      if (pidfd && *pidfd) watch_supervisor(step, running, std::move(*pidfd));  // or it has just ended: next look
      return;
    }
    running.settled = true;
    running.last = sign->supervisor;
    if (auto found = verdict()) return conclude(step, std::move(*found));  // written between the two looks
  }
  if (end_leftovers(running)) conclude(step, interrupted(running));
}

bool ProcessRunner::end_leftovers(Running& running) {
  const Supervisor& last = running.last;
  if (last.group <= 1 || !io::group_alive(last.group, last.pid)) return true;
  kill(-last.group, SIGKILL);
  return false;  // gone by the next poll, or the one after
}

Verdict ProcessRunner::interrupted(const Running& running) const {
  Verdict out;
  out.outcome = running.cancelled ? Outcome::cancelled : Outcome::interrupted;
  out.message = running.boot == Boot::other ? "the host was started again while it ran"
                                            : "its supervisor ended without a verdict; its processes are gone";
  std::string output;
  if (running.dir) {
    if (auto bytes = io::read_file_at(running.dir.get(), "output", config_.output_limit * 2))
      output = std::move(*bytes);
    remove_private_parts(running.dir.get());
  }
  out.output_bytes = output.size();
  out.output_digest = digest_of(output);
  return out;
}

void ProcessRunner::conclude(const StepId& step, Verdict verdict) {
  running_.erase(step);
  if (handler_.ended) handler_.ended(step, std::move(verdict));
}

void ProcessRunner::cancel(const StepId& step) {
  const auto it = running_.find(step);
  if (it == running_.end()) return;
  it->second.cancelled = true;
  if (it->second.pidfd) io::signal_pidfd(it->second.pidfd, kCancelSignal);
}

Result<std::string> ProcessRunner::read_output(const StepId& step, std::uint64_t offset, std::size_t max) {
  const std::string path = step_dir_name(step) + "/output";
  if (!folders_.contains(step)) return fail(Code::not_found, "there is no " + path);
  const io::Fd fd(openat(dir_.get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::string();  // nothing was printed
  if (!fd) return tl::unexpected(io::system_error("open", path));
  std::string out(max, '\0');
  std::size_t got = 0;
  while (got < max) {
    const ssize_t n = pread(fd.get(), out.data() + got, max - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(io::system_error("read", path));
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
  }
  out.resize(got);
  return out;
}

void ProcessRunner::forget(const StepId& step) {
  if (running_.contains(step) || folders_.erase(step) == 0) return;
  forgotten_.push_back(step);
  if (!removal_alarm_.is_set()) removal_alarm_.set(kRemovalMs, [this] { remove_forgotten(); });
}

void ProcessRunner::remove_forgotten() {
  for (std::size_t i = 0; i < kRemovalsAtOnce && !forgotten_.empty(); ++i) {
    static_cast<void>(io::remove_tree_at(dir_.get(), step_dir_name(forgotten_.front())));
    forgotten_.pop_front();
  }
  if (!forgotten_.empty()) removal_alarm_.set(0, [this] { remove_forgotten(); });
}

void ProcessRunner::sweep(const std::function<bool(const StepId&)>& known) {
  auto names = io::list_dir(dir_.get());
  if (!names) return;
  for (const std::string& name : *names) {
    const auto step = parse_step_dir_name(name);
    if (step && (known(*step) || running_.contains(*step))) continue;
    const io::Fd dir = open_dir(dir_.get(), name);
    if (dir) {
      auto sign = probe_supervisor(dir.get());
      if (!sign || sign->life == Life::alive) continue;
    }
    static_cast<void>(io::remove_tree_at(dir_.get(), name));
  }
}

}  // namespace prov::agent
