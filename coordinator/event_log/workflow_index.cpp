#include "coordinator/event_log/workflow_index.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/keys.h"

namespace prov::event_log {
namespace {

constexpr std::size_t kStepBytes = 1 << 20;
constexpr std::size_t kStepCommits = 4096;

// The mark's value: this, then the commit (8, little-endian). Another form of the index has another mark; of the first
// one all is read as of this one.
constexpr std::string_view kMark = "PRVIDX2\n", kFirstMark = "PRVIDX1\n";

IndexedAt at_of(const domain::Envelope& meta) { return {0, meta.sequence, meta.log_time_ms}; }

SubmissionRecord record_of(const domain::Envelope& meta, const domain::WorkflowSubmitted& e) {
  SubmissionRecord out{at_of(meta), meta.workspace, e.kind, e.name, e.infra, *meta.principal};
  out.tasks = static_cast<std::uint32_t>(e.tasks.size());
  out.operations = e.operations.empty() ? 1 : static_cast<std::uint32_t>(e.operations.size());
  out.rolls_back = e.rolls_back;
  return out;
}

Result<void> index_one(std::string_view bytes, std::uint64_t number, std::vector<SideRecord>& out) {
  auto commit = CommitView::open(bytes);
  if (!commit) return tl::unexpected(commit.error());
  WorkflowIndexer indexer;
  while (const auto view = commit->next()) {
    auto decoded = view->event();
    if (!decoded) return tl::unexpected(decoded.error());
    indexer.add(*decoded);
  }
  indexer.put_records(number, out);
  return {};
}

}  // namespace

Id workflow_of(const domain::Envelope& meta) {
  const bool task = meta.aggregate_kind == domain::AggregateKind::task;
  if (!task && meta.aggregate_kind != domain::AggregateKind::workflow) return {};
  const auto id = Id::from(meta.aggregate_id);
  return id ? workflow_id(*id) : Id{};
}

Id undone_by(const domain::EventBody& body) {
  const auto* submitted = std::get_if<domain::WorkflowSubmitted>(&body);
  return submitted == nullptr ? Id{} : submitted->rolls_back;
}

void WorkflowIndexer::add(const domain::Event& event) {
  const Id id = workflow_of(event.meta);
  if (id.is_zero()) return;
  if (last_ == nullptr || id != last_id_) {
    last_ = &touched_[id];
    last_id_ = id;
  }
  const std::uint64_t sequence = event.meta.sequence;
  if (last_->end) last_->end->followed = true;
  if (const auto* submitted = std::get_if<domain::WorkflowSubmitted>(&event.body)) {
    last_->submission = record_of(event.meta, *submitted);
  } else if (const auto* ended = std::get_if<domain::WorkflowEnded>(&event.body)) {
    last_->end = EndRecord{at_of(event.meta), *ended, false};
  } else if (std::holds_alternative<domain::WorkflowCancelRequested>(event.body)) {
    last_->notes.push_back({Note::What::cancelled, sequence});
  } else if (std::holds_alternative<domain::WorkflowRetried>(event.body)) {
    last_->notes.push_back({Note::What::retried, sequence});
  }
  if (const Id undone = undone_by(event.body); !undone.is_zero()) {
    touched_[undone].notes.push_back({Note::What::undone, sequence});
  }
}

// By space, and in each by key: the store finds the place of a key that lies beside the last one without a search.
void WorkflowIndexer::put_records(std::uint64_t commit, std::vector<SideRecord>& out) {
  std::vector<SideRecord> of_all, of_workspaces;
  for (auto& [id, touched] : touched_) {
    const auto put = [&, &workflow = id](char kind, std::string value) {
      out.push_back({workflow_key(workflow, kind, commit), std::move(value), false});
    };
    if (auto& over = touched.end) {
      over->at.commit = commit;
      put(kEnd, encode(*over));
    }
    if (!touched.notes.empty()) put(kNotes, encode(touched.notes));
    if (auto& begun = touched.submission) {
      begun->at.commit = commit;
      put(kSubmission, encode(*begun));
      const std::string value(id.view());
      of_all.push_back({history_key("", begun->at.sequence), value, false});
      if (!begun->workspace.empty()) {
        of_workspaces.push_back({history_key(begun->workspace, begun->at.sequence), value, false});
      }
    }
    if (!touched.end && touched.notes.empty() && !touched.submission) put(kTouched, "");
  }
  for (auto* each : {&of_all, &of_workspaces}) {
    out.insert(out.end(), std::make_move_iterator(each->begin()), std::make_move_iterator(each->end()));
  }
}

Result<std::uint64_t> indexed_commit(RecordLog& log) {
  auto mark = log.get(kIndexedKey);
  if (!mark) return tl::unexpected(mark.error());
  std::uint64_t commit = 0;
  if (!*mark || (*mark)->size() != kMark.size() + sizeof commit) return 0;
  if (!(*mark)->starts_with(kMark) && !(*mark)->starts_with(kFirstMark)) return 0;
  std::memcpy(&commit, (*mark)->data() + kMark.size(), sizeof commit);
  return commit;
}

SideRecord indexed_mark(std::uint64_t commit) {
  std::string value(kMark);
  value.append(reinterpret_cast<const char*>(&commit), sizeof commit);
  return {std::string(kIndexedKey), std::move(value), false};
}

Result<IndexStep> index_commits(RecordLog& log, std::uint64_t from, std::uint64_t to) {
  IndexStep out;
  out.next = from;
  std::size_t bytes = 0;
  auto read = log.read(from, [&](std::uint64_t number, std::string_view commit) {
    if (number > to) return false;
    const std::size_t before = out.records.size();
    if (!index_one(commit, number, out.records)) out.damaged.push_back(number);
    for (std::size_t i = before; i < out.records.size(); ++i) {
      bytes += out.records[i].key.size() + out.records[i].value.size();
    }
    out.next = number + 1;
    return number < to && bytes < kStepBytes && number - from < kStepCommits;
  });
  if (!read) return tl::unexpected(read.error());
  if (out.next == from) out.next = to + 1;  // the log holds none of them
  return out;
}

Result<std::vector<SideRecord>> unindex_after(RecordLog& log, const LogPosition& end) {
  std::vector<SideRecord> out;
  auto workflows = log.scan(kWorkflowSpace, [&](std::string_view key, std::string_view) {
    if (workflow_commit(key) > end.commit) out.push_back({std::string(key), "", true});
    return true;
  });
  if (!workflows) return tl::unexpected(workflows.error());
  auto history = log.scan(kHistorySpace, [&](std::string_view key, std::string_view) {
    if (history_sequence(key) > end.sequence) out.push_back({std::string(key), "", true});
    return true;
  });
  if (!history) return tl::unexpected(history.error());
  return out;
}

}  // namespace prov::event_log
