#include "tests/integration/cli/terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <chrono>

#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

constexpr winsize kSize{30, 100, 0, 0};

}  // namespace

Terminal::Terminal(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env) {
  // The program's side stays open here, so that its settings can be read when the program has ended.
  EXPECT_EQ(::openpty(&fd_, &other_, nullptr, nullptr, &kSize), 0);
  EXPECT_EQ(::tcgetattr(other_, &before_), 0);
  std::vector<std::string> variables;
  for (const auto& [name, value] : env) variables.push_back(name + "=" + value);
  auto words = pointers(argv), settings = pointers(variables);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::login_tty(other_);
    ::close(fd_);
    ::execve(words[0], words.data(), settings.data());
    ::_exit(127);
  }
}

Terminal::~Terminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(fd_);
  ::close(other_);
}

void Terminal::type(const std::string& keys) const {
  EXPECT_EQ(::write(fd_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
}

void Terminal::resize(unsigned short rows, unsigned short columns) const {
  const winsize size{rows, columns, 0, 0};
  EXPECT_EQ(::ioctl(fd_, TIOCSWINSZ, &size), 0);  // the kernel sends SIGWINCH
}

bool Terminal::shows(const std::string& text, int timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
  while (shown_.find(text) == std::string::npos) {
    if (std::chrono::steady_clock::now() > until) return false;
    read_some();
  }
  shown_.erase(0, shown_.find(text) + text.size());
  return true;
}

int Terminal::wait() {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) return -1;
    read_some();
  }
  pid_ = -1;
  read_some();
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool Terminal::is_raw() const {
  termios now{};
  ::tcgetattr(other_, &now);
  return (now.c_lflag & (ICANON | ECHO | ISIG)) == 0;
}

bool Terminal::is_as_before() const {
  termios now{};
  ::tcgetattr(other_, &now);
  return now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag && now.c_oflag == before_.c_oflag;
}

void Terminal::read_some() {
  pollfd ready{fd_, POLLIN, 0};
  if (::poll(&ready, 1, 50) <= 0) return;
  char buffer[16 << 10];
  const ssize_t got = ::read(fd_, buffer, sizeof buffer);
  if (got > 0) shown_.append(buffer, static_cast<std::size_t>(got));
}

}  // namespace prov::test
