#include "agent/executor/process_runner.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <vector>

#include "agent/executor/supervisor.h"
#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kPollMs = 50;  // while steps run: new output, and steps whose supervisor is not watched yet

std::uint64_t output_size(int dir_fd) {
  struct stat info {};
  const bool is_file = fstatat(dir_fd, kOutputFile, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode);
  return is_file ? static_cast<std::uint64_t>(info.st_size) : 0;
}

// By what it shows of itself, for a step that has done away with its folder. 0: nobody.
pid_t find_supervisor(const StepId& step) {
  const std::string end = "/" + step_dir_name(step);
  for (const io::ProcessStat& each : io::all_processes()) {
    auto shown = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 64 << 10);
    if (!shown) continue;
    shown->resize(shown->find_last_not_of('\0') + 1);
    if (shown->ends_with(end) && shown->find("supervise") != std::string::npos) return each.pid;
  }
  return 0;
}

Result<LifeSign> life_of(const StepId& step, const io::Fd& dir) {
  auto sign = dir ? probe_supervisor(dir.get()) : Result<LifeSign>(fail(Code::not_found, "it has no folder"));
  if (sign || sign.error().code != Code::not_found) return sign;
  const pid_t pid = find_supervisor(step);
  return LifeSign{pid > 0 ? Life::alive : Life::dead, {pid, 0}};
}

}  // namespace

Result<std::unique_ptr<ProcessRunner>> ProcessRunner::open(RunnerConfig config, BundleStore& bundles, Timers& timers,
                                                           FdWatcher& watcher, Executor& clearing) {
  auto folders = StepFolders::open(config.steps_dir, clearing);
  if (!folders) return tl::unexpected(folders.error());
  return std::unique_ptr<ProcessRunner>(
      new ProcessRunner(std::move(config), std::move(*folders), bundles, timers, watcher));
}

ProcessRunner::ProcessRunner(RunnerConfig config, StepFolders folders, BundleStore& bundles, Timers& timers,
                             FdWatcher& watcher)
    : config_(std::move(config)),
      folders_(std::move(folders)),
      bundles_(bundles),
      watcher_(watcher),
      poll_alarm_(timers),
      rest_alarm_(timers) {
  if (!config_.zygote) config_.zygote = std::make_shared<Zygote>(config_.program);
}

ProcessRunner::~ProcessRunner() {
  for (auto& [step, running] : running_) {
    if (running.line) watcher_.unwatch(running.line.get());
    if (running.pidfd) watcher_.unwatch(running.pidfd.get());
  }
}

Result<void> ProcessRunner::start(const StepId& step, const wire::Order& order) {
  auto dir = folders_.make(step);
  if (!dir) return tl::unexpected(dir.error());  // Code::conflict: begun before
  const auto give_up = [&](const Error& error) -> Result<void> {
    dir->reset();
    folders_.remove(step);
    return tl::unexpected(error);
  };
  if (auto filled = fill(dir->get(), step, order); !filled) return give_up(filled.error());
  PROV_FAIL_HERE("supervisor_before");
  auto line = config_.zygote->supervise(folders_.path_of(step));
  PROV_FAIL_HERE("supervisor_after");
  if (!line) return give_up(line.error());
  running_[step].dir = std::move(*dir);
  watch_line(step, std::move(*line));
  if (!poll_alarm_.is_set()) poll_alarm_.set(kPollMs, [this] { poll_all(); });
  rest_alarm_.stop();
  return {};
}

Result<void> ProcessRunner::fill(int dir_fd, const StepId& step, const wire::Order& order) {
  std::string bundle;
  if (const auto* script = std::get_if<wire::Script>(&order.action)) {
    auto bytes = bundles_.get(script->bundle);
    if (!bytes) return tl::unexpected(bytes.error());
    bundle = std::move(*bytes);
  }
  const Preparation how{folders_.path_of(step), config_.program,      config_.keys,
                        config_.output_limit,   config_.memory_limit, config_.grace_ms};
  return prepare_step(dir_fd, how, step, order, bundle);
}

void ProcessRunner::adopt(const StepId& step, Boot boot) {
  Running& running = running_[step];
  running.dir = folders_.find(step);
  running.boot = boot;
  if (!poll_alarm_.is_set()) poll_alarm_.set(0, [this] { poll_all(); });
}

void ProcessRunner::watch_line(const StepId& step, io::Fd line) {
  watcher_.watch(line.get(), [this, step] { hear_supervisor(step); });
  running_[step].line = std::move(line);
}

// Its step is over, or it has ended itself.
void ProcessRunner::hear_supervisor(const StepId& step) {
  const auto it = running_.find(step);
  if (it == running_.end()) return;
  io::Fd line = std::move(it->second.line);
  watcher_.unwatch(line.get());
  char word[kFreeWord.size() + 1];
  const ssize_t n = recv(line.get(), word, sizeof word, MSG_DONTWAIT);
  it->second.over = true;
  if (n > 0 && std::string_view(word, static_cast<std::size_t>(n)) == kFreeWord) {
    it->second.was_free = true;
    folders_.left_nothing(step);
    config_.zygote->give_back(std::move(line));
  }
  look_after(step);
}

