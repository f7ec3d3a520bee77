#include "coordinator/event_log/archived_log.h"

#include <fcntl.h>

#include <algorithm>

#include "common/io/posix/files.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/segment.h"

namespace prov::event_log {

Result<Id> log_id_of(RecordLog& log) {
  Result<Id> out = Id{};
  auto read = log.read(log.first_commit(), [&](std::uint64_t number, std::string_view bytes) {
    auto commit = CommitView::open(bytes);
    auto event = commit ? commit->next()->event() : Result<domain::Event>(tl::unexpected(commit.error()));
    if (event) {
      out = event->meta.log_id;
    } else {
      out = fail(Code::corrupt, "commit " + std::to_string(number) + ": " + event.error().message);
    }
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

Result<LogPosition> beginning_of(ArchivedLog& log) {
  const std::uint64_t first = log.missing_before();
  if (first == 0) return LogPosition{};
  Result<LogPosition> out = fail(Code::corrupt, "commit " + std::to_string(first) + " is missing in the log");
  auto read = log.read(first, [&](std::uint64_t number, std::string_view bytes) {
    const auto header = peek_header(bytes);
    if (!header) out = tl::unexpected(header.error());
    if (!header || number != first) return false;
    LogPosition before;
    before.commit = first - 1;
    before.sequence = header->first_sequence - 1;
    before.commit_hash = header->previous;
    out = before;
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

Result<std::unique_ptr<ArchivedLog>> ArchivedLog::open(RecordLog& store, const std::vector<std::string>& folders) {
  std::unique_ptr<ArchivedLog> out(new ArchivedLog(store));
  const auto id = log_id_of(store);
  // What cannot be read there is damage, which a replay finds and names; without its id no folder is this log's.
  if (!id || id->is_zero()) return out;
  const std::string name = to_text(*id);
  for (const std::string& folder : folders) {
    const bool itself = folder.ends_with("/" + name) || folder.ends_with("/" + name + "/");
    if (auto taken = out->take_folder(itself ? folder : folder + "/" + name); !taken) {
      return tl::unexpected(taken.error());
    }
  }
  return out;
}

Result<void> ArchivedLog::take_folder(const std::string& folder) {
  const io::Fd dir(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!dir && errno == ENOENT) return {};
  if (!dir) return tl::unexpected(io::system_error("open", folder));
  auto names = io::list_dir(dir.get());
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    if (const auto range = parse_segment_name(name)) add(range->first, range->second, folder + "/" + name);
  }
  return {};
}

void ArchivedLog::add(std::uint64_t first_commit, std::uint64_t last_commit, const std::string& path) {
  const std::lock_guard guard(mutex_);
  segments_.try_emplace(last_commit, Segment{first_commit, last_commit, path});
}

std::map<std::uint64_t, std::string> ArchivedLog::paths() const {
  const std::lock_guard guard(mutex_);
  std::map<std::uint64_t, std::string> out;
  for (const auto& [last, segment] : segments_) out.emplace(segment.first, segment.path);
  return out;
}

std::optional<ArchivedLog::Segment> ArchivedLog::segment_from(std::uint64_t commit) const {
  const std::lock_guard guard(mutex_);
  const auto found = segments_.lower_bound(commit);
  return found == segments_.end() ? std::nullopt : std::optional(found->second);
}

std::uint64_t ArchivedLog::first_commit() {
  const std::uint64_t first = store_.first_commit();
  const auto oldest = segment_from(1);
  return oldest ? std::min(first, oldest->first) : first;
}

std::uint64_t ArchivedLog::missing_before() {
  const std::uint64_t stored = store_.first_commit();
  std::uint64_t out = 0;
  for (std::uint64_t next = 1; next < stored;) {
    const auto segment = segment_from(next);
    const std::uint64_t there = segment ? std::min(segment->first, stored) : stored;
    if (there > next) out = there;
    next = segment ? segment->last + 1 : stored;
  }
  return out;
}

Result<void> ArchivedLog::set_aside_after(std::uint64_t commit) {
  if (commit + 1 >= store_.first_commit()) return store_.set_aside_after(commit);
  const auto segment = segment_from(commit + 1);
  return fail(
      Code::unsupported,
      "commit " + std::to_string(commit + 1) + " cannot be set aside: it is in the archive" +
          (segment ? ", in " + segment->path : ""),
      "put a good copy of that segment in its place, or restore a backup: provisioning platform restore FOLDER");
}

Result<void> ArchivedLog::read(std::uint64_t from, const CommitVisitor& visit) {
  std::uint64_t next = std::max<std::uint64_t>(from, 1);
  for (;;) {
    const std::uint64_t stored = store_.first_commit();
    const auto segment = next < stored ? segment_from(next) : std::nullopt;
    bool more = true;
    if (segment && segment->first < stored) {
      auto read = read_segment(segment->path, next, [&](std::uint64_t number, std::string_view bytes) {
        if (number >= stored) return false;  // the store has it too
        next = number + 1;
        return more = visit(number, bytes);
      });
      if (!read || !more) return read;
      if (next < std::min(segment->last + 1, stored)) {
        return fail(Code::corrupt, "the segment " + segment->path + " holds other commits than its name says",
                    "put another copy of the file in its place: a backup has one");
      }
      continue;
    }
    bool moved = false;
    auto read = store_.read(next, [&](std::uint64_t number, std::string_view bytes) {
      // What was still in the store when this began may have gone to a segment since.
      moved = number != next && next >= stored && next < store_.first_commit();
      if (moved) return false;
      next = number + 1;
      return visit(number, bytes);
    });
    if (!read || !moved) return read;
  }
}

}  // namespace prov::event_log
