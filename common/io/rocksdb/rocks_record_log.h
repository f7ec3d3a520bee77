#pragma once
// The record log in RocksDB. One folder:
//
//   db/            RocksDB. Column family "default": commit number (8 bytes, big-endian) -> commit. "sides": side
//   records lock           held (flock) by the process that writes; says its pid attested       the highest commit that
//   was acknowledged, see attested_file.h wal-damaged-N/ write-ahead logs as they were found when a part of them could
//   not be read
//
// What is acknowledged was synced. The write-ahead log is first read in the mode that accepts no flaw. Where it has
// one, its files are set aside and it is read up to the flaw: a write that was cut off by a crash was never
// acknowledged and is rightly gone; but when less is left than `attested` says, the end of the log was lost, and
// attested_commit() > last_commit() says so. RocksDB aborts when the disk is full, so it is not let near that: see
// min_free_bytes.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/io/posix/files.h"
#include "common/io/rocksdb/attested_file.h"
#include "common/ports/record_log.h"

namespace rocksdb {
class ColumnFamilyHandle;
class DB;
class Env;
}  // namespace rocksdb

namespace prov::io {

struct RocksOptions {
  std::string folder;
  std::size_t write_buffer_bytes = 8 << 20;
  std::chrono::milliseconds quiet{10'000};  // without an append, until what memory holds of those before is given back
  std::uint64_t min_free_bytes = 64 << 20;  // with less on the disk, appends answer Code::exhausted and open fails so
  rocksdb::Env* env = nullptr;              // another file system below RocksDB, for tests; outlives the log
};

class RocksRecordLog final : public RecordLog {
 public:
  // Creates what is missing. Code::conflict: another process has it open (the message names its pid);
  // Code::exhausted: too little room; Code::corrupt: RocksDB cannot read what is there at all.
  static Result<std::unique_ptr<RocksRecordLog>> open(const RocksOptions& options);

  // For auditors: a copy, a backup, or the folder of a running coordinator as it is now. Writes nothing, takes no lock;
  // what changes the log answers Code::unsupported. Code::not_found: there is no log.
  static Result<std::unique_ptr<RocksRecordLog>> open_read_only(const std::string& folder);

  ~RocksRecordLog() override;  // waits for an append that is under way
  RocksRecordLog(const RocksRecordLog&) = delete;
  RocksRecordLog& operator=(const RocksRecordLog&) = delete;

  void append(std::shared_ptr<const LogBatch> batch, Done done) override;
  std::uint64_t last_commit() override { return last_commit_; }
  std::uint64_t first_commit() override { return first_commit_; }
  std::uint64_t attested_commit() override { return attested_commit_; }
  Result<void> set_aside_after(std::uint64_t commit) override;
  Result<void> drop_before(std::uint64_t commit) override;
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override;
  Result<std::optional<std::string>> get(std::string_view key) override;
  Result<void> scan(std::string_view prefix, const SideVisitor& visit) override;
  Result<void> scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) override;

  // A consistent copy at one commit, made beside running appends, as a folder like this one. Any thread.
  // REQUIRES: `folder` does not exist, the one above it does.
  Result<void> copy_to(const std::string& folder);

  // What was found at open and an operator should know.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  struct Job {
    std::shared_ptr<const LogBatch> batch;
    Done done;
  };

  RocksRecordLog() = default;
  static Result<std::unique_ptr<RocksRecordLog>> try_read_only(const std::string& folder);
  Result<void> open_db(const RocksOptions& options, bool read_only);
  Result<void> find_end();
  void run();
  bool has_room(std::size_t bytes) const;
  bool wait_for_job(std::unique_lock<std::mutex>& lock);
  Result<void> write(const LogBatch& batch);
  void flush_soon();

  RocksOptions options_;
  bool read_only_ = false;
  Fd lock_;
  std::optional<AttestedFile> attested_;
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* commits_ = nullptr;  // freed before db_
  rocksdb::ColumnFamilyHandle* sides_ = nullptr;
  std::atomic<std::uint64_t> first_commit_{1}, last_commit_{0}, attested_commit_{0};
  std::vector<std::string> notes_;
  std::string kept_wal_;  // name of the folder that the flawed write-ahead log was copied to

  std::mutex mutex_;  // guards job_ and stopping_
  std::condition_variable wake_;
  std::optional<Job> job_;
  bool stopping_ = false;
  std::size_t in_memory_ = 0;  // bytes written since the last flush that was asked for; the thread's own
  std::thread thread_;
};

}  // namespace prov::io
