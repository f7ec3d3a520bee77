#include "common/io/rocksdb/rocks_record_log.h"

#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>

#include "common/failpoint/failpoint.h"
#include "common/hash.h"
#include "common/io/posix/claim.h"
#include "common/io/rocksdb/rocks_options.h"
#include "common/this_thread.h"

namespace prov::io {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr std::size_t kMaxWalCopyBytes = std::size_t{4} << 30;
constexpr int kReadOnlyTries = 500;  // of milliseconds each: a writer on a fast disk may be in the way of most
constexpr int kReadOnlyErrors = 3;
constexpr std::size_t kAsideBytes = 8 << 20;   // written at once when commits are set aside
constexpr std::size_t kWorthAFlush = 1 << 20;  // in memory, by itself

Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const Slice& slice) { return {slice.data(), slice.size()}; }

std::string number_key(std::uint64_t number) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(number >> shift));
  return key;
}
std::uint64_t number_of(const Slice& key) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < key.size(); ++i) number = number << 8 | static_cast<std::uint8_t>(key[i]);
  return number;
}

tl::unexpected<Error> store_error(const std::string& doing, const std::string& folder, const Status& status) {
  // A file that the manifest names and that is not there is as bad as one that cannot be read.
  const Code code = status.IsCorruption() || status.IsPathNotFound() ? Code::corrupt : Code::io;
  return fail(code, "cannot " + doing + " the log in " + folder + ": " + status.ToString(),
              code == Code::corrupt ? "restore a backup: provisioning platform restore FOLDER" : "");
}

std::uint64_t free_bytes(const std::string& path) {
  struct statvfs info {};
  if (::statvfs(path.c_str(), &info) != 0) return UINT64_MAX;  // unknown: let the write itself find out
  return std::uint64_t{info.f_bavail} * info.f_frsize;
}

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return tl::unexpected(system_error("create", path));
  return {};
}

Result<Fd> take_lock(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return tl::unexpected(system_error("open", path));
  if (!claim(fd.get())) {
    const auto holder = read_file(path, 64);
    const std::string pid = holder && !holder->empty() ? holder->substr(0, holder->find('\n')) : "unknown";
    return fail(Code::conflict, "another coordinator (pid " + pid + ") has this log open: " + path,
                "stop it first: provisioning platform stop; or choose another data folder");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0) return tl::unexpected(system_error("write", path));
  if (auto written = write_all(fd.get(), pid); !written) return tl::unexpected(written.error());
  return fd;
}

using ManifestStamp = std::pair<std::string, off_t>;  // its name, and how much is in it

ManifestStamp manifest_stamp(const std::string& folder) {
  const std::string name = read_file(folder + "/db/CURRENT", 256).value_or("");
  struct stat info {};
  const std::string path = folder + "/db/" + name.substr(0, name.find('\n'));
  return {name, ::stat(path.c_str(), &info) == 0 ? info.st_size : -1};
}

bool is_wal(const std::string& name) { return name.size() > 4 && name.ends_with(".log"); }

