#pragma once
// HTTP and WebSocket as the CLI needs them; the real one stands on common/io/http_client, tests bring a scripted one.
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/result.h"

namespace prov::cli {

struct Request {
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
};
struct Response {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  std::string body;

  std::string header(std::string_view lower_case_name) const;  // empty: not there
};

class Stream {  // a WebSocket
 public:
  enum class Kind { text, binary };
  struct Message {
    Kind kind = Kind::text;
    std::string data;
  };

  virtual ~Stream() = default;
  // The next message, or nullopt after `wait_ms` without one. Code::unavailable: the connection ended; says why.
  virtual Result<std::optional<Message>> receive(int wait_ms) = 0;
  virtual Result<void> send(Kind kind, std::string_view data) = 0;
  virtual int fd() const = 0;  // readable when receive(0) may have something
};

class Transport {
 public:
  virtual ~Transport() = default;
  // Code::unavailable: nobody is there, or the connection broke on the way and the request may have been done.
  virtual Result<Response> exchange(const Request& request) = 0;
  virtual Result<std::unique_ptr<Stream>> open_stream(const std::string& target) = 0;
};

}  // namespace prov::cli
