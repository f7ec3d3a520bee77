#pragma once
// A terminal that passes every key on, until the object goes: put back on every way out, also when a signal ends the
// program or an assertion fails.
#include <signal.h>

#include <memory>

#include "common/result.h"

namespace prov::cli {

class RawTerminal {
 public:
  // One at a time. SIGWINCH, SIGHUP, SIGTERM, SIGINT and SIGQUIT come through signal_fd() from now on.
  static Result<std::unique_ptr<RawTerminal>> enter(int fd);
  ~RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;

  int signal_fd() const { return signal_fd_; }
  int take_signal();  // the number of one that came; 0: none

 private:
  RawTerminal(int signal_fd, const sigset_t& before) : signal_fd_(signal_fd), before_(before) {}
  int signal_fd_;
  sigset_t before_;
};

}  // namespace prov::cli
