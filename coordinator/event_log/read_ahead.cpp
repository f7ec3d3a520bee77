#include "coordinator/event_log/read_ahead.h"

#include "common/this_thread.h"

namespace prov::event_log {
namespace {

constexpr std::size_t kLoadBytes = 256 << 10;  // handed over at once, so that waking costs little per commit
constexpr std::size_t kMostBytes = 8 << 20;    // read, and not taken yet

}  // namespace

ReadAhead::ReadAhead(RecordLog& log, std::uint64_t from) : thread_([this, &log, from] { read(log, from); }) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(mutex_);
    given_up_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ReadAhead::read(RecordLog& log, std::uint64_t from) {
  this_thread::set_name("read-ahead");
  Load load;
  std::size_t bytes = 0;
  auto read = log.read(from, [&](std::uint64_t number, std::string_view commit) {
    load.push_back({number, std::string(commit), CommitView()});
    load.back().view = CommitView::open(load.back().bytes);
    bytes += commit.size();
    return bytes < kLoadBytes || hand_over(std::exchange(load, {}), std::exchange(bytes, 0));
  });
  if (!load.empty()) hand_over(std::move(load), bytes);
  {
    const std::lock_guard lock(mutex_);
    result_ = std::move(read);
    ended_ = true;
  }
  changed_.notify_all();
}

bool ReadAhead::hand_over(Load load, std::size_t bytes) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return given_up_ || ready_bytes_ < kMostBytes; });
  if (given_up_) return false;
  ready_.emplace_back(std::move(load), bytes);
  ready_bytes_ += bytes;
  lock.unlock();
  changed_.notify_all();
  return true;
}

std::optional<ReadAhead::Load> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return ended_ || !ready_.empty(); });
  if (ready_.empty()) return std::nullopt;
  auto [load, bytes] = std::move(ready_.front());
  ready_.pop_front();
  ready_bytes_ -= bytes;
  lock.unlock();
  changed_.notify_all();
  return std::move(load);
}

}  // namespace prov::event_log
