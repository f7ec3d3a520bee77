#include "common/io/rocksdb/attested_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <ctime>

#include "common/hash.h"

namespace prov::io {
namespace {

constexpr std::string_view kMagic = "PRVATT1\n";
constexpr std::size_t kBytes = 24;

std::string content(std::uint64_t commit) {
  std::string out(kMagic);
  out.append(reinterpret_cast<const char*>(&commit), sizeof commit);
  return out.append(digest_of(out).view().substr(0, 8));
}

std::int64_t monotonic_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return now.tv_sec;
}

}  // namespace

std::optional<std::uint64_t> AttestedFile::read(const std::string& path) {
  const auto bytes = read_file(path, kBytes);
  if (!bytes || bytes->size() != kBytes) return std::nullopt;
  std::uint64_t commit = 0;
  std::memcpy(&commit, bytes->data() + kMagic.size(), sizeof commit);
  if (*bytes != content(commit)) return std::nullopt;
  return commit;
}

Result<AttestedFile> AttestedFile::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return tl::unexpected(system_error("open", path));
  return AttestedFile(path, std::move(fd));
}

AttestedFile::~AttestedFile() {
  if (fd_) ::fdatasync(fd_.get());
}

Result<void> AttestedFile::write(std::uint64_t commit) {
  const std::string bytes = content(commit);
  if (::pwrite(fd_.get(), bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    return tl::unexpected(system_error("write", path_));
  }
  if (synced_s_ == monotonic_s()) return {};
  synced_s_ = monotonic_s();
  return sync();
}

Result<void> AttestedFile::sync() {
  if (::fdatasync(fd_.get()) != 0) return tl::unexpected(system_error("sync", path_));
  return {};
}

}  // namespace prov::io
