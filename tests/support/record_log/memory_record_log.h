#pragma once
// A RecordLog in memory that fails as disks do. The disk outlives the log that writes to it, as a disk outlives a
// process: crash() leaves what was synced, and of a write that was under way all or nothing.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "common/ports/record_log.h"

namespace prov::test {

struct MemoryDisk {
  std::map<std::uint64_t, std::string> commits;
  std::map<std::string, std::string> sides;
  std::uint64_t attested = 0;  // highest commit that was ever acknowledged

  std::shared_ptr<const LogBatch> unsynced;  // written, not yet acknowledged

  // ---- what happens to it
  enum class Tail { lost, kept, torn };  // torn: the last commit is cut off, which no store should let happen
  void crash(Tail tail);                 // the process that wrote to it is gone
  void flip(std::uint64_t commit, std::size_t byte, std::uint8_t mask = 1);
  void forget_after(std::uint64_t commit);  // the end is lost, acknowledged or not

  void keep(const LogBatch& batch);
};

class MemoryRecordLog final : public RecordLog {
 public:
  // Runs what ends a sync, when it ends: at once (default), after a time, on another thread.
  using Schedule = std::function<void(std::function<void()>)>;

  explicit MemoryRecordLog(std::shared_ptr<MemoryDisk> disk, Schedule sync = {});
  ~MemoryRecordLog() override;  // what is under way stays unsynced; its `done` never runs

  void append(std::shared_ptr<const LogBatch> batch, Done done) override;
  std::uint64_t last_commit() override;
  std::uint64_t first_commit() override;
  std::uint64_t attested_commit() override;
  Result<void> set_aside_after(std::uint64_t commit) override;
  Result<void> drop_before(std::uint64_t commit) override;
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override;
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override;

  void set_full(bool full) { full_ = full; }  // appends answer Code::exhausted
  // Asked for each append; false: it answers Code::exhausted.
  void set_room(std::function<bool(std::size_t bytes)> has_room) { has_room_ = std::move(has_room); }
  void fail_next_sync(Error error) { error_ = std::move(error); }  // nothing of it is kept
  std::uint64_t syncs() const { return syncs_; }

 private:
  void finish(const std::shared_ptr<const LogBatch>& batch, const Done& done);

  std::shared_ptr<MemoryDisk> disk_;
  Schedule sync_;
  bool full_ = false;
  std::function<bool(std::size_t)> has_room_;
  std::optional<Error> error_;
  std::uint64_t syncs_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace prov::test
