#include "coordinator/event_log/replay.h"

#include <deque>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/read_ahead.h"
#include "coordinator/event_log/snapshots.h"

namespace prov::event_log {
namespace {

constexpr std::size_t kRecentHashes = 64;  // a checkpoint nearly always covers one of the last few commits

std::string at_event(std::uint64_t sequence, const std::string& what) {
  return "event " + std::to_string(sequence) + " " + what;
}

// Walks the chain. Whatever does not fit becomes the damage, and ends the walk.
class ChainReader {
 public:
  ChainReader(RecordLog& log, const LogPosition& from, const PublicKeys& keys, const EventVisitor& visit)
      : log_(log), keys_(keys), visit_(visit), begin_(from.commit) {
    out_.end = from;
    out_.covered_sequence = from.checkpoint_sequence;
    recent_.push_back({from.commit, from.commit_hash});
  }

  Replayed run(Reading reading) {
    const auto read = reading == Reading::ahead ? read_ahead() : read_here();
    if (!read && !out_.damage) damaged("it cannot be read: " + read.error().message);
    return std::move(out_);
  }

 private:
  struct Known {
    std::uint64_t commit;
    Digest hash;
  };

  Result<void> read_here() {
    return log_.read(out_.end.commit + 1, [this](std::uint64_t number, std::string_view bytes) {
      return take_commit(number, CommitView::open(bytes));
    });
  }

  Result<void> read_ahead() {
    ReadAhead ahead(log_, out_.end.commit + 1);
    while (auto load = ahead.next()) {
      for (const ReadAhead::Commit& commit : *load) {
        if (!take_commit(commit.number, commit.view)) return {};
      }
    }
    return ahead.result();
  }

  bool damaged(std::string what) {
    out_.damage = Damage{out_.end.commit + 1, out_.end.sequence, std::move(what)};
    return false;
  }

  bool take_commit(std::uint64_t number, const Result<CommitView>& commit) {
    if (number != out_.end.commit + 1) return damaged("it is missing; the next one is " + std::to_string(number));
    if (!commit) return damaged(commit.error().message);
    const CommitHeader& header = commit->header();
    if (header.number != number) return damaged("it says that it is commit " + std::to_string(header.number));
    if (header.previous != out_.end.commit_hash) return damaged("it does not follow from the commit before it");
    if (header.first_sequence != out_.end.sequence + 1) {
      return damaged("its first event has sequence " + std::to_string(header.first_sequence));
    }
    LogPosition end = out_.end;
    end.commit = number;
    end.commit_hash = commit->hash();
    if (!take_events(*commit, end)) return false;
    if (end.log_time_ms != header.log_time_ms) return damaged("its log time is not that of its last event");
    for (std::size_t i = 0; i < events_.size() && !enough_; ++i) {
      ++out_.events;
      enough_ = !visit_(events_[i]);
    }
    out_.end = end;
    ++out_.commits;
    recent_.push_back({number, end.commit_hash});
    if (recent_.size() > kRecentHashes) recent_.pop_front();
    return !enough_;
  }

  // All of a commit's events are good before the first is handed out.
  bool take_events(CommitView commit, LogPosition& end) {
    events_.clear();
    while (const auto view = commit.next()) {
      auto event = view->event();
      if (!event) return damaged(at_event(end.sequence + 1, "does not decode: " + event.error().message));
      const domain::Envelope& meta = event->meta;
      if (end.log_id.is_zero()) end.log_id = meta.log_id;
      if (meta.log_id != end.log_id) return damaged(at_event(end.sequence + 1, "belongs to another log"));
      if (meta.sequence != end.sequence + 1) {
        return damaged(at_event(end.sequence + 1, "says that it is event " + std::to_string(meta.sequence)));
      }
      if (meta.log_time_ms < end.log_time_ms) return damaged(at_event(meta.sequence, "lies before the one before it"));
      if (const auto* signed_one = std::get_if<domain::CheckpointSigned>(&event->body)) {
        if (!take_checkpoint(*signed_one, end)) return false;
      }
      end.sequence = meta.sequence;
      end.log_time_ms = meta.log_time_ms;
      events_.push_back(std::move(*event));
    }
    return true;
  }

