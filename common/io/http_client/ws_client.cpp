#include "common/io/http_client/ws_client.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>

#include "common/code_names.h"

namespace prov::io {
namespace {

constexpr std::size_t kMaxMessageBytes = 16 << 20;
constexpr int kSendMs = 30'000;

void random_bytes(void* out, std::size_t bytes) {
  PROV_ASSERT(::getrandom(out, bytes, 0) == static_cast<ssize_t>(bytes));
}

// A text of {"success": false, "error": {"message": "...", "hint": "..."}}, without a JSON library for two texts.
std::string text_of(const std::string& body, const char* field) {
  const std::string name = "\"" + std::string(field) + "\":\"";
  const auto start = body.find(name);
  if (start == std::string::npos) return {};
  std::string out;
  for (std::size_t i = start + name.size(); i < body.size() && body[i] != '"'; ++i) {
    if (body[i] == '\\' && i + 1 < body.size()) ++i;
    out.push_back(body[i]);
  }
  return out;
}

Result<void> check_handshake(SocketStream& stream, const HttpLimits& limits, const std::string& key) {
  auto response = read_head(stream, limits);
  if (!response) return tl::unexpected(response.error());
  if (response->status == 101) {
    if (response->header("sec-websocket-accept") == accept_proof(key)) return {};
    return fail(Code::invalid, "the coordinator's WebSocket handshake has a wrong proof");
  }
  constexpr std::size_t kMostOfIt = 64 << 10;
  std::string body;
  while (body.size() < kMostOfIt) {  // refusals are closed by the other side
    body.append(stream.buffered());
    stream.consume(stream.buffered().size());
    const std::string length(response->header("content-length"));
    if (!length.empty() && std::to_string(body.size()) == length) break;
    auto more = stream.fill(limits.connect_ms);
    if (!more || !*more) break;
  }
  std::string message = text_of(body, "message");
  if (message.empty()) message = "the coordinator refused the WebSocket: status " + std::to_string(response->status);
  return fail(code_of_http_status(response->status), std::move(message), text_of(body, "hint"));
}

int left_ms(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

Result<WsClient> WsClient::connect(const Endpoint& endpoint, std::string_view target, HttpLimits limits) {
  std::string nonce(16, '\0');
  random_bytes(nonce.data(), nonce.size());
  const std::string key = base64(nonce);
  auto head = request_head(endpoint, "GET", target,
                           {{"Upgrade", "websocket"},
                            {"Connection", "Upgrade"},
                            {"Sec-WebSocket-Key", key},
                            {"Sec-WebSocket-Version", "13"}});
  if (!head) return tl::unexpected(head.error());
  auto stream = SocketStream::connect(endpoint, limits.connect_ms);
  if (!stream) return tl::unexpected(stream.error());
  if (auto sent = stream->write(*head, kSendMs); !sent) return tl::unexpected(sent.error());
  if (auto good = check_handshake(*stream, limits, key); !good) return tl::unexpected(good.error());
  return WsClient(std::move(*stream), limits);
}

Result<void> WsClient::send(WsOpcode opcode, std::string_view data) {
  if (closed_ || said_close_) return fail(Code::unavailable, "the WebSocket is closed");
  std::uint32_t mask = 0;
  random_bytes(&mask, sizeof mask);
  return stream_.write(client_frame(opcode, data, mask), kSendMs);
}

void WsClient::close(std::uint16_t code) {
  if (closed_ || said_close_) return;
  const std::string data{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  // A connection that cannot take it any more is closed anyway.
  static_cast<void>(send(WsOpcode::close, data));
  said_close_ = true;
}

// A frame's part in the messages: a whole message, or nothing yet.
std::optional<WsMessage> WsClient::take(WsFrame frame, bool& broken) {
  switch (frame.opcode) {
    case WsOpcode::ping:
      static_cast<void>(send(WsOpcode::pong, frame.data));  // if it cannot, the next read says so
      return std::nullopt;
    case WsOpcode::pong: return std::nullopt;
    case WsOpcode::close: {
      WsMessage out{WsMessage::Kind::closed, frame.data.size() > 2 ? frame.data.substr(2) : "", 1005};
      if (frame.data.size() >= 2) {
        out.close_code = static_cast<std::uint16_t>(static_cast<unsigned char>(frame.data[0]) << 8 |
                                                    static_cast<unsigned char>(frame.data[1]));
      }
      close(1000);
      closed_ = out;
      return out;
    }
    case WsOpcode::text:
    case WsOpcode::binary:
      broken = partial_kind_.has_value();
      partial_kind_ = frame.opcode;
      partial_ = std::move(frame.data);
      break;
    case WsOpcode::continuation:
      broken = !partial_kind_ || partial_.size() + frame.data.size() > kMaxMessageBytes;
      if (!broken) partial_ += frame.data;
      break;
  }
  if (broken || !frame.final) return std::nullopt;
  WsMessage out{*partial_kind_ == WsOpcode::text ? WsMessage::Kind::text : WsMessage::Kind::binary, std::move(partial_),
                0};
  partial_.clear();
  partial_kind_.reset();
  return out;
}

Result<std::optional<WsMessage>> WsClient::receive(int timeout_ms) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(std::max(timeout_ms, 0));
  while (!closed_) {
    std::size_t used = 0;
    auto frame = take_frame(stream_.buffered(), kMaxMessageBytes, used);
    if (!frame) return tl::unexpected(frame.error());
    if (*frame) {
      stream_.consume(used);
      bool broken = false;
      if (auto message = take(std::move(**frame), broken)) return message;
      if (broken) return fail(Code::invalid, "the coordinator's WebSocket message is broken: its frames do not fit");
      continue;
    }
    auto more = stream_.fill(timeout_ms < 0 ? -1 : left_ms(until));
    if (!more) {
      closed_ = WsMessage{WsMessage::Kind::closed, more.error().message, 1006};
    } else if (!*more) {
      return std::nullopt;
    }
  }
  return closed_;
}

}  // namespace prov::io
