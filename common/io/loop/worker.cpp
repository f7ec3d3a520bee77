#include "common/io/loop/worker.h"

#include <utility>

#include "common/this_thread.h"

namespace prov::io {

Worker::Worker(const char* name, std::function<void()> idle, std::chrono::milliseconds idle_after)
    : idle_(std::move(idle)), idle_after_(idle_after), thread_([this, name] {
        this_thread::set_name(name);
        run();
      }) {}

void Worker::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || waiting_.size() >= kMaxWaiting) return;
  waiting_.push_back(std::move(work));
  wake_.notify_one();
}

void Worker::stop() {
  std::deque<std::function<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
    wake_.notify_one();
  }
  dropped.clear();  // outside of the lock: what it captured may do something when it ends
  if (thread_.joinable()) thread_.join();
}

void Worker::run() {
  const auto something = [this] { return stopping_ || !waiting_.empty(); };
  bool rested = true;
  for (;;) {
    std::function<void()> work = idle_;
    {
      std::unique_lock lock(mutex_);
      if (rested || !idle_) wake_.wait(lock, something);
      rested = !wake_.wait_for(lock, idle_after_, something);
      if (stopping_) return;
      if (!rested) {
        work = std::move(waiting_.front());
        waiting_.pop_front();
      }
    }
    work();
  }
}

}  // namespace prov::io
