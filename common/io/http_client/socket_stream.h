#pragma once
// A connected stream socket with deadlines and a read buffer: what the HTTP and the WebSocket client stand on.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/result.h"

namespace prov::io {

struct Endpoint {         // where the coordinator is
  std::string unix_path;  // not empty: that socket, and the rest is not used
  std::string host;       // "127.0.0.1", "::1" or "localhost": no name is looked up
  std::uint16_t port = 0;
  std::string token;  // bearer token, for TCP
};
std::string to_text(const Endpoint& endpoint);  // for people; without the token

class SocketStream {
 public:
  SocketStream() = default;
  // Code::unavailable with what to type when nobody listens; Code::denied when this user may not.
  static Result<SocketStream> connect(const Endpoint& endpoint, int timeout_ms);
  explicit SocketStream(int fd) : fd_(fd) {}  // takes a connected, non-blocking socket
  ~SocketStream() { close(); }
  SocketStream(SocketStream&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)), at_(std::exchange(other.at_, 0)) {}
  SocketStream& operator=(SocketStream&& other) noexcept;

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

  // Timeouts are for one wait, not for the whole. Code::unavailable: the other side is gone or does not move.
  Result<void> write(std::string_view bytes, int timeout_ms);

  std::string_view buffered() const { return std::string_view(buffer_).substr(at_); }
  void consume(std::size_t bytes);
  // Waits for more bytes and buffers them. false: none within the time; an orderly end is Code::unavailable.
  Result<bool> fill(int timeout_ms);

 private:
  int fd_ = -1;
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace prov::io
