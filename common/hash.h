#pragma once
// BLAKE2b-256 through libsodium, the one digest of the project: content addresses, the chain of the log, key ids. And a
// hash for tables.
#include <cstddef>
#include <string_view>

#include "common/ids.h"

namespace prov {

Digest digest_of(std::string_view bytes);

// For hash tables whose keys others choose (SipHash-2-4): another one in each process, so that nobody can choose keys
// that collide. Nothing may depend on its value.
std::size_t table_hash(std::string_view bytes);

class Hasher {  // incremental; copyable, so that a prefix's digest can be taken without ending it
 public:
  Hasher();
  Hasher& add(std::string_view bytes);
  Digest value() const;

 private:
  alignas(64) unsigned char state_[384];  // crypto_generichash_state
};

}  // namespace prov
