#include "coordinator/event_log/archiver.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "common/failpoint/failpoint.h"
#include "common/io/posix/files.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/snapshots.h"

namespace prov::event_log {
namespace {

constexpr std::uint64_t kMinFreeBytes = 192ULL << 20;  // stay free beside a segment: the disk may be the log's own

// Its last event's sequence; 0: it cannot be read.
std::uint64_t last_sequence_of(RecordLog& log) {
  std::uint64_t out = 0;
  static_cast<void>(log.read(log.last_commit(), [&](std::uint64_t, std::string_view bytes) {
    if (const auto header = peek_header(bytes)) out = header->first_sequence + header->count - 1;
    return false;
  }));
  return out;
}

Result<void> has_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return tl::unexpected(io::system_error("look at", folder));
  if (std::uint64_t{info.f_bavail} * info.f_frsize >= bytes + kMinFreeBytes) return {};
  return fail(Code::exhausted,
              "too little room in " + folder + " for a segment of " + std::to_string(bytes >> 20) + " MiB",
              "make room there, or name another folder in the configuration: [log] archive_dir");
}

Result<Digest> hash_of(RecordLog& log, std::uint64_t commit) {
  Result<Digest> out = fail(Code::corrupt, "commit " + std::to_string(commit) + " is missing in the log");
  auto read = log.read(commit, [&](std::uint64_t number, std::string_view bytes) {
    auto view = CommitView::open(bytes);
    if (view && number == commit) out = view->hash();
    if (!view) out = tl::unexpected(view.error());
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

}  // namespace

Result<void> SegmentPlan::take(std::uint64_t number, std::string_view bytes) {
  if (number != next_commit_) return fail(Code::corrupt, "it is missing");
  auto commit = CommitView::open(bytes);
  if (!commit) return tl::unexpected(commit.error());
  const CommitHeader& header = commit->header();
  if (known_.empty()) {
    header_.first_commit = number;
    header_.first_sequence = header.first_sequence;
    header_.previous = header.previous;
  }
  const std::uint64_t before = known_.empty() ? 0 : known_.rbegin()->second.bytes;
  for (auto view = commit->next(); view && !found_; view = commit->next()) {
    auto decoded = view->event();
    if (!decoded) return tl::unexpected(decoded.error());
    header_.log_id = decoded->meta.log_id;
    if (const auto* checkpoint = std::get_if<domain::CheckpointSigned>(&decoded->body)) take_checkpoint(*checkpoint);
  }
  known_[number] = {commit->hash(), header.first_sequence + header.count - 1, before + bytes.size(),
                    header.log_time_ms};
  next_commit_ = number + 1;
  return {};
}

void SegmentPlan::take_checkpoint(const domain::CheckpointSigned& checkpoint) {
  const auto end = known_.find(checkpoint.commit);
  if (end == known_.end() || end->second.hash != checkpoint.commit_hash) return;
  if (end->second.bytes < segment_bytes_) return;
  found_ = true;
  header_.last_commit = checkpoint.commit;
  header_.last_sequence = end->second.last_sequence;
  header_.log_time_ms = end->second.log_time_ms;
  header_.last_hash = end->second.hash;
  header_.key_id = checkpoint.key_id;
  header_.signature = checkpoint.signature;
}

Result<std::optional<SegmentHeader>> SegmentPlan::next(RecordLog& store) {
  if (next_commit_ == 0) next_commit_ = store.first_commit();
  Result<void> taken;
  if (!found_) {
    auto read = store.read(next_commit_, [&](std::uint64_t number, std::string_view bytes) {
      taken = take(number, bytes);
      return taken.has_value() && !found_;
    });
    if (!read) return tl::unexpected(read.error());
  }
  if (!taken) {
    return fail(Code::corrupt, "commit " + std::to_string(next_commit_) + ": " + taken.error().message,
                "look at the whole log: provisioning audit verify");
  }
  if (!found_) return std::nullopt;
  known_.clear();
  return header_;
}

Archiver::Archiver(RecordLog& store, ArchivedLog& log, std::string folder, ArchivePolicy policy, PublicKeys keys)
    : store_(store),
      log_(log),
      folder_(std::move(folder)),
      policy_(policy),
      keys_(std::move(keys)),
      plan_(policy.segment_bytes) {}

bool Archiver::may_go(const SegmentHeader& header, TimeMs now_ms) {
  const bool young = policy_.keep_ms != 0 && header.log_time_ms + policy_.keep_ms > now_ms;
  const bool wanted = policy_.keep_events != 0 && header.last_sequence + policy_.keep_events > last_sequence_of(store_);
  return policy_.on() && !young && !wanted;
}

Result<bool> Archiver::start_needs(std::uint64_t commit) {
  const auto snapshots = snapshot_positions(store_);
  if (!snapshots) return tl::unexpected(snapshots.error());
  // The oldest that is kept: a start whose newest snapshot is damaged begins there.
  return snapshots->empty() || commit >= snapshots->front().commit;
}

Result<void> Archiver::belongs_here(const SegmentHeader& header, const std::string& path) {
  if (auto good = verify_segment(path, keys_); !good) return good;
  const auto hash = hash_of(store_, header.last_commit);
  if (!hash) return tl::unexpected(hash.error());
  if (*hash == header.last_hash) return {};
  return fail(Code::conflict, "the segment " + path + " ends with another commit than the log has there: two histories",
              "the log was restored from before it was written: move the segment away, or restore the newer one");
}

Result<std::optional<SegmentHeader>> Archiver::finish_begun() {
  const std::uint64_t stored = store_.first_commit();
  for (const auto& [first, path] : log_.paths()) {
    const auto range = parse_segment_name(std::filesystem::path(path).filename().string());
    if (range->second < stored || range->second >= store_.last_commit()) continue;
    const auto header = read_segment_header(path);
    if (!header) return tl::unexpected(header.error());
    if (auto good = belongs_here(*header, path); !good) return tl::unexpected(good.error());
    const auto needed = start_needs(header->last_commit);
    if (!needed) return tl::unexpected(needed.error());
    if (*needed) continue;
    if (auto dropped = store_.drop_before(header->last_commit + 1); !dropped) return tl::unexpected(dropped.error());
    return *header;
  }
  return std::nullopt;
}

Result<void> Archiver::write(const SegmentHeader& header, const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) return fail(Code::io, "cannot create " + folder_ + ": " + error.message());
  auto made = io::make_private_dir(folder);
  if (!made) return tl::unexpected(made.error());
  if (auto synced = io::sync_dir(folder_); !synced) return synced;
  if (auto room = has_room(folder, policy_.segment_bytes); !room) return room;
  if (auto written = write_segment(store_, header, path); !written) return written;
  PROV_FAIL_HERE("segment_renamed");
  return belongs_here(header, path);
}

Result<std::optional<SegmentHeader>> Archiver::step(TimeMs now_ms) {
  auto begun = finish_begun();
  if (!begun || *begun) {
    plan_.restart();
    return begun;
  }
  auto header = plan_.next(store_);
  if (!header) {
    plan_.restart();
    return header;
  }
  if (!*header || !may_go(**header, now_ms)) return std::nullopt;
  const auto needed = start_needs((*header)->last_commit);
  if (!needed) return tl::unexpected(needed.error());
  if (*needed) return std::nullopt;
  const std::string path =
      folder_ + "/" + to_text((*header)->log_id) + "/" + segment_name((*header)->first_commit, (*header)->last_commit);
  if (auto written = write(**header, path); !written) return tl::unexpected(written.error());
  log_.add((*header)->first_commit, (*header)->last_commit, path);
  PROV_FAIL_HERE("segment_verified");
  if (auto dropped = store_.drop_before((*header)->last_commit + 1); !dropped) return tl::unexpected(dropped.error());
  PROV_FAIL_HERE("segment_dropped");
  plan_.restart();
  return header;
}

}  // namespace prov::event_log
