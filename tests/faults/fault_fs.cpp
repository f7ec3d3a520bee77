#include "tests/faults/fault_fs.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace prov::test {
namespace {

using Status = rocksdb::IOStatus;
using Options = rocksdb::IOOptions;
using Debug = rocksdb::IODebugContext;
using rocksdb::Slice;
namespace fs = std::filesystem;

constexpr std::size_t kSectorBytes = 512;

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(in), {});
}

class Writable final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  Writable(FaultFs& faults, std::string path, std::unique_ptr<rocksdb::FSWritableFile>&& real)
      : FSWritableFileOwnerWrapper(std::move(real)), faults_(faults), path_(std::move(path)) {}

  Status Append(const Slice& data, const Options& options, Debug* debug) override {
    const std::lock_guard guard(faults_.mutex());
    if (auto bad = faults_.fails(Operation::append)) {
      if (faults_.writes_half()) put(Slice(data.data(), data.size() / 2), options, debug);
      return *bad;
    }
    return put(data, options, debug);
  }
  Status Append(const Slice& data, const Options& options, const rocksdb::DataVerificationInfo&,
                Debug* debug) override {
    return Append(data, options, debug);
  }
  Status Sync(const Options&, Debug*) override { return sync(); }
  Status Fsync(const Options&, Debug*) override { return sync(); }
  // A hint to begin with it; promises nothing.
  Status RangeSync(std::uint64_t, std::uint64_t, const Options&, Debug*) override { return Status::OK(); }

 private:
  Status put(const Slice& data, const Options& options, Debug* debug) {
    Status status = target()->Append(data, options, debug);
    if (status.ok()) faults_.wrote(path_, data.size());
    return status;
  }
  // What the power may take is modelled, so the real disk is not asked.
  Status sync() {
    const std::lock_guard guard(faults_.mutex());
    if (auto bad = faults_.fails(Operation::sync)) return *bad;
    if (!faults_.lies()) faults_.synced(path_);
    return Status::OK();
  }

  FaultFs& faults_;
  const std::string path_;
};

class Sequential final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  Sequential(FaultFs& faults, std::unique_ptr<rocksdb::FSSequentialFile>&& real)
      : FSSequentialFileOwnerWrapper(std::move(real)), faults_(faults) {}

  Status Read(std::size_t n, const Options& options, Slice* result, char* scratch, Debug* debug) override {
    const std::lock_guard guard(faults_.mutex());
    if (auto bad = faults_.fails(Operation::read)) return *bad;
    return FSSequentialFileOwnerWrapper::Read(n, options, result, scratch, debug);
  }

 private:
  FaultFs& faults_;
};

class RandomAccess final : public rocksdb::FSRandomAccessFileOwnerWrapper {
 public:
  RandomAccess(FaultFs& faults, std::unique_ptr<rocksdb::FSRandomAccessFile>&& real)
      : FSRandomAccessFileOwnerWrapper(std::move(real)), faults_(faults) {}

  Status Read(std::uint64_t offset, std::size_t n, const Options& options, Slice* result, char* scratch,
              Debug* debug) const override {
    const std::lock_guard guard(faults_.mutex());
    if (auto bad = faults_.fails(Operation::read)) return *bad;
    return FSRandomAccessFileOwnerWrapper::Read(offset, n, options, result, scratch, debug);
  }
  Status Prefetch(std::uint64_t, std::size_t, const Options&, Debug*) override { return Status::NotSupported(); }

 private:
  FaultFs& faults_;
};

class Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(FaultFs& faults, std::string path, std::unique_ptr<rocksdb::FSDirectory>&& real)
      : FSDirectoryWrapper(std::move(real)), faults_(faults), path_(std::move(path)) {}

  Status Fsync(const Options&, Debug*) override {
    const std::lock_guard guard(faults_.mutex());
    if (auto bad = faults_.fails(Operation::sync)) return *bad;
    if (!faults_.lies()) faults_.synced_folder(path_);
    return Status::OK();
  }
  Status FsyncWithDirOptions(const Options& options, Debug* debug, const rocksdb::DirFsyncOptions&) override {
    return Fsync(options, debug);
  }

 private:
  FaultFs& faults_;
  const std::string path_;
};

}  // namespace

FaultFs::FaultFs(FaultPlan plan, std::function<void()> fired)
    : FileSystemWrapper(rocksdb::FileSystem::Default()),
      plan_(plan),
      fired_(std::move(fired)),
      random_(plan.seed * 0x9e3779b97f4a7c15ULL + 1) {}

