#pragma once
// A segment: the oldest commits of a log, moved out of its store into one file that never changes again. It ends with a
// commit that a signed checkpoint covers and carries that signature, so it proves itself, wherever it is kept.
//
//   <first>-<last>.segment    the numbers of its commits, 20 digits each
//
//   offset  bytes
//        0      8  "PRVSEG1\n"                     magic and version
//        8      8  number of the first commit      (all numbers are little-endian)
//       16      8  number of the last commit
//       24      8  sequence of the first event
//       32      8  sequence of the last event
//       40      8  log time of the last event, ms
//       48     16  log id
//       64     32  hash of the commit before the first
//       96     32  hash of the last commit
//      128      8  key id of the checkpoint        over the last commit, see CheckpointSigned in schema/event.capnp
//      136     64  signature of the checkpoint
//      200     32  BLAKE2b-256 of everything before it
//      232      n  the commits, as the store had them (commit.h)
//    232+n   8c+8  where each of the c commits begins, and where the last one ends
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/ids.h"
#include "common/ports/record_log.h"
#include "common/result.h"
#include "common/time.h"
#include "coordinator/event_log/replay.h"

namespace prov::event_log {

struct SegmentHeader {
  std::uint64_t first_commit = 0, last_commit = 0;
  std::uint64_t first_sequence = 0, last_sequence = 0;
  TimeMs log_time_ms = 0;
  Id log_id;
  Digest previous, last_hash;
  std::string key_id, signature;  // 8 and 64 bytes

  std::uint64_t commits() const { return last_commit - first_commit + 1; }
};

std::string segment_name(std::uint64_t first_commit, std::uint64_t last_commit);
std::optional<std::pair<std::uint64_t, std::uint64_t>> parse_segment_name(std::string_view name);

// Copies these commits of `log` to a new file and syncs it; nothing of that name is there before it is whole. Blocks.
// Code::exhausted: the disk is full. Code::corrupt: `log` does not hold what the header says.
Result<void> write_segment(RecordLog& log, const SegmentHeader& header, const std::string& path);

Result<SegmentHeader> read_segment_header(const std::string& path);

// Commits from `from` on, as RecordLog::read; none where it holds none of them. Each is as it was stored: whoever opens
// it (CommitView) sees damage in it. Code::corrupt: the file's frame is damaged.
Result<void> read_segment(const std::string& path, std::uint64_t from, const RecordLog::CommitVisitor& visit);

// Reads all of it again: every commit's hash, the chain, the numbers, what the header says, and the signature, by one
// of `keys` (none: it is not looked at). Code::corrupt says what is wrong where.
Result<void> verify_segment(const std::string& path, const PublicKeys& keys);

}  // namespace prov::event_log
