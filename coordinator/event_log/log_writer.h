#pragma once
// The only writer of the log: numbers events, packs what came while the last commit synced into the next one (group
// commit), chains and checkpoints commits, indexes workflows beside them (workflow_index.h), and holds the output gate.
// Everything runs on the owner's thread.
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <utility>

#include "common/ports/clock.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "coordinator/domain/events.h"
#include "coordinator/event_log/checkpoint.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/log_position.h"
#include "coordinator/event_log/log_time.h"

namespace prov::event_log {

inline constexpr std::size_t kMaxCommitEvents = 4096;    // a commit is closed when it reaches either;
inline constexpr std::size_t kMaxCommitBytes = 1 << 20;  // one command's events are never split

class LogWriter {
 public:
  // `position` is where the log ends; an empty log has no log id yet, so the caller has drawn one. A failed sync calls
  // `fatal` (which ends the process) and nothing after it. `executor` brings the store's completions back to the
  // owner's thread. Without a key no checkpoint is signed.
  LogWriter(RecordLog& log, Executor& executor, Clock& clock, LogPosition position, const SigningKey* key,
            std::function<void(const Error&)> fatal);
  ~LogWriter();
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  // Fills in log id, sequence, times, and the epoch of the event before where there is none; returns the numbered
  // event. It will be in the next commit. After damage (the store holds, or once held, more than `position` says)
  // nothing is written before a DamageAccepted is appended; the commits beyond `position` are then set aside.
  using EventPtr = std::shared_ptr<const domain::Event>;
  EventPtr append(std::shared_ptr<domain::Event> event);  // which nobody else changes any more
  EventPtr append(domain::Event event);
  void write_side(SideRecord record);

  // Runs `done` when everything appended or written so far is durable (at once when it already is).
  void when_durable(std::function<void()> done);

  // Call after each command: starts a commit when none is under way. A store without room keeps the gate shut and
  // loses nothing; each flush offers it the same commit again.
  void flush();

  // What becomes of the store's room: `written` hears the size of each commit that is on disk, `refused` each time that
  // the store has no room for one. Who hears that calls flush() when there may be room again.
  void on_room(std::function<void(std::size_t bytes)> written, std::function<void()> refused);

  // Up to which commit workflows still have to be indexed by somebody else (index_commits), because they were written
  // without; 0: the index is complete, and each commit keeps it so.
  std::uint64_t index_missing_to() const { return index_missing_to_; }
  // Everything up to there was written by write_side().
  void index_filled();

  // While one lives, flush() waits for its end, and log time stands still: what comes in one message costs one commit,
  // not a first one for its first word alone, and one look at the clocks.
  class Group {
   public:
    explicit Group(LogWriter& writer) : writer_(writer) {
      static_cast<void>(writer_.now_ms());
      ++writer_.groups_;
    }
    ~Group() {
      if (--writer_.groups_ == 0) writer_.flush();
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

   private:
    LogWriter& writer_;
  };

  // A checkpoint over the last durable commit, as an event for the caller to fold; nullptr when nothing is new.
  EventPtr checkpoint_now();

  // Its checkpoint_sequence is that of the last checkpoint that was signed, be it durable yet or not.
  const LogPosition& durable() const { return durable_; }
  std::uint64_t last_sequence() const { return next_sequence_ - 1; }
  TimeMs now_ms() { return groups_ > 0 ? time_.said_ms() : time_.now_ms(); }  // log time
  std::size_t waiting_bytes() const { return waiting_bytes_; }                // appended and not yet given to the store
  bool out_of_room() const {
    return out_of_room_;
  }  // a commit waits for room; nothing passes the gate until it has some

 private:
  struct Batch;
  Batch& open_batch();
  void start_commit();
  Result<void> begin_behind_damage(std::vector<SideRecord>& sides);
  void index(Batch& batch);
  void offer();
  void finish_commit(const Result<void>& result);
  void fail_with(const Error& error);
  void run_gate();

  RecordLog& log_;
  Executor& executor_;
  LogPosition durable_;
  const SigningKey* key_;
  std::function<void(const Error&)> fatal_;
  EventEncoder encoder_;
  std::uint64_t next_sequence_;
  LogTime time_;
  std::uint32_t epoch_ = 0;
  std::uint64_t appended_ = 0, released_ = 0;  // how many appends there were, and how many of them are durable
  std::uint64_t checkpoint_event_ = 0;         // sequence of the last CheckpointSigned that was made here
  std::size_t waiting_bytes_ = 0;
  std::deque<std::unique_ptr<Batch>> waiting_;  // all but the last are closed
  std::unique_ptr<Batch> writing_;
  CommitBuilder spare_;  // for the next batch
  std::deque<std::pair<std::uint64_t, std::function<void()>>> gate_;
  std::function<void(std::size_t)> written_;
  std::function<void()> refused_;
  std::uint64_t index_missing_to_ = 0;
  bool index_marks_ = true;      // each commit says that the index is complete up to it
  bool index_mark_due_ = false;  // say so with the next batch, whatever is in it
  bool index_is_ahead_ = false;  // it speaks of commits that are not the log's any more
  int groups_ = 0;
  bool running_gate_ = false, out_of_room_ = false, failed_ = false;
  bool offered_ = false;         // the store has not answered yet
  bool held_;                    // damaged, and nobody has decided yet
  std::shared_ptr<bool> alive_;  // false: completions that are still on their way find nobody
};

}  // namespace prov::event_log
