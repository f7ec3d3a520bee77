#include "agent/executor/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "agent/executor/output_file.h"
#include "agent/executor/step_dir.h"
#include "agent/sandbox/check_view.h"
#include "agent/sandbox/network.h"
#include "agent/sandbox/rehearsal.h"
#include "agent/sandbox/report.h"
#include "agent/step/outputs.h"
#include "common/io/posix/posix_world.h"
#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr rlim_t kOpenFiles = 4096;
constexpr std::size_t kReadBytes = 64 << 10;
constexpr std::size_t kMaxReportBytes = 4 << 20;
constexpr std::size_t kLastBytes = 1 << 20;  // of output read at most after the step's processes are gone
constexpr int kGroupPollMs = 20;
constexpr std::uint64_t kNever = ~0ULL;

void limit(int resource, rlim_t soft, rlim_t hard) {
  rlimit now{};
  getrlimit(static_cast<__rlimit_resource>(resource), &now);
  const rlimit wanted{std::min(soft, now.rlim_max), std::min(hard, now.rlim_max)};
  setrlimit(static_cast<__rlimit_resource>(resource), &wanted);
}

struct Pipe {
  io::Fd read_end, write_end;
  Pipe() {
    int fds[2];
    PROV_ASSERT(pipe2(fds, O_CLOEXEC) == 0);
    read_end.reset(fds[0]);
    write_end.reset(fds[1]);
  }
};

// "#!/usr/bin/env nu" of a script that could not be started, so that the message can name what is missing.
std::string interpreter_of(int work_fd, const std::string& program) {
  const io::Fd fd(openat(work_fd, program.c_str(), O_RDONLY | O_CLOEXEC));
  char head[128];
  const ssize_t n = fd ? read(fd.get(), head, sizeof head) : 0;
  const std::string_view text(head, n > 0 ? static_cast<std::size_t>(n) : 0);
  return text.substr(0, 2) == "#!" ? std::string(text.substr(2, text.find('\n') - 2)) : std::string();
}

