#pragma once
// Files and folders as a program with enemies handles them: descriptors that close themselves, paths that cannot leave
// the folder they start from, writes that are on disk when they return. Errors are Code::io (Code::not_found where the
// name does not exist, Code::conflict where it exists already) and name the path.
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prov::io {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

// "cannot <doing> <path>: <what errno says>", with the code that fits errno.
Error system_error(std::string_view doing, std::string_view path);

Result<void> write_all(int fd, std::string_view bytes);                         // Code::exhausted when the disk is full
Result<std::string> read_file(const std::string& path, std::size_t max_bytes);  // Code::exhausted when it is larger
Result<std::string> read_file_at(int dir_fd, const std::string& name, std::size_t max_bytes);  // follows no link
Result<void> sync_dir(const std::string& path);

// Temporary file, fsync, rename, fsync of the folder: after a crash the old content or the new.
Result<void> write_durably(const std::string& path, std::string_view bytes, mode_t mode);
Result<void> write_durably_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode);

// The same without the syncs: whoever reads it finds the old content or the new, but a crash of the machine may leave
// an empty file, or none.
Result<void> replace_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode);

// Opens a folder that nobody else can write to: ours, no link, no write permission for others.
Result<Fd> open_private_dir(const std::string& path);
Result<Fd> make_private_dir(const std::string& path);             // 0700; an existing one is checked as above
Result<Fd> make_new_dir_at(int dir_fd, const std::string& name);  // 0700; Code::conflict when there is one

// Creates `relative` and the folders above it, beneath dir_fd. Never follows a link, never replaces anything.
// REQUIRES: wire::safe_relative_path(relative).
Result<void> create_beneath(int dir_fd, std::string_view relative, std::string_view bytes, mode_t mode);

// Follows no link and enters no other file system or mount: what is mounted within is not the folder's. A missing one
// is fine; one that holds a mount is Code::io, and what is left of it stays.
Result<void> remove_tree_at(int dir_fd, const std::string& name);
Result<Fd> open_dir_at(int dir_fd, const std::string& name);  // no link, no mount
Result<std::vector<std::string>> list_dir(int dir_fd);        // names, sorted, without "." and ".."

}  // namespace prov::io
