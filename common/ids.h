#pragma once
// Identifiers as values: 16-byte ids (printed as UUIDs) and 32-byte keys and digests (printed as hex).
#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace prov {

template <std::size_t N, class Tag>
struct FixedBytes {
  std::array<std::uint8_t, N> bytes{};

  static constexpr std::size_t kSize = N;
  // As the bytes compare, but eight at a time: they are the keys of maps in every hot path.
  bool operator==(const FixedBytes& other) const {
    for (std::size_t at = 0; at < N; at += 8) {
      if (word(at) != other.word(at)) return false;
    }
    return true;
  }
  std::strong_ordering operator<=>(const FixedBytes& other) const {
    static_assert(N % 8 == 0);
    for (std::size_t at = 0; at < N; at += 8) {
      const std::uint64_t a = word(at), b = other.word(at);
      if (a != b) return a <=> b;
    }
    return std::strong_ordering::equal;
  }
  bool is_zero() const { return *this == FixedBytes{}; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }

  // The N bytes of `raw`; nullopt when it has another size.
  static std::optional<FixedBytes> from(std::string_view raw) {
    if (raw.size() != N) return std::nullopt;
    FixedBytes out;
    std::memcpy(out.bytes.data(), raw.data(), N);
    return out;
  }

 private:
  std::uint64_t word(std::size_t at) const {  // big-endian, as numbers and bytes then have one order
    std::uint64_t out = 0;
    std::memcpy(&out, bytes.data() + at, sizeof out);
    return std::endian::native == std::endian::little ? __builtin_bswap64(out) : out;
  }
};

using Id = FixedBytes<16, struct IdTag>;          // workflow, task, command, session, token, log
using Digest = FixedBytes<32, struct DigestTag>;  // BLAKE2b-256 of content
using Key = FixedBytes<32, struct KeyTag>;        // public key: an agent's identity

std::string to_hex(std::string_view raw);                    // lower case
std::optional<std::string> from_hex(std::string_view text);  // either case, even length
std::string to_text(const Id& id);                           // 8-4-4-4-12
std::optional<Id> parse_id(std::string_view text);           // as to_text writes it
inline std::string to_text(const Digest& d) { return to_hex(d.view()); }
inline std::string to_text(const Key& k) { return to_hex(k.view()); }
template <class T>
std::optional<T> parse_hex(std::string_view text) {
  auto raw = from_hex(text);
  return raw ? T::from(*raw) : std::nullopt;
}

// A task's id is its workflow's with the index + 1 in the last four bytes, big-endian; a workflow's ends in zeros.
// Asked for dozens of times for each task, so in words, which stay in registers: bytes that were just stored one by one
// are slow to load as a word.
inline Id workflow_id(const Id& any) {  // clears the last four bytes
  static_assert(Id::kSize == 16);
  constexpr bool kLittle = std::endian::native == std::endian::little;
  constexpr std::uint64_t kFirstFour = kLittle ? 0x0000'0000'FFFF'FFFFULL : 0xFFFF'FFFF'0000'0000ULL;
  auto words = std::bit_cast<std::array<std::uint64_t, 2>>(any.bytes);
  words[1] &= kFirstFour;
  return {std::bit_cast<decltype(any.bytes)>(words)};
}
Id task_id(const Id& workflow, std::uint32_t index);              // REQUIRES: workflow is a workflow's id
inline std::optional<std::uint32_t> task_index(const Id& task) {  // nullopt for a workflow's id
  std::uint32_t n = 0;
  std::memcpy(&n, task.bytes.data() + Id::kSize - sizeof n, sizeof n);
  if constexpr (std::endian::native == std::endian::little) n = __builtin_bswap32(n);
  if (n == 0) return std::nullopt;
  return n - 1;
}

// As little-endian numbers of 64 bits, the way messages hold them that point nowhere.
template <class Fixed>
std::uint64_t word_of(const Fixed& value, std::size_t index) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t out = 0;
  std::memcpy(&out, value.bytes.data() + index * sizeof out, sizeof out);
  return out;
}
template <class Fixed>
Fixed of_words(const std::array<std::uint64_t, Fixed::kSize / 8>& words) {
  static_assert(std::endian::native == std::endian::little);
  Fixed out;
  std::memcpy(out.bytes.data(), words.data(), Fixed::kSize);
  return out;
}

struct IdHash {
  template <std::size_t N, class Tag>
  std::size_t operator()(const FixedBytes<N, Tag>& v) const noexcept {
    std::uint64_t a = 0, b = 0;  // ids and keys are random: some of their bytes are a hash
    std::memcpy(&a, v.bytes.data(), 8);
    std::memcpy(&b, v.bytes.data() + 8, 8);
    return static_cast<std::size_t>(a ^ (b * 0x9E3779B97F4A7C15ULL));
  }
};

}  // namespace prov
