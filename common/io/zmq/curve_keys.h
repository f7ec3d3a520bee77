#pragma once
// Key pairs of Curve25519: CURVE (the link) and crypto_box (sealed secrets) use the same kind.
#include <array>
#include <cstdint>

#include "common/ids.h"

namespace prov::io {

using SecretKey = std::array<std::uint8_t, 32>;

struct KeyPair {
  Key public_key;
  SecretKey secret_key{};  // never printed, logged or sent
};

KeyPair generate_key_pair();                         // from the system's randomness
KeyPair key_pair_from(const SecretKey& secret_key);  // as it was stored

}  // namespace prov::io
