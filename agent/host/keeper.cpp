#include "agent/host/keeper.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <vector>

#include "agent/host/accounts.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kMaxLogBytes = 8 << 20;
constexpr std::uint64_t kFirstPauseMs = 1'000, kLastPauseMs = 60'000, kHealthyMs = 60'000;
constexpr std::uint64_t kGraceMs = 10'000;
constexpr int kClaimTries = 20;
constexpr useconds_t kClaimPauseUs = 15'000;
constexpr std::uint64_t kNever = ~0ULL;

io::Fd take_over_signals() {
  for (const int each : {SIGHUP, SIGPIPE}) signal(each, SIG_IGN);
  sigset_t taken;
  sigemptyset(&taken);
  for (const int each : {SIGTERM, SIGINT, SIGCHLD}) sigaddset(&taken, each);
  sigprocmask(SIG_SETMASK, &taken, nullptr);
  return io::Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool become_user(const Account& account) {
  if (geteuid() != 0) return account.user == geteuid();
  return setgroups(account.groups.size(), account.groups.data()) == 0 && setgid(account.group) == 0 &&
         setuid(account.user) == 0;
}

}  // namespace

int Keeper::run() {
  signals_ = take_over_signals();
  umask(022);
  if (chdir("/") != 0 || !claim()) return 5;
  while (!stopping_ || program_ != 0) {
    const std::uint64_t now = clock_.monotonic_ms();
    if (program_ == 0 && now >= start_at_ms_ && !start_program()) program_ended(0);
    if (stopping_ && now >= kill_at_ms_) kill(-program_, SIGKILL);
    wait(program_ == 0 ? start_at_ms_ : stopping_ ? std::max(kill_at_ms_, now + 100) : kNever);
  }
  unlink(run_path_.c_str());  // ended on purpose
  return 0;
}

bool Keeper::claim() {
  lock_.reset(open(run_path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  // Whoever looks at the state holds the lock for a moment, so one refusal says nothing.
  for (int tries = 0; lock_ && tries < kClaimTries; ++tries, usleep(kClaimPauseUs)) {
    if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) continue;
    announce(0);
    return true;
  }
  return false;
}

void Keeper::announce(pid_t program) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "%-10d %-10d\n", getpid(), program);
  [[maybe_unused]] const ssize_t n = pwrite(lock_.get(), text, static_cast<std::size_t>(size), 0);
}

bool Keeper::start_program() {
  int output[2], ran[2];
  if (pipe2(output, O_CLOEXEC) != 0) return false;
  io::Fd read_end(output[0]), write_end(output[1]);
  if (pipe2(ran, O_CLOEXEC) != 0) return false;
  io::Fd ran_read(ran[0]), ran_write(ran[1]);
  const pid_t pid = fork();
  if (pid < 0) return false;
  if (pid == 0) become_program(write_end.get(), ran_write.get());
  setpgid(pid, pid);
  write_end.reset();
  ran_write.reset();
  fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  printed_ = std::move(read_end);
  program_ = pid;
  started_ms_ = clock_.monotonic_ms();
  int error = 0;
  if (read(ran_read.get(), &error, sizeof error) == sizeof error) {
    errno = error;
    write_log(io::system_error("start", definition_.argv[0]).message + "\n");
  } else {
    announce(pid);
  }
  return true;
}

void Keeper::become_program(int output, int trouble) {
  setpgid(0, 0);
  const auto give_up = [trouble] {
    const int error = errno;
    [[maybe_unused]] const ssize_t n = write(trouble, &error, sizeof error);
    _exit(127);
  };
  auto account = find_account(definition_.user);
  if (!account) give_up();
  const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (input < 0 || dup2(input, 0) < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0) give_up();
  for (const int each : {SIGHUP, SIGPIPE}) signal(each, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 65'536);
  setrlimit(RLIMIT_NOFILE, &files);
  if (!become_user(*account)) give_up();
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // a killed keeper must not leave a program that nobody watches
  std::vector<std::string> texts = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                    "HOME=" + account->home, "USER=" + account->name, "LOGNAME=" + account->name,
                                    "LANG=C.UTF-8"};
  std::vector<char*> argv, environment;
  for (std::string& each : definition_.argv) argv.push_back(each.data());
  for (std::string& each : texts) environment.push_back(each.data());
  argv.push_back(nullptr);
  environment.push_back(nullptr);
  execve(argv[0], argv.data(), environment.data());
  give_up();
  _exit(127);
}

void Keeper::wait(std::uint64_t until_ms) {
  const std::uint64_t now = clock_.monotonic_ms();
  const int timeout = until_ms == kNever ? -1 : until_ms <= now ? 0 : static_cast<int>(until_ms - now);
  pollfd fds[2] = {{signals_.get(), POLLIN, 0}, {printed_.get(), POLLIN, 0}};
  if (poll(fds, printed_ ? 2 : 1, timeout) <= 0) return;
  if (fds[1].revents != 0) take_output();
  if (fds[0].revents != 0) take_signals();
}

void Keeper::take_output() {
  char buffer[16 << 10];
  const ssize_t n = read(printed_.get(), buffer, sizeof buffer);
  if (n > 0) write_log({buffer, static_cast<std::size_t>(n)});
  if (n == 0) printed_.reset();
}

void Keeper::take_signals() {
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info) {
    if (info.ssi_signo != SIGCHLD && !stopping_) {
      stopping_ = true;
      kill_at_ms_ = clock_.monotonic_ms() + kGraceMs;
      if (program_ != 0) kill(-program_, SIGTERM);
    }
  }
  int status = 0;
  for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
    if (pid == program_) program_ended(status);
  }
}

void Keeper::program_ended(int status) {
  if (printed_) take_output();
  if (program_ != 0) kill(-program_, stopping_ ? SIGKILL : SIGTERM);  // what it started and left behind
  program_ = 0;
  announce(0);
  const std::uint64_t now = clock_.monotonic_ms();
  pause_ms_ = now - started_ms_ >= kHealthyMs || pause_ms_ == 0 ? kFirstPauseMs : std::min(pause_ms_ * 2, kLastPauseMs);
  start_at_ms_ = now + pause_ms_;
  if (stopping_) return;
  const std::string how = WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                              : "exit code " + std::to_string(WEXITSTATUS(status));
  write_log("[the program ended: " + how + "; started again in " + std::to_string(pause_ms_ / 1000) + " s]\n");
}

void Keeper::write_log(std::string_view text) {
  if (log_ && log_bytes_ + text.size() > kMaxLogBytes) {
    log_.reset();
    rename(log_path_.c_str(), (log_path_ + ".1").c_str());
  }
  if (!log_) {
    log_.reset(open(log_path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    const off_t size = log_ ? lseek(log_.get(), 0, SEEK_END) : 0;
    log_bytes_ = size > 0 ? static_cast<std::uint64_t>(size) : 0;
  }
  if (log_ && io::write_all(log_.get(), text)) log_bytes_ += text.size();
}

}  // namespace prov::agent
