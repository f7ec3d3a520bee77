#pragma once
// Shells on real pseudo-terminals: each a session of its own, as root's login shell or the command asked for.
#include <map>
#include <memory>
#include <string>

#include "agent/executor/terminals.h"
#include "common/io/loop/event_loop.h"
#include "common/io/posix/files.h"

namespace prov::agent {

class PtyTerminals final : public Terminals {
 public:
  PtyTerminals(io::EventLoop& loop, std::string login_shell) : loop_(loop), login_shell_(std::move(login_shell)) {}
  ~PtyTerminals() override;

  Result<std::unique_ptr<Terminal>> open(const wire::ShellOpen& request, Handler handler) override;

 private:
  class Pty;
  void reap(pid_t pid);  // a hung up shell that has not ended yet

  io::EventLoop& loop_;
  std::string login_shell_;
  std::map<pid_t, std::pair<io::Fd, io::EventLoop::WatchId>> dying_;
};

}  // namespace prov::agent
