#pragma once
// The Unix socket's file: who may reach it, and what to do when one stands there already.
#include <sys/types.h>

#include <optional>
#include <string>

#include "common/io/posix/files.h"
#include "common/result.h"

namespace prov::api {

class UnixSocketFile {
 public:
  UnixSocketFile() = default;
  UnixSocketFile(UnixSocketFile&& other) noexcept;
  UnixSocketFile& operator=(UnixSocketFile&& other) noexcept;
  ~UnixSocketFile();  // removes the file, if it is still this one

  // Makes the folder (0700) where it is missing, binds (0660) and listens. A socket that nobody answers at is replaced.
  // Code::conflict when somebody answers; Code::denied when the folder or what stands there is not ours to use.
  static Result<UnixSocketFile> listen(const std::string& path);

  int release() { return fd_.release(); }  // the listening descriptor, once

 private:
  io::Fd fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// The user at the other end of a connected Unix socket, as the kernel says.
std::optional<uid_t> peer_uid(int fd);

}  // namespace prov::api
