#pragma once
// RFC 6455 on bytes alone: frames of a client, messages of a server, and the handshake's proof. No socket in here.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/result.h"

namespace prov::io {

enum class WsOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

// One whole message as a client must send it: masked with `mask`.
std::string client_frame(WsOpcode opcode, std::string_view data, std::uint32_t mask);

// base64(SHA-1(key + the RFC's GUID)): what Sec-WebSocket-Accept must be.
std::string accept_proof(std::string_view key);
std::string base64(std::string_view bytes);

struct WsFrame {
  WsOpcode opcode = WsOpcode::text;
  bool final = true;
  std::string data;
};

// Takes the first frame of `bytes`; nullopt: it is not whole yet. `used` gets how many bytes it had.
// Code::invalid: a masked frame, a reserved bit or opcode, a split or long control frame, more than `max_bytes`.
Result<std::optional<WsFrame>> take_frame(std::string_view bytes, std::size_t max_bytes, std::size_t& used);

}  // namespace prov::io
