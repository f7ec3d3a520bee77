#pragma once
// Moves the oldest commits of a log into segments, by policy. What leaves the store is sealed by a signed checkpoint,
// not needed to start (every snapshot that is kept lies behind it), synced, and was read back whole. A crash at any
// point loses nothing and leaves nothing twice: what the next step finds written, it verifies and goes on with.
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/result.h"
#include "common/time.h"
#include "coordinator/event_log/archived_log.h"
#include "coordinator/event_log/segment.h"

namespace prov::event_log {

struct ArchivePolicy {                     // what both allow is moved; both zero: nothing
  std::uint64_t keep_ms = 0;               // commits younger than this stay
  std::uint64_t keep_events = 0;           // as many of the newest events stay
  std::uint64_t segment_bytes = 64 << 20;  // a segment has so many or some more; less is not moved

  bool on() const { return keep_ms != 0 || keep_events != 0; }
};

// Finds where the next segment ends: with the first commit under a checkpoint that makes it large enough. Reads each
// commit once, however often it is asked, and none behind that end.
class SegmentPlan {
 public:
  explicit SegmentPlan(std::uint64_t segment_bytes) : segment_bytes_(segment_bytes) {}

  // nullopt: the store does not hold enough yet. Code::corrupt: the log is damaged there.
  Result<std::optional<SegmentHeader>> next(RecordLog& store);
  void restart() { *this = SegmentPlan(segment_bytes_); }

 private:
  struct Known {
    Digest hash;
    std::uint64_t last_sequence = 0, bytes = 0;  // up to its end
    TimeMs log_time_ms = 0;
  };
  Result<void> take(std::uint64_t number, std::string_view bytes);
  void take_checkpoint(const domain::CheckpointSigned& checkpoint);

  std::uint64_t segment_bytes_;
  std::uint64_t next_commit_ = 0;  // to read; 0: it has not begun
  SegmentHeader header_;           // its end is not known before `found_`
  bool found_ = false;
  std::map<std::uint64_t, Known> known_;  // by commit
};

class Archiver {
 public:
  // `store` is what `log` stands on. `folder` is made when it is needed; its room is the caller's business but for a
  // floor. `keys` are those that sign this log's checkpoints.
  Archiver(RecordLog& store, ArchivedLog& log, std::string folder, ArchivePolicy policy, PublicKeys keys);

  // Moves one segment, if there is one to move; what it moved. Blocks; one thread at a time, beside writer and readers.
  // An error leaves the store as it was, and says what an operator has to do about it.
  Result<std::optional<SegmentHeader>> step(TimeMs now_ms);

 private:
  Result<std::optional<SegmentHeader>> finish_begun();      // what a crash left between writing and dropping
  bool may_go(const SegmentHeader& header, TimeMs now_ms);  // says the policy
  Result<bool> start_needs(std::uint64_t commit);           // may have to read it
  Result<void> write(const SegmentHeader& header, const std::string& path);
  Result<void> belongs_here(const SegmentHeader& header, const std::string& path);

  RecordLog& store_;
  ArchivedLog& log_;
  std::string folder_;
  ArchivePolicy policy_;
  PublicKeys keys_;
  SegmentPlan plan_;
};

}  // namespace prov::event_log
