#include "common/hash.h"

#include <sodium.h>
#include <sys/random.h>

#include <array>

#include "common/result.h"

namespace prov {
namespace {

crypto_generichash_state* as_state(unsigned char* raw) { return reinterpret_cast<crypto_generichash_state*>(raw); }

// Until then libsodium hashes with the portable code: half as fast as what it finds for this processor.
void choose_implementation() {
  static const bool chosen = sodium_init() >= 0;
  PROV_ASSERT(chosen);
}

const unsigned char* as_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

Digest digest_of(std::string_view bytes) {
  choose_implementation();
  Digest out;
  crypto_generichash(out.bytes.data(), Digest::kSize, as_bytes(bytes), bytes.size(), nullptr, 0);
  return out;
}

std::size_t table_hash(std::string_view bytes) {
  static const auto key = [] {
    std::array<unsigned char, crypto_shorthash_KEYBYTES> out{};
    // From the kernel, not from libsodium: a simulation gives that one a seed, and two runs must draw the same from it.
    PROV_ASSERT(::getrandom(out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
    return out;
  }();
  std::size_t out = 0;
  static_assert(sizeof out == crypto_shorthash_BYTES);
  crypto_shorthash(reinterpret_cast<unsigned char*>(&out), as_bytes(bytes), bytes.size(), key.data());
  return out;
}

Hasher::Hasher() {
  choose_implementation();
  static_assert(sizeof(crypto_generichash_state) <= sizeof(state_));
  crypto_generichash_init(as_state(state_), nullptr, 0, Digest::kSize);
}

Hasher& Hasher::add(std::string_view bytes) {
  crypto_generichash_update(as_state(state_), as_bytes(bytes), bytes.size());
  return *this;
}

Digest Hasher::value() const {
  Hasher copy = *this;  // final() spoils the state
  Digest out;
  crypto_generichash_final(as_state(copy.state_), out.bytes.data(), Digest::kSize);
  return out;
}

}  // namespace prov
