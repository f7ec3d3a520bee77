#pragma once
// What the log folds to. Everything above `Agenda` is state proper: canonical, snapshotted, hashed. The agenda is
// derived (queues, indexes, deadlines), so that each scheduling decision costs the same however large the work is;
// `rebuild_agenda` makes it anew from a snapshot.
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordinator/domain/events.h"
#include "coordinator/domain/lanes.h"
#include "coordinator/domain/name_index.h"

namespace prov::domain {

struct JoinToken {
  Id id;
  Digest secret_hash;
  std::string workspace, server;
  TimeMs expires_ms = 0;
};

struct Agent {
  Key key, seal_key;
  std::string workspace, server;
  bool draining = false;
  bool reachable = false;  // between AgentConnected and AgentLost
  Facts facts;
  TimeMs enrolled_ms = 0;
};

enum class ServerStatus : std::uint8_t { declared, created, ready, failed };  // ready: its agent is enrolled
const char* name_of(ServerStatus status);

struct Server {
  std::string workspace;
  ServerSpec spec;
  ServerStatus status = ServerStatus::declared;
  std::string provider_id, address, runtime, coordinator_address;
  TimeMs created_ms = 0;
};

enum class TaskservStatus : std::uint8_t { declared, installed, failed };
const char* name_of(TaskservStatus status);

struct Taskserv {
  std::string workspace, infra;
  TaskservSpec spec;
  TaskservStatus status = TaskservStatus::declared;
  std::string installed_version;
  TimeMs installed_ms = 0;
  std::string message;  // of the last attempt
};

enum class ClusterStatus : std::uint8_t { declared, ready };
const char* name_of(ClusterStatus status);

struct Cluster {
  std::string workspace;
  ClusterSpec spec;
  ClusterStatus status = ClusterStatus::declared;
  TimeMs ready_ms = 0;
};

enum class TaskStatus : std::uint8_t {
  pending,     // waits for dependencies
  ready,       // waits for its host, a slot or a retry's time
  dispatched,  // logged, on its way or at the agent
  running,     // the agent said that the step began
  ended,       // see outcome
};
const char* name_of(TaskStatus status);

struct Task {
  TaskPlan plan;
  TaskStatus status = TaskStatus::pending;
  std::uint32_t attempt = 0;  // the last one that was dispatched
  Key agent;                  // of that attempt; zero: the coordinator
  std::uint64_t dispatch_sequence = 0;
  TimeMs ready_ms = 0, started_ms = 0, ended_ms = 0, deadline_ms = 0, retry_at_ms = 0;
  Outcome outcome = Outcome::done;  // of the last attempt that ended
  std::int32_t exit_code = 0;
  std::string message;
  std::uint64_t output_bytes = 0;
  Digest output_digest;
  std::uint64_t ended_sequence = 0;  // of the event by which it ended; a late verdict on a doubt does not change it
  Pairs outputs;

