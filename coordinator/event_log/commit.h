#pragma once
// The format of a commit: a group of events that became durable together, chained to the commit before it.
//
//   offset  bytes
//        0      8  "PRVCMT1\n"                     magic and version
//        8      8  commit number                   1, 2, 3, ... (all numbers are little-endian)
//       16      8  sequence of the first event
//       24      8  log time of the last event, ms
//       32     32  hash of the commit before       zeros in commit 1
//       64      4  count of events                 at least 1
//       68      4  0
//       72      n  count x { length (4), event }   event: see event_codec.h
//     72+n     32  own hash                        BLAKE2b-256 of everything before it
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"
#include "common/time.h"
#include "coordinator/event_log/event_codec.h"

namespace prov::event_log {

inline constexpr std::string_view kCommitMagic = "PRVCMT1\n";
inline constexpr std::size_t kCommitHeaderBytes = 72;

struct CommitHeader {
  std::uint64_t number = 0, first_sequence = 0;
  TimeMs log_time_ms = 0;
  Digest previous;
  std::uint32_t count = 0;
};

class CommitBuilder {
 public:
  CommitBuilder();
  void add(EventEncoder& encoder, const domain::Event& event);
  std::uint32_t count() const { return header_.count; }
  std::size_t bytes() const { return bytes_.size(); }
  std::uint64_t last_sequence() const { return header_.first_sequence + header_.count - 1; }
  TimeMs log_time_ms() const { return header_.log_time_ms; }

  // The commit's bytes; `hash` gets its own hash. Ends the builder. REQUIRES: count() > 0.
  std::string finish(std::uint64_t number, const Digest& previous, Digest& hash);

 private:
  CommitHeader header_;
  std::string bytes_;
};

// What a commit says of itself, without a look at whether it is whole: enough to search by, nothing to believe. Errors
// as CommitView::open.
Result<CommitHeader> peek_header(std::string_view bytes);

// A commit that is whole: sizes fit and its own hash is right. A view into the bytes that it was opened from.
class CommitView {
 public:
  // Code::corrupt says what is wrong; Code::unsupported: a version that this release does not know.
  static Result<CommitView> open(std::string_view bytes);

  const CommitHeader& header() const { return header_; }
  const Digest& hash() const { return hash_; }

  // Takes events one after the other; an empty view is the end.
  std::string_view next();

 private:
  CommitHeader header_;
  Digest hash_;
  std::string_view rest_;
};

}  // namespace prov::event_log
