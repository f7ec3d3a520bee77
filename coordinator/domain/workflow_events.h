#pragma once
// What can happen to work: a workflow with its operations and tasks.
#include <cstdint>
#include <string>
#include <vector>

#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/shared.h"
#include "coordinator/domain/specs.h"

namespace prov::domain {

// ---- workflows and tasks
struct WorkflowSubmitted {
  Id id;
  std::string kind, name, infra;
  std::uint32_t parallel_limit = 0;
  SharedList<TaskPlan> tasks;
  SharedList<OperationPlan> operations;  // empty: one, of all its tasks
  Pairs params;                          // what conditions and arguments may read
  bool preserve_successful = false;      // a rollback leaves alone what succeeded
  Id rolls_back;                         // the workflow that this one undoes; zero: none
  std::vector<std::string> notes;        // for people: what cannot be undone, what a soft dependency is missing
};
struct WorkflowCancelRequested {
  Id id;
  std::string reason;
};
struct WorkflowEnded {
  Id id;
  Outcome outcome = Outcome::done;
  std::uint32_t done = 0, failed = 0, skipped = 0, in_doubt = 0, not_delivered = 0;
  bool leaves = false;  // the working set at once: it is large, and nothing of it can be retried or undone
};
struct TaskDispatched {
  Id task;
  std::uint32_t attempt = 0;
  Key agent;  // zero: the coordinator runs it
  TimeMs deadline_ms = 0;
};
struct TaskStarted {
  Id task;
  std::uint32_t attempt = 0;
};
struct TaskEnded {
  Id task;
  std::uint32_t attempt = 0;
  Outcome outcome = Outcome::done;
  std::int32_t exit_code = 0;
  std::string message;
  std::uint64_t output_bytes = 0;
  Digest output_digest, order_digest;
  TimeMs retry_at_ms = 0;
  Pairs outputs;              // what the step said for later operations
  bool started = false;       // it began too, and no TaskStarted says so: both words came together,
  std::uint64_t took_ms = 0;  // and by its agent's clock so much lay between them
};
struct TaskInDoubt {
  Id task;
  std::uint32_t attempt = 0;
  std::string reason;
};

// ---- the course of a workflow
struct OperationOpened {  // its condition holds, or its next wave may go
  Id workflow;
  std::uint32_t operation = 0, wave = 0;
};
struct OperationSkipped {  // none of it will run
  Id workflow;
  std::uint32_t operation = 0;
  Outcome outcome = Outcome::skipped;  // or cancelled
  bool unneeded = false;               // its condition is false: what depends on it may go on
  std::string reason;
};
struct WorkflowPaused {
  Id id;
  std::string reason;
};
struct WorkflowResumed {
  Id id;
};
struct WorkflowRetried {  // what did not succeed is to run again
  Id id;
  std::vector<std::uint32_t> operations;  // sorted
  bool in_doubt = false;                  // also what may have been done
  // Exactly these operations begin again, each task with all its attempts, and what else had failed is set aside. Logs
  // of 0.1 say false: these operations (none: all) and those behind them, with the attempts that are left.
  bool exact = false;
};
struct ApprovalGiven {
  Id task;
  bool approved = false;
  std::string comment;
};

}  // namespace prov::domain