  bool take_checkpoint(const domain::CheckpointSigned& checkpoint, LogPosition& end) {
    const std::string what = "is a checkpoint over commit " + std::to_string(checkpoint.commit);
    const auto hash = hash_of(checkpoint.commit);
    if (hash ? *hash != checkpoint.commit_hash : checkpoint.commit >= begin_) {  // one before it may be in an archive
      return damaged(at_event(end.sequence + 1, what + ", which has another hash here"));
    }
    if (!keys_.empty()) {
      const auto key = keys_.find(checkpoint.key_id);
      if (key == keys_.end()) {
        return damaged(at_event(end.sequence + 1, what + " by the key " + to_hex(checkpoint.key_id) +
                                                      ", which is not a key that was given"));
      }
      if (!verify_checkpoint(key->second, end.log_id, checkpoint)) {
        return damaged(at_event(end.sequence + 1, what + " whose signature is wrong"));
      }
    }
    ++out_.checkpoints;
    out_.covered_commit = checkpoint.commit;
    out_.covered_sequence = end.checkpoint_sequence = checkpoint.sequence;
    return true;
  }

  // Of a commit up to the one before that which is being read.
  std::optional<Digest> hash_of(std::uint64_t commit) {
    if (commit == 0 || commit > out_.end.commit) return std::nullopt;
    for (const Known& known : recent_) {
      if (known.commit == commit) return known.hash;
    }
    std::optional<Digest> found;
    auto read = log_.read(commit, [&](std::uint64_t number, std::string_view bytes) {
      if (auto view = CommitView::open(bytes); view && number == commit) found = view->hash();
      return false;
    });
    return read ? found : std::nullopt;
  }