void ProcessRunner::watch_supervisor(const StepId& step, Running& running, io::Fd pidfd) {
  running.pidfd = std::move(pidfd);
  watcher_.watch(running.pidfd.get(), [this, step] { look_after(step); });
  if (running.cancelled) io::signal_pidfd(running.pidfd, kCancelSignal);
}

void ProcessRunner::poll_all() {
  std::vector<StepId> unwatched;
  for (auto& [step, running] : running_) {
    if (!running.line && !running.pidfd) unwatched.push_back(step);
    poll_output(step, running);
  }
  for (const StepId& step : unwatched) look_after(step);
  if (!running_.empty()) poll_alarm_.set(kPollMs, [this] { poll_all(); });
}

void ProcessRunner::poll_output(const StepId& step, Running& running) {
  if (!running.dir) return;
  const std::uint64_t bytes = std::min(output_size(running.dir.get()), config_.output_limit * 2);
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
  const auto verdict = [&]() -> std::optional<Verdict> {
    if (!running.dir) return std::nullopt;
    const auto step_file = read_step(running.dir.get());
    if (!step_file || !step_file->result || !is_of(*step_file, step)) return std::nullopt;
    return verdict_of(step_file->spec, *step_file->result);
  };
  if (auto found = verdict()) return conclude(step, std::move(*found));
  if (running.boot == Boot::other) return conclude(step, interrupted(step, running));
  if (!running.settled) {
    auto sign = life_of(step, running.dir);
    if (!sign && running.over) return conclude(step, interrupted(step, running));
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
  if (end_leftovers(running)) conclude(step, interrupted(step, running));
}

bool ProcessRunner::end_leftovers(Running& running) {
  const Supervisor& last = running.last;
  if (last.group <= 1 || !io::group_alive(last.group, last.pid)) return true;
  kill(-last.group, SIGKILL);
  return false;  // gone by the next poll, or the one after
}

Verdict ProcessRunner::interrupted(const StepId& step, const Running& running) const {
  Verdict out;
  out.outcome = running.cancelled ? Outcome::cancelled : Outcome::interrupted;
  out.message = running.boot == Boot::other ? "the host was started again while it ran"
                : running.was_free          ? "it has ended, but what was written down of that is gone or was changed"
                : running.settled && !running.last.pid
                    ? "its supervisor ended before it began"
                    : "its supervisor ended without a verdict; its processes are gone";
  std::string output;
  if (running.dir) {
    const auto file = read_step(running.dir.get());
    if (file && !is_of(*file, step)) unlinkat(running.dir.get(), kOutputFile, 0);
    if (auto bytes = io::read_file_at(running.dir.get(), kOutputFile, config_.output_limit * 2))
      output = std::move(*bytes);
    remove_private_parts(running.dir.get());
  }
  out.output_bytes = output.size();
  out.output_digest = digest_of(output);
  return out;
}

void ProcessRunner::conclude(const StepId& step, Verdict verdict) {
  running_.erase(step);
  if (running_.empty()) rest_alarm_.set(config_.rest_ms, [this] { config_.zygote->send_home(); });
  if (handler_.ended) handler_.ended(step, std::move(verdict));
}

void ProcessRunner::cancel(const StepId& step) {
  const auto it = running_.find(step);
  if (it == running_.end()) return;
  it->second.cancelled = true;
  if (it->second.line) {  // full: it has been told often enough
    send(it->second.line.get(), kCancelWord.data(), kCancelWord.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  if (it->second.pidfd) io::signal_pidfd(it->second.pidfd, kCancelSignal);
}

Result<std::string> ProcessRunner::read_output(const StepId& step, std::uint64_t offset, std::size_t max) {
  const std::string path = step_dir_name(step) + "/" + kOutputFile;
  if (!folders_.contains(step)) return fail(Code::not_found, "there is no " + path);
  const io::Fd fd(openat(folders_.dir().get(), path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::string();  // nothing was printed
  struct stat info {};
  const bool is_file = fd && fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode);
  if (!is_file && (fd || errno == ELOOP || errno == ENXIO)) return fail(Code::not_found, path + " is no plain file");
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
  if (running_.contains(step) || !folders_.contains(step)) return;
  folders_.remove(step);
}

void ProcessRunner::sweep(const std::function<bool(const StepId&)>& known) {
  folders_.sweep([&](const std::string& name) {
    const auto step = parse_step_dir_name(name);
    if (!step) return false;
    if (known(*step) || running_.contains(*step)) return true;
    const auto sign = life_of(*step, folders_.find(*step));
    return !sign || sign->life == Life::alive;
  });
}

}  // namespace prov::agent
