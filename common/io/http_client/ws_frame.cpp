#include "common/io/http_client/ws_frame.h"

#include <sodium.h>

#include <array>
#include <bit>

namespace prov::io {
namespace {

constexpr std::size_t kMaxControlBytes = 125;

// The handshake wants SHA-1, which says nothing about security there.
class Sha1 {
 public:
  static std::string of(std::string text) {
    const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
    text.push_back('\x80');
    while (text.size() % 64 != 56) text.push_back('\0');
    for (int shift = 56; shift >= 0; shift -= 8) text.push_back(static_cast<char>(bits >> shift));
    Sha1 sha;
    for (std::size_t at = 0; at < text.size(); at += 64) sha.block(std::string_view(text).substr(at, 64));
    std::string out;
    for (const std::uint32_t word : sha.state_) {
      for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(word >> shift));
    }
    return out;
  }

 private:
  void block(std::string_view bytes) {
    std::array<std::uint32_t, 80> w{};
    for (std::size_t i = 0; i < 64; ++i) w[i / 4] = w[i / 4] << 8 | static_cast<unsigned char>(bytes[i]);
    for (std::size_t i = 16; i < 80; ++i) w[i] = std::rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    auto [a, b, c, d, e] = state_;
    for (std::size_t i = 0; i < 80; ++i) {
      const std::uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 || i >= 60 ? b ^ c ^ d : (b & c) | (b & d) | (c & d);
      static constexpr std::array<std::uint32_t, 4> kRound{0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6};
      const std::uint32_t next = std::rotl(a, 5) + f + e + kRound[i / 20] + w[i];
      e = d;
      d = c;
      c = std::rotl(b, 30);
      b = a;
      a = next;
    }
    state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d, state_[4] += e;
  }
  std::array<std::uint32_t, 5> state_{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0};
};

tl::unexpected<Error> bad(const char* why) {
  return fail(Code::invalid, std::string("the coordinator's WebSocket message is broken: ") + why);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

bool known(std::uint8_t opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

std::string base64(std::string_view bytes) {
  std::string out(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(out.data(), out.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  out.pop_back();  // the terminating NUL
  return out;
}

std::string accept_proof(std::string_view key) {
  return base64(Sha1::of(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

std::string client_frame(WsOpcode opcode, std::string_view data, std::uint32_t mask) {
  std::string out;
  out.reserve(data.size() + 14);
  out.push_back(static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode)));
  const std::uint64_t size = data.size();
  const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
  out.push_back(static_cast<char>(0x80 | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U)));
  for (int shift = (length_bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(size >> shift));
  std::array<char, 4> key{};
  for (std::size_t i = 0; i < 4; ++i) key[i] = static_cast<char>(mask >> (24 - 8 * i));
  out.append(key.data(), key.size());
  for (std::size_t i = 0; i < data.size(); ++i) out.push_back(static_cast<char>(data[i] ^ key[i % 4]));
  return out;
}

Result<std::optional<WsFrame>> take_frame(std::string_view bytes, std::size_t max_bytes, std::size_t& used) {
  if (bytes.size() < 2) return std::nullopt;
  const auto first = static_cast<std::uint8_t>(bytes[0]), second = static_cast<std::uint8_t>(bytes[1]);
  const std::uint8_t opcode = first & 0x0F;
  if ((first & 0x70) != 0) return bad("a reserved bit is set");
  if (!known(opcode)) return bad("it has an unknown opcode");
  if ((second & 0x80) != 0) return bad("a server must not mask");
  const std::size_t length_bytes = (second & 0x7F) < 126 ? 0 : (second & 0x7F) == 126 ? 2 : 8;
  if (bytes.size() < 2 + length_bytes) return std::nullopt;
  const std::uint64_t size = length_bytes == 0 ? second & 0x7F : big_endian(bytes.substr(2, length_bytes));
  const bool final = (first & 0x80) != 0;
  if (opcode >= 8 && (!final || size > kMaxControlBytes)) return bad("a control frame is split or too long");
  if (size > max_bytes) return bad("it is too large");
  if (bytes.size() - 2 - length_bytes < size) return std::nullopt;
  used = 2 + length_bytes + size;
  return WsFrame{static_cast<WsOpcode>(opcode), final, std::string(bytes.substr(2 + length_bytes, size))};
}

}  // namespace prov::io