  RecordLog& log_;
  const PublicKeys& keys_;
  const EventVisitor& visit_;
  const std::uint64_t begin_;  // the commit behind which the reading began
  Replayed out_;
  std::deque<Known> recent_;
  std::vector<domain::Event> events_;  // of the commit that is being read
  bool enough_ = false;
};

// `state` and `from` belong together.
Replayed fold(RecordLog& log, const LogPosition& from, domain::State& state, std::uint64_t up_to, Reading reading) {
  if (from.sequence >= up_to) return {.end = from};
  const auto take = [&](const domain::Event& event) {
    domain::evolve(state, event);
    return event.meta.sequence < up_to;
  };
  return replay(log, from, {}, take, reading);
}

// One after the last when there is none.
Result<std::uint64_t> first_commit(RecordLog& log) {
  std::uint64_t first = log.last_commit() + 1;
  auto read = log.read(1, [&](std::uint64_t number, std::string_view) {
    first = number;
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return first;
}

// The commit that holds `sequence`; one after the last when none does.
Result<std::uint64_t> commit_with(RecordLog& log, std::uint64_t sequence) {
  auto first = first_commit(log);
  if (!first) return first;
  std::uint64_t low = *first,
                high = log.last_commit() + 1;  // commits below `low` end before it; `high` does not begin before it
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::optional<std::uint64_t> end;
    auto read = log.read(middle, [&](std::uint64_t number, std::string_view bytes) {
      if (const auto header = peek_header(bytes)) {  // what it leads to is verified when it is read
        end = header->first_sequence + (number == middle ? header->count : 0);  // a gap ends where the next one begins
      }
      return false;
    });
    if (!read) return tl::unexpected(read.error());
    if (!end) return fail(Code::corrupt, "commit " + std::to_string(middle) + " is missing or damaged");
    if (*end <= sequence) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

Result<bool> visit_events(std::string_view bytes, std::uint64_t from_sequence, const EventVisitor& visit) {
  auto commit = CommitView::open(bytes);
  if (!commit) return tl::unexpected(commit.error());
  std::uint64_t sequence = commit->header().first_sequence;
  for (auto view = commit->next(); view; view = commit->next(), ++sequence) {
    if (sequence < from_sequence) continue;
    auto decoded = view->event();
    if (!decoded) return tl::unexpected(decoded.error());
    if (!visit(*decoded)) return false;
  }
  return true;
}

}  // namespace

Replayed replay(RecordLog& log, const LogPosition& from, const PublicKeys& keys, const EventVisitor& visit,
                Reading reading) {
  return ChainReader(log, from, keys, visit).run(reading);
}

Result<LogPosition> position_before(RecordLog& log, std::uint64_t sequence) {
  auto number = commit_with(log, sequence);
  if (!number) return tl::unexpected(number.error());
  Result<LogPosition> out = fail(Code::not_found, "this log does not hold event " + std::to_string(sequence));
  auto read = log.read(*number, [&](std::uint64_t found, std::string_view bytes) {
    const auto commit = CommitView::open(bytes);
    if (found != *number || !commit || commit->header().first_sequence > sequence) return false;
    LogPosition before;
    before.commit = found - 1;
    before.sequence = commit->header().first_sequence - 1;
    before.commit_hash = commit->header().previous;
    out = before;
    return false;
  });
  if (!read) return tl::unexpected(read.error());
  return out;
}

Error gap(std::uint64_t first_missing, const CommitHeader& next) {
  return {Code::corrupt,
          "commits " + std::to_string(first_missing) + " to " + std::to_string(next.number - 1) +
              " are neither in the log nor in an archive that is at hand",
          "where is the archive? see docs/guides/archive.md; or ask for what comes behind: --from " +
              std::to_string(next.first_sequence)};
}

Result<void> read_events(RecordLog& log, std::uint64_t from_sequence, const EventVisitor& visit) {
  auto first = commit_with(log, from_sequence);
  if (!first) return tl::unexpected(first.error());
  std::uint64_t next = *first;
  std::optional<Error> wrong;
  auto read = log.read(*first, [&](std::uint64_t number, std::string_view bytes) {
    if (const auto header = peek_header(bytes); header && number != next) wrong = gap(next, *header);
    if (wrong) return false;
    next = number + 1;
    auto go_on = visit_events(bytes, from_sequence, visit);
    if (!go_on) wrong = Error{Code::corrupt, "commit " + std::to_string(number) + ": " + go_on.error().message, {}};
    return go_on && *go_on;
  });
  if (wrong) return tl::unexpected(*wrong);
  return read;
}

std::optional<Damage> damage_at_end(const Replayed& read, std::uint64_t last, std::uint64_t attested) {
  if (read.damage) return read.damage;
  const std::uint64_t next = read.end.commit + 1;
  if (read.end.commit < last) return Damage{next, read.end.sequence, "it is missing at the end of the log"};
  if (read.end.commit < attested) {
    return Damage{next, read.end.sequence,
                  "it is gone: the log ends before it, although commits up to " + std::to_string(attested) +
                      " were once acknowledged"};
  }
  return std::nullopt;
}

OpenedLog open_log(RecordLog& log, Reading reading) {
  OpenedLog out;
  const std::uint64_t last = log.last_commit(), attested = log.attested_commit();
  Snapshot start = load_snapshot(log, UINT64_MAX, out.notes);
  out.snapshot_sequence = start.position.sequence;
  out.state = std::move(start.state);
  Replayed tail = fold(log, start.position, out.state, UINT64_MAX, reading);
  out.position = tail.end;
  out.replayed_events = tail.events;
  out.damage = damage_at_end(tail, last, attested);
  return out;
}

Result<domain::State> state_at(RecordLog& log, std::uint64_t sequence) {
  std::vector<std::string> notes;
  Snapshot start = load_snapshot(log, sequence, notes);
  Replayed tail = fold(log, start.position, start.state, sequence, Reading::here);
  if (start.state.sequence == sequence) return std::move(start.state);
  if (tail.damage) {
    return fail(Code::not_found, "the log is damaged before event " + std::to_string(sequence) + ": commit " +
                                     std::to_string(tail.damage->commit) + ": " + tail.damage->what);
  }
  return fail(Code::not_found, "the log ends at event " + std::to_string(start.state.sequence));
}

Result<std::uint64_t> sequence_at(RecordLog& log, TimeMs time_ms) {
  std::uint64_t sequence = 0;
  const Replayed read = replay(log, {}, {}, [&](const domain::Event& event) {
    if (event.meta.log_time_ms > time_ms) return false;
    sequence = event.meta.sequence;
    return true;
  });
  if (read.damage && read.end.log_time_ms <= time_ms) {
    return fail(Code::not_found, "the log is damaged before that time: commit " + std::to_string(read.damage->commit) +
                                     ": " + read.damage->what);
  }
  return sequence;
}

}  // namespace prov::event_log
