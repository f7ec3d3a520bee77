#pragma once
// The key spaces of side records (common/ports/record_log.h). All numbers are big-endian, so key order is their order.
//
//   b/ digest(32) chunk(4)                  content-addressed blob, in chunks of at most kBlobChunkBytes
//   o/ task(16) attempt(4) offset(8)        a step's output as it came, contiguous
//   k/ workspace 0x00 reference             a secret, encrypted (coordinator/secrets)
//   n/ sequence(8) chunk(4)                 snapshot of the state after that sequence (a cache)
//   d/ number(8) digest(8)                  a commit that was set aside after damage; digest: the first bytes of its
//   own
#include <cstdint>
#include <string>
#include <string_view>

#include "common/ids.h"

namespace prov::event_log {

inline constexpr std::size_t kBlobChunkBytes = 512 << 10;

std::string blob_prefix(const Digest& digest);
std::string blob_key(const Digest& digest, std::uint32_t chunk);
std::string output_prefix(const Id& task, std::uint32_t attempt);
std::string output_key(const Id& task, std::uint32_t attempt, std::uint64_t offset);
std::uint64_t output_offset(std::string_view key);  // REQUIRES: made by output_key
std::string secret_key(std::string_view workspace, std::string_view reference);
std::string snapshot_prefix(std::uint64_t sequence);
std::string snapshot_key(std::uint64_t sequence, std::uint32_t chunk);
std::uint64_t snapshot_sequence(std::string_view key);  // REQUIRES: made by snapshot_key
inline constexpr std::string_view kSnapshotSpace = "n/";
std::string set_aside_key(std::uint64_t commit, std::string_view bytes);

}  // namespace prov::event_log
