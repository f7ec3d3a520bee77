#pragma once
// HTTP/1.1 for the CLI: one connection to one coordinator, kept from request to request. Blocking; one thread.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/io/http_client/socket_stream.h"
#include "common/result.h"

namespace prov::io {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpResponse {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;

  std::string_view header(std::string_view name) const;  // empty when absent; `name` in lower case
};

struct HttpLimits {
  int connect_ms = 3000;
  int wait_ms = 600'000;  // for the next bytes: an audit of a long log takes its time
  std::size_t max_head_bytes = 64 << 10;
  std::size_t max_body_bytes = 256 << 20;
};

class HttpClient {
 public:
  explicit HttpClient(Endpoint endpoint, HttpLimits limits = {}) : endpoint_(std::move(endpoint)), limits_(limits) {}

  // `target` is path and query, encoded (encode_query below). Any status is a response; an error is Code::unavailable
  // (cannot reach, broke off), Code::denied (may not connect) or Code::invalid (not HTTP, or beyond the limits).
  // On a kept connection that turns out to be closed, GET, HEAD, PUT and whatever has an Idempotency-Key is sent anew.
  Result<HttpResponse> request(std::string_view method, std::string_view target, const Headers& headers = {},
                               std::string_view body = {});

 private:
  Result<HttpResponse> exchange(std::string_view method, const std::string& head, std::string_view body);

  Endpoint endpoint_;
  HttpLimits limits_;
  SocketStream stream_;
  bool heard_ = false;  // a byte of the present response has come
};

std::string encode_query(std::string_view text);  // percent-encoded, for a path segment or a query's value

// The head of a request as both clients send it: request line, Host, Authorization and `headers`, with the empty line.
Result<std::string> request_head(const Endpoint& endpoint, std::string_view method, std::string_view target,
                                 const Headers& headers);
// Reads status line and headers into an empty response and consumes them; 1xx but 101 is passed over.
Result<HttpResponse> read_head(SocketStream& stream, const HttpLimits& limits);

}  // namespace prov::io
