#include "common/io/http_client/socket_stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <variant>

namespace prov::io {
namespace {

constexpr std::size_t kReadBytes = 64 << 10;
constexpr int kTryAgainMs = 20;

tl::unexpected<Error> cannot_reach(const Endpoint& endpoint, const std::string& why, int error) {
  const bool may_not = error == EACCES || error == EPERM;
  return fail(may_not ? Code::denied : Code::unavailable,
              "cannot reach the coordinator at " + to_text(endpoint) + ": " + why,
              may_not ? "run this as the user that started the platform"
                      : "start it with: provisioning platform start orchestrator");
}

struct Address {
  std::variant<sockaddr_un, sockaddr_in, sockaddr_in6> value;

  const sockaddr* get() const {
    return std::visit([](const auto& a) { return reinterpret_cast<const sockaddr*>(&a); }, value);
  }
  socklen_t size() const {
    return std::visit([](const auto& a) { return static_cast<socklen_t>(sizeof a); }, value);
  }
};

Result<Address> address_of(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    if (endpoint.unix_path.size() >= sizeof out.sun_path) return cannot_reach(endpoint, "the path is too long", 0);
    std::memcpy(out.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
    return Address{out};
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(endpoint.port);
  const std::string host = endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host;
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) return Address{v4};
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) return Address{v6};
  return fail(Code::invalid, "\"" + endpoint.host + "\" is no IP address", "give an address such as 127.0.0.1");
}

// Waits; false: the time is over. `timeout_ms` below 0 waits for ever.
bool wait_for(int fd, short events, int timeout_ms) {
  pollfd one{fd, events, 0};
  for (;;) {
    const int n = ::poll(&one, 1, timeout_ms);
    if (n >= 0 || errno != EINTR) return n > 0;
  }
}

int connect_within(int fd, const Address& address, int timeout_ms) {  // 0 or errno
  for (int left = timeout_ms;; left -= kTryAgainMs) {
    if (::connect(fd, address.get(), address.size()) == 0) return 0;
    if (errno == EINPROGRESS) break;
    if (errno != EAGAIN || left <= 0) return errno;  // EAGAIN: the backlog of a Unix socket is full
    ::poll(nullptr, 0, kTryAgainMs);
  }
  if (!wait_for(fd, POLLOUT, timeout_ms)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

}  // namespace

std::string to_text(const Endpoint& endpoint) {
  if (!endpoint.unix_path.empty()) return endpoint.unix_path;
  return endpoint.host + ":" + std::to_string(endpoint.port);
}

Result<SocketStream> SocketStream::connect(const Endpoint& endpoint, int timeout_ms) {
  auto address = address_of(endpoint);
  if (!address) return tl::unexpected(address.error());
  const int family = address->get()->sa_family;
  SocketStream out(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!out.is_open()) return cannot_reach(endpoint, std::strerror(errno), errno);
  if (const int error = connect_within(out.fd_, *address, timeout_ms); error != 0) {
    return cannot_reach(endpoint, std::strerror(error), error);
  }
  if (family != AF_UNIX) {
    const int on = 1;
    ::setsockopt(out.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // keystrokes of a shell must not wait
  }
  return out;
}

SocketStream& SocketStream::operator=(SocketStream&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  buffer_ = std::move(other.buffer_);
  at_ = std::exchange(other.at_, 0);
  return *this;
}

void SocketStream::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  buffer_.clear();
  at_ = 0;
}

Result<void> SocketStream::write(std::string_view bytes, int timeout_ms) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n < 0 && errno == EAGAIN) {
      if (!wait_for(fd_, POLLOUT, timeout_ms)) return fail(Code::unavailable, "the coordinator does not read");
    } else if (n < 0 && errno != EINTR) {
      return fail(Code::unavailable, std::string("the connection to the coordinator broke: ") + std::strerror(errno));
    }
  }
  return {};
}

void SocketStream::consume(std::size_t bytes) {
  at_ += bytes;
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  } else if (at_ > kReadBytes) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
}

Result<bool> SocketStream::fill(int timeout_ms) {
  char chunk[kReadBytes];
  for (;;) {
    const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
    if (n > 0) {
      buffer_.append(chunk, static_cast<std::size_t>(n));
      return true;
    }
    if (n == 0) return fail(Code::unavailable, "the coordinator closed the connection");
    if (errno == EAGAIN) {
      if (!wait_for(fd_, POLLIN, timeout_ms)) return false;
    } else if (errno != EINTR) {
      return fail(Code::unavailable, std::string("the connection to the coordinator broke: ") + std::strerror(errno));
    }
  }
}

}  // namespace prov::io
