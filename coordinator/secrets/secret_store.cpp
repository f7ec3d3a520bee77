#include "coordinator/secrets/secret_store.h"

#include <sodium.h>

#include "coordinator/event_log/keys.h"

namespace prov::secrets {
namespace {

constexpr std::size_t kValueLength = 24;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::size_t kLetters = sizeof kAlphabet - 1;

const unsigned char* raw(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

}  // namespace

SecretStore::SecretStore(RecordLog& log, std::string master_key, Random& random)
    : log_(log), master_key_(std::move(master_key)), random_(random) {
  PROV_ASSERT(master_key_.size() == crypto_secretbox_KEYBYTES);
}

SecretStore::~SecretStore() { sodium_memzero(master_key_.data(), master_key_.size()); }

SecretStore::Made SecretStore::generate(const std::string& workspace, const std::string& reference) {
  std::string letters;
  while (letters.size() < kValueLength) {
    std::array<std::uint8_t, 1> byte{};
    random_.fill(byte);
    if (byte[0] < kLetters * 4) letters.push_back(kAlphabet[byte[0] % kLetters]);  // no letter is likelier than another
  }
  const Secret value(std::move(letters));
  std::array<std::uint8_t, crypto_secretbox_NONCEBYTES> nonce{};
  random_.fill(nonce);
  std::string sealed(reinterpret_cast<const char*>(nonce.data()), nonce.size());
  sealed.resize(nonce.size() + crypto_secretbox_MACBYTES + kValueLength);
  crypto_secretbox_easy(raw(sealed) + nonce.size(), raw(value.expose()), kValueLength, nonce.data(), raw(master_key_));
  std::string key = event_log::secret_key(workspace, reference);
  unwritten_[key] = sealed;
  return {SideRecord{std::move(key), std::move(sealed), false}};
}

Result<Secret> SecretStore::open(const std::string& workspace, const std::string& reference) {
  const std::string key = event_log::secret_key(workspace, reference);
  auto stored = log_.get(key);
  if (!stored) return tl::unexpected(stored.error());
  const auto fresh = unwritten_.find(key);
  if (*stored && fresh != unwritten_.end()) unwritten_.erase(fresh);
  if (!*stored && fresh != unwritten_.end()) *stored = fresh->second;
  if (!*stored)
    return fail(Code::not_found, "there is no secret \"" + reference + "\" in workspace \"" + workspace + "\"");
  const std::string& sealed = **stored;
  constexpr std::size_t kOverhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
  if (sealed.size() < kOverhead) return fail(Code::corrupt, "secret \"" + reference + "\" is damaged in the store");
  std::string value(sealed.size() - kOverhead, '\0');
  if (crypto_secretbox_open_easy(raw(value), raw(sealed) + crypto_secretbox_NONCEBYTES,
                                 sealed.size() - crypto_secretbox_NONCEBYTES, raw(sealed), raw(master_key_)) != 0) {
    return fail(Code::corrupt, "secret \"" + reference + "\" does not open with this coordinator's master key",
                "restore the key file that belongs to this log from a backup");
  }
  return Secret(std::move(value));
}

Result<std::string> SecretStore::seal(const std::string& workspace, const std::string& reference, const Key& seal_key) {
  auto value = open(workspace, reference);
  if (!value) return tl::unexpected(value.error());
  const std::string_view bytes = value->expose();
  std::string box(bytes.size() + crypto_box_SEALBYTES, '\0');
  if (crypto_box_seal(raw(box), raw(bytes), bytes.size(), seal_key.bytes.data()) != 0) {
    return fail(Code::invalid, "the agent's seal key is not a valid X25519 key");
  }
  return box;
}

}  // namespace prov::secrets
