#pragma once
// A socket that says whatever the test wants, as slowly as it wants.
#include <cstdint>
#include <string>
#include <string_view>

namespace prov::api {

class RawSocket {
 public:
  static RawSocket tcp(std::uint16_t port);
  static RawSocket unix_path(const std::string& path);
  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(RawSocket&& other) noexcept;
  ~RawSocket();

  bool send(std::string_view bytes);        // false: the other side does not take it any more
  std::string read_response();              // one HTTP response with Content-Length; empty: closed instead
  std::string read_to_end(int timeout_ms);  // what comes until the other side closes; "(open)" at the end: it did not
  void finish_sending();

 private:
  int fd_ = -1;
  std::string buffer_;
};

std::string request(std::string_view line, std::string_view headers = {}, std::string_view body = {});

}  // namespace prov::api
