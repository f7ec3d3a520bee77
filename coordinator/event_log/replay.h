#pragma once
// Reading the log: every commit is verified (own hash, chain, numbers, times) before an event of it is believed. What
// is wrong is described, never fatal: a reader gets everything before it.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/domain/events.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/checkpoint.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/log_position.h"

namespace prov::event_log {

using EventVisitor = std::function<bool(const domain::Event&)>;  // false: enough
using PublicKeys = std::map<std::string, PublicKey>;             // by key id; empty: signatures are not looked at

// Who reads commits and verifies their hashes: the thread that also decodes and folds them, or one of its own beside
// it, which brings a long log in half of the time.
enum class Reading { here, ahead };

struct Replayed {
  LogPosition end;  // the last commit that was read to its end
  std::uint64_t commits = 0, events = 0, checkpoints = 0;
  std::uint64_t covered_commit = 0, covered_sequence = 0;  // by the last checkpoint that was read (and verified)
  std::optional<Damage> damage;
};

// Reads the commits after `from` (default: all) and hands each event to `visit`, in order. With `keys`, a checkpoint
// that is not signed by one of them is damage. Any thread.
Replayed replay(RecordLog& log, const LogPosition& from, const PublicKeys& keys, const EventVisitor& visit,
                Reading reading = Reading::here);

// A place to read from that leaves out what comes before the commit with `sequence`, which may be in an archive: that
// commit's own word for the one before it is taken, until a signed checkpoint behind it vouches for both.
// Code::not_found: the log does not hold that event.
Result<LogPosition> position_before(RecordLog& log, std::uint64_t sequence);

// What is wrong behind the last commit that was read: the damage that ended the reading, or an end of the log that the
// store once held. `last` and `attested` are the store's (RecordLog) before the reading began.
std::optional<Damage> damage_at_end(const Replayed& read, std::uint64_t last, std::uint64_t attested);

// Commits that a reader came upon the lack of: Code::corrupt, and what to do about it. `next` is what is there behind.
Error gap(std::uint64_t first_missing, const CommitHeader& next);

// Events from a sequence on, found without reading what comes before it. Each commit's own hash is verified, the chain
// is not. Code::corrupt: the log is damaged there, or has a gap behind the first commit there is. Any thread.
Result<void> read_events(RecordLog& log, std::uint64_t from_sequence, const EventVisitor& visit);

struct OpenedLog {
  domain::State state;
  LogPosition position;                 // where to go on; its log id is zero when the log is empty
  std::optional<Damage> damage;         // read-only until an operator decides
  std::vector<std::string> notes;       // for the operator's log, e.g. a snapshot that could not be used
  std::uint64_t snapshot_sequence = 0;  // 0: replayed from the start
  std::uint64_t replayed_events = 0;
};

// What the log folds to: from the newest good snapshot, or from the start. Never fails: see `damage`. The state's
// agenda is off (domain::rebuild_agenda).
OpenedLog open_log(RecordLog& log, Reading reading = Reading::here);

// The state after `sequence`, from the newest snapshot not beyond it. Code::not_found: the log does not reach so far
// (or is damaged before it). Its agenda is off.
Result<domain::State> state_at(RecordLog& log, std::uint64_t sequence);

// The sequence of the last event whose log time is not after `time_ms`; 0: there is none.
Result<std::uint64_t> sequence_at(RecordLog& log, TimeMs time_ms);

}  // namespace prov::event_log
