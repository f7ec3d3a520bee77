#pragma once
// The only writer of the log: numbers events, packs what came while the last commit synced into the next one (group
// commit), chains and checkpoints commits, and holds the output gate. Everything runs on the owner's thread.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/domain/events.h"
#include "coordinator/event_log/checkpoint.h"

namespace prov::event_log {

struct LogPosition {  // where a log ends
  Id log_id;
  std::uint64_t commit = 0;    // number of the last commit
  std::uint64_t sequence = 0;  // of the last event
  Digest commit_hash;
  TimeMs log_time_ms = 0;
  std::uint64_t checkpoint_sequence = 0;  // covered by the last signed checkpoint
};

inline constexpr std::size_t kMaxCommitEvents = 4096;     // a commit is closed when it reaches either;
inline constexpr std::size_t kMaxCommitBytes = 1 << 20;   // one command's events are never split

class LogWriter {
 public:
  // `position` is where the log ends. A failed sync calls `fatal` (which ends the process) and nothing after it.
  // `executor` brings the store's completions back to the owner's thread. A checkpoint is signed every
  // `checkpoint_events` events, and by checkpoint_now().
  LogWriter(RecordLog& log, Executor& executor, Clock& clock, LogPosition position, const SigningKey* key,
            std::function<void(const Error&)> fatal, std::uint64_t checkpoint_events = 4096);

  // Fills in log id, sequence, times; returns the numbered event. It will be in the next commit.
  std::shared_ptr<const domain::Event> append(domain::Event event);
  void write_side(SideRecord record);

  // Runs `done` when everything appended or written so far is durable (at once when it already is).
  void when_durable(std::function<void()> done);

  // Call after each command: starts a commit when none is under way.
  void flush();

  // A checkpoint over the last durable commit, as an event for the caller to fold; nullptr when nothing is new.
  std::shared_ptr<const domain::Event> checkpoint_now();

  const LogPosition& durable() const { return durable_; }
  std::uint64_t last_sequence() const { return next_sequence_ - 1; }
  TimeMs log_time_ms() const { return log_time_ms_; }

 private:
  struct Batch;
  void start_commit();
  void finish_commit(const Result<void>& result);

  RecordLog& log_;
  Executor& executor_;
  Clock& clock_;
  LogPosition durable_;
  const SigningKey* key_;
  std::function<void(const Error&)> fatal_;
  std::uint64_t checkpoint_events_;
  std::uint64_t next_sequence_;
  TimeMs log_time_ms_;
  std::uint64_t appended_ = 0, released_ = 0;  // how many appends there were, and how many of them are durable
  std::deque<std::unique_ptr<Batch>> waiting_;
  std::unique_ptr<Batch> writing_;
  std::deque<std::pair<std::uint64_t, std::function<void()>>> gate_;
  std::shared_ptr<bool> alive_;
};

}  // namespace prov::event_log