  // derived
  std::uint32_t operation = 0;
};

enum class OperationStatus : std::uint8_t {
  waiting,  // for what it depends on
  due,      // its condition is to be looked at
  open,     // its tasks run, as far as its waves let them
  ended,    // see outcome
};
const char* name_of(OperationStatus status);

struct Operation {
  OperationPlan plan;
  OperationStatus status = OperationStatus::waiting;
  Outcome outcome = Outcome::done;  // done, failed, in doubt, skipped or cancelled
  bool unneeded = false;            // its condition was false: what depends on it goes on
  std::string message;              // why it was skipped or stopped
  std::uint32_t waves_opened = 0;

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
  std::uint32_t retries = 0;    // by an operator's wish; each gives every task as many attempts again
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

struct Session {
  Id id;
  std::string workspace, server;
  Key agent;
  TimeMs opened_ms = 0;
};

struct Remembered {  // an answer that a repeated command gets again
  Id made;
  std::uint64_t sequence = 0;
  TimeMs log_time_ms = 0;
  std::uint32_t command_digest = 0;  // of what was asked for; 0: not known
};
struct CommandKey {
  std::string subject, workspace;
  Id id;
  auto operator<=>(const CommandKey&) const = default;
};

struct Frozen {
  std::uint64_t sequence = 0;
  std::string reason;
};

using HostKey = std::pair<std::string, std::string>;                    // workspace, hostname
using TaskservKey = std::tuple<std::string, std::string, std::string>;  // workspace, hostname, task service
using AggregateKey = std::pair<AggregateKind, std::string>;

// ---- derived: what the scheduler looks at next
enum class DeadlineKind : std::uint8_t { attempt, retry, delivery, token, wave, condition };
struct Deadline {
  TimeMs at_ms = 0;
  DeadlineKind kind = DeadlineKind::attempt;
  Id id;
  std::uint32_t attempt = 0;
  auto operator<=>(const Deadline&) const = default;
};
struct Host {
  Key agent;  // zero: none enrolled
  Lanes ready, ready_exclusive;
  std::uint32_t outstanding = 0, exclusive_outstanding = 0;
  std::vector<Id> awaiting;           // awaitAgent tasks that are out
  std::set<std::uint64_t> unsettled;  // dispatch sequences of its agent's orders that have not ended
  bool queued = false;                // stands in Agenda::runnable
  bool here = false;                  // its agent could be reached when last looked at
  TimeMs away_ms = 0;                 // since when it cannot; 0: it was never seen to go
};
struct Limits {
  std::uint32_t agent_orders = 128;      // out at one agent at most
  std::uint32_t workflow_parallel = 64;  // tasks of a workflow that are out at once, unless it says otherwise
  std::uint32_t workflow_tasks = 1'000'000;
  std::uint32_t provider_parallel = 4;         // calls of one provider at once
  std::uint32_t batch_operations = 200'000;    // of one batch, loops unrolled
  std::uint32_t loop_items = 10'000;           // of one for_each
  std::uint64_t delivery_ms = 15 * 60 * 1000;  // a ready task whose host is away for so long is not delivered
  std::uint64_t retry_base_ms = 2000;          // doubles with each attempt
  std::uint64_t condition_poll_ms = 2000;      // between looks at the condition of a wait
};
using GroupKey = std::pair<std::string, std::string>;  // workspace, concurrency group
struct ProviderDesk {
  FairShare<Lanes> ready;
  std::uint32_t out = 0;
};
struct Agenda {
  bool active = false;  // off while a log is replayed: rebuild_agenda makes it at the end
  Limits limits;
  std::map<HostKey, Host> hosts;
  FairShare<std::deque<HostKey>> runnable;        // hosts that may take a task
  std::map<std::string, ProviderDesk> providers;  // by provider: its calls
  std::deque<Id> awaits_ready;                    // tasks of the coordinator that only wait
  std::map<GroupKey, Gate> groups;
  std::deque<Id> open_gates;                                   // workflows whose gate may have room for who waits at it
  std::deque<GroupKey> open_groups;                            // the same of groups
  std::deque<std::pair<Id, std::uint32_t>> due;                // operations whose condition is to be looked at
  std::deque<std::pair<Id, std::uint32_t>> doomed_operations;  // to be skipped as a whole
  std::deque<Id> doomed;   // tasks to end without running: dependency failed, workflow cancelled
  std::deque<Id> settled;  // workflows whose last task ended
  std::deque<std::pair<Id, std::uint32_t>> clusters;      // operations that have made or removed one
  std::deque<Id> rollbacks;                               // workflows that ended so that they may have to be undone
  std::deque<std::pair<std::string, EventBody>> pending;  // workspace; what a rollback consists of, not yet folded
  std::string speaks_for;  // the workspace of what follow_up gave last, where that does not tell it; else empty
  std::deque<Id> arrived;  // awaitAgent tasks whose agent is there
  std::set<Deadline> deadlines;
};

struct Duration {  // of the steps of one kind that were done
  std::uint32_t count = 0;
  std::uint64_t mean_ms = 0;  // the newer ones weigh more
};

struct State {
  Id log_id;
  std::uint64_t sequence = 0;  // of the last event folded
  TimeMs log_time_ms = 0;
  std::uint32_t epoch = 0;
  std::uint32_t accepted_epoch = 0;  // began when an operator last accepted a damaged or shorter log
  std::set<std::string> workspaces;
  std::map<Id, JoinToken> join_tokens;
  std::unordered_map<Key, Agent, IdHash> agents;
  std::map<HostKey, Key> agent_by_host;  // derived
  std::map<HostKey, Server> servers;
  std::map<TaskservKey, Taskserv> taskservs;
  std::map<std::pair<std::string, std::string>, Cluster> clusters;  // workspace, name
  std::map<std::string, Duration> durations;                        // what kinds of steps took, see duration_key
  std::unordered_map<Id, Workflow, IdHash> workflows;
  std::deque<Id> ended_workflows;  // in the order they ended; the oldest leave the working set
  std::size_t ended_tasks = 0;     // derived: of the workflows in it
  std::uint64_t ended_workflows_total = 0;
  std::map<Id, Session> sessions;
  std::set<std::pair<std::string, std::string>> secrets;  // workspace, reference
  std::map<CommandKey, Remembered> remembered;
  std::deque<CommandKey> remembered_order;
  std::map<AggregateKey, Frozen> frozen;
  std::map<HostKey, std::uint32_t> server_work;  // derived: tasks under way that make or remove that server

  Agenda agenda;
};

// Lookups; nullptr when there is none.
const Workflow* find_workflow(const State& state, const Id& workflow_or_task);
const Task* find_task(const State& state, const Id& task);
const Operation* operation_named(const Workflow& workflow, std::string_view id);
const Agent* agent_of(const State& state, const std::string& workspace, const std::string& hostname);

// "install postgres", "create local": what steps of one kind have in common; empty: its time is not kept.
std::string duration_key(const State& state, const std::string& workspace, const TaskPlan& plan);

// Makes what is derived inside of aggregates; after loading a snapshot.
void rebuild_derived(State& state);
// The same, and the agenda, which it switches on; after a replay, before the first command.
void rebuild_agenda(State& state);

// After a step's time limit, until it is in doubt. A constant, because evolve uses it: a log must fold the same for
// ever.
inline constexpr std::uint64_t kReportGraceMs = 60 * 1000;
// Finished workflows stay in the working set as long as their tasks are few enough; the log keeps them for ever.
inline constexpr std::size_t kKeepEndedTasks = 20'000;
inline constexpr std::size_t kKeepEndedWorkflows = 1'000;
// Kinds of steps whose times are kept.
inline constexpr std::size_t kKeepDurations = 4096;
// A repeated command gets its first answer again for so long and as long as so many.
inline constexpr std::uint64_t kRememberMs = 24ULL * 3600 * 1000;
inline constexpr std::size_t kRememberCommands = 50'000;

}  // namespace prov::domain
