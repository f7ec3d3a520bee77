#pragma once
// A file system for RocksDB on which one thing goes wrong, the n-th time that it is done; and one that forgets, when
// the power goes, whatever nobody synced. Everything else passes to the real one. Thread-safe: RocksDB has several.
#include <rocksdb/file_system.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace prov::test {

enum class Operation { append, sync, open, rename, read, remove };

enum class Fault {
  once,   // fails, and works again
  ever,   // fails from now on
  half,   // of an append: half of the bytes are written, then it fails, from now on
  full,   // of an append: no space is left, from now on
  power,  // the power goes: what was not synced is dropped, or torn
  lie,    // of a sync: says that it has synced from now on, and has not; use cut_power() at the end
};

struct FaultPlan {
  Operation operation = Operation::append;
  Fault fault = Fault::once;
  std::uint64_t nth = 0;  // 0: nothing goes wrong
  std::uint64_t seed = 0;
};

inline constexpr int kPowerCutExit = 42;

class FaultFs final : public rocksdb::FileSystemWrapper {
 public:
  FaultFs(FaultPlan plan, std::function<void()> fired);
  const char* Name() const override { return "FaultFs"; }

  // Ends the process as a loss of power does. Creations and renames that no sync of their folder followed are undone.
  [[noreturn]] void cut_power();

  using Status = rocksdb::IOStatus;
  using Options = rocksdb::IOOptions;
  using Debug = rocksdb::IODebugContext;
  Status NewSequentialFile(const std::string& path, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSSequentialFile>* out, Debug* debug) override;
  Status NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                             std::unique_ptr<rocksdb::FSRandomAccessFile>* out, Debug* debug) override;
  Status NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                         std::unique_ptr<rocksdb::FSWritableFile>* out, Debug* debug) override;
  Status NewDirectory(const std::string& path, const Options& options, std::unique_ptr<rocksdb::FSDirectory>* out,
                      Debug* debug) override;
  Status RenameFile(const std::string& from, const std::string& to, const Options& options, Debug* debug) override;
  Status DeleteFile(const std::string& path, const Options& options, Debug* debug) override;

  // ---- for its files
  std::optional<Status> fails(Operation operation);  // counts it; nullopt: it may go on
  bool writes_half() const { return plan_.fault == Fault::half; }
  bool lies() const { return plan_.fault == Fault::lie && hit_; }
  void wrote(const std::string& path, std::uint64_t bytes);
  void synced(const std::string& path);
  void synced_folder(const std::string& path);
  std::mutex& mutex() { return mutex_; }  // held during each operation, so that the power goes between two

 private:
  struct File {
    std::uint64_t written = 0, synced = 0;
  };
  struct Entry {  // a change of a folder that its next sync makes durable
    std::string path;
    std::string renamed_from;           // empty: it was created
    std::optional<std::string> before;  // content of the file that the rename replaced
  };
  void lose(const std::string& path, const File& file);

  const FaultPlan plan_;
  const std::function<void()> fired_;
  std::mutex mutex_;
  std::uint64_t count_ = 0;
  bool hit_ = false;
  std::uint64_t random_;
  std::map<std::string, File> files_;
  std::vector<Entry> entries_;
};

}  // namespace prov::test
