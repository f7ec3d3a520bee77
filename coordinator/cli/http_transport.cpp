#include "coordinator/cli/http_transport.h"

#include <charconv>

#include "common/io/http_client/http_client.h"
#include "common/io/http_client/ws_client.h"

namespace prov::cli {
namespace {

constexpr std::uint16_t kDefaultPort = 8080;

class WsStream final : public Stream {
 public:
  explicit WsStream(io::WsClient client) : client_(std::move(client)) {}

  Result<std::optional<Message>> receive(int wait_ms) override {
    auto message = client_.receive(wait_ms);
    if (!message) return tl::unexpected(message.error());
    if (!*message) return std::nullopt;
    io::WsMessage& got = **message;
    if (got.kind == io::WsMessage::Kind::closed) {
      return fail(Code::unavailable, got.data.empty() ? "the coordinator closed the connection" : got.data);
    }
    return Message{got.kind == io::WsMessage::Kind::text ? Kind::text : Kind::binary, std::move(got.data)};
  }
  Result<void> send(Kind kind, std::string_view data) override {
    return kind == Kind::text ? client_.send_text(data) : client_.send_binary(data);
  }
  int fd() const override { return client_.fd(); }

 private:
  io::WsClient client_;
};

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(io::Endpoint endpoint) : endpoint_(std::move(endpoint)), client_(endpoint_) {}

  Result<Response> exchange(const Request& request) override {
    auto got = client_.request(request.method, request.target, request.headers, request.body);
    if (!got) return tl::unexpected(got.error());
    return Response{got->status, std::move(got->headers), std::move(got->body)};
  }
  Result<std::unique_ptr<Stream>> open_stream(const std::string& target) override {
    auto client = io::WsClient::connect(endpoint_, target);
    if (!client) return tl::unexpected(client.error());
    return std::make_unique<WsStream>(std::move(*client));
  }

 private:
  io::Endpoint endpoint_;
  io::HttpClient client_;
};

}  // namespace

std::unique_ptr<Transport> make_http_transport(io::Endpoint endpoint) {
  return std::make_unique<HttpTransport>(std::move(endpoint));
}

Result<io::Endpoint> parse_endpoint(const std::string& text) {
  const auto wrong = [&] {
    return fail(Code::invalid, "\"" + text + "\" is not an endpoint",
                "give a Unix socket (/path/orchestrator.sock) or http://127.0.0.1:8080");
  };
  io::Endpoint endpoint;
  std::string rest = text;
  if (rest.rfind("unix:", 0) == 0) rest = rest.substr(5);
  if (!rest.empty() && rest[0] == '/') {
    endpoint.unix_path = rest;
    return endpoint;
  }
  if (rest.rfind("http://", 0) != 0) return wrong();
  rest = rest.substr(7);
  if (!rest.empty() && rest.back() == '/') rest.pop_back();
  const std::size_t colon = rest.rfind(':');
  const bool has_port = colon != std::string::npos && (rest[0] != '[' || rest.find(']') < colon);
  endpoint.host = has_port ? rest.substr(0, colon) : rest;
  endpoint.port = kDefaultPort;
  if (has_port) {
    const char* end = rest.data() + rest.size();
    const auto read = std::from_chars(rest.data() + colon + 1, end, endpoint.port);
    if (read.ec != std::errc() || read.ptr != end || endpoint.port == 0) return wrong();
  }
  if (endpoint.host.size() > 2 && endpoint.host.front() == '[') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  }
  if (endpoint.host.empty() || endpoint.host.find_first_of("/?#@ ") != std::string::npos) return wrong();
  return endpoint;
}

}  // namespace prov::cli
