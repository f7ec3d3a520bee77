#include "coordinator/api/log_archive.h"

#include <algorithm>
#include <deque>

#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/event_json.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/replay.h"

namespace prov::api {
namespace {

constexpr std::size_t kPageBytes = 1 << 20;
constexpr std::size_t kPageEvents = 4096;
constexpr std::size_t kAnswerBytes = 16 << 20;
constexpr std::size_t kBlockCommits = 64;  // are read at once when going backwards
constexpr std::size_t kMaxHints = 64;

}  // namespace

Result<std::uint64_t> LogArchive::commit_at(std::uint64_t sequence, TimeMs time_ms) {
  std::uint64_t low = 1, high = log_.last_commit() + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    Result<bool> before = fail(Code::corrupt, "commit " + std::to_string(middle) + " of the log cannot be read");
    auto read = log_.read(middle, [&](std::uint64_t number, std::string_view bytes) {
      const auto header = event_log::peek_header(bytes);
      if (header) {  // what it leads to is verified when it is read; a gap ends where the next one begins
        const std::uint64_t end = header->first_sequence + (number == middle ? header->count : 0);
        before = end <= sequence || header->log_time_ms < time_ms;
      } else {
        before = tl::unexpected(header.error());
      }
      return false;
    });
    if (!read) return tl::unexpected(read.error());
    if (!before) return tl::unexpected(before.error());
    *before ? low = middle + 1 : high = middle;
  }
  return low;
}

Result<void> LogArchive::visit(std::uint64_t first_commit, std::uint64_t last_commit, const EventVisitor& visit) {
  return visit_views(first_commit, last_commit, [&](const event_log::EventView& view) -> Result<bool> {
    const auto event = view.event();
    if (!event) return tl::unexpected(event.error());
    return visit(*event);
  });
}

Result<void> LogArchive::visit_views(std::uint64_t first_commit, std::uint64_t last_commit, const ViewVisitor& visit) {
  Result<void> out;
  std::uint64_t next = first_commit;
  auto read = log_.read(first_commit, [&](std::uint64_t number, std::string_view bytes) {
    auto commit = event_log::CommitView::open(bytes);
    if (commit && number != next) out = tl::unexpected(event_log::gap(next, commit->header()));
    if (!out) return false;
    next = number + 1;
    if (!commit) {
      out = tl::unexpected(commit.error());
      return false;
    }
    while (const auto view = commit->next()) {
      const Result<bool> more = visit(*view);
      if (!more) out = tl::unexpected(more.error());
      if (!more || !*more) return false;
    }
    return number < last_commit;  // or the store would read on for nothing
  });
  if (!read) return read;
  return out;
}

Result<EventPage> LogArchive::events(const EventQuery& query) {
  return query.newest ? newest_events(query) : first_events(query);
}

Result<EventPage> LogArchive::first_events(const EventQuery& query) {
  EventPage out;
  auto first = commit_at(query.filter.from, query.filter.since_ms);
  if (!first) return tl::unexpected(first.error());
  std::size_t bytes = 0;
  auto done = visit(*first, UINT64_MAX, [&](const domain::Event& event) {
    if (event_log::is_past(query.filter, event.meta)) return false;
    if (!event_log::matches(query.filter, event)) return true;
    std::string item = event_log::event_text(event);
    const bool full = out.items.size() == query.limit || (!out.items.empty() && bytes + item.size() > kAnswerBytes);
    if (full) {
      out.next_from = event.meta.sequence;
      return false;
    }
    bytes += item.size();
    out.items.push_back(std::move(item));
    return true;
  });
  if (!done) return tl::unexpected(done.error());
  return out;
}

Result<EventPage> LogArchive::newest_events(const EventQuery& query) {
  std::deque<std::string> found;
  auto first = commit_at(query.filter.from, query.filter.since_ms);
  if (!first) return tl::unexpected(first.error());
  std::size_t bytes = 0;
  for (std::uint64_t end = log_.last_commit() + 1;
       end > *first && found.size() < query.limit && bytes < kAnswerBytes;) {
    const std::uint64_t begin = end - std::min<std::uint64_t>(end - *first, kBlockCommits);
    std::vector<std::string> block;
    auto done = visit(begin, end - 1, [&](const domain::Event& event) {
      if (event_log::matches(query.filter, event)) block.push_back(event_log::event_text(event));
      return true;
    });
    if (!done) return tl::unexpected(done.error());
    for (auto item = block.rbegin(); item != block.rend() && found.size() < query.limit; ++item) {
      bytes += item->size();
      found.push_front(std::move(*item));
    }
    end = begin;
  }
  EventPage out;
  out.items.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return out;
}

