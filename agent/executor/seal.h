#pragma once
// The agent's second key pair: secrets are sealed to it by the coordinator (crypto_box_seal) and opened only on the
// host, when the step that needs them is prepared.
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/result.h"

namespace prov::agent {

struct SealKeys {
  Key public_key;
  std::string secret_key;  // 32 bytes
};

SealKeys make_seal_keys();
Result<std::string> unseal(const SealKeys& keys,
                           std::string_view box);  // Code::invalid: not for these keys, or altered
void wipe(std::string& secret);                    // overwrites it, then empties it

}  // namespace prov::agent
