#pragma once
// A WebSocket to the coordinator: feed, output, shell. Blocking with time limits, one thread; its descriptor can stand
// in a poll() beside the terminal's.
//
//   poll({STDIN, ws.fd()}); when the latter is readable: while (auto m = ws.receive(0); m && *m) handle(**m);
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/io/http_client/http_client.h"
#include "common/io/http_client/ws_frame.h"

namespace prov::io {

struct WsMessage {
  enum class Kind { text, binary, closed };
  Kind kind = Kind::text;
  std::string data;              // of closed: the reason
  std::uint16_t close_code = 0;  // of closed; 1006: the connection broke without a word
};

class WsClient {
 public:
  // Code::unavailable and Code::denied as for HttpClient. A refused handshake carries the coordinator's own message,
  // with the code of its status (401 unauthenticated, 403 denied, 404 not_found, 400 invalid, ...).
  static Result<WsClient> connect(const Endpoint& endpoint, std::string_view target, HttpLimits limits = {});

  int fd() const { return stream_.fd(); }

  // The next message, waiting at most timeout_ms for it (0: only what is here already; below 0: as long as it takes).
  // nullopt: none came. After Kind::closed there are no more: every further call says the same. Pings are answered.
  Result<std::optional<WsMessage>> receive(int timeout_ms);

  Result<void> send_text(std::string_view text) { return send(WsOpcode::text, text); }
  Result<void> send_binary(std::string_view data) { return send(WsOpcode::binary, data); }
  void close(std::uint16_t code = 1000);  // says good-bye; receive() then tells when the other side has, too

 private:
  WsClient(SocketStream stream, HttpLimits limits) : stream_(std::move(stream)), limits_(limits) {}
  Result<void> send(WsOpcode opcode, std::string_view data);
  std::optional<WsMessage> take(WsFrame frame, bool& broken);

  SocketStream stream_;
  HttpLimits limits_;
  std::string partial_;  // of a message in several frames
  std::optional<WsOpcode> partial_kind_;
  std::optional<WsMessage> closed_;
  bool said_close_ = false;
};

}  // namespace prov::io
