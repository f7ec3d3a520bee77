#pragma once
// Commits in order, read and verified by a thread of their own some way ahead of the one that takes them: half of what
// a replay costs is the hash of each commit, and none of it has to wait for what the commit before it folds to.
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/event_log/commit.h"

namespace prov::event_log {

class ReadAhead {
 public:
  struct Commit {
    std::uint64_t number = 0;
    std::string bytes;
    Result<CommitView> view;  // of `bytes`: what CommitView::open says of them
  };
  using Load = std::vector<Commit>;

  ReadAhead(RecordLog& log, std::uint64_t from);
  ~ReadAhead();  // what was not taken is not read to its end
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next of them, at least one; nullopt at the end. Waits.
  std::optional<Load> next();

  // How the reading ended, as RecordLog::read says. REQUIRES: next() gave nullopt.
  const Result<void>& result() const { return result_; }

 private:
  void read(RecordLog& log, std::uint64_t from);
  bool hand_over(Load load, std::size_t bytes);  // false: nobody takes any more

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Load, std::size_t>> ready_;
  std::size_t ready_bytes_ = 0;
  bool ended_ = false, given_up_ = false;
  Result<void> result_;
  std::thread thread_;
};

}  // namespace prov::event_log
