#include "coordinator/api/http/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace prov::api {
namespace {

constexpr int kBacklog = 128;
constexpr mode_t kSocketMode = 0660;

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof out.sun_path) {
    return fail(Code::invalid, "the socket's path has " + std::to_string(path.size()) + " bytes: " + path,
                "choose one of 1 to " + std::to_string(sizeof out.sun_path - 1));
  }
  std::memcpy(out.sun_path, path.data(), path.size());
  return out;
}

io::Fd new_socket() { return io::Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Makes room: nothing there, or a socket whose process is gone.
Result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return {};
    return tl::unexpected(io::system_error("examine", path));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return fail(Code::denied, path + " is there, and it is no socket", "remove it, or choose another path");
  }
  const io::Fd probe = new_socket();
  if (!probe) return tl::unexpected(io::system_error("open a socket for", path));
  const int done = ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (done == 0 || errno == EAGAIN) {  // EAGAIN: it lives, and its backlog is full
    return fail(Code::conflict, "another coordinator answers at " + path,
                "stop it first: provisioning platform stop orchestrator");
  }
  if (errno != ECONNREFUSED) return tl::unexpected(io::system_error("reach what stands at", path));
  if (::unlink(path.c_str()) != 0) return tl::unexpected(io::system_error("remove the dead socket", path));
  return {};
}

}  // namespace

UnixSocketFile::UnixSocketFile(UnixSocketFile&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

UnixSocketFile& UnixSocketFile::operator=(UnixSocketFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
  return *this;
}

UnixSocketFile::~UnixSocketFile() {
  struct stat info {};
  if (path_.empty() || ::lstat(path_.c_str(), &info) != 0) return;
  if (info.st_dev == device_ && info.st_ino == inode_) ::unlink(path_.c_str());
}

Result<UnixSocketFile> UnixSocketFile::listen(const std::string& path) {
  auto address = address_of(path);
  if (!address) return tl::unexpected(address.error());
  const std::string folder = std::filesystem::path(path).parent_path();
  if (auto made = io::make_private_dir(folder.empty() ? "." : folder); !made) return tl::unexpected(made.error());
  if (auto cleared = clear_stale(path, *address); !cleared) return tl::unexpected(cleared.error());
  UnixSocketFile out;
  out.fd_ = new_socket();
  if (!out.fd_) return tl::unexpected(io::system_error("open a socket for", path));
  // Before bind, so that the file never has wider rights than it should.
  if (::fchmod(out.fd_.get(), kSocketMode) != 0) return tl::unexpected(io::system_error("set the mode of", path));
  if (::bind(out.fd_.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return tl::unexpected(io::system_error("bind", path));
  }
  struct stat info {};
  if (::chmod(path.c_str(), kSocketMode) != 0 || ::lstat(path.c_str(), &info) != 0) {
    return tl::unexpected(io::system_error("set the mode of", path));
  }
  out.path_ = path;
  out.device_ = info.st_dev;
  out.inode_ = info.st_ino;
  if (::listen(out.fd_.get(), kBacklog) != 0) return tl::unexpected(io::system_error("listen at", path));
  return out;
}

std::optional<uid_t> peer_uid(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace prov::api
