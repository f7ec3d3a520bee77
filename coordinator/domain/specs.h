#pragma once
// What an operator asked for, resolved: versions chosen, parameters merged, content named by digest. Nothing here
// refers to a file, so a replay needs none.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/ids.h"
#include "coordinator/domain/shared.h"

namespace prov::domain {

using Pairs = std::vector<std::pair<std::string, std::string>>;  // sorted by first

struct ServerSpec {
  std::string hostname, infra, provider;
  Digest provider_bundle;
  std::string runtime, plan;
  Pairs labels, params;
  bool operator==(const ServerSpec&) const = default;
};

struct TaskservSpec {
  std::string server, name, version;
  Digest bundle;
  Pairs params;   // resolved, without secrets
  Pairs secrets;  // parameter -> reference
  bool retry_safe = false;
  std::uint32_t timeout_s = 0;
  bool operator==(const TaskservSpec&) const = default;
};

struct ClusterSpec {  // task services on several hosts that are one thing to their users
  std::string name, infra, version;
  std::vector<std::string> servers;    // sorted
  std::vector<std::string> taskservs;  // in the order of installation
  bool operator==(const ClusterSpec&) const = default;
};

enum class TaskservVerb : std::uint16_t { install, check, uninstall };
inline const char* name_of(TaskservVerb verb) {
  return verb == TaskservVerb::install ? "install" : verb == TaskservVerb::check ? "check" : "uninstall";
}

// How far an agent may go: do it, find out what is there, or do it in a copy of the host that is thrown away.
enum class OrderMode : std::uint16_t { apply, check, rehearse };

// ---- what a task does
struct NoopAction {
  bool operator==(const NoopAction&) const = default;
};
struct ServerCreateAction {
  std::string hostname;
  bool operator==(const ServerCreateAction&) const = default;
};
struct ServerDeleteAction {
  std::string hostname;
  bool operator==(const ServerDeleteAction&) const = default;
};
struct AwaitAgentAction {
  std::string hostname;
  bool operator==(const AwaitAgentAction&) const = default;
};
struct TaskservAction {
  TaskservVerb verb = TaskservVerb::install;
  TaskservSpec spec;
  bool operator==(const TaskservAction&) const = default;
};
// A command, or a script that came along as a bundle. `{{NAME}}` in arguments and environment is replaced at dispatch
// by a value that the log knows (see docs/formats/batch.md); it stays one argument, whatever is in it.
struct ExecAction {
  std::vector<std::string> argv;  // of a script: its arguments
  std::string stdin_data;
  Digest bundle;       // zero: argv[0] is the program; else it is `script` of that bundle
  std::string script;  // path within the bundle
  Pairs environment;
  bool operator==(const ExecAction&) const = default;
};
struct WaitAction {   // the coordinator's own
  std::string until;  // a condition; empty: it ends when its time has passed
  bool operator==(const WaitAction&) const = default;
};
struct ApprovalAction {  // the coordinator's own: a person lets it go on
  std::string prompt;
  bool operator==(const ApprovalAction&) const = default;
};
using Action = std::variant<NoopAction, ServerCreateAction, ServerDeleteAction, AwaitAgentAction, TaskservAction,
                            ExecAction, WaitAction, ApprovalAction>;

struct TaskPlan {
  std::string name;
  std::string server;                     // whose agent runs it; empty: the coordinator
  std::vector<std::uint32_t> depends_on;  // hard, of the same operation: indexes smaller than its own
  std::uint32_t timeout_s = 60;
  std::uint32_t max_attempts = 1;
  bool exclusive = false;
  OrderMode mode = OrderMode::apply;
  Shared<Action> action;               // may be one for many tasks
  std::shared_ptr<const Action> undo;  // what takes it back; null: nothing can, or there is nothing to take back
  bool operator==(const TaskPlan& other) const;
};

// ---- operations: what a workflow consists of, and what its dependencies are between

enum class OperationKind : std::uint16_t {
  tasks,  // of a command: its tasks are all there is to it
  server_create,
  server_delete,
  taskserv_create,
  taskserv_delete,
  taskserv_check,
  cluster_create,
  cluster_delete,
  script,
  wait,
  approval,
  batch,  // has no tasks: where the operations of a nested batch or of a loop come together
};
const char* name_of(OperationKind kind);  // "server_create"

// hard: the one before must have succeeded (or was not needed: its condition was false). soft: only after it.
enum class DependencyKind : std::uint16_t { hard, soft };
struct Dependency {
  std::uint32_t before = 0;  // index of an operation, smaller than the dependent's, so no cycle can be written
  DependencyKind kind = DependencyKind::hard;
  bool operator==(const Dependency&) const = default;
};

// fail: what has not begun of the workflow is skipped. go_on: only what needs it is. rollback: as fail, then what was
// done is undone.
enum class OnFailure : std::uint16_t { fail, go_on, rollback };
const char* name_of(OnFailure policy);  // "fail", "continue", "rollback"

struct RetryPolicy {
  std::uint32_t delay_ms = 0;  // before the second attempt; 0: the platform's own
  std::uint32_t max_delay_ms = 300'000;
  bool exponential = true;           // doubles with each attempt
  std::uint32_t jitter_percent = 0;  // the delay varies by so much either way
  bool on_failure = false;           // also after an ordinary failure, not only "try later" and interruptions
  bool operator==(const RetryPolicy&) const = default;
};

inline constexpr std::uint32_t kNoMaxFailures = std::numeric_limits<std::uint32_t>::max();

struct OperationPlan {
  std::string id;  // unique in its workflow
  OperationKind kind = OperationKind::tasks;
  std::vector<Dependency> depends_on;
  std::string when;                              // a condition; empty: always
  std::uint32_t first_task = 0, task_count = 0;  // its tasks stand together
  std::int32_t priority = 0;                     // -100 to 100, higher first
  OnFailure on_failure = OnFailure::go_on;
  std::uint32_t max_failures = kNoMaxFailures;  // more failed tasks stop it; fewer are tolerated
  std::vector<std::uint32_t> waves;             // where each wave ends, counted in its tasks; empty: one wave
  std::uint32_t pause_ms = 0;                   // between waves
  std::string concurrency_group;
  std::uint32_t group_limit = 0;  // tasks of the group that may be out at once, over all workflows
  RetryPolicy retry;
  std::string cluster;          // of cluster_create and cluster_delete
  Shared<ClusterSpec> removed;  // of cluster_delete: for an undo to declare it again; no name: not known
  std::string checkpoint;       // is reached when it has succeeded
  std::string note;             // for people, e.g. why nothing is to be done
  bool operator==(const OperationPlan&) const = default;
};

}  // namespace prov::domain
