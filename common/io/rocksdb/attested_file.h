#pragma once
// The highest commit that the log acknowledged, in a small file of its own. RocksDB's write-ahead log cannot tell a
// write that a crash cut off from an acknowledged one that rotted; this file can. Written after each commit, synced
// once a second and at the end: it may lag behind after a power failure, never run ahead.
//
//   "PRVATT1\n"  commit number (8, little-endian)  first 8 bytes of the BLAKE2b-256 of these 16
#include <cstdint>
#include <optional>
#include <string>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::io {

class AttestedFile {
 public:
  // nullopt: there is none, or it is no attestation.
  static std::optional<std::uint64_t> read(const std::string& path);

  static Result<AttestedFile> open(const std::string& path);
  ~AttestedFile();  // syncs
  AttestedFile(AttestedFile&&) = default;
  AttestedFile& operator=(AttestedFile&&) = delete;

  Result<void> write(std::uint64_t commit);
  Result<void> sync();

 private:
  explicit AttestedFile(std::string path, Fd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  Fd fd_;
  std::int64_t synced_s_ = 0;
};

}  // namespace prov::io
