#pragma once
// The readable side of the owner's event loop, so that something with a file descriptor can live in it without a
// thread of its own. Implementation: the epoll loop in common/io/loop. All calls and callbacks on the owner's thread.
#include <functional>

namespace prov {

class FdWatcher {
 public:
  virtual ~FdWatcher() = default;
  // Runs `readable` each time the descriptor becomes readable (level-triggered or edge-triggered: the callee drains
  // it). The callback may unwatch itself or others. REQUIRES: `fd` is not watched yet and stays open until unwatch.
  virtual void watch(int fd, std::function<void()> readable) = 0;
  virtual void unwatch(int fd) = 0;  // no callback of it runs afterwards; an unknown fd is fine
};

}  // namespace prov
