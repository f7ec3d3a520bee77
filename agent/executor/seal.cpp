#include "agent/executor/seal.h"

#include <sodium.h>

namespace prov::agent {
namespace {

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

SealKeys make_seal_keys() {
  PROV_ASSERT(sodium_init() >= 0);
  SealKeys out;
  out.secret_key.resize(crypto_box_SECRETKEYBYTES);
  crypto_box_keypair(out.public_key.bytes.data(), raw(out.secret_key));
  return out;
}

Result<std::string> unseal(const SealKeys& keys, std::string_view box) {
  if (box.size() < crypto_box_SEALBYTES) return fail(Code::invalid, "the sealed secret is too short");
  std::string out(box.size() - crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal_open(raw(out), raw(box), box.size(), keys.public_key.bytes.data(), raw(keys.secret_key)) != 0) {
    return fail(Code::invalid, "the secret was not sealed for this agent, or was altered");
  }
  return out;
}

void wipe(std::string& secret) {
  sodium_memzero(secret.data(), secret.size());
  secret.clear();
}

}  // namespace prov::agent
