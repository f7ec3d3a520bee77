#pragma once
// The key spaces of side records (common/ports/record_log.h). All numbers are big-endian, so key order is their order.
//
//   b/ digest(32) chunk(4)                  content-addressed blob, in chunks of at most kBlobChunkBytes
//   o/ task(16) attempt(4) offset(8)        a step's output as it came, contiguous
//   k/ workspace 0x00 reference             a secret, encrypted (coordinator/secrets)
//   n/ sequence(8) chunk(4)                 snapshot of the state after that sequence (a cache)
//   d/ number(8) digest(8)                  a commit that was set aside after damage, by its own digest's first bytes
//   w/ workflow(16) kind(1) commit(8)       index of workflows (workflow_index.h): what that commit says of this one
//   h/ workspace 0x00 ~sequence(8)          workflow(16), by its submission, newest first; no name: of all workspaces
//   i/workflows                             up to which commit the index is complete
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
std::string workflow_prefix(const Id& workflow);
std::string workflow_key(const Id& workflow, char kind, std::uint64_t commit);
char workflow_kind(std::string_view key);  // REQUIRES of both: made by workflow_key
std::uint64_t workflow_commit(std::string_view key);
std::string history_prefix(std::string_view workspace);
std::string history_key(std::string_view workspace, std::uint64_t sequence);
std::uint64_t history_sequence(std::string_view key);  // REQUIRES: made by history_key
inline constexpr std::string_view kWorkflowSpace = "w/", kHistorySpace = "h/", kIndexedKey = "i/workflows";
std::string set_aside_key(std::uint64_t commit, std::string_view bytes);

}  // namespace prov::event_log
