#include "agent/executor/supervision.h"

#include <fcntl.h>
#include <poll.h>
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

[[noreturn]] void tell_errno(const Pipe& trouble) {
  const int error = errno;
  [[maybe_unused]] const ssize_t told = write(trouble.write_end.get(), &error, sizeof error);
  _exit(127);
}

class Supervision {
 public:
  Supervision(const std::string& step_dir, const Post& post, io::Fd dir, io::Fd claim, StepSpec spec)
      : step_dir_(step_dir),
        post_(post),
        dir_(std::move(dir)),
        claim_(std::move(claim)),
        spec_(std::move(spec)),
        has_line_(post.line >= 0),
        output_(dir_.get(), spec_.output_limit) {}

  // Whether nothing is left of the step, see kFreeWord.
  bool run() {
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
    return !sent_home_ && secrets_.empty() && spec_.mode == wire::Mode::apply && !has_children();
  }

 private:
  bool begin();
  bool launch(const Pipe& trouble, int work_fd, int stdin_fd);
  bool launch_apart(const Pipe& trouble, int work_fd, int stdin_fd);
  pid_t fork_apart();
  [[noreturn]] void become_step_apart(const Pipe& go, const Pipe& trouble, int work_fd, int stdin_fd);
  [[noreturn]] void become_rehearsal(const Pipe& trouble, int stdin_fd);
  void execute(int work_fd, int stdin_fd);
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
  void take_word();
  void stop(bool& why);
  void reap();
  bool has_children();
  void signal_step(int number) const;
  void stop_group();
  void end_group();
  bool read_output(std::size_t max);
  void collect_outputs();
  void write_verdict();

  const std::string& step_dir_;
  const Post& post_;
  io::Fd dir_, claim_;
  StepSpec spec_;
  std::vector<char*> argv_ = io::c_strings(spec_.argv), environment_ = io::c_strings(spec_.environment);
  bool has_line_;
  OutputFile output_;
  Pipe printed_;
  std::optional<Pipe> told_;  // from a step that is not for real, see agent/sandbox/rehearsal.h
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
  Pipe trouble;
  const bool launched = spec_.mode == wire::Mode::apply ? launch(trouble, work.get(), stdin_fd.get())
                                                        : launch_apart(trouble, work.get(), stdin_fd.get());
  if (!launched) return false;
  printed_.write_end.reset();
  if (told_) told_->write_end.reset();
  trouble.write_end.reset();
  if (spec_.timeout_s != 0) limit_at_ms_ = clock_.monotonic_ms() + spec_.timeout_s * 1000ULL;
  int error = 0;
  if (read(trouble.read_end.get(), &error, sizeof error) != sizeof error) return true;  // exec closed it
  waitpid(step_, nullptr, 0);
  errno = error;
  std::string why = io::system_error("start", spec_.argv[0]).message;
  const std::string interpreter = interpreter_of(work.get(), spec_.argv[0]);
  if (!interpreter.empty()) why += " (it wants the interpreter " + interpreter + ")";
  return problem(why);
}

// It has this process's memory until its exec, for which this process waits: no page is copied for it. It must not
// change anything here.
bool Supervision::launch(const Pipe& trouble, int work_fd, int stdin_fd) {
  const pid_t self = getpid();
  char** const own_environment = environ;
  // Not posix_spawn, which sets no limits, and would tell the step's number only when it runs.
  step_ = vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (step_ == 0) {
    setpgid(0, 0);
    if (write_supervisor(claim_, {self, getpid()})) execute(work_fd, stdin_fd);
    tell_errno(trouble);
  }
  environ = own_environment;
  return step_ > 0 || problem(io::system_error("fork for", spec_.argv[0]).message);
}

// For a step that has its own view of the host.
bool Supervision::launch_apart(const Pipe& trouble, int work_fd, int stdin_fd) {
  Pipe go;
  told_.emplace();
  step_ = fork_apart();
  if (step_ < 0) return false;
  if (step_ == 0) become_step_apart(go, trouble, work_fd, stdin_fd);
  setpgid(step_, step_);
  if (auto written = write_supervisor(claim_, {getpid(), step_}); !written) {
    kill(step_, SIGKILL);
    waitpid(step_, nullptr, 0);
    return problem(written.error().message);
  }
  [[maybe_unused]] const ssize_t went = write(go.write_end.get(), "g", 1);
  return true;
}

