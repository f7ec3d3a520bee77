#include "coordinator/event_log/snapshots.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include "common/hash.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/state_codec.h"

namespace prov::event_log {
namespace {

// A snapshot's bytes, cut into chunks of kBlobChunkBytes: "PRVSNAP2", digest of all that follows (32), then commit (8),
// sequence (8), log time (8), checkpoint sequence (8), log id (16), commit hash (32), state (state_codec.h).
//
// The number rises when the same log folds to a state that says more. A snapshot from before, though it decodes, would
// lead to another state, with another hash, than the whole log does.
constexpr std::string_view kMagic = "PRVSNAP2";
constexpr std::string_view kAnyMagic = kMagic.substr(0, 7);
constexpr std::size_t kHeaderBytes = 8 + 32 + 4 * 8 + 16 + 32;

void put_number(std::string& out, std::uint64_t n) { out.append(reinterpret_cast<const char*>(&n), sizeof n); }

std::uint64_t take_number(std::string_view& bytes) {
  std::uint64_t n = 0;
  std::memcpy(&n, bytes.data(), sizeof n);
  bytes.remove_prefix(sizeof n);
  return n;
}

template <class T>
T take_fixed(std::string_view& bytes) {
  const T value = *T::from(bytes.substr(0, T::kSize));
  bytes.remove_prefix(T::kSize);
  return value;
}

// Leaves the state in `bytes`.
Result<LogPosition> take_position(std::string_view& bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kAnyMagic)) return fail(Code::corrupt, "it is cut off");
  if (!bytes.starts_with(kMagic)) return fail(Code::unsupported, "another release made it; the log is read instead");
  bytes.remove_prefix(kMagic.size());
  const auto digest = take_fixed<Digest>(bytes);
  if (digest_of(bytes) != digest) return fail(Code::corrupt, "its bytes do not have the digest that it carries");
  LogPosition out;
  out.commit = take_number(bytes);
  out.sequence = take_number(bytes);
  out.log_time_ms = take_number(bytes);
  out.checkpoint_sequence = take_number(bytes);
  out.log_id = take_fixed<Id>(bytes);
  out.commit_hash = take_fixed<Digest>(bytes);
  return out;
}

Result<Snapshot> parse(std::string_view bytes) {
  auto position = take_position(bytes);
  if (!position) return tl::unexpected(position.error());
  Snapshot out;
  out.position = *position;
  auto state = decode_state(bytes);
  if (!state) return tl::unexpected(state.error());
  out.state = std::move(*state);
  return out;
}

// Whether the log has this commit, with this hash.
bool belongs_to(RecordLog& log, const LogPosition& position) {
  bool same = false;
  auto read = log.read(position.commit, [&](std::uint64_t number, std::string_view bytes) {
    const auto commit = CommitView::open(bytes);
    same = commit && number == position.commit && commit->hash() == position.commit_hash;
    return false;
  });
  return read && same;
}

Result<std::string> stored_bytes(RecordLog& log, std::uint64_t sequence) {
  std::string out;
  auto scanned = log.scan(snapshot_prefix(sequence), [&](std::string_view, std::string_view chunk) {
    out.append(chunk);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return out;
}

std::optional<Snapshot> load(RecordLog& log, std::uint64_t sequence, std::vector<std::string>& notes) {
  const auto passed_over = [&](const std::string& why) {
    notes.push_back("snapshot " + std::to_string(sequence) + " is not used: " + why);
    return std::nullopt;
  };
  const auto bytes = stored_bytes(log, sequence);
  if (!bytes) return passed_over(bytes.error().message);
  auto snapshot = parse(*bytes);
  if (!snapshot) return passed_over(snapshot.error().message);
  if (!belongs_to(log, snapshot->position)) return passed_over("the log has no such commit");
  return std::move(*snapshot);
}

// Keys of the stored snapshots, by sequence.
std::map<std::uint64_t, std::vector<std::string>> stored(RecordLog& log, std::vector<std::string>& notes) {
  std::map<std::uint64_t, std::vector<std::string>> out;
  auto scanned = log.scan(kSnapshotSpace, [&](std::string_view key, std::string_view) {
    out[snapshot_sequence(key)].emplace_back(key);
    return true;
  });
  if (!scanned) notes.push_back("snapshots cannot be read: " + scanned.error().message);
  return out;
}

}  // namespace

Snapshot load_snapshot(RecordLog& log, std::uint64_t sequence, std::vector<std::string>& notes) {
  const auto all = stored(log, notes);
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    if (at->first > sequence) continue;
    if (auto snapshot = load(log, at->first, notes)) return std::move(*snapshot);
  }
  return {};
}

Result<std::vector<LogPosition>> snapshot_positions(RecordLog& log) {
  std::vector<std::uint64_t> sequences;
  auto scanned = log.scan(kSnapshotSpace, [&](std::string_view key, std::string_view) {
    if (sequences.empty() || sequences.back() != snapshot_sequence(key)) sequences.push_back(snapshot_sequence(key));
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  std::vector<LogPosition> out;
  for (const std::uint64_t sequence : sequences) {
    const auto bytes = stored_bytes(log, sequence);
    if (!bytes) return tl::unexpected(bytes.error());
    std::string_view rest = *bytes;
    if (const auto position = take_position(rest)) out.push_back(*position);
  }
  return out;
}

std::vector<SideRecord> snapshot_records(const domain::State& state, const LogPosition& position) {
  std::string body;
  put_number(body, position.commit);
  put_number(body, position.sequence);
  put_number(body, position.log_time_ms);
  put_number(body, position.checkpoint_sequence);
  body.append(position.log_id.view()).append(position.commit_hash.view()).append(encode_state(state));
  std::string bytes = std::string(kMagic) + std::string(digest_of(body).view()) + body;
  std::vector<SideRecord> out;
  for (std::size_t at = 0; at < bytes.size(); at += kBlobChunkBytes) {
    const auto chunk = static_cast<std::uint32_t>(out.size());
    out.push_back({snapshot_key(position.sequence, chunk), bytes.substr(at, kBlobChunkBytes), false});
  }
  return out;
}

Result<std::vector<SideRecord>> fold_snapshot(RecordLog& log) {
  OpenedLog folded = open_log(log);
  if (folded.damage) return fail(Code::corrupt, "the log is damaged: " + folded.damage->what);
  if (folded.replayed_events == 0) return std::vector<SideRecord>{};
  std::vector<SideRecord> out = snapshot_records(folded.state, folded.position);
  const auto all = stored(log, folded.notes);
  std::size_t kept = 1;  // the new one
  for (auto at = all.rbegin(); at != all.rend(); ++at) {
    // Beyond the end: left over from commits that were set aside.
    if (at->first <= folded.position.sequence && kept++ < kKeepSnapshots) continue;
    for (const std::string& key : at->second) out.push_back({key, "", true});
  }
  return out;
}

}  // namespace prov::event_log
