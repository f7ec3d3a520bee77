#pragma once
// Internal: what passes between the owner's thread and the link's thread, both ways, bounded.
//
//   owner  --- frames, commands --->  link thread      woken by an eventfd, once per batch
//   owner  <-- frames, enrolments, alarms ---          one Executor::post per batch
#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "common/result.h"

namespace prov::io {

struct InFrame {
  Key agent;
  std::string frame;
};
struct InEnrolment {
  Key key;
  std::string route, request;  // route: how to answer it
};
struct InAlarm {
  std::string kind, peer, detail;
};
using Inbound = std::variant<InFrame, InEnrolment, InAlarm>;

struct OutFrame {
  Key agent;
  std::string frame;
};
struct Allow {
  Key agent;
};
struct Forbid {
  Key agent;
};
struct AnswerEnrolment {
  std::string route, answer;
};
struct Listen {
  std::string address;
  std::promise<Result<void>>* done;
};
struct Stop {};
using Command = std::variant<Allow, Forbid, AnswerEnrolment, Listen, Stop>;

// A queue from one thread to another. It tells when it is full and leaves it to the one who pushes to heed that.
template <class Item>
class Batch {
 public:
  // Returns whether it was empty: the first one to push wakes the other side.
  bool push(Item item, std::size_t bytes) {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    bytes_ += bytes;
    return items_.size() == 1;
  }
  bool push_all(std::vector<Item>& items, std::size_t bytes) {
    std::lock_guard lock(mutex_);
    const bool first = items_.empty() && !items.empty();
    if (items_.empty()) {
      items_.swap(items);
    } else {
      std::move(items.begin(), items.end(), std::back_inserter(items_));
    }
    items.clear();
    bytes_ += bytes;
    return first;
  }
  bool full() const {
    std::lock_guard lock(mutex_);
    return is_full();
  }
  bool take(std::vector<Item>& into) {  // whether it was full
    into.clear();
    std::lock_guard lock(mutex_);
    const bool was_full = is_full();
    items_.swap(into);
    bytes_ = 0;
    return was_full;
  }

 private:
  static constexpr std::size_t kMaxItems = 65'536;
  static constexpr std::size_t kMaxBytes = 64 << 20;

  bool is_full() const { return items_.size() >= kMaxItems || bytes_ >= kMaxBytes; }

  mutable std::mutex mutex_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;
};

class WakeFd {
 public:
  WakeFd() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { PROV_ASSERT(fd_ >= 0); }
  ~WakeFd() { ::close(fd_); }
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  int get() const { return fd_; }
  void wake() { PROV_ASSERT(eventfd_write(fd_, 1) == 0); }
  void clear() {
    eventfd_t count = 0;
    static_cast<void>(eventfd_read(fd_, &count));
  }

 private:
  int fd_;
};

struct Exchange {
  Batch<OutFrame> frames;
  Batch<Command> commands;
  Batch<Inbound> inbound;
  WakeFd wake;
};

}  // namespace prov::io