// Copies the write-ahead logs to a new folder, whose name is returned.
Result<std::string> keep_wal(const std::string& folder) {
  const std::string db = folder + "/db";
  const Fd top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  const Fd dir(::open(db.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top || !dir) return tl::unexpected(system_error("open", db));
  auto names = list_dir(dir.get());
  if (!names) return tl::unexpected(names.error());
  std::string kept;
  for (int n = 1; kept.empty(); ++n) {
    const std::string candidate = "wal-damaged-" + std::to_string(n);
    if (::mkdirat(top.get(), candidate.c_str(), 0700) == 0) {
      kept = candidate;
    } else if (errno != EEXIST) {
      return tl::unexpected(system_error("create", folder + "/" + candidate));
    }
  }
  for (const std::string& name : *names) {
    if (!is_wal(name)) continue;
    auto bytes = read_file_at(dir.get(), name, kMaxWalCopyBytes);
    if (!bytes) return tl::unexpected(bytes.error());
    if (auto ok = write_durably(folder + "/" + kept + "/" + name, *bytes, 0600); !ok) return tl::unexpected(ok.error());
  }
  return kept;
}

void remove_folder(const std::string& above, const std::string& name) {
  const Fd dir(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (dir) static_cast<void>(remove_tree_at(dir.get(), name));
}

}  // namespace

Result<std::unique_ptr<RocksRecordLog>> RocksRecordLog::open(const RocksOptions& options) {
  if (auto made = make_folder(options.folder); !made) return tl::unexpected(made.error());
  if (free_bytes(options.folder) < options.min_free_bytes) {
    return fail(Code::exhausted,
                "too little room on the disk of " + options.folder + " to open the log: it needs " +
                    std::to_string(options.min_free_bytes >> 20) + " MiB",
                "make room, then start again");
  }
  auto lock = take_lock(options.folder + "/lock");
  if (!lock) return tl::unexpected(lock.error());
  std::unique_ptr<RocksRecordLog> log(new RocksRecordLog);
  log->lock_ = std::move(*lock);
  const auto attested = AttestedFile::read(options.folder + "/attested");
  if (auto opened = log->open_db(options, false); !opened) return tl::unexpected(opened.error());
  if (auto found = log->find_end(); !found) return tl::unexpected(found.error());
  if (!log->kept_wal_.empty() && attested && log->last_commit_ >= *attested) {
    // Only what nobody was told of is gone: a crash cut its write off.
    log->notes_.assign(1, "the last write was cut off by a crash, before it was acknowledged; it is dropped");
    remove_folder(options.folder, log->kept_wal_);
  }
  auto file = AttestedFile::open(options.folder + "/attested");
  if (!file) return tl::unexpected(file.error());
  log->attested_.emplace(std::move(*file));
  if (!attested && log->last_commit_ > 0) {
    log->notes_.push_back("there was no record of the last acknowledged commit; a lost end would not have been seen");
  }
  log->attested_commit_ = std::max<std::uint64_t>(attested.value_or(0), log->last_commit_);
  if (!attested || *attested < log->last_commit_) {
    if (auto ok = log->attested_->write(log->last_commit_); !ok) return tl::unexpected(ok.error());
  }
  log->thread_ = std::thread([raw = log.get()] {
    this_thread::set_name("log");
    raw->run();
  });
  return log;
}

Result<std::unique_ptr<RocksRecordLog>> RocksRecordLog::open_read_only(const std::string& folder) {
  if (::access((folder + "/db/CURRENT").c_str(), F_OK) != 0) {
    return fail(Code::not_found, "there is no log in " + folder, "name a data folder, a copy of one, or a backup");
  }
  // Beside a running coordinator, files go once what they held is elsewhere, which the manifest says first. So what was
  // opened is whole when the manifest did not change meanwhile; else look again. An error may come from a write that is
  // just being made: one that is real comes again.
  for (int tries = 0, errors = 0; tries < kReadOnlyTries; ++tries) {
    const ManifestStamp before = manifest_stamp(folder);
    auto log = try_read_only(folder);
    if (manifest_stamp(folder) == before && (log || ++errors >= kReadOnlyErrors)) return log;
  }
  return fail(Code::unavailable, "the log in " + folder + " changes too fast to be opened beside its writer",
              "try again, or ask the running platform, or look at a backup");
}

Result<std::unique_ptr<RocksRecordLog>> RocksRecordLog::try_read_only(const std::string& folder) {
  std::unique_ptr<RocksRecordLog> log(new RocksRecordLog);
  log->read_only_ = true;
  const auto attested = AttestedFile::read(folder + "/attested");  // first: a running coordinator goes on meanwhile
  if (auto opened = log->open_db({.folder = folder}, true); !opened) return tl::unexpected(opened.error());
  if (auto found = log->find_end(); !found) return tl::unexpected(found.error());
  log->attested_commit_ = std::max<std::uint64_t>(attested.value_or(0), log->last_commit_);
  // A flaw behind everything that was acknowledged is a write that is just being made.
  if (attested && log->last_commit_ >= *attested) log->notes_.clear();
  return log;
}

Result<void> RocksRecordLog::open_db(const RocksOptions& options, bool read_only) {
  options_ = options;
  const std::string path = options.folder + "/db";
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{
      {rocksdb::kDefaultColumnFamilyName, commits_options(options.write_buffer_bytes)},
      {"sides", sides_options(options.write_buffer_bytes)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const auto open_in = [&](rocksdb::WALRecoveryMode mode) {
    rocksdb::DBOptions db_opts = db_options(read_only);
    if (options.env != nullptr) db_opts.env = options.env;
    db_opts.wal_recovery_mode = mode;
    return read_only ? rocksdb::DB::OpenForReadOnly(db_opts, path, families, &handles, &db)
                     : rocksdb::DB::Open(db_opts, path, families, &handles, &db);
  };
  Status status = open_in(rocksdb::WALRecoveryMode::kAbsoluteConsistency);
  if (status.IsCorruption()) {
    const std::string flaw = status.ToString();
    std::string note = "the write-ahead log was read up to a flaw: " + flaw;
    if (!read_only) {
      auto kept = keep_wal(options.folder);
      if (!kept) return tl::unexpected(kept.error());
      note += "; as it was found: " + options.folder + "/" + *kept;
      kept_wal_ = *kept;
    }
    status = open_in(rocksdb::WALRecoveryMode::kPointInTimeRecovery);
    notes_.push_back(std::move(note));
  }
  if (!status.ok()) return store_error("open", options.folder, status);
  db_.reset(db);
  commits_ = handles.at(0);
  sides_ = handles.at(1);
  return {};
}

Result<void> RocksRecordLog::find_end() {
  std::unique_ptr<rocksdb::Iterator> last(db_->NewIterator(rocksdb::ReadOptions(), commits_));
  last->SeekToLast();
  if (last->Valid()) last_commit_ = number_of(last->key());
  last->SeekToFirst();
  if (last->Valid()) first_commit_ = number_of(last->key());
  if (!last->status().ok()) return store_error("read the end of", options_.folder, last->status());
  return {};
}

RocksRecordLog::~RocksRecordLog() {
  if (thread_.joinable()) {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  if (db_ != nullptr) {
    db_->DestroyColumnFamilyHandle(commits_);
    db_->DestroyColumnFamilyHandle(sides_);
    db_->Close();
  }
}

void RocksRecordLog::append(std::shared_ptr<const LogBatch> batch, Done done) {
  if (read_only_) return done(fail(Code::unsupported, "the log was opened for reading alone"));
  {
    const std::lock_guard guard(mutex_);
    PROV_ASSERT(!job_);
    job_ = Job{std::move(batch), std::move(done)};
  }
  wake_.notify_one();
}

void RocksRecordLog::run() {
  std::unique_lock lock(mutex_);
  while (wait_for_job(lock)) {
    Job job = std::move(*job_);
    job_.reset();
    lock.unlock();
    job.done(write(*job.batch));
    job = {};
    lock.lock();
  }
}

// For the write-ahead log and the file that it is flushed to, and as much again for whoever else writes.
bool RocksRecordLog::has_room(std::size_t bytes) const {
  return free_bytes(options_.folder) >= options_.min_free_bytes + 4 * bytes;
}

// False: it is time to end. After a while without work, what the memtables hold goes to files, which it would do only
// when there is work again: so a coordinator that rests is small, and reads less when it starts.
bool RocksRecordLog::wait_for_job(std::unique_lock<std::mutex>& lock) {
  const auto is_called = [this] { return job_ || stopping_; };
  while (in_memory_ >= kWorthAFlush && !wake_.wait_for(lock, options_.quiet, is_called)) {
    lock.unlock();
    if (has_room(in_memory_)) flush_soon();  // on a full disk it would be an error that ends appends
    lock.lock();
  }
  wake_.wait(lock, is_called);
  return job_.has_value();
}

Result<void> RocksRecordLog::write(const LogBatch& batch) {
  if (batch.number != 0 && batch.number != last_commit_ + 1) {
    return fail(Code::conflict, "commit " + std::to_string(batch.number) + " does not follow the last one, " +
                                    std::to_string(last_commit_));
  }
  std::size_t bytes = batch.commit.size();
  for (const SideRecord& side : batch.sides) bytes += side.key.size() + side.value.size();
  if (!has_room(bytes)) {
    return fail(Code::exhausted, "the disk of " + options_.folder + " is full");
  }
  rocksdb::WriteBatch records(bytes + 64 * (batch.sides.size() + 1));
  Status status;
  if (batch.number != 0) status = records.Put(commits_, number_key(batch.number), batch.commit);
  for (const SideRecord& side : batch.sides) {
    if (!status.ok()) break;
    status = side.erase ? records.Delete(sides_, side.key) : records.Put(sides_, side.key, side.value);
  }
  rocksdb::WriteOptions durable;
  durable.sync = true;
  PROV_FAIL_HERE("log_before_sync");
  if (status.ok()) status = db_->Write(durable, &records);
  PROV_FAIL_HERE("log_after_sync");
  if (!status.ok()) return store_error("write", options_.folder, status);
  in_memory_ += bytes;
  if (bytes > options_.write_buffer_bytes) flush_soon();
  if (batch.number == 0) return {};
  last_commit_ = batch.number;
  attested_commit_ = batch.number;
  return attested_->write(batch.number);
}

// RocksDB looks at how full a memtable is when it is written to next: a snapshot of a large state would stay in memory
// until there is work again.
void RocksRecordLog::flush_soon() {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;                            // else it waits here until there would be none
  static_cast<void>(db_->Flush(options, {commits_, sides_}));  // should it fail, the next write says so
  in_memory_ = 0;
}

Result<void> RocksRecordLog::set_aside_after(std::uint64_t commit) {
  if (read_only_) return fail(Code::unsupported, "the log was opened for reading alone");
  rocksdb::WriteOptions durable;
  durable.sync = true;
  rocksdb::WriteBatch records;
  // From the end, so that a crash leaves no gap.
  for (std::uint64_t number = last_commit_; number > commit; --number) {
    std::string bytes;
    const Status found = db_->Get(rocksdb::ReadOptions(), commits_, number_key(number), &bytes);
    // One that cannot be read can only be dropped.
    if (found.ok()) {
      const std::string key = "d/" + number_key(number) + std::string(digest_of(bytes).view().substr(0, 8));
      records.Put(sides_, key, bytes);
    }
    records.Delete(commits_, number_key(number));
    if (records.GetDataSize() < kAsideBytes && number > commit + 1) continue;
    if (const Status status = db_->Write(durable, &records); !status.ok()) {
      return store_error("set commits aside in", options_.folder, status);
    }
    records.Clear();
    last_commit_ = number - 1;
  }
  attested_commit_ = last_commit_.load();
  return attested_->write(last_commit_);
}

Result<void> RocksRecordLog::drop_before(std::uint64_t commit) {
  if (read_only_) return fail(Code::unsupported, "the log was opened for reading alone");
  PROV_ASSERT(commit > 0 && commit <= last_commit_);
  if (commit <= first_commit_) return {};
  rocksdb::WriteOptions durable;
  durable.sync = true;
  const std::string begin = number_key(0), end = number_key(commit);
  if (const Status status = db_->DeleteRange(durable, commits_, begin, end); !status.ok()) {
    return store_error("remove commits from", options_.folder, status);
  }
  first_commit_ = commit;
  // Gives the room back now. What it does not manage now, later compactions do.
  rocksdb::CompactRangeOptions compact;
  compact.exclusive_manual_compaction = false;
  const Slice from = slice_of(begin), to = slice_of(end);
  static_cast<void>(db_->CompactRange(compact, commits_, &from, &to));
  return {};
}

Result<void> RocksRecordLog::read(std::uint64_t from, const CommitVisitor& visit) {
  const std::uint64_t last = last_commit_;
  if (from == 0) from = 1;
  if (from > last) return {};
  // The first by itself: who wants just one need not read two megabytes.
  rocksdb::PinnableSlice first;
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const Status found = db_->Get(options, commits_, number_key(from), &first);
  if (!found.ok() && !found.IsNotFound()) return store_error("read", options_.folder, found);
  if (found.ok() && !visit(from, view_of(first))) return {};
  first.Reset();
  const std::string end = number_key(last + 1);
  const Slice upper = slice_of(end);
  options.readahead_size = kReadaheadBytes;
  options.iterate_upper_bound = &upper;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, commits_));
  for (at->Seek(number_key(from + 1)); at->Valid(); at->Next()) {
    if (!visit(number_of(at->key()), view_of(at->value()))) return {};
  }
  if (!at->status().ok()) return store_error("read", options_.folder, at->status());
  return {};
}

Result<std::optional<std::string>> RocksRecordLog::get(std::string_view key) {
  std::string value;
  const Status status = db_->Get(rocksdb::ReadOptions(), sides_, slice_of(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return store_error("read", options_.folder, status);
  return value;
}

Result<void> RocksRecordLog::scan(std::string_view prefix, const SideVisitor& visit) {
  return scan_from(prefix, prefix, visit);
}

Result<void> RocksRecordLog::scan_from(std::string_view prefix, std::string_view first, const SideVisitor& visit) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, sides_));
  for (at->Seek(slice_of(first)); at->Valid() && at->key().starts_with(slice_of(prefix)); at->Next()) {
    if (!visit(view_of(at->key()), view_of(at->value()))) return {};
  }
  if (!at->status().ok()) return store_error("read", options_.folder, at->status());
  return {};
}

Result<void> RocksRecordLog::copy_to(const std::string& folder) {
  const std::uint64_t attested = last_commit_;  // the copy holds at least so much
  if (::mkdir(folder.c_str(), 0700) != 0) return tl::unexpected(system_error("create", folder));
  rocksdb::Checkpoint* raw = nullptr;
  Status status = rocksdb::Checkpoint::Create(db_.get(), &raw);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(raw);
  if (status.ok()) status = checkpoint->CreateCheckpoint(folder + "/db");
  if (!status.ok()) return store_error("copy", options_.folder, status);
  auto file = AttestedFile::open(folder + "/attested");
  if (!file) return tl::unexpected(file.error());
  if (auto written = file->write(attested); !written) return written;
  return sync_dir(folder);
}

}  // namespace prov::io
