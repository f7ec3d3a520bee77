#pragma once
// What can happen to the platform itself: its log, its secrets, what it stores.
#include <cstdint>
#include <string>

#include "common/ids.h"

namespace prov::domain {

struct LogCreated {
  Id log_id;
  std::string software;
};
struct CoordinatorStarted {
  std::uint32_t epoch = 0;
  std::string software, host;
  std::uint32_t attested_epoch = 0;
};
struct CheckpointSigned {
  std::uint64_t commit = 0, sequence = 0;
  Digest commit_hash;
  std::string key_id, signature;  // 8 and 64 bytes
};
struct SecurityAlarm {
  std::string kind, peer, detail;
  std::uint32_t count = 1;
};
struct DamageAccepted {
  std::string reason, detail;
  std::uint32_t new_epoch = 0;
};

struct SecretCreated {
  std::string reference;
  bool generated = true;
};
struct BlobStored {
  Digest digest;
  std::uint64_t bytes = 0;
  std::string kind, name;
};
struct UnknownEvent {  // written by a later release: its aggregate freezes, the rest goes on
  std::uint16_t type = 0, version = 0;
  std::string payload;
};

}  // namespace prov::domain