Result<FeedPage> LogArchive::feed_page(std::uint64_t from, std::uint64_t to, const projection::FeedFilter& filter) {
  const auto hint = hints_.find(from);
  auto first = hint != hints_.end() ? Result<std::uint64_t>(hint->second) : commit_at(from, 0);
  if (!first) return tl::unexpected(first.error());
  if (hint != hints_.end()) hints_.erase(hint);
  FeedPage out;
  out.next = from;
  std::size_t bytes = 0, looked = 0;
  std::uint64_t commit = *first;
  bool full = false;
  // Most of what a filtered feed passes over it knows by its envelope alone. Pages end with a commit where they can, so
  // that each commit is hashed once.
  const auto take = [&](const event_log::EventView& view) -> Result<bool> {
    const auto meta = view.envelope();
    if (!meta) return tl::unexpected(meta.error());
    if (meta->sequence < out.next) return true;
    full = meta->sequence > to || bytes >= kPageBytes;
    if (full) return false;
    if (projection::passes(filter, *meta)) {
      const auto event = view.event();
      if (!event) return tl::unexpected(event.error());
      out.frames.push_back(projection::event_frame(meta->sequence, event_log::event_text(*event)));
      bytes += out.frames.back().size();
    }
    out.next = meta->sequence + 1;
    ++looked;
    return true;
  };
  while (looked < kPageEvents && commit <= log_.last_commit()) {
    if (auto read = visit_views(commit, commit, take); !read) return tl::unexpected(read.error());
    if (full) break;
    ++commit;
  }
  if (hints_.size() >= kMaxHints) hints_.clear();
  hints_[out.next] = commit;
  return out;
}

Result<std::string> LogArchive::state_at(std::uint64_t sequence, std::optional<std::uint64_t> to) {
  return audit_.state(sequence, to);
}

Result<bool> LogArchive::has_blob(const Digest& digest) { return event_log::has_blob(log_, digest); }

// The output of one attempt: contiguous records, each under the offset where it begins. Blocks of 64 KiB of offsets are
// prefixes of their keys, so a place is found without reading what is before it. A record rarely exceeds a block; where
// one does, the walk goes on at its end all the same.
struct LogArchive::Steps {
  RecordLog& log;
  std::string prefix;

  static constexpr int kBlockBits = 16;
  static constexpr std::uint64_t kMaxBlock = std::uint64_t{1} << 36;
  static constexpr std::uint64_t kLookBack = 16;  // blocks; a record is never so large

  std::string block_prefix(std::uint64_t block) const {
    std::string out = prefix;
    for (int shift = 64 - 8; shift >= kBlockBits; shift -= 8) {
      out.push_back(static_cast<char>((block << kBlockBits) >> shift));
    }
    return out;
  }

  Result<bool> any_in(std::uint64_t block) const {
    bool any = false;
    auto done = log.scan(block_prefix(block), [&](std::string_view, std::string_view) { return !(any = true); });
    if (!done) return tl::unexpected(done.error());
    return any;
  }

  // Calls take(offset, value) for the contiguous records from the one that begins at `at`; returns where they end.
  template <class Take>
  Result<std::uint64_t> walk(std::uint64_t at, Take take) const {
    for (bool more = true; more;) {
      const std::uint64_t before = at;
      auto done = log.scan(block_prefix(at >> kBlockBits), [&](std::string_view key, std::string_view value) {
        const std::uint64_t offset = event_log::output_offset(key);
        if (offset != at) return offset < at;
        more = take(offset, value);
        at += value.size();
        return more;
      });
      if (!done) return tl::unexpected(done.error());
      if (at == before) break;
    }
    return at;
  }

  // Where the record begins that holds `offset`, or the last one before it; nullopt: none near.
  Result<std::optional<std::uint64_t>> record_at(std::uint64_t offset) const {
    const std::uint64_t last = offset >> kBlockBits;
    for (std::uint64_t block = last; block + kLookBack > last; --block) {
      std::optional<std::uint64_t> found;
      auto done = log.scan(block_prefix(block), [&](std::string_view key, std::string_view) {
        const std::uint64_t begins = event_log::output_offset(key);
        if (begins <= offset) found = begins;
        return begins < offset;
      });
      if (!done) return tl::unexpected(done.error());
      if (found || block == 0) return found;
    }
    return std::nullopt;
  }
};

Result<std::uint64_t> LogArchive::output_bytes(const Id& task, std::uint32_t attempt) {
  const Steps steps{log_, event_log::output_prefix(task, attempt)};
  std::uint64_t low = 0, high = 1;  // block `low` is taken to hold a record, block `high` not
  for (;; high *= 2) {
    auto any = steps.any_in(high);
    if (!any) return tl::unexpected(any.error());
    if (!*any || high >= Steps::kMaxBlock) break;
    low = high;
  }
  while (high - low > 1) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto any = steps.any_in(middle);
    if (!any) return tl::unexpected(any.error());
    *any ? low = middle : high = middle;
  }
  auto last = steps.record_at(((low + 1) << Steps::kBlockBits) - 1);
  if (!last) return tl::unexpected(last.error());
  if (!*last) return 0;
  return steps.walk(**last, [](std::uint64_t, std::string_view) { return true; });
}

Result<std::string> LogArchive::output(const Id& task, std::uint32_t attempt, std::uint64_t offset, std::size_t limit) {
  const Steps steps{log_, event_log::output_prefix(task, attempt)};
  auto first = steps.record_at(offset);
  if (!first) return tl::unexpected(first.error());
  std::string out;
  if (!*first) return out;
  auto end = steps.walk(**first, [&](std::uint64_t at, std::string_view value) {
    const std::uint64_t skip = offset > at ? offset - at : 0;
    if (skip < value.size()) out.append(value.substr(skip, limit - out.size()));
    return out.size() < limit;
  });
  if (!end) return tl::unexpected(end.error());
  return out;
}

}  // namespace prov::api