std::vector<std::string> secrets_in(int work_fd) {
  std::vector<std::string> out;
  const io::Fd dir(openat(work_fd, "secrets", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const auto names = dir ? io::list_dir(dir.get()) : Result<std::vector<std::string>>();
  if (!names) return out;
  for (const std::string& name : *names) {
    if (auto value = io::read_file_at(dir.get(), name, wire::kMaxArgumentBytes)) out.push_back(std::move(*value));
  }
  return out;
}

// What a step left where its outputs belong; nothing when it left nothing. It may have put anything there: only a plain
// file is read, and never waited for.
Result<std::string> read_outputs(int dir_fd) {
  const io::Fd work(openat(dir_fd, "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const io::Fd fd(work ? openat(work.get(), kOutputsFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1);
  if (work && !fd && errno == ENOENT) return std::string();
  struct stat info {};
  if (!fd || fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return fail(Code::not_found, "its outputs were not read: $PROV_OUTPUTS is no plain file");
  }
  constexpr std::size_t kMost = kMaxOutputsFile + 1;  // one more than is taken, so that the rest is noticed
  std::string out;
  char buffer[16 << 10];
  while (out.size() < kMost) {
    const ssize_t n = read(fd.get(), buffer, std::min(sizeof buffer, kMost - out.size()));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(io::system_error("read", "its outputs"));
    if (n == 0) break;
    out.append(buffer, static_cast<std::size_t>(n));
  }
  return out;
}

class Supervision {
 public:
  Supervision(const std::string& step_dir, const std::string& program, io::Fd dir, io::Fd claim, StepSpec spec,
              io::Fd signals)
      : step_dir_(step_dir),
        program_(program),
        dir_(std::move(dir)),
        claim_(std::move(claim)),
        spec_(std::move(spec)),
        signals_(std::move(signals)),
        output_(dir_.get(), spec_.output_limit) {}

  void run() {
    if (begin()) {
      watch_step();
      end_group();
      read_output(kLastBytes);
      hear_step();
      collect_outputs();
    }
    output_.finish(report_line());
    remove_private_parts(dir_.get());
    if (!sent_home_) write_verdict();  // without one, the agent calls it interrupted
  }

 private:
  bool begin();
  bool fork_step();
  [[noreturn]] void become_step(const Pipe& go, const Pipe& trouble, int work_fd, int stdin_fd);
  [[noreturn]] void become_rehearsal(const Pipe& trouble, int stdin_fd);
  [[noreturn]] void execute(const Pipe& trouble, int work_fd, int stdin_fd);
  bool enter_work(int work_fd) const;
  std::string work_path() const;
  void hear_step();
  void hear_line(std::string_view line);
  void add_note(std::string_view note) { result_.note += (result_.note.empty() ? "" : "; ") + std::string(note); }
  std::string report_line();
  bool problem(const std::string& text) {
    result_.end.problem = text;
    return false;
  }
  void watch_step();
  void wait_for_something(std::uint64_t until_ms);
  void take_signals();
  void reap();
  void stop_group();
  void end_group();
  bool read_output(std::size_t max);
  void collect_outputs();
  void write_verdict();

  std::string step_dir_, program_;
  io::Fd dir_, claim_;
  StepSpec spec_;
  io::Fd signals_;
  OutputFile output_;
  Pipe printed_;
  Pipe told_;  // from a step that is not for real, see agent/sandbox/rehearsal.h
  std::optional<RehearsalPlan> rehearsal_;
  bool was_told_end_ = false;
  io::SystemClock clock_;
  StepResult result_;
  pid_t step_ = 0;
  std::vector<std::string> secrets_;  // as they were before the step could touch them
  std::optional<int> status_;
  std::uint64_t limit_at_ms_ = kNever, kill_at_ms_ = kNever;
  bool sent_home_ = false;  // by somebody other than the agent: the host goes down
};

bool Supervision::begin() {
  const io::Fd work(openat(dir_.get(), "work", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  const char* input = spec_.has_stdin ? "stdin" : "/dev/null";
  const io::Fd stdin_fd(openat(dir_.get(), input, O_RDONLY | O_CLOEXEC));
  if (!work || !stdin_fd) return problem(io::system_error("open", work ? input : "work").message);
  secrets_ = secrets_in(work.get());
  fcntl(printed_.read_end.get(), F_SETFL, O_NONBLOCK);
  Pipe go, trouble;
  if (!fork_step()) return false;
  if (step_ == 0) become_step(go, trouble, work.get(), stdin_fd.get());
  setpgid(step_, step_);
  printed_.write_end.reset();
  told_.write_end.reset();
  trouble.write_end.reset();
  // Whoever finds this supervisor dead must know which processes are the step's before there are any.
  if (auto written = write_supervisor(claim_, {getpid(), step_}); !written) {
    kill(step_, SIGKILL);
    waitpid(step_, nullptr, 0);
    return problem(written.error().message);
  }
  if (spec_.timeout_s != 0) limit_at_ms_ = clock_.monotonic_ms() + spec_.timeout_s * 1000ULL;
  [[maybe_unused]] const ssize_t went = write(go.write_end.get(), "g", 1);
  int error = 0;
  if (read(trouble.read_end.get(), &error, sizeof error) != sizeof error) return true;  // exec closed it
  waitpid(step_, nullptr, 0);
  errno = error;
  std::string why = io::system_error("start", spec_.argv[0]).message;
  const std::string interpreter = interpreter_of(work.get(), spec_.argv[0]);
  if (!interpreter.empty()) why += " (it wants the interpreter " + interpreter + ")";
  return problem(why);
}

bool Supervision::fork_step() {
  if (spec_.mode != wire::Mode::rehearse) {
    step_ = fork();
    return step_ >= 0 || problem(io::system_error("fork for", spec_.argv[0]).message);
  }
  const auto refuse = [this](const Error& error) {
    result_.end.refused = "it cannot be rehearsed on this host: " + error.message;
    return false;
  };
  auto plan = plan_rehearsal(step_dir_, program_);
  if (!plan) return refuse(plan.error());
  rehearsal_ = std::move(*plan);
  rehearsal_->report = io::Fd(openat(dir_.get(), "report", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!rehearsal_->report) return refuse(io::system_error("create", "report"));
  auto pid = fork_for_rehearsal();
  if (!pid) return refuse(pid.error());
  step_ = *pid;
  return true;
}

void Supervision::become_step(const Pipe& go, const Pipe& trouble, int work_fd, int stdin_fd) {
  setpgid(0, 0);
  // Only the read end is this process's: should the supervisor die before it says go, the step must not begin.
  close(go.write_end.get());
  char word = 0;
  if (read(go.read_end.get(), &word, 1) != 1) _exit(127);
  if (spec_.mode == wire::Mode::rehearse) become_rehearsal(trouble, stdin_fd);
  if (spec_.mode == wire::Mode::check) {
    const auto entered = enter_check_view(work_path(), program_);
    const std::string note = entered ? "" : "note writes were not prevented: " + entered.error().message + "\n";
    static_cast<void>(io::write_all(told_.write_end.get(), note));
  }
  execute(trouble, work_fd, stdin_fd);
}

void Supervision::become_rehearsal(const Pipe& trouble, int stdin_fd) {
  for (io::Fd* each : {&dir_, &claim_, &signals_, &printed_.read_end, &told_.read_end}) each->reset();
  rehearsal_->told = std::move(told_.write_end);
  rehearse(
      *rehearsal_, [&] { execute(trouble, -1, stdin_fd); },
      [&] {
        close(trouble.write_end.get());  // so that the supervisor hears of the step's exec
        close(printed_.write_end.get());
      });
}

std::string Supervision::work_path() const {
  const auto path = real_path(step_dir_);
  return (path ? *path : step_dir_) + "/work";
}

// By its path where the descriptor, which is older, leads out of the step's own view of the host.
bool Supervision::enter_work(int work_fd) const {
  if (spec_.mode == wire::Mode::apply) return fchdir(work_fd) == 0;
  return chdir(rehearsal_ ? rehearsal_->places.work.c_str() : work_path().c_str()) == 0;
}

void Supervision::execute(const Pipe& trouble, int work_fd, int stdin_fd) {
  for (const int each : {SIGPIPE, SIGHUP, SIGTERM, SIGINT, SIGCHLD}) signal(each, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_NOFILE, kOpenFiles, RLIM_INFINITY);
  if (spec_.memory_limit != 0) limit(RLIMIT_AS, spec_.memory_limit, spec_.memory_limit);
  if (rehearsal_ && access(apt_config().c_str(), F_OK) == 0) spec_.environment.push_back("APT_CONFIG=" + apt_config());
  const bool set_up = enter_work(work_fd) && dup2(stdin_fd, 0) == 0 && dup2(printed_.write_end.get(), 1) == 1 &&
                      dup2(printed_.write_end.get(), 2) == 2;
  if (set_up) {
    std::vector<char*> argv = io::c_strings(spec_.argv);
    std::vector<char*> environment = io::c_strings(spec_.environment);
    environ = environment.data();  // also what execvp looks PATH up in
    execvp(argv[0], argv.data());
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = write(trouble.write_end.get(), &error, sizeof error);
  _exit(127);
}

void Supervision::watch_step() {
  while (!status_) {
    wait_for_something(std::min(limit_at_ms_, kill_at_ms_));
    const std::uint64_t now = clock_.monotonic_ms();
    if (now >= limit_at_ms_) {
      result_.end.timed_out = true;
      stop_group();
    }
    if (now >= kill_at_ms_) {
      kill_at_ms_ = kNever;
      kill(-step_, SIGKILL);
    }
  }
  if (WIFSIGNALED(*status_))
    result_.end.signal = WTERMSIG(*status_);
  else
    result_.end.exit_code = WEXITSTATUS(*status_);
}

void Supervision::wait_for_something(std::uint64_t until_ms) {
  const std::uint64_t now = clock_.monotonic_ms();
  const std::uint64_t wait = until_ms <= now ? 0 : std::min<std::uint64_t>(until_ms - now, 60'000);
  pollfd fds[2] = {{signals_.get(), POLLIN, 0}, {printed_.read_end.get(), POLLIN, 0}};
  if (poll(fds, printed_.read_end ? 2 : 1, static_cast<int>(wait)) <= 0) return;
  if (fds[1].revents != 0 && !read_output(kReadBytes)) printed_.read_end.reset();
  if (fds[0].revents != 0) take_signals();
}

void Supervision::take_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      reap();
    } else if (!result_.end.timed_out && !result_.end.cancelled && !sent_home_) {
      (info.ssi_signo == kCancelSignal ? result_.end.cancelled : sent_home_) = true;
      stop_group();
    }
  }
}

// Also what the step has left behind: as a subreaper this process inherits it.
void Supervision::reap() {
  int status = 0;
  rusage used{};
  for (pid_t pid = wait4(-1, &status, WNOHANG, &used); pid > 0; pid = wait4(-1, &status, WNOHANG, &used)) {
    if (pid != step_) continue;
    status_ = status;
    const auto ms = [](const timeval& time) {
      return static_cast<std::uint64_t>(time.tv_sec) * 1000 + static_cast<std::uint64_t>(time.tv_usec) / 1000;
    };
    result_.user_ms = ms(used.ru_utime);
    result_.system_ms = ms(used.ru_stime);
    result_.max_resident_kib = static_cast<std::uint64_t>(used.ru_maxrss);
  }
}

void Supervision::stop_group() {
  kill(-step_, SIGTERM);
  kill(-step_, SIGCONT);  // a stopped process would not hear it
  limit_at_ms_ = kNever;
  kill_at_ms_ = clock_.monotonic_ms() + spec_.grace_ms;
}

// The step itself has ended; whatever of it still is in its group ends now. A service has left the group long ago.
void Supervision::end_group() {
  if (kill_at_ms_ == kNever && io::group_alive(step_, getpid())) stop_group();
  while (io::group_alive(step_, getpid())) {
    wait_for_something(clock_.monotonic_ms() + kGroupPollMs);
    reap();
    if (clock_.monotonic_ms() >= kill_at_ms_) kill(-step_, SIGKILL);
  }
}

bool Supervision::read_output(std::size_t max) {  // false: nobody can print any more
  char buffer[kReadBytes];
  for (std::size_t total = 0; total < max && printed_.read_end;) {
    const ssize_t n = read(printed_.read_end.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return true;
    if (n == 0) return false;
    output_.add({buffer, static_cast<std::size_t>(n)});
    total += static_cast<std::size_t>(n);
  }
  return true;
}

// What a step that is not for real has told beside its output.
void Supervision::hear_step() {
  fcntl(told_.read_end.get(), F_SETFL, O_NONBLOCK);
  char buffer[kReadBytes];
  const ssize_t n = read(told_.read_end.get(), buffer, sizeof buffer);
  std::string_view rest(buffer, n > 0 ? static_cast<std::size_t>(n) : 0);
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    hear_line(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  if (rehearsal_ && !was_told_end_ && result_.end.refused.empty()) {
    add_note("its rehearsal was ended before the difference was known");
  }
}

void Supervision::hear_line(std::string_view line) {
  const auto space = line.find(' ');
  const std::string_view word = line.substr(0, space);
  const std::string rest(line.substr(std::min(space, line.size() - 1) + 1));
  if (word == "note") add_note(rest);
  if (word == "refused") result_.end.refused = rest;
  if (word != "exit" && word != "signal") return;
  was_told_end_ = true;
  (word == "exit" ? result_.end.exit_code : result_.end.signal) = std::atoi(rest.c_str());
}

std::string Supervision::report_line() {
  if (!rehearsal_ || !was_told_end_) return "";
  auto text = io::read_file_at(dir_.get(), "report", kMaxReportBytes);
  return text && !text->empty() ? kRehearsalMark + *text : "";
}

void Supervision::collect_outputs() {
  if (!result_.end.refused.empty()) return;
  auto text = read_outputs(dir_.get());
  if (!text) return add_note(text.error().message);
  auto taken = take_outputs(*text, secrets_);
  result_.outputs = std::move(taken.outputs);
  if (!taken.note.empty()) add_note(taken.note);
}

void Supervision::write_verdict() {
  result_.output_bytes = output_.bytes();
  result_.dropped_bytes = output_.dropped();
  result_.output_digest = output_.digest();
  // Not synced: whoever outlives this process finds it, and the agent's journal has it before anybody hears of it.
  // After another boot it may be missing: then the step counts as interrupted. On a full disk this waits, and lives on,
  // so that nobody takes the step for interrupted.
  for (;; sleep(1)) {
    const auto written = write_result(claim_, result_);
    if (written || written.error().code != Code::exhausted) return;
  }
}

io::Fd block_signals() {
  signal(SIGPIPE, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int each : {SIGCHLD, kCancelSignal, SIGTERM, SIGINT, SIGHUP}) sigaddset(&taken, each);
  sigprocmask(SIG_SETMASK, &taken, nullptr);
  return io::Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace

int supervise(const std::string& step_dir, const std::string& program) {
  io::Fd signals = block_signals();
  limit(RLIMIT_CORE, 0, 0);  // it knows the step's secrets
  umask(077);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  auto dir = io::open_private_dir(step_dir);
  if (!dir) return 2;
  auto claim = claim_step(dir->get());
  if (!claim || !write_supervisor(*claim, {getpid(), 0})) return 3;
  auto step = read_step(dir->get());
  if (!step || !signals) return 4;
  Supervision(step_dir, program, std::move(*dir), std::move(*claim), std::move(step->spec), std::move(signals)).run();
  return 0;
}

}  // namespace prov::agent
