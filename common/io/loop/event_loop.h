#pragma once
// One thread's event loop on epoll: file descriptors, timers, and work handed over from other threads. Within a turn:
// ready descriptors first, then posted work, then due timers; so `after(0, f)` runs f once per turn, behind whatever
// came in it, which is where a group is synced.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "common/ports/fd_watcher.h"
#include "common/ports/timers.h"

namespace prov::io {

class EventLoop final : public Timers, public Executor, public FdWatcher {
 public:
  using WatchId = std::uint64_t;  // 0 is none; never used again
  using Ready = std::function<void(std::uint32_t epoll_events)>;

  EventLoop();  // aborts when the system has no descriptor left
  ~EventLoop() override;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run();                  // until stop(); on the thread that owns the loop
  void stop();                 // any thread; run() returns after the current turn
  void turn(int max_wait_ms);  // one turn; -1 waits as long as nothing happens. For tests and for whoever has a loop

  TimerId after(std::uint64_t delay_ms, std::function<void()> fire) override;
  void cancel(TimerId id) override;
  void post(std::function<void()> work) override;

  // Calls `ready` with the epoll events (EPOLLIN, ...; add EPOLLET yourself). The descriptor stays the caller's.
  // REQUIRES: owner's thread; remove_fd before close().
  WatchId add_fd(int fd, std::uint32_t epoll_events, Ready ready);
  void change_fd(WatchId id, std::uint32_t epoll_events);
  void remove_fd(WatchId id);  // also from within `ready`; an unknown id is fine

  void watch(int fd, std::function<void()> readable) override;  // level-triggered
  void unwatch(int fd) override;

 private:
  struct Watch {
    int fd;
    std::shared_ptr<Ready> ready;
  };
  struct Due {
    std::uint64_t at_ms;
    TimerId id;
    auto operator<=>(const Due&) const = default;
  };

  int wait_ms(int max_wait_ms);
  void run_posted();
  void run_timers();

  int epoll_fd_ = -1;
  int wake_fd_ = -1;
  std::uint64_t next_id_ = 1;
  std::map<WatchId, Watch> watches_;
  std::unordered_map<int, WatchId> readable_;  // those of watch()
  std::map<Due, std::function<void()>> timers_;
  std::unordered_map<TimerId, std::uint64_t> due_;
  std::mutex mutex_;  // guards posted_ and stopping_
  std::vector<std::function<void()>> posted_;
  bool stopping_ = false;
};

}  // namespace prov::io
