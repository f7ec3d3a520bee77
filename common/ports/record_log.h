#pragma once
// The durable store: commits in a gap-free order, and side records (blobs, outputs, snapshots, secrets) by key, which
// become durable together with the commit that they are written with. Implementations: RocksDB (common/io), memory
// (tests/support). Whether one machine or a replicated log stands behind it is not the caller's business.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/result.h"

namespace prov {

struct SideRecord {
  std::string key;  // see coordinator/event_log/keys.h for the key spaces
  std::string value;
  bool erase = false;
};

struct LogBatch {
  std::uint64_t number = 0;  // of the commit, 1, 2, 3, ...; 0: side records alone
  std::string commit;        // opaque here; its format is drawn in coordinator/event_log/commit.h
  std::vector<SideRecord> sides;
};

class RecordLog {
 public:
  using Done = std::function<void(Result<void>)>;
  using CommitVisitor = std::function<bool(std::uint64_t number, std::string_view commit)>;  // false: enough
  using SideVisitor = std::function<bool(std::string_view key, std::string_view value)>;

  virtual ~RecordLog() = default;

  // Writes the batch and syncs it; all of it or nothing. `done` runs on any thread, once, after the sync. An error
  // means that nothing is known about the disk any more: the process ends and comes back by replay; but for
  // Code::exhausted (no room; the same batch may be offered again) and Code::conflict (batch->number is neither
  // last_commit() + 1 nor 0), which mean that nothing was written.
  // REQUIRES: one batch at a time; nobody changes the batch until `done`.
  virtual void append(std::shared_ptr<const LogBatch> batch, Done done) = 0;

  virtual std::uint64_t last_commit() = 0;  // 0: empty; known from the start, no I/O

  // The oldest commit that is here; 1 in an empty store. Greater than 1: those before it were moved away. No I/O.
  virtual std::uint64_t first_commit() = 0;

  // The highest commit that this store once said was durable. Greater than last_commit() when its end was lost.
  virtual std::uint64_t attested_commit() { return last_commit(); }

  // Moves the commits after `commit` aside, to side records (event_log/keys.h), so that the log goes on from there:
  // after damage, by an operator's decision. Blocks. REQUIRES: nothing is being appended; commit <= last_commit().
  virtual Result<void> set_aside_after(std::uint64_t commit) = 0;

  // Removes the commits before `commit`, for good: all of them, or none when the process dies. Blocks; any thread,
  // beside appends and reads (one that has begun still sees them). REQUIRES: 0 < commit <= last_commit().
  virtual Result<void> drop_before(std::uint64_t commit) = 0;

  // In order from `from` on; ends at the last commit that was durable at the call. Any thread.
  virtual Result<void> read(std::uint64_t from, const CommitVisitor& visit) = 0;

  virtual Result<std::optional<std::string>> get(std::string_view key) = 0;
  virtual Result<void> scan(std::string_view prefix, const SideVisitor& visit) = 0;  // in key order

  // The same from `first` on, at the cost of what is visited alone. REQUIRES: `first` begins with `prefix`.
  virtual Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) = 0;
};

}  // namespace prov
