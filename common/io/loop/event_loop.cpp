#include "common/io/loop/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

#include "common/result.h"

namespace prov::io {
namespace {

constexpr EventLoop::WatchId kWakeId = 0;
constexpr std::size_t kEventsPerTurn = 64;

std::uint64_t monotonic_ms() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

}  // namespace

EventLoop::EventLoop() : epoll_fd_(epoll_create1(EPOLL_CLOEXEC)), wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  PROV_ASSERT(epoll_fd_ >= 0 && wake_fd_ >= 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  PROV_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, wake_fd_, &event) == 0);
}

EventLoop::~EventLoop() {
  close(wake_fd_);
  close(epoll_fd_);
}

void EventLoop::run() {
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    turn(-1);
  }
  const std::lock_guard lock(mutex_);
  stopping_ = false;
}

void EventLoop::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  post([] {});
}

void EventLoop::turn(int max_wait_ms) {
  std::array<epoll_event, kEventsPerTurn> events{};
  const int count = epoll_wait(epoll_fd_, events.data(), kEventsPerTurn, wait_ms(max_wait_ms));
  PROV_ASSERT(count >= 0 || errno == EINTR);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (event.data.u64 == kWakeId) {
      std::uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t n = read(wake_fd_, &ignored, sizeof ignored);
      continue;
    }
    // An earlier callback of this turn may have ended this watch; ids are never used again, so it is just not there.
    const auto it = watches_.find(event.data.u64);
    if (it == watches_.end()) continue;
    const std::shared_ptr<Ready> ready = it->second.ready;  // survives remove_fd() from within
    (*ready)(event.events);
  }
  run_posted();
  run_timers();
}

int EventLoop::wait_ms(int max_wait_ms) {
  {
    const std::lock_guard lock(mutex_);
    if (!posted_.empty() || stopping_) return 0;
  }
  if (timers_.empty()) return max_wait_ms;
  const std::uint64_t now = monotonic_ms();
  const std::uint64_t at = timers_.begin()->first.at_ms;
  const int until = at <= now ? 0 : static_cast<int>(std::min<std::uint64_t>(at - now, 3'600'000));
  return max_wait_ms < 0 ? until : std::min(max_wait_ms, until);
}

void EventLoop::run_posted() {
  std::vector<std::function<void()>> work;
  {
    const std::lock_guard lock(mutex_);
    work.swap(posted_);
  }
  for (auto& each : work) each();
}

void EventLoop::run_timers() {
  const std::uint64_t now = monotonic_ms();
  const TimerId newest = next_id_;  // timers that are set from here on wait for the next turn
  for (auto it = timers_.begin(); it != timers_.end() && it->first.at_ms <= now;) {
    if (it->first.id >= newest) {
      ++it;
      continue;
    }
    const auto fire = std::move(it->second);
    due_.erase(it->first.id);
    timers_.erase(it);
    fire();
    it = timers_.begin();  // fire() may have changed anything
  }
}

TimerId EventLoop::after(std::uint64_t delay_ms, std::function<void()> fire) {
  const TimerId id = next_id_++;
  // One more millisecond: the clock is cut to whole ones, and a timer never fires early.
  const std::uint64_t at = delay_ms == 0 ? 0 : monotonic_ms() + delay_ms + 1;
  timers_.emplace(Due{at, id}, std::move(fire));
  due_.emplace(id, at);
  return id;
}

void EventLoop::cancel(TimerId id) {
  const auto it = due_.find(id);
  if (it == due_.end()) return;
  timers_.erase(Due{it->second, id});
  due_.erase(it);
}

void EventLoop::post(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_fd_, &one, sizeof one);  // full means that it wakes anyway
}

EventLoop::WatchId EventLoop::add_fd(int fd, std::uint32_t epoll_events, Ready ready) {
  const WatchId id = next_id_++;
  epoll_event event{};
  event.events = epoll_events;
  event.data.u64 = id;
  PROV_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0);
  watches_.emplace(id, Watch{fd, std::make_shared<Ready>(std::move(ready))});
  return id;
}

void EventLoop::change_fd(WatchId id, std::uint32_t epoll_events) {
  const auto it = watches_.find(id);
  PROV_ASSERT(it != watches_.end());
  epoll_event event{};
  event.events = epoll_events;
  event.data.u64 = id;
  PROV_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_MOD, it->second.fd, &event) == 0);
}

void EventLoop::remove_fd(WatchId id) {
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  // Before close(): a child that is being spawned may still hold the descriptor, and epoll would go on reporting it.
  PROV_ASSERT(epoll_ctl(epoll_fd_, EPOLL_CTL_DEL, it->second.fd, nullptr) == 0);
  watches_.erase(it);
}

void EventLoop::watch(int fd, std::function<void()> readable) {
  PROV_ASSERT(!readable_.contains(fd));
  readable_[fd] = add_fd(fd, EPOLLIN, [readable = std::move(readable)](std::uint32_t) { readable(); });
}

void EventLoop::unwatch(int fd) {
  const auto it = readable_.find(fd);
  if (it == readable_.end()) return;
  remove_fd(it->second);
  readable_.erase(it);
}

}  // namespace prov::io
