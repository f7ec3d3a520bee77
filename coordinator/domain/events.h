#pragma once
// What can happen, as values: one struct per payload of schema/event.capnp, and the envelope that each event wears.
// First stop of everything that changes: decide makes events, the log keeps them, evolve folds them.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/facts.h"
#include "common/ids.h"
#include "common/time.h"
#include "coordinator/domain/specs.h"

namespace prov::domain {

// ---- platform
struct LogCreated {
  Id log_id;
  std::string software;
};
struct CoordinatorStarted {
  std::uint32_t epoch = 0;
  std::string software, host;
  std::uint32_t attested_epoch = 0;
};
struct CheckpointSigned {
  std::uint64_t commit = 0, sequence = 0;
  Digest commit_hash;
  std::string key_id, signature;  // 8 and 64 bytes
};
struct SecurityAlarm {
  std::string kind, peer, detail;
  std::uint32_t count = 1;
};
struct DamageAccepted {
  std::string reason, detail;
  std::uint32_t new_epoch = 0;
};

// ---- workspaces and agents
struct WorkspaceRegistered {
  std::string name;
};
struct JoinTokenCreated {
  Id id;
  Digest secret_hash;
  std::string workspace, server;
  TimeMs expires_ms = 0;
};
struct JoinTokenExpired {
  Id id;
};
struct AgentEnrolled {
  Key key, seal_key;
  std::string workspace, server;
  Id token_id;
};
struct AgentConnected {
  Key key;
  Facts facts;
};
struct AgentLost {
  Key key;
  TimeMs last_heard_ms = 0;
  std::string reason;
};
struct AgentDrainChanged {
  Key key;
  bool draining = false;
  std::string reason;
};
struct AgentRemoved {
  Key key;
  std::string reason;
};

// ---- servers and task services
struct ServerDeclared {
  ServerSpec spec;
};
struct ServerCreated {
  std::string hostname, provider_id, address, runtime, coordinator_address;
};
struct ServerDeleted {
  std::string hostname;
};
struct TaskservDeclared {
  std::string infra;
  TaskservSpec spec;
};
struct TaskservInstalled {
  std::string server, name, version;
  Digest bundle;
  bool changed = true;
};
struct TaskservRemoved {
  std::string server, name;
};

// ---- workflows and tasks
struct WorkflowSubmitted {
  Id id;
  std::string kind, name, infra;
  std::uint32_t parallel_limit = 0;
  std::vector<TaskPlan> tasks;
  std::vector<OperationPlan> operations;  // empty: one, of all its tasks
  Pairs params;                           // what conditions and arguments may read
  bool preserve_successful = false;       // a rollback leaves alone what succeeded
  Id rolls_back;                          // the workflow that this one undoes; zero: none
  std::vector<std::string> notes;         // for people: what cannot be undone, what a soft dependency is missing
};
struct WorkflowCancelRequested {
  Id id;
  std::string reason;
};
struct WorkflowEnded {
  Id id;
  Outcome outcome = Outcome::done;
  std::uint32_t done = 0, failed = 0, skipped = 0, in_doubt = 0, not_delivered = 0;
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
  Pairs outputs;  // what the step said for later operations
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
  std::vector<std::uint32_t> operations;  // empty: of all of them
  bool in_doubt = false;                  // also what may have been done
};
struct ApprovalGiven {
  Id task;
  bool approved = false;
  std::string comment;
};

// ---- clusters
struct ClusterDeclared {
  ClusterSpec spec;
};
struct ClusterReady {
  std::string name;
};
struct ClusterRemoved {
  std::string name;
};

// ---- the rest
struct SessionOpened {
  Id id;
  Key agent;
  std::string server;
  std::vector<std::string> argv;
  bool terminal = false;
};
struct SessionClosed {
  Id id;
  std::int32_t exit_code = 0;
  std::string reason;
};
struct SecretCreated {
  std::string reference;
  bool generated = true;
};
struct BlobStored {
  Digest digest;
  std::uint64_t bytes = 0;
  std::string kind, name;
};
struct UnknownEvent {  // written by a later release: its aggregate freezes, the rest goes on
  std::uint16_t type = 0, version = 0;
  std::string payload;
};

using EventBody =
    std::variant<UnknownEvent, LogCreated, CoordinatorStarted, CheckpointSigned, SecurityAlarm, DamageAccepted,
                 WorkspaceRegistered, JoinTokenCreated, JoinTokenExpired, AgentEnrolled, AgentConnected, AgentLost,
                 AgentDrainChanged, AgentRemoved, ServerDeclared, ServerCreated, ServerDeleted, TaskservDeclared,
                 TaskservInstalled, TaskservRemoved, WorkflowSubmitted, WorkflowCancelRequested, WorkflowEnded,
                 TaskDispatched, TaskStarted, TaskEnded, TaskInDoubt, SessionOpened, SessionClosed, SecretCreated,
                 BlobStored, OperationOpened, OperationSkipped, WorkflowPaused, WorkflowResumed, WorkflowRetried,
                 ApprovalGiven, ClusterDeclared, ClusterReady, ClusterRemoved>;
// The index in the variant is the number in schema EventType.
static_assert(std::variant_size_v<EventBody> == 40);

enum class Transport : std::uint16_t { internal, unix_socket, tcp, agent_link };
enum class AggregateKind : std::uint16_t {
  platform,
  workspace,
  server,
  taskserv,
  agent,
  join_token,
  workflow,
  task,
  session,
  secret,
  blob,
  cluster,
  lock,
};

struct Principal {         // who asks; set by the transport, never by the message
  std::string subject;     // "uid:0", "agent:<hex key>", "system"
  std::string credential;  // "peer", "token:<id>", "curve", ""
  Transport transport = Transport::internal;
  bool operator==(const Principal&) const = default;
};

struct Envelope {
  Id log_id;
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;
  std::string workspace;
  AggregateKind aggregate_kind = AggregateKind::platform;
  std::string aggregate_id;  // name, 16-byte id or 32-byte key
  Principal principal;
  Id command_id, correlation;
  std::uint64_t causation = 0;
  TimeMs log_time_ms = 0, wall_time_ms = 0, agent_time_ms = 0;
  std::uint32_t command_digest = 0;  // of what that command asked for; 0: not known
};

struct Event {
  Envelope meta;
  EventBody body;
};

const char* name_of(const EventBody& body);  // "WorkflowSubmitted"
struct Aggregate {
  AggregateKind kind;
  std::string id;
};
Aggregate aggregate_of(const EventBody& body);

// What a command's caller is told that it made: a workflow, a join token, a session; zero for other events.
Id made_by(const EventBody& body);

}  // namespace prov::domain
