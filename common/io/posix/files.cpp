#include "common/io/posix/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace prov::io {
namespace {

constexpr int kDirFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

Code code_of(int error) {
  switch (error) {
    case ENOENT: return Code::not_found;
    case EEXIST: return Code::conflict;
    case ENOSPC:
    case EDQUOT: return Code::exhausted;
    case EACCES:
    case EPERM: return Code::denied;
    default: return Code::io;
  }
}

tl::unexpected<Error> fail_errno(std::string_view doing, std::string_view path) {
  return tl::unexpected<Error>(system_error(doing, path));
}

Result<std::string> read_open_file(const Fd& fd, const std::string& path, std::size_t max_bytes) {
  std::string out;
  char buffer[16384];
  for (;;) {
    const ssize_t n = read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("read", path);
    if (n == 0) return out;
    out.append(buffer, static_cast<std::size_t>(n));
    if (out.size() > max_bytes) {
      return fail(Code::exhausted, path + " is larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

Result<void> check_private(const Fd& fd, const std::string& path) {
  struct stat info {};
  if (fstat(fd.get(), &info) != 0) return fail_errno("stat", path);
  if (info.st_uid != geteuid()) return fail(Code::denied, path + " belongs to another user");
  if ((info.st_mode & 022) != 0) {
    return fail(Code::denied, path + " can be written by others", "chmod 0700 " + path);
  }
  return {};
}

}  // namespace

void Fd::reset(int fd) {
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
}

Error system_error(std::string_view doing, std::string_view path) {
  const int error = errno;
  return Error{
      code_of(error), "cannot " + std::string(doing) + " " + std::string(path) + ": " + std::strerror(error), {}};
}

Result<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno("write", "file");
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

Result<std::string> read_file(const std::string& path, std::size_t max_bytes) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open", path);
  return read_open_file(fd, path, max_bytes);
}

Result<std::string> read_file_at(int dir_fd, const std::string& name, std::size_t max_bytes) {
  const Fd fd(openat(dir_fd, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd) return fail_errno("open", name);
  struct stat info {};
  if (fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return fail(Code::invalid, name + " is no plain file");
  return read_open_file(fd, name, max_bytes);
}

Result<void> sync_dir(const std::string& path) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) return fail_errno("sync", path);
  return {};
}

Result<void> write_durably(const std::string& path, std::string_view bytes, mode_t mode) {
  const auto slash = path.rfind('/');
  const std::string dir = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const Fd fd(open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno("open", dir);
  return write_durably_at(fd.get(), slash == std::string::npos ? path : path.substr(slash + 1), bytes, mode);
}

namespace {

Result<void> write_whole_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode, bool durably) {
  const std::string temporary = name + ".new";
  if (unlinkat(dir_fd, temporary.c_str(), 0) != 0 && errno != ENOENT) return fail_errno("remove", temporary);
  const Fd fd(openat(dir_fd, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno("create", temporary);
  const auto give_up = [&](Error error) -> Result<void> {  // on a full disk what was written is what fills it
    unlinkat(dir_fd, temporary.c_str(), 0);
    return tl::unexpected(std::move(error));
  };
  if (auto written = write_all(fd.get(), bytes); !written) return give_up(written.error());
  if (fchmod(fd.get(), mode) != 0 || (durably && fsync(fd.get()) != 0)) return give_up(system_error("sync", temporary));
  if (renameat(dir_fd, temporary.c_str(), dir_fd, name.c_str()) != 0) return give_up(system_error("rename", temporary));
  if (durably && fsync(dir_fd) != 0) return fail_errno("sync the folder of", name);
  return {};
}

}  // namespace

Result<void> write_durably_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode) {
  return write_whole_at(dir_fd, name, bytes, mode, true);
}

Result<void> replace_at(int dir_fd, const std::string& name, std::string_view bytes, mode_t mode) {
  return write_whole_at(dir_fd, name, bytes, mode, false);
}

Result<Fd> open_private_dir(const std::string& path) {
  Fd fd(open(path.c_str(), kDirFlags));
  if (!fd) return fail_errno("open", path);
  if (auto ok = check_private(fd, path); !ok) return tl::unexpected(ok.error());
  return fd;
}

Result<Fd> make_private_dir(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("create", path);
  return open_private_dir(path);
}

Result<Fd> make_new_dir_at(int dir_fd, const std::string& name) {
  if (mkdirat(dir_fd, name.c_str(), 0700) != 0) return fail_errno("create", name);
  Fd fd(openat(dir_fd, name.c_str(), kDirFlags));
  if (!fd) return fail_errno("open", name);
  if (auto ok = check_private(fd, name); !ok) return tl::unexpected(ok.error());
  return fd;
}

Result<void> create_beneath(int dir_fd, std::string_view relative, std::string_view bytes, mode_t mode) {
  const std::string whole(relative);
  Fd holder;
  int at = dir_fd;
  for (auto slash = relative.find('/'); slash != std::string_view::npos; slash = relative.find('/')) {
    const std::string folder(relative.substr(0, slash));
    relative.remove_prefix(slash + 1);
    if (mkdirat(at, folder.c_str(), 0700) != 0 && errno != EEXIST) return fail_errno("create the folder of", whole);
    Fd next(openat(at, folder.c_str(), kDirFlags));
    if (!next) return fail_errno("enter the folder of", whole);
    holder = std::move(next);
    at = holder.get();
  }
  const std::string name(relative);
  const Fd fd(openat(at, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return fail_errno("create", whole);
  if (fchmod(fd.get(), mode) != 0) return fail_errno("set the mode of", whole);  // whatever the umask is
  if (auto written = write_all(fd.get(), bytes); !written) return fail_errno("write", whole);
  return {};
}

Result<Fd> open_dir_at(int dir_fd, const std::string& name) {
  open_how how{};
  how.flags = kDirFlags;
  how.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH;
  Fd dir(static_cast<int>(syscall(SYS_openat2, dir_fd, name.c_str(), &how, sizeof how)));
  // Some containers do not let it through. Without it a mount of the same file system is not told from a folder.
  if (!dir && (errno == ENOSYS || errno == EPERM)) {
    struct stat above {
    }, here{};
    dir.reset(openat(dir_fd, name.c_str(), kDirFlags));
    if (dir && (fstat(dir_fd, &above) != 0 || fstat(dir.get(), &here) != 0 || above.st_dev != here.st_dev)) {
      errno = EXDEV;
      dir.reset();
    }
  }
  if (!dir) return fail_errno("open", name);
  return dir;
}

Result<void> remove_tree_at(int dir_fd, const std::string& name) {
  if (unlinkat(dir_fd, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return fail_errno("remove", name);
  const auto dir = open_dir_at(dir_fd, name);
  if (!dir) return tl::unexpected(dir.error());
  auto names = list_dir(dir->get());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& each : *names) {
    if (auto removed = remove_tree_at(dir->get(), each); !removed) return removed;
  }
  if (unlinkat(dir_fd, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) return fail_errno("remove", name);
  return {};
}

Result<std::vector<std::string>> list_dir(int dir_fd) {
  const int copy = openat(dir_fd, ".", kDirFlags);
  if (copy < 0) return fail_errno("list", "folder");
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(copy), closedir);
  if (!dir) {
    close(copy);
    return fail_errno("list", "folder");
  }
  std::vector<std::string> names;
  while (const dirent* entry = readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace prov::io