std::optional<Status> FaultFs::fails(Operation operation) {
  if (operation != plan_.operation || plan_.nth == 0) return std::nullopt;
  const bool now = ++count_ == plan_.nth;
  if (now) {
    hit_ = true;
    fired_();
  }
  switch (plan_.fault) {
    case Fault::lie: return std::nullopt;
    case Fault::power:
      if (now) cut_power();
      return std::nullopt;
    case Fault::once:
      if (!now) return std::nullopt;
      break;
    case Fault::full:
      if (hit_) return Status::NoSpace("no space left on device");
      return std::nullopt;
    case Fault::ever:
    case Fault::half:
      if (!hit_) return std::nullopt;
      break;
  }
  return Status::IOError("the disk failed, as it was told to");
}

void FaultFs::wrote(const std::string& path, std::uint64_t bytes) { files_[path].written += bytes; }

void FaultFs::synced(const std::string& path) { files_[path].synced = files_[path].written; }

void FaultFs::synced_folder(const std::string& path) {
  const fs::path folder = fs::path(path).lexically_normal();
  std::erase_if(entries_, [&](const Entry& entry) {
    return fs::path(entry.path).parent_path().lexically_normal() ==
           (folder.has_filename() ? folder : folder.parent_path());
  });
}

// The caller holds mutex_, or is the last one who does anything.
void FaultFs::cut_power() {
  for (const auto& [path, file] : files_) lose(path, file);
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    std::error_code ignored;
    if (entry->renamed_from.empty()) {
      fs::remove(entry->path, ignored);
      continue;
    }
    fs::rename(entry->path, entry->renamed_from, ignored);
    if (entry->before) std::ofstream(entry->path, std::ios::binary) << *entry->before;
  }
  ::_exit(kPowerCutExit);
}

// Of what was not synced nothing stays, or a beginning, or a beginning whose last sector is rubbish.
void FaultFs::lose(const std::string& path, const File& file) {
  const std::uint64_t unsynced = file.written - file.synced;
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  const std::uint64_t kind = (random_ >> 33) % 3;
  const std::uint64_t stays = kind == 0 || unsynced == 0 ? 0 : (random_ >> 40) % (unsynced + 1);
  fs::resize_file(path, file.synced + stays, ignored);
  if (kind != 2 || stays == 0) return;
  const std::uint64_t torn = std::min<std::uint64_t>(stays, kSectorBytes);
  std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(file.synced + stays - torn));
  out << std::string(torn, '\x5a');
}

Status FaultFs::NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                                  std::unique_ptr<rocksdb::FSSequentialFile>* out, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::open)) return *bad;
  std::unique_ptr<rocksdb::FSSequentialFile> real;
  Status status = target()->NewSequentialFile(path, options, &real, debug);
  if (status.ok()) *out = std::make_unique<Sequential>(*this, std::move(real));
  return status;
}

Status FaultFs::NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSRandomAccessFile>* out, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::open)) return *bad;
  std::unique_ptr<rocksdb::FSRandomAccessFile> real;
  Status status = target()->NewRandomAccessFile(path, options, &real, debug);
  if (status.ok()) *out = std::make_unique<RandomAccess>(*this, std::move(real));
  return status;
}

Status FaultFs::NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                                std::unique_ptr<rocksdb::FSWritableFile>* out, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::open)) return *bad;
  std::unique_ptr<rocksdb::FSWritableFile> real;
  Status status = target()->NewWritableFile(path, options, &real, debug);
  if (!status.ok()) return status;
  files_[path] = {};
  entries_.push_back({path, "", std::nullopt});
  *out = std::make_unique<Writable>(*this, path, std::move(real));
  return status;
}

Status FaultFs::NewDirectory(const std::string& path, const Options& options,
                             std::unique_ptr<rocksdb::FSDirectory>* out, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::open)) return *bad;
  std::unique_ptr<rocksdb::FSDirectory> real;
  Status status = target()->NewDirectory(path, options, &real, debug);
  if (status.ok()) *out = std::make_unique<Directory>(*this, path, std::move(real));
  return status;
}

Status FaultFs::RenameFile(const std::string& from, const std::string& to, const Options& options, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::rename)) return *bad;
  std::optional<std::string> before = content_of(to);
  Status status = target()->RenameFile(from, to, options, debug);
  if (!status.ok()) return status;
  entries_.push_back({to, from, std::move(before)});
  files_.erase(to);
  if (auto moved = files_.extract(from)) {
    moved.key() = to;
    files_.insert(std::move(moved));
  }
  return status;
}

Status FaultFs::DeleteFile(const std::string& path, const Options& options, Debug* debug) {
  const std::lock_guard guard(mutex_);
  if (auto bad = fails(Operation::remove)) return *bad;
  Status status = target()->DeleteFile(path, options, debug);
  files_.erase(path);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.path == path; });
  return status;
}

}  // namespace prov::test
