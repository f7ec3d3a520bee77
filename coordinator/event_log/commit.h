#pragma once
// The format of a commit: a group of events that became durable together, chained to the commit before it.
//
//   offset  bytes
//        0      8  "PRVCMT1\n", 2 or 3             magic and version; 2: with a table; 3: in which some ended plainly
//        8      8  commit number                   1, 2, 3, ... (all numbers are little-endian)
//       16      8  sequence of the first event
//       24      8  log time of the last event, ms
//       32     32  hash of the commit before       zeros in commit 1
//       64      4  count of events                 at least 1
//       68      4  count of those in the table     0 in version 1
//       72      n  the others { length (4), event }  event: see event_codec.h
//                  with a table: zeros, up to an offset that is a multiple of 8
//     72+n      m  the table                       see task_table.h; it says at which places its events come
//   72+n+m     32  own hash                        BLAKE2b-256 of everything before it
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/task_table.h"

namespace prov::event_log {

inline constexpr std::size_t kCommitHeaderBytes = 72;

struct CommitHeader {
  std::uint64_t number = 0, first_sequence = 0;
  TimeMs log_time_ms = 0;
  Digest previous;
  std::uint32_t count = 0, in_table = 0;
};

class CommitBuilder {
 public:
  CommitBuilder();
  void add(EventEncoder& encoder, const domain::Event& event);
  std::uint32_t count() const { return header_.count; }
  std::size_t bytes() const { return bytes_.size() + table_.bytes(); }  // about what finish() returns
  std::uint64_t last_sequence() const { return header_.first_sequence + header_.count - 1; }
  TimeMs log_time_ms() const { return header_.log_time_ms; }

  // The commit's bytes; `hash` gets its own hash. The builder is as new then, and keeps memory for the next one.
  // REQUIRES: count() > 0.
  std::string finish(std::uint64_t number, const Digest& previous, Digest& hash);

 private:
  CommitHeader header_;
  TaskTableBuilder table_;
  std::string bytes_;  // all but the table
};

// What a commit says of itself, without a look at whether it is whole: enough to search by, nothing to believe. Errors
// as CommitView::open.
Result<CommitHeader> peek_header(std::string_view bytes);

// One event of a commit, not yet decoded. A view into its CommitView.
class EventView {
 public:
  EventView(std::string_view bytes, const TaskTable* table, std::uint32_t place, std::uint64_t sequence)
      : bytes_(bytes), table_(table), place_(place), sequence_(sequence) {}

  // Code::corrupt: not what any release writes.
  Result<domain::Event> event() const;
  Result<domain::Envelope> envelope() const;  // without a look at the payload

 private:
  std::string_view bytes_;  // its own, or
  const TaskTable* table_;  // where it is instead
  std::uint32_t place_;
  std::uint64_t sequence_;
};

// A commit that is whole: sizes fit and its own hash is right. A view into the bytes that it was opened from.
class CommitView {
 public:
  // Code::corrupt says what is wrong; Code::unsupported: a version that this release does not know.
  static Result<CommitView> open(std::string_view bytes);

  const CommitHeader& header() const { return header_; }
  const Digest& hash() const { return hash_; }

  // Takes events one after the other; nullopt is the end.
  std::optional<EventView> next();

 private:
  Result<void> take_body(std::string_view body);

  CommitHeader header_;
  Digest hash_;
  std::string_view rest_;  // of the events outside of the table
  std::shared_ptr<const TaskTable> table_;
  std::uint32_t place_ = 0;  // of the next event
};

}  // namespace prov::event_log
