#pragma once
// What the log folds to. Everything above `Agenda` is state proper: canonical, snapshotted, hashed. The agenda is
// derived (queues, indexes, deadlines), so that each scheduling decision costs the same however large the work is;
// `rebuild_agenda` makes it anew from a snapshot.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "coordinator/domain/events.h"

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

  // derived
  std::vector<std::vector<std::uint32_t>> dependents;
  std::vector<std::uint32_t> missing;    // dependencies not yet done, per task
  std::uint32_t out = 0, unended = 0;    // dispatched or running; not ended
  std::deque<std::uint32_t> over_limit;  // could go, but the workflow is at its parallel limit
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
enum class DeadlineKind : std::uint8_t { attempt, retry, delivery, token };
struct Deadline {
  TimeMs at_ms = 0;
  DeadlineKind kind = DeadlineKind::attempt;
  Id id;
  std::uint32_t attempt = 0;
  auto operator<=>(const Deadline&) const = default;
};
struct Host {
  Key agent;  // zero: none enrolled
  std::deque<Id> ready, ready_exclusive;
  std::uint32_t outstanding = 0, exclusive_outstanding = 0;
  std::vector<Id> awaiting;           // awaitAgent tasks that are out
  std::set<std::uint64_t> unsettled;  // dispatch sequences of its agent's orders that have not ended
  bool queued = false;                // stands in Agenda::hosts
};
struct Limits {
  std::uint32_t agent_orders = 128;      // out at one agent at most
  std::uint32_t workflow_parallel = 64;  // tasks of a workflow that are out at once, unless it says otherwise
  std::uint32_t workflow_tasks = 1'000'000;
  std::uint32_t provider_parallel = 4;         // provider calls at once
  std::uint64_t delivery_ms = 15 * 60 * 1000;  // a ready task whose host is away for so long is not delivered
  std::uint64_t retry_base_ms = 2000;          // doubles with each attempt
};
struct Agenda {
  bool active = false;  // off while a log is replayed: rebuild_agenda makes it at the end
  Limits limits;
  std::map<HostKey, Host> hosts;
  std::deque<HostKey> runnable;      // hosts that may take a task
  std::deque<Id> coordinator_ready;  // provider calls
  std::deque<Id> awaits_ready;       // awaitAgent tasks, which cost nothing
  std::uint32_t coordinator_out = 0;
  std::deque<Id> doomed;   // tasks to end without running: dependency failed, workflow cancelled
  std::deque<Id> settled;  // workflows whose last task ended
  std::deque<Id> arrived;  // awaitAgent tasks whose agent is there
  std::set<Deadline> deadlines;
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
  std::unordered_map<Id, Workflow, IdHash> workflows;
  std::deque<Id> ended_workflows;  // in the order they ended; the oldest leave the working set
  std::size_t ended_tasks = 0;     // derived: of the workflows in it
  std::uint64_t ended_workflows_total = 0;
  std::map<Id, Session> sessions;
  std::set<std::pair<std::string, std::string>> secrets;  // workspace, reference
  std::map<CommandKey, Remembered> remembered;
  std::deque<CommandKey> remembered_order;
  std::map<AggregateKey, Frozen> frozen;

  Agenda agenda;
};

// Lookups; nullptr when there is none.
const Workflow* find_workflow(const State& state, const Id& workflow_or_task);
const Task* find_task(const State& state, const Id& task);
const Agent* agent_of(const State& state, const std::string& workspace, const std::string& hostname);

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
// A repeated command gets its first answer again for so long and as long as so many.
inline constexpr std::uint64_t kRememberMs = 24ULL * 3600 * 1000;
inline constexpr std::size_t kRememberCommands = 50'000;

}  // namespace prov::domain
