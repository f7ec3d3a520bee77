#include "coordinator/event_log/keys.h"

#include "common/hash.h"
#include "common/result.h"

namespace prov::event_log {
namespace {

std::string big_endian(std::uint64_t n, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
  return out;
}

std::uint64_t read_big_endian(std::string_view bytes) {
  std::uint64_t n = 0;
  for (const char c : bytes) n = n << 8 | static_cast<std::uint8_t>(c);
  return n;
}

constexpr std::size_t kPrefix = 2;

}  // namespace

std::string blob_prefix(const Digest& digest) { return "b/" + std::string(digest.view()); }
std::string blob_key(const Digest& digest, std::uint32_t chunk) { return blob_prefix(digest) + big_endian(chunk, 4); }

std::string output_prefix(const Id& task, std::uint32_t attempt) {
  return "o/" + std::string(task.view()) + big_endian(attempt, 4);
}
std::string output_key(const Id& task, std::uint32_t attempt, std::uint64_t offset) {
  return output_prefix(task, attempt) + big_endian(offset, 8);
}
std::uint64_t output_offset(std::string_view key) {
  PROV_ASSERT(key.size() == kPrefix + Id::kSize + 4 + 8);
  return read_big_endian(key.substr(key.size() - 8));
}

std::string secret_key(std::string_view workspace, std::string_view reference) {
  return "k/" + std::string(workspace) + '\0' + std::string(reference);
}

std::string snapshot_prefix(std::uint64_t sequence) { return std::string(kSnapshotSpace) + big_endian(sequence, 8); }
std::string snapshot_key(std::uint64_t sequence, std::uint32_t chunk) {
  return snapshot_prefix(sequence) + big_endian(chunk, 4);
}
std::uint64_t snapshot_sequence(std::string_view key) {
  PROV_ASSERT(key.size() == kPrefix + 8 + 4);
  return read_big_endian(key.substr(kPrefix, 8));
}

std::string workflow_prefix(const Id& workflow) { return std::string(kWorkflowSpace) + std::string(workflow.view()); }
std::string workflow_key(const Id& workflow, char kind, std::uint64_t commit) {
  return workflow_prefix(workflow) + kind + big_endian(commit, 8);
}
char workflow_kind(std::string_view key) {
  PROV_ASSERT(key.size() == kPrefix + Id::kSize + 1 + 8);
  return key[kPrefix + Id::kSize];
}
std::uint64_t workflow_commit(std::string_view key) {
  PROV_ASSERT(key.size() == kPrefix + Id::kSize + 1 + 8);
  return read_big_endian(key.substr(key.size() - 8));
}

std::string history_prefix(std::string_view workspace) {
  return std::string(kHistorySpace) + std::string(workspace) + '\0';
}
std::string history_key(std::string_view workspace, std::uint64_t sequence) {
  return history_prefix(workspace) + big_endian(UINT64_MAX - sequence, 8);
}
std::uint64_t history_sequence(std::string_view key) {
  PROV_ASSERT(key.size() > kPrefix + 8);
  return UINT64_MAX - read_big_endian(key.substr(key.size() - 8));
}

std::string set_aside_key(std::uint64_t commit, std::string_view bytes) {
  return "d/" + big_endian(commit, 8) + std::string(digest_of(bytes).view().substr(0, 8));
}

}  // namespace prov::event_log
