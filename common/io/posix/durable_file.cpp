#include "common/io/posix/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace prov::io {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat a {
  }, b{};
  return lstat(one.c_str(), &a) == 0 && lstat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

Result<std::string> DurableFile::read_all(std::size_t max_bytes) {
  auto bytes = read_file(path_, max_bytes);
  if (!bytes && bytes.error().code == Code::not_found) return std::string();
  return bytes;
}

Result<void> DurableFile::open_it() {
  if (fd_) return {};
  is_new_ = access(path_.c_str(), F_OK) != 0;
  fd_.reset(open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd_) return tl::unexpected(system_error("open", path_));
  size_ = lseek(fd_.get(), 0, SEEK_END);
  return {};
}

Result<void> DurableFile::append(std::string_view bytes) {
  if (auto opened = open_it(); !opened) return opened;
  if (auto written = write_all(fd_.get(), bytes); !written) {
    // No half of it may stay: what is appended later would stand behind a torn record.
    const bool undone = ftruncate(fd_.get(), size_) == 0;
    return fail(undone ? written.error().code : Code::io, path_ + ": " + written.error().message);
  }
  size_ += static_cast<off_t>(bytes.size());
  return {};
}

Result<void> DurableFile::sync() {
  if (!fd_) return {};
  if (fdatasync(fd_.get()) != 0) return tl::unexpected(system_error("sync", path_));
  if (is_new_) {
    if (auto synced = sync_dir(folder_of(path_)); !synced) return synced;
    is_new_ = false;
  }
  return {};
}

Result<void> DurableFile::replace(std::string_view bytes) {
  fd_.reset();  // it names the old file
  return write_durably(path_, bytes, 0600);
}

Result<std::string> DurableFile::keep_as(std::string_view suffix) {
  constexpr int kMostKept = 100;
  const std::string first = path_ + "." + std::string(suffix);
  std::string kept = first;
  for (int n = 2; link(path_.c_str(), kept.c_str()) != 0; ++n) {
    if (errno != EEXIST || n > kMostKept) return tl::unexpected(system_error("link to", kept));
    if (is_same_file(path_, kept)) break;  // by somebody who came no further
    kept = first + "-" + std::to_string(n);
  }
  if (auto synced = sync_dir(folder_of(path_)); !synced) return tl::unexpected(synced.error());
  return kept;
}

}  // namespace prov::io
