#include "coordinator/cli/raw_terminal.h"

#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace prov::cli {
namespace {

// What a signal handler may reach: signals have no other place to look.
volatile sig_atomic_t g_raw_fd = -1;
termios g_before;

constexpr int kFatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

void put_back() {
  if (g_raw_fd >= 0) ::tcsetattr(g_raw_fd, TCSADRAIN, &g_before);
  g_raw_fd = -1;
}

void on_fatal(int number) {  // tcsetattr and raise are safe here
  put_back();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

sigset_t watched() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGWINCH, SIGHUP, SIGTERM, SIGINT, SIGQUIT}) ::sigaddset(&set, number);
  return set;
}

}  // namespace

Result<std::unique_ptr<RawTerminal>> RawTerminal::enter(int fd) {
  PROV_ASSERT(g_raw_fd < 0);
  if (::tcgetattr(fd, &g_before) != 0) return fail(Code::io, std::string("no terminal: ") + std::strerror(errno));
  sigset_t set = watched(), before;
  ::sigprocmask(SIG_BLOCK, &set, &before);
  const int signal_fd = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signal_fd < 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    return fail(Code::io, std::string("signalfd: ") + std::strerror(errno));
  }
  std::unique_ptr<RawTerminal> terminal(new RawTerminal(signal_fd, before));
  g_raw_fd = fd;
  for (const int number : kFatal) ::signal(number, on_fatal);
  termios raw = g_before;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSADRAIN, &raw) != 0) return fail(Code::io, std::string("terminal: ") + std::strerror(errno));
  return terminal;
}

RawTerminal::~RawTerminal() {
  put_back();
  for (const int number : kFatal) ::signal(number, SIG_DFL);
  ::close(signal_fd_);
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int RawTerminal::take_signal() {
  signalfd_siginfo info;
  return ::read(signal_fd_, &info, sizeof info) == sizeof info ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace prov::cli
