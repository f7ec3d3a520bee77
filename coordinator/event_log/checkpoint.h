#pragma once
// Signed checkpoints: with the public key alone, an auditor can tell that a log is the one that this platform wrote, up
// to the last commit that a checkpoint covers. Ed25519; the signed text is drawn at CheckpointSigned in
// schema/event.capnp.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"
#include "common/ports/random.h"
#include "common/result.h"
#include "coordinator/domain/events.h"

namespace prov::event_log {

using PublicKey = FixedBytes<32, struct SigningTag>;

std::string key_id(const PublicKey& key);  // 8 bytes

class SigningKey {
 public:
  explicit SigningKey(const std::array<std::uint8_t, 32>& seed);
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;
  ~SigningKey();  // wipes

  const PublicKey& public_key() const { return public_; }
  std::string sign(std::string_view text) const;  // 64 bytes

 private:
  std::array<std::uint8_t, 64> secret_{};
  PublicKey public_;
};

domain::CheckpointSigned sign_checkpoint(const SigningKey& key, const Id& log_id, std::uint64_t commit,
                                         std::uint64_t sequence, const Digest& commit_hash);

// Whether `key` signed this checkpoint, for this log.
bool verify_checkpoint(const PublicKey& key, const Id& log_id, const domain::CheckpointSigned& checkpoint);

// The secret is one line of hex in a file that only its owner can read; the public key is one line of hex beside it.
// Both are made when neither is there. A secret that others can read is refused.
Result<SigningKey> load_or_create_signing_key(const std::string& secret_path, const std::string& public_path,
                                              Random& random);
Result<PublicKey> load_public_key(const std::string& path);

}  // namespace prov::event_log
