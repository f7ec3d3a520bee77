#pragma once
// What is done: a workflow, its operations and its tasks. Their plans never change; the rest is how far they have come.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/agenda.h"
#include "coordinator/domain/events.h"
#include "coordinator/domain/lanes.h"
#include "coordinator/domain/name_index.h"
#include "coordinator/domain/shared.h"

namespace prov::domain {

enum class TaskStatus : std::uint8_t {
  pending,     // waits for dependencies
  ready,       // waits for its host, a slot or a retry's time
  dispatched,  // logged, on its way or at the agent
  running,     // the agent said that the step began
  ended,       // see outcome
};
const char* name_of(TaskStatus status);

// What is asked when it goes out stands first: tasks are many, and each is seldom in a cache.
struct Task {
  Shared<TaskPlan> plan;
  TaskStatus status = TaskStatus::pending;
  Outcome outcome = Outcome::done;  // of the last attempt that ended
  std::uint32_t attempt = 0;        // the last one that was dispatched
  std::uint32_t operation = 0;      // derived
  HostNumber host = kNoHost;        // derived: in the agenda, once it was needed
  TimeMs ready_ms = 0, retry_at_ms = 0, deadline_ms = 0;
  std::uint64_t dispatch_sequence = 0;
  Key agent;  // of that attempt; zero: the coordinator
  TimeMs started_ms = 0, ended_ms = 0;
  std::uint32_t attempts_before = 0;  // of `attempt`: those before a person last had it begun again
  std::int32_t exit_code = 0;
  std::string message;
  std::uint64_t output_bytes = 0;
  Digest output_digest;
  std::uint64_t ended_sequence = 0;  // of the event by which it ended; a late verdict on a doubt does not change it
  Pairs outputs;
};

enum class OperationStatus : std::uint8_t {
  waiting,  // for what it depends on
  due,      // its condition is to be looked at
  open,     // its tasks run, as far as its waves let them
  ended,    // see outcome
};
const char* name_of(OperationStatus status);

struct Operation {
  Shared<OperationPlan> plan;
  OperationStatus status = OperationStatus::waiting;
  Outcome outcome = Outcome::done;  // done, failed, in doubt, skipped or cancelled
  bool unneeded = false;            // its condition was false: what depends on it goes on
  std::string message;              // why it was skipped or stopped
  std::uint32_t waves_opened = 0;
  bool set_aside = false;  // a retry went on beside its failure, which stops and undoes nothing any more

  // derived
  std::vector<Dependency> dependents;  // `before` is the dependent
  std::uint32_t missing = 0;           // operations before it that have not ended
  std::uint32_t unended = 0;           // of its tasks
  std::uint32_t unended_open = 0;      // of those in waves that were opened
  std::uint32_t failed = 0;            // of its tasks, not counting what was skipped or cancelled
  bool stopping = false;               // too many failed: nothing more of it begins
};

struct Checkpoint {
  std::string name;
  std::uint64_t sequence = 0;  // of the event by which it was reached
};

struct Approval {
  std::uint32_t task = 0;
  bool approved = false;
  Principal by;
  TimeMs at_ms = 0;
  std::string comment;
};

struct Workflow {
  Id id;
  std::string workspace, kind, name, infra;
  std::uint32_t parallel_limit = 0;
  Principal initiator;
  TimeMs submitted_ms = 0, ended_ms = 0;
  bool ended = false, cancelling = false;
  Outcome outcome = Outcome::done;
  std::vector<Task> tasks;
  std::vector<Operation> operations;  // at least one
  Pairs params;
  bool paused = false, preserve_successful = false;
  Id rolls_back;                // the workflow that this one undoes; zero: none
  std::uint32_t rollbacks = 0;  // that were begun of this one
  std::uint32_t retries = 0;    // by an operator's wish
  std::vector<Checkpoint> checkpoints;
  std::vector<Approval> approvals;
  std::vector<std::string> notes;

  // derived
  std::vector<std::vector<std::uint32_t>> dependents;  // of tasks, within their operation
  std::vector<std::uint32_t> missing;                  // dependencies not yet done, per task
  std::uint32_t unended = 0, unended_operations = 0;
  std::optional<std::uint32_t> stopped_by;  // the operation whose failure lets nothing more of it begin
  Gate gate;                                // its parallel limit
  NameIndex operation_by_id;                // see operation_named()
};

}  // namespace prov::domain
