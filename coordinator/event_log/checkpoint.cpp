#include "coordinator/event_log/checkpoint.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hash.h"
#include "common/io/posix/files.h"

namespace prov::event_log {
namespace {

constexpr std::size_t kMaxKeyFileBytes = 1024;

std::string little_endian(std::uint64_t n) {
  std::string out;
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(n >> shift));
  return out;
}

std::string signed_text(const Id& log_id, const domain::CheckpointSigned& c) {
  return "provisioning-checkpoint-1" + std::string(log_id.view()) + little_endian(c.commit) +
         little_endian(c.sequence) + std::string(c.commit_hash.view());
}

const unsigned char* raw_bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

Result<SigningKey> load_signing_key(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0 && (info.st_mode & 077) != 0) {
    return fail(Code::denied, "the signing key " + path + " can be read by others than its owner",
                "chmod 600 " + path + "; if anybody may have read it, make a new one");
  }
  auto text = io::read_file(path, kMaxKeyFileBytes);
  if (!text) return tl::unexpected(text.error());
  auto seed = parse_hex<FixedBytes<32, struct SeedTag>>(first_line(*text));
  sodium_memzero(text->data(), text->size());
  if (!seed)
    return fail(Code::corrupt, "the signing key " + path + " is not 64 hex digits", "restore it from a backup");
  SigningKey key(seed->bytes);
  sodium_memzero(seed->bytes.data(), seed->bytes.size());
  return key;
}

}  // namespace

std::string key_id(const PublicKey& key) { return std::string(digest_of(key.view()).view().substr(0, 8)); }

SigningKey::SigningKey(const std::array<std::uint8_t, 32>& seed) {
  crypto_sign_seed_keypair(public_.bytes.data(), secret_.data(), seed.data());
}

SigningKey::~SigningKey() { sodium_memzero(secret_.data(), secret_.size()); }

std::string SigningKey::sign(std::string_view text) const {
  std::string signature(crypto_sign_BYTES, '\0');
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, raw_bytes(text), text.size(),
                       secret_.data());
  return signature;
}

domain::CheckpointSigned sign_checkpoint(const SigningKey& key, const Id& log_id, std::uint64_t commit,
                                         std::uint64_t sequence, const Digest& commit_hash) {
  domain::CheckpointSigned out{commit, sequence, commit_hash, key_id(key.public_key()), ""};
  out.signature = key.sign(signed_text(log_id, out));
  return out;
}

bool verify_checkpoint(const PublicKey& key, const Id& log_id, const domain::CheckpointSigned& checkpoint) {
  if (checkpoint.signature.size() != crypto_sign_BYTES || checkpoint.key_id != key_id(key)) return false;
  const std::string text = signed_text(log_id, checkpoint);
  return crypto_sign_verify_detached(raw_bytes(checkpoint.signature), raw_bytes(text), text.size(), key.bytes.data()) ==
         0;
}

Result<SigningKey> load_or_create_signing_key(const std::string& secret_path, const std::string& public_path,
                                              Random& random) {
  auto key = load_signing_key(secret_path);
  if (!key && key.error().code != Code::not_found) return key;
  if (!key) {
    if (::access(public_path.c_str(), F_OK) == 0) {
      return fail(Code::conflict, "there is a public key " + public_path + " but no signing key " + secret_path,
                  "restore the signing key from a backup, or move the public key away to begin with a new one");
    }
    FixedBytes<32, struct SeedTag> seed;
    random.fill(seed.bytes);
    std::string line = to_hex(seed.view()) + "\n";
    auto written = io::write_durably(secret_path, line, 0600);
    key = SigningKey(seed.bytes);
    sodium_memzero(line.data(), line.size());
    sodium_memzero(seed.bytes.data(), seed.bytes.size());
    if (!written) return tl::unexpected(written.error());
  }
  const std::string line = to_hex(key->public_key().view()) + "\n";
  auto stored = io::read_file(public_path, kMaxKeyFileBytes);
  if (stored && *stored == line) return key;
  if (stored) {
    return fail(Code::conflict, "the public key " + public_path + " does not belong to the signing key " + secret_path,
                "move it away; the right one is written at the next start");
  }
  if (auto written = io::write_durably(public_path, line, 0644); !written) return tl::unexpected(written.error());
  return key;
}

Result<PublicKey> load_public_key(const std::string& path) {
  auto text = io::read_file(path, kMaxKeyFileBytes);
  if (!text) return tl::unexpected(text.error());
  auto key = parse_hex<PublicKey>(first_line(*text));
  if (!key) return fail(Code::invalid, path + " is not a public key: it has to be 64 hex digits");
  return *key;
}

}  // namespace prov::event_log
