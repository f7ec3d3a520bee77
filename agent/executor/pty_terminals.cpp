#include "agent/executor/pty_terminals.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <vector>

#include "common/io/posix/processes.h"

namespace prov::agent {
namespace {

constexpr std::size_t kMaxTyped = 256 << 10;  // that the program has not read yet

std::string safe_term(const std::string& term) {
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '.'; };
  const bool fine = !term.empty() && term.size() <= 64 && std::all_of(term.begin(), term.end(), plain);
  return fine ? term : "xterm";
}

[[noreturn]] void become_shell(const std::vector<std::string>& argv, const std::string& program,
                               const std::vector<std::string>& environment) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int each = 1; each < NSIG; ++each) signal(each, SIG_DFL);
  if (chdir("/root") != 0 && chdir("/") != 0) _exit(127);
  std::vector<char*> arguments, variables;
  for (const std::string& each : argv) arguments.push_back(const_cast<char*>(each.c_str()));
  for (const std::string& each : environment) variables.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  variables.push_back(nullptr);
  environ = variables.data();
  execvp(program.c_str(), arguments.data());
  const std::string text = io::system_error("start", program).message + "\r\n";
  [[maybe_unused]] const ssize_t n = write(2, text.data(), text.size());
  _exit(127);
}

}  // namespace

class PtyTerminals::Pty final : public Terminal {
 public:
  Pty(PtyTerminals& owner, io::Fd master, pid_t pid, Handler handler)
      : owner_(owner), loop_(owner.loop_), master_(std::move(master)), pid_(pid), handler_(std::move(handler)) {
    fcntl(master_.get(), F_SETFL, O_NONBLOCK);
    master_watch_ = loop_.add_fd(master_.get(), EPOLLIN, [this](std::uint32_t events) { ready(events); });
    auto pidfd = io::open_pidfd(pid_);
    PROV_ASSERT(pidfd);  // our own child, not reaped yet
    pidfd_ = std::move(*pidfd);
    pid_watch_ = loop_.add_fd(pidfd_.get(), EPOLLIN, [this](std::uint32_t) { ended(); });
  }

  ~Pty() override {
    *gone_ = true;
    loop_.remove_fd(master_watch_);
    loop_.remove_fd(pid_watch_);
    if (pid_ == 0) return;
    kill(-pid_, SIGHUP);
    kill(-pid_, SIGCONT);
    owner_.reap(pid_);
  }

  Result<void> write(std::string_view data) override {
    if (typed_.size() + data.size() > kMaxTyped) return fail(Code::exhausted, "what is typed is not read");
    typed_ += data;
    flush_typed();
    return {};
  }

  void resize(std::uint16_t rows, std::uint16_t columns) override {
    winsize size{};
    size.ws_row = rows;
    size.ws_col = columns;
    ioctl(master_.get(), TIOCSWINSZ, &size);
  }

  void read_more(bool wanted) override {
    reading_ = wanted;
    update_watch();
    if (wanted && exited_)
      loop_.post([this, gone = gone_] {
        if (!*gone) ready(EPOLLIN);
      });
  }

 private:
  void update_watch() {
    if (master_watch_ == 0) return;
    const std::uint32_t in = reading_ ? EPOLLIN : 0U;
    loop_.change_fd(master_watch_, in | (typed_.empty() ? 0U : EPOLLOUT));
  }

  void flush_typed() {
    while (!typed_.empty()) {
      const ssize_t n = ::write(master_.get(), typed_.data(), typed_.size());
      if (n <= 0) break;
      typed_.erase(0, static_cast<std::size_t>(n));
    }
    update_watch();
  }

  void ready(std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush_typed();
    if (!reading_) {
      // A hang-up is reported whether it is wanted or not: look away until reading goes on.
      if ((events & (EPOLLHUP | EPOLLERR)) != 0) forget_master();
      return;
    }
    std::string data(wire::kMaxShellData, '\0');
    const ssize_t n = ::read(master_.get(), data.data(), data.size());
    if (n > 0) {
      data.resize(static_cast<std::size_t>(n));
      const auto gone = gone_;
      handler_.data(std::move(data));
      if (!*gone && exited_ && reading_)
        loop_.post([this, gone] {
          if (!*gone) ready(EPOLLIN);
        });
      return;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR) && !exited_) return;
    forget_master();  // nobody has the terminal open any more, or the shell has ended and all is read
    if (exited_) handler_.closed(exit_code_);
  }

  void forget_master() { loop_.remove_fd(std::exchange(master_watch_, 0)); }

  void ended() {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) != pid_) return;
    loop_.remove_fd(std::exchange(pid_watch_, 0));
    pid_ = 0;
    exited_ = true;
    exit_code_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    if (reading_) ready(EPOLLIN);
  }

  PtyTerminals& owner_;
  io::EventLoop& loop_;
  io::Fd master_, pidfd_;
  pid_t pid_;
  Handler handler_;
  io::EventLoop::WatchId master_watch_ = 0, pid_watch_ = 0;
  std::string typed_;
  bool reading_ = true, exited_ = false;
  std::int32_t exit_code_ = 0;
  std::shared_ptr<bool> gone_ = std::make_shared<bool>(false);
};

PtyTerminals::~PtyTerminals() {
  for (auto& [pid, watch] : dying_) loop_.remove_fd(watch.second);
}

Result<std::unique_ptr<Terminal>> PtyTerminals::open(const wire::ShellOpen& request, Handler handler) {
  winsize size{};
  size.ws_row = request.rows;
  size.ws_col = request.columns;
  const bool login = request.argv.empty();
  const std::string program = login ? login_shell_ : request.argv[0];
  const std::vector<std::string> argv =
      login ? std::vector<std::string>{"-" + program.substr(program.rfind('/') + 1)} : request.argv;
  const std::vector<std::string> environment = {"TERM=" + safe_term(request.term),
                                                "HOME=/root",
                                                "USER=root",
                                                "LOGNAME=root",
                                                "SHELL=" + login_shell_,
                                                "LANG=C.UTF-8",
                                                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  int master = -1;
  const pid_t pid = forkpty(&master, nullptr, nullptr, &size);
  if (pid < 0) return tl::unexpected(io::system_error("open a terminal for", program));
  if (pid == 0) become_shell(argv, program, environment);
  fcntl(master, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<Terminal>(new Pty(*this, io::Fd(master), pid, std::move(handler)));
}

void PtyTerminals::reap(pid_t pid) {
  auto pidfd = io::open_pidfd(pid);
  if (!pidfd) return;
  const int fd = pidfd->get();
  const auto watch = loop_.add_fd(fd, EPOLLIN, [this, pid](std::uint32_t) {
    waitpid(pid, nullptr, WNOHANG);
    const auto it = dying_.find(pid);
    loop_.remove_fd(it->second.second);
    dying_.erase(it);
  });
  dying_.emplace(pid, std::pair(std::move(*pidfd), watch));
}

}  // namespace prov::agent
