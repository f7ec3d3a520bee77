#pragma once
// The index of workflows beside the chain: from a workflow's id, and from the newest to the oldest of a workspace, to
// the commits that hold its events, with what a list tells of it. So an old run costs its own events and a page of old
// runs costs a page, whatever the log's length. This side writes it; workflow_history.h reads.
//
// It is derived: made from events alone, durable with the commit that holds them (the log's writer sees to it), and
// made again from the log where it is missing, as in a log of an earlier release. It says itself how far it reaches.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/ports/record_log.h"
#include "common/result.h"
#include "coordinator/domain/events.h"
#include "coordinator/event_log/log_position.h"
#include "coordinator/event_log/workflow_records.h"

namespace prov::event_log {

// The workflow that an event is about, by itself or by one of its tasks; zero: none.
Id workflow_of(const domain::Envelope& meta);
// The workflow that the submission of another one says something of, as it undoes it; zero: none.
Id undone_by(const domain::EventBody& body);

// What one commit adds to the index.
class WorkflowIndexer {
 public:
  WorkflowIndexer() = default;
  WorkflowIndexer(const WorkflowIndexer&) = delete;
  WorkflowIndexer& operator=(const WorkflowIndexer&) = delete;

  void add(const domain::Event& event);                                  // in the order of the commit
  void put_records(std::uint64_t commit, std::vector<SideRecord>& out);  // ends it

 private:
  struct Touched {
    std::optional<SubmissionRecord> submission;
    std::optional<EndRecord> end;  // the last one
    std::vector<Note> notes;
  };
  std::map<Id, Touched> touched_;
  Id last_id_;  // events of one workflow come in rows
  Touched* last_ = nullptr;
};

// Up to which commit the index is complete; 0: there is none that this release reads.
Result<std::uint64_t> indexed_commit(RecordLog& log);
SideRecord indexed_mark(std::uint64_t commit);

struct IndexStep {
  std::vector<SideRecord> records;
  std::uint64_t next = 0;              // the first commit that they leave out
  std::vector<std::uint64_t> damaged;  // commits that cannot be read: what they held is not in the index
};
// What the commits from `from` to `to` add, as many of them as make about a megabyte. Any thread.
Result<IndexStep> index_commits(RecordLog& log, std::uint64_t from, std::uint64_t to);

// Takes out of the index what it says of commits behind `end`, which are not the log's any more. Looks at all of it.
Result<std::vector<SideRecord>> unindex_after(RecordLog& log, const LogPosition& end);

}  // namespace prov::event_log
