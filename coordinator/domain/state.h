#pragma once
// What the log folds to. Everything above `Agenda` is state proper: canonical, snapshotted, hashed. The agenda is
// derived; `rebuild_agenda` makes it anew from a snapshot.
#include <deque>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "common/hash.h"
#include "coordinator/domain/agenda.h"
#include "coordinator/domain/inventory.h"
#include "coordinator/domain/workflow.h"
#include "coordinator/domain/workflow_table.h"

namespace prov::domain {

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
struct CommandKeyHash {
  std::size_t operator()(const CommandKey& key) const { return table_hash(key.id.view()); }  // chosen by its client
};

struct Frozen {
  std::uint64_t sequence = 0;
  std::string reason;
};

using TaskservKey = std::tuple<std::string, std::string, std::string>;  // workspace, hostname, task service
using AggregateKey = std::pair<AggregateKind, std::string>;

struct Duration {  // of the steps of one kind that were done
  std::uint32_t count = 0;
  std::uint64_t mean_ms = 0;  // the newer ones weigh more
};

// How far ahead of the log's epoch one may be that somebody has seen: more starts than a log that was lost since can
// have had. Beyond it stands a lie, or a damaged file.
inline constexpr std::uint32_t kEpochsAhead = 1'000'000;

struct State {
  Id log_id;
  std::uint64_t sequence = 0;  // of the last event folded
  TimeMs log_time_ms = 0;
  std::uint32_t epoch = 0;  // rises by one with each start, and beyond what was attested when damage is accepted
  std::uint32_t accepted_epoch = 0;  // began when an operator last accepted a damaged or shorter log
  std::set<std::string> workspaces;
  std::map<Id, JoinToken> join_tokens;
  std::unordered_map<Key, Agent, IdHash> agents;
  std::map<HostKey, Key> agent_by_host;  // derived
  std::map<HostKey, Server> servers;
  std::map<TaskservKey, Taskserv> taskservs;
  std::map<std::pair<std::string, std::string>, Cluster> clusters;  // workspace, name
  std::map<std::string, Duration> durations;                        // what kinds of steps took, see duration_key
  WorkflowTable workflows;
  std::deque<Id> ended_workflows;  // in the order they ended; the oldest leave the working set
  std::size_t ended_tasks = 0;     // derived: of the workflows in it
  std::uint64_t ended_workflows_total = 0;
  std::map<Id, Session> sessions;
  std::set<std::pair<std::string, std::string>> secrets;  // workspace, reference
  std::unordered_map<CommandKey, Remembered, CommandKeyHash> remembered;
  std::deque<CommandKey> remembered_order;
  std::map<AggregateKey, Frozen> frozen;
  std::map<HostKey, std::uint32_t> server_work;  // derived: tasks under way that make or remove that server

  Agenda agenda;
};

// Lookups; nullptr when there is none.
const Workflow* find_workflow(const State& state, const Id& workflow_or_task);
const Task* find_task(const State& state, const Id& task);
struct Located {  // both, or none
  const Workflow* workflow = nullptr;
  const Task* task = nullptr;
  explicit operator bool() const { return task != nullptr; }
};
Located locate(const State& state, const Id& task);
// That task will be asked for next. There may be a million of them, so it is fetched while the one before is dealt
// with.
void soon(const State& state, const Id& task);
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
// Finished workflows stay in the working set as long as their tasks are few enough; the log keeps them for ever. A
// constant as well: Limits::settled_tasks is none, as the event says what came of it.
inline constexpr std::size_t kKeepEndedTasks = 20'000;
inline constexpr std::size_t kKeepEndedWorkflows = 1'000;
// Kinds of steps whose times are kept.
inline constexpr std::size_t kKeepDurations = 4096;
// A repeated command gets its first answer again for so long and as long as so many.
inline constexpr std::uint64_t kRememberMs = 24ULL * 3600 * 1000;
inline constexpr std::size_t kRememberCommands = 50'000;

}  // namespace prov::domain
