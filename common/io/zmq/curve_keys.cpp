#include "common/io/zmq/curve_keys.h"

#include <sodium.h>

#include "common/result.h"

namespace prov::io {

KeyPair generate_key_pair() {
  PROV_ASSERT(sodium_init() >= 0);
  KeyPair pair;
  PROV_ASSERT(crypto_box_keypair(pair.public_key.bytes.data(), pair.secret_key.data()) == 0);
  return pair;
}

KeyPair key_pair_from(const SecretKey& secret_key) {
  KeyPair pair{{}, secret_key};
  PROV_ASSERT(crypto_scalarmult_base(pair.public_key.bytes.data(), secret_key.data()) == 0);
  return pair;
}

}  // namespace prov::io
