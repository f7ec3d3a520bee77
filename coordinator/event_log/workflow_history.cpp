#include "coordinator/event_log/workflow_history.h"

#include <algorithm>
#include <functional>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/workflow_index.h"

namespace prov::event_log {
namespace {

// Commits that lie so close are read in one go, with what is between them.
constexpr std::uint64_t kCloseCommits = 8;

Result<void> complete(RecordLog& log) {
  const std::uint64_t last = log.last_commit();  // first: the mark only rises
  const auto indexed = indexed_commit(log);
  if (!indexed) return tl::unexpected(indexed.error());
  if (*indexed >= last) return {};
  return fail(Code::unavailable,
              "the index of past workflows is being made from the log: commit " + std::to_string(*indexed) + " of " +
                  std::to_string(last),
              "try again in a while; what runs is there already: provisioning workflow list");
}

// Each commit from `from` on that holds an event of the workflow, or one that says something of it; in no order, and
// perhaps twice. Until `take` says false.
Result<void> each_commit(RecordLog& log, const Id& workflow, std::uint64_t from,
                         const std::function<bool(std::uint64_t)>& take) {
  bool more = true;
  auto telling = log.scan(workflow_prefix(workflow), [&](std::string_view key, std::string_view) {
    if (workflow_kind(key) == kTouched) return false;
    const std::uint64_t commit = workflow_commit(key);
    return more = commit < from || take(commit);
  });
  if (!telling || !more) return telling;
  return log.scan_from(workflow_prefix(workflow), workflow_key(workflow, kTouched, from),
                       [&](std::string_view key, std::string_view) { return take(workflow_commit(key)); });
}

Result<bool> revised(RecordLog& log, const Id& workflow, const EndRecord& end) {
  if (end.event.in_doubt == 0) return false;  // nothing was open: no verdict can come late
  if (end.followed) return true;
  bool found = false;
  auto scanned = each_commit(log, workflow, end.at.commit + 1, [&](std::uint64_t) { return !(found = true); });
  if (!scanned) return tl::unexpected(scanned.error());
  return found;
}

// In the order of the log.
Result<std::vector<std::uint64_t>> commits_of(RecordLog& log, const Id& workflow) {
  std::vector<std::uint64_t> out;
  auto scanned = each_commit(log, workflow, 0, [&](std::uint64_t commit) {
    out.push_back(commit);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> fold_commit(std::string_view bytes, const Id& workflow, domain::State& state) {
  auto commit = CommitView::open(bytes);
  if (!commit) return tl::unexpected(commit.error());
  while (const auto view = commit->next()) {
    auto decoded = view->event();
    if (!decoded) return tl::unexpected(decoded.error());
    if (workflow_of(decoded->meta) != workflow && undone_by(decoded->body) != workflow) continue;
    if (auto* end = std::get_if<domain::WorkflowEnded>(&decoded->body)) end->leaves = false;  // it is why we fold
    domain::evolve(state, *decoded);
  }
  return {};
}

// What begins by itself, to undo another workflow, is done for who asked for that one.
Result<void> add_undone(RecordLog& log, const Id& undone, domain::State& state) {
  if (undone.is_zero()) return {};
  const auto entry = read_history_of(log, undone);
  if (!entry) return tl::unexpected(entry.error());
  if (*entry) state.workflows[undone].initiator = (*entry)->submission.initiator;
  return {};
}

// Folds the commits from at[first] on that can be read in one go; returns the first that is left.
Result<std::size_t> fold_run(RecordLog& log, const std::vector<std::uint64_t>& at, std::size_t first,
                             const Id& workflow, domain::State& state) {
  std::size_t next = first;
  std::optional<Error> wrong;
  auto read = log.read(at[first], [&](std::uint64_t number, std::string_view bytes) {
    if (number < at[next]) return true;
    if (number > at[next]) return false;
    if (auto folded = fold_commit(bytes, workflow, state); !folded) {
      wrong = Error{Code::corrupt, "commit " + std::to_string(number) + ": " + folded.error().message,
                    "look at the whole log: provisioning audit verify"};
      return false;
    }
    ++next;
    return next < at.size() && at[next] - number <= kCloseCommits;
  });
  if (wrong) return tl::unexpected(*wrong);
  if (!read) return tl::unexpected(read.error());
  if (next == first) {
    return fail(Code::corrupt, "commit " + std::to_string(at[first]) + " is neither in the log nor in its archive",
                "is the archive where [log] archive_dir says? see: provisioning audit verify");
  }
  return next;
}

void add_notes(const std::vector<Note>& notes, HistoryEntry& out) {
  for (const Note& note : notes) {
    switch (note.what) {
      case Note::What::cancelled: out.cancelling = true; break;
      case Note::What::undone: ++out.rollbacks; break;
      case Note::What::retried:
        out.cancelling = false;
        ++out.retries;
        if (out.end && out.end->at.sequence < note.sequence) out.end.reset();
        break;
    }
  }
}

struct Submitted {
  std::uint64_t sequence = 0;  // 0: there is none
  TimeMs log_time_ms = 0;
};

// The last workflow that was submitted at `sequence` or before it.
Result<Submitted> last_submitted(RecordLog& log, const std::string& workspace, std::uint64_t sequence) {
  std::optional<Id> id;
  auto scanned = log.scan_from(history_prefix(workspace), history_key(workspace, sequence),
                               [&](std::string_view, std::string_view value) {
                                 id = Id::from(value);
                                 return false;
                               });
  if (!scanned) return tl::unexpected(scanned.error());
  if (!id) return Submitted{};
  const auto entry = read_history_of(log, *id);
  if (!entry) return tl::unexpected(entry.error());
  return *entry ? Submitted{(*entry)->submission.at.sequence, (*entry)->submission.at.log_time_ms} : Submitted{};
}

// What was submitted before a time was submitted before an event: which one, as times rise with sequences.
Result<std::uint64_t> before_time(RecordLog& log, const HistoryQuery& query) {
  if (query.before_ms == UINT64_MAX) return query.before;
  std::uint64_t low = 0, high = query.before;  // what was submitted below `low` is early enough; from `high` on not
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    auto last = last_submitted(log, query.workspace, middle);
    if (!last) return tl::unexpected(last.error());
    if (last->sequence == 0 || last->log_time_ms < query.before_ms) {
      low = middle + 1;
    } else {
      high = last->sequence;
    }
  }
  return low;
}

}  // namespace

Result<std::optional<HistoryEntry>> read_history_of(RecordLog& log, const Id& workflow) {
  HistoryEntry out;
  out.id = workflow;
  Result<bool> known = false;  // its submission was there
  std::vector<Note> notes;
  auto scanned = log.scan(workflow_prefix(workflow), [&](std::string_view key, std::string_view value) {
    const char kind = workflow_kind(key);
    if (kind == kEnd) {
      auto end = decode_end(value);
      end ? void(out.end = std::move(*end)) : void(known = tl::unexpected(end.error()));
    } else if (kind == kNotes) {
      auto more = decode_notes(value);
      more ? void(notes.insert(notes.end(), more->begin(), more->end())) : void(known = tl::unexpected(more.error()));
    } else if (kind == kSubmission) {
      auto begun = decode_submission(value);
      begun ? void(out.submission = std::move(*begun)) : void();
      known = begun ? Result<bool>(true) : tl::unexpected(begun.error());
    }
    return kind < kTouched && known.has_value();
  });
  if (!scanned) return tl::unexpected(scanned.error());
  if (!known) return tl::unexpected(known.error());
  if (!*known) return std::nullopt;
  add_notes(notes, out);
  if (!out.end) return out;
  auto late = revised(log, workflow, *out.end);
  if (!late) return tl::unexpected(late.error());
  out.revised = *late;
  return out;
}

Result<HistoryPage> read_history(RecordLog& log, const HistoryQuery& query) {
  if (auto whole = complete(log); !whole) return tl::unexpected(whole.error());
  HistoryPage out;
  Result<void> entries;
  const auto before = before_time(log, query);
  if (!before) return tl::unexpected(before.error());
  const std::uint64_t newest = *before == 0 ? 0 : *before - 1;
  auto scanned =
      log.scan_from(history_prefix(query.workspace), history_key(query.workspace, newest),
                    [&](std::string_view key, std::string_view value) {
                      if (out.items.size() == query.limit) {
                        out.next_before = history_sequence(key) + 1;
                        return false;
                      }
                      const auto id = Id::from(value);
                      auto entry = id ? read_history_of(log, *id) : Result<std::optional<HistoryEntry>>(std::nullopt);
                      if (!entry) {
                        entries = tl::unexpected(entry.error());
                        return false;
                      }
                      const bool wanted = *entry && (!query.ended || *query.ended == (*entry)->end.has_value());
                      if (wanted) out.items.push_back(std::move(**entry));
                      return true;
                    });
  if (!entries) return tl::unexpected(entries.error());
  if (!scanned) return tl::unexpected(scanned.error());
  return out;
}

Result<std::uint64_t> last_commit_of(RecordLog& log, const Id& workflow) {
  if (auto whole = complete(log); !whole) return tl::unexpected(whole.error());
  const auto entry = read_history_of(log, workflow);
  if (!entry) return tl::unexpected(entry.error());
  if (!*entry) return 0;
  const std::uint64_t from = (*entry)->end ? (*entry)->end->at.commit : 0;  // few come after its end
  std::uint64_t last = 0;
  auto scanned = each_commit(log, workflow, from, [&](std::uint64_t commit) {
    last = std::max(last, commit);
    return true;
  });
  if (!scanned) return tl::unexpected(scanned.error());
  return last;
}

Result<std::shared_ptr<const domain::State>> fold_workflow(RecordLog& log, const Id& workflow) {
  if (auto whole = complete(log); !whole) return tl::unexpected(whole.error());
  const auto entry = read_history_of(log, workflow);
  if (!entry) return tl::unexpected(entry.error());
  auto at = commits_of(log, workflow);
  if (!at) return tl::unexpected(at.error());
  if (!*entry) return std::shared_ptr<const domain::State>();
  const Id undone = (*entry)->submission.rolls_back;
  auto state = std::make_shared<domain::State>();
  if (auto added = add_undone(log, undone, *state); !added) return tl::unexpected(added.error());
  for (std::size_t i = 0; i < at->size();) {
    auto next = fold_run(log, *at, i, workflow, *state);
    if (!next) return tl::unexpected(next.error());
    i = *next;
  }
  state->workflows.erase(undone);
  if (!state->workflows.contains(workflow)) {
    return fail(Code::corrupt, "the submission of workflow " + to_text(workflow) + " is not where the index says",
                "look at the whole log: provisioning audit verify");
  }
  return std::shared_ptr<const domain::State>(std::move(state));
}

}  // namespace prov::event_log
