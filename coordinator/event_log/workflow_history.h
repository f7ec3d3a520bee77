#pragma once
// Workflows of all time, read by way of their index (workflow_index.h): a page of them, newest first, for the price of
// a page, and one of them folded from its own events. Only what is durable is ever seen. Any thread.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/workflow_records.h"

namespace prov::event_log {

struct HistoryQuery {
  std::string workspace;              // empty: all
  std::uint64_t before = UINT64_MAX;  // submitted by an event before this one
  TimeMs before_ms = UINT64_MAX;      // and before this log time
  std::optional<bool> ended;
  std::size_t limit = 50;
};

struct HistoryEntry {
  Id id;
  SubmissionRecord submission;
  std::optional<EndRecord> end;  // nullopt: it runs, perhaps again
  bool cancelling = false;
  std::uint32_t retries = 0, rollbacks = 0;
  bool revised = false;  // a verdict came after its end: only a fold has the right counts
};

struct HistoryPage {
  std::vector<HistoryEntry> items;           // newest first
  std::optional<std::uint64_t> next_before;  // there may be more before this event
};

// Code::unavailable: the index is not complete yet (the message says how far it is).
Result<HistoryPage> read_history(RecordLog& log, const HistoryQuery& query);
Result<std::optional<HistoryEntry>> read_history_of(RecordLog& log, const Id& workflow);

// The last commit that holds an event of it; 0: there is none.
Result<std::uint64_t> last_commit_of(RecordLog& log, const Id& workflow);

// A state with this workflow, folded from the commits that the index names, and beside it what the submissions of those
// say that undo it; nullptr: the log has no such workflow. Code::corrupt: one of those commits is damaged or gone.
Result<std::shared_ptr<const domain::State>> fold_workflow(RecordLog& log, const Id& workflow);

}  // namespace prov::event_log