pid_t Supervision::fork_apart() {
  if (spec_.mode != wire::Mode::rehearse) {
    const pid_t pid = fork();
    if (pid < 0) problem(io::system_error("fork for", spec_.argv[0]).message);
    return pid;
  }
  const auto refuse = [this](const Error& error) {
    result_.end.refused = "it cannot be rehearsed on this host: " + error.message;
    return -1;
  };
  auto plan = plan_rehearsal(step_dir_, post_.program);
  if (!plan) return refuse(plan.error());
  rehearsal_ = std::move(*plan);
  rehearsal_->report = io::Fd(openat(dir_.get(), "report", O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!rehearsal_->report) return refuse(io::system_error("create", "report"));
  auto pid = fork_for_rehearsal();
  return pid ? *pid : refuse(pid.error());
}

void Supervision::become_step_apart(const Pipe& go, const Pipe& trouble, int work_fd, int stdin_fd) {
  setpgid(0, 0);
  if (has_line_) close(post_.line);  // the supervisor's end is the agent's news
  // Only the read end is this process's: should the supervisor die before it says go, the step must not begin.
  close(go.write_end.get());
  char word = 0;
  if (read(go.read_end.get(), &word, 1) != 1) _exit(127);
  if (spec_.mode == wire::Mode::rehearse) become_rehearsal(trouble, stdin_fd);
  const auto entered = enter_check_view(work_path(), post_.program);
  const std::string note = entered ? "" : "note writes were not prevented: " + entered.error().message + "\n";
  static_cast<void>(io::write_all(told_->write_end.get(), note));
  execute(work_fd, stdin_fd);
  tell_errno(trouble);
}

void Supervision::become_rehearsal(const Pipe& trouble, int stdin_fd) {
  for (io::Fd* each : {&dir_, &claim_, &printed_.read_end, &told_->read_end}) each->reset();
  close(post_.signals.get());
  rehearsal_->told = std::move(told_->write_end);
  rehearse(
      *rehearsal_,
      [&] {
        execute(-1, stdin_fd);
        tell_errno(trouble);
      },
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

// Returns when it cannot, with errno.
void Supervision::execute(int work_fd, int stdin_fd) {
  for (const int each : {SIGPIPE, SIGHUP, SIGTERM, SIGINT, SIGCHLD}) signal(each, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_NOFILE, kOpenFiles, RLIM_INFINITY);
  if (spec_.memory_limit != 0) limit(RLIMIT_AS, spec_.memory_limit, spec_.memory_limit);
  if (rehearsal_ && access(apt_config().c_str(), F_OK) == 0) {
    spec_.environment.push_back("APT_CONFIG=" + apt_config());
    environment_ = io::c_strings(spec_.environment);
  }
  const bool set_up = enter_work(work_fd) && dup2(stdin_fd, 0) == 0 && dup2(printed_.write_end.get(), 1) == 1 &&
                      dup2(printed_.write_end.get(), 2) == 2;
  if (!set_up) return;
  environ = environment_.data();  // also what execvp looks PATH up in
  execvp(argv_[0], argv_.data());
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
      signal_step(SIGKILL);
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
  // A negative one is passed over.
  pollfd fds[3] = {
      {post_.signals.get(), POLLIN, 0}, {printed_.read_end.get(), POLLIN, 0}, {has_line_ ? post_.line : -1, POLLIN, 0}};
  if (poll(fds, 3, static_cast<int>(wait)) <= 0) return;
  if (fds[1].revents != 0 && !read_output(kReadBytes)) printed_.read_end.reset();
  if (fds[0].revents != 0) take_signals();
  if (fds[2].revents != 0) take_word();
}

void Supervision::take_signals() {
  signalfd_siginfo info{};
  while (read(post_.signals.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      reap();
    } else {
      stop(info.ssi_signo == kCancelSignal ? result_.end.cancelled : sent_home_);
    }
  }
}

void Supervision::take_word() {
  const Word word = hear(post_.line);
  if (word.text == kCancelWord) stop(result_.end.cancelled);
  if (word.is_last) has_line_ = false;  // the agent is gone; the step goes on
}

void Supervision::stop(bool& why) {
  if (result_.end.timed_out || result_.end.cancelled || sent_home_) return;
  why = true;
  stop_group();
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

bool Supervision::has_children() {
  reap();
  siginfo_t info{};
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// Its group, and the step itself where it has left that.
void Supervision::signal_step(int number) const {
  kill(-step_, number);
  if (!status_ && getpgid(step_) != step_) kill(step_, number);
}

void Supervision::stop_group() {
  signal_step(SIGTERM);
  signal_step(SIGCONT);  // a stopped process would not hear it
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
  if (!told_) return;
  fcntl(told_->read_end.get(), F_SETFL, O_NONBLOCK);
  char buffer[kReadBytes];
  const ssize_t n = read(told_->read_end.get(), buffer, sizeof buffer);
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

constexpr int kNoFolder = 2, kNotMine = 3, kNotPrepared = 4;  // exit codes

}  // namespace

StepOver supervise_step(const std::string& step_dir, const Post& post) {
  auto dir = io::open_private_dir(step_dir);
  if (!dir) return {kNoFolder};
  auto claim = claim_step(dir->get());
  if (!claim || !write_supervisor(*claim, {getpid(), 0})) return {kNotMine};
  auto step = read_step(dir->get());
  if (!step || !post.signals) return {kNotPrepared};
  return {0, Supervision(step_dir, post, std::move(*dir), std::move(*claim), std::move(step->spec)).run()};
}

}  // namespace prov::agent
