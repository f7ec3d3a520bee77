#include "tests/integration/api/raw_socket.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

namespace prov::api {

RawSocket RawSocket::tcp(std::uint16_t port) {
  RawSocket out(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  EXPECT_EQ(::connect(out.fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  return out;
}

RawSocket RawSocket::unix_path(const std::string& path) {
  RawSocket out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  EXPECT_EQ(::connect(out.fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
  return out;
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}
RawSocket::~RawSocket() {
  if (fd_ >= 0) ::close(fd_);
}

bool RawSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void RawSocket::finish_sending() { ::shutdown(fd_, SHUT_WR); }

std::string RawSocket::read_response() {
  static constexpr std::string_view kLength = "Content-Length: ";
  for (;;) {
    const auto end = buffer_.find("\r\n\r\n");
    const auto length = buffer_.find(kLength);
    if (end != std::string::npos && length < end) {
      const std::size_t size = end + 4 + std::stoul(buffer_.substr(length + kLength.size()));
      if (buffer_.size() >= size) {
        std::string out = buffer_.substr(0, size);
        buffer_.erase(0, size);
        return out;
      }
    }
    char chunk[65536];
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, 10'000) <= 0) return "(nothing came)";
    const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) return std::exchange(buffer_, {});
    buffer_.append(chunk, static_cast<std::size_t>(n));
  }
}

std::string RawSocket::read_to_end(int timeout_ms) {
  std::string out = std::exchange(buffer_, {});
  for (;;) {
    char chunk[65536];
    pollfd one{fd_, POLLIN, 0};
    if (::poll(&one, 1, timeout_ms) <= 0) return out + "(open)";
    const ssize_t n = ::recv(fd_, chunk, sizeof chunk, 0);
    if (n <= 0) return out;
    out.append(chunk, static_cast<std::size_t>(n));
  }
}

std::string request(std::string_view line, std::string_view headers, std::string_view body) {
  std::string out = std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers);
  if (!body.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + std::string(body);
}

}  // namespace prov::api
