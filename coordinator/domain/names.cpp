#include "coordinator/domain/commands.h"
#include "coordinator/domain/events.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

const char* name_of(const EventBody& body) {
  static constexpr const char* kNames[] = {"Unknown",
                                           "LogCreated",
                                           "CoordinatorStarted",
                                           "CheckpointSigned",
                                           "SecurityAlarm",
                                           "DamageAccepted",
                                           "WorkspaceRegistered",
                                           "JoinTokenCreated",
                                           "JoinTokenExpired",
                                           "AgentEnrolled",
                                           "AgentConnected",
                                           "AgentLost",
                                           "AgentDrainChanged",
                                           "AgentRemoved",
                                           "ServerDeclared",
                                           "ServerCreated",
                                           "ServerDeleted",
                                           "TaskservDeclared",
                                           "TaskservInstalled",
                                           "TaskservRemoved",
                                           "WorkflowSubmitted",
                                           "WorkflowCancelRequested",
                                           "WorkflowEnded",
                                           "TaskDispatched",
                                           "TaskStarted",
                                           "TaskEnded",
                                           "TaskInDoubt",
                                           "SessionOpened",
                                           "SessionClosed",
                                           "SecretCreated",
                                           "BlobStored"};
  static_assert(std::size(kNames) == std::variant_size_v<EventBody>);
  return kNames[body.index()];
}

const char* name_of(const CommandBody& body) {
  static constexpr const char* kNames[] = {
      "RegisterWorkspace", "CreateServers", "DeleteServers", "CreateTaskservs", "DeleteTaskservs",
      "CheckTaskservs",    "RunExec",       "RunNoop",       "CancelWorkflow",  "CreateJoinToken",
      "DrainAgent",        "RemoveAgent",   "StoreBlob",     "OpenSession",     "AcceptDamage",
      "EnrolAgent",        "ConnectAgent",  "LoseAgent",     "ReportStarted",   "ReportEnded",
      "CloseSession",      "Tick",          "RaiseAlarm",    "RecordSecret",    "RecordCheckpoint"};
  static_assert(std::size(kNames) == std::variant_size_v<CommandBody>);
  return kNames[body.index()];
}

const char* name_of(ServerStatus status) {
  switch (status) {
    case ServerStatus::declared: return "declared";
    case ServerStatus::created: return "created";
    case ServerStatus::ready: return "ready";
    case ServerStatus::failed: return "failed";
  }
  return "unknown";
}

const char* name_of(TaskservStatus status) {
  switch (status) {
    case TaskservStatus::declared: return "declared";
    case TaskservStatus::installed: return "installed";
    case TaskservStatus::failed: return "failed";
  }
  return "unknown";
}

const char* name_of(TaskStatus status) {
  switch (status) {
    case TaskStatus::pending: return "pending";
    case TaskStatus::ready: return "ready";
    case TaskStatus::dispatched: return "dispatched";
    case TaskStatus::running: return "running";
    case TaskStatus::ended: return "ended";
  }
  return "unknown";
}

namespace {

Aggregate of_id(AggregateKind kind, const Id& id) { return {kind, std::string(id.view())}; }
Aggregate of_key(const Key& key) { return {AggregateKind::agent, std::string(key.view())}; }

struct AggregateOf {
  template <class T>
  Aggregate operator()(const T&) const {
    return {AggregateKind::platform, ""};
  }
  Aggregate operator()(const WorkspaceRegistered& e) const { return {AggregateKind::workspace, e.name}; }
  Aggregate operator()(const JoinTokenCreated& e) const { return of_id(AggregateKind::join_token, e.id); }
  Aggregate operator()(const JoinTokenExpired& e) const { return of_id(AggregateKind::join_token, e.id); }
  Aggregate operator()(const AgentEnrolled& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentConnected& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentLost& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentDrainChanged& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentRemoved& e) const { return of_key(e.key); }
  Aggregate operator()(const ServerDeclared& e) const { return {AggregateKind::server, e.spec.hostname}; }
  Aggregate operator()(const ServerCreated& e) const { return {AggregateKind::server, e.hostname}; }
  Aggregate operator()(const ServerDeleted& e) const { return {AggregateKind::server, e.hostname}; }
  Aggregate operator()(const TaskservDeclared& e) const {
    return {AggregateKind::taskserv, e.spec.server + "/" + e.spec.name};
  }
  Aggregate operator()(const TaskservInstalled& e) const { return {AggregateKind::taskserv, e.server + "/" + e.name}; }
  Aggregate operator()(const TaskservRemoved& e) const { return {AggregateKind::taskserv, e.server + "/" + e.name}; }
  Aggregate operator()(const WorkflowSubmitted& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const WorkflowCancelRequested& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const WorkflowEnded& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const TaskDispatched& e) const { return of_id(AggregateKind::task, e.task); }
  Aggregate operator()(const TaskStarted& e) const { return of_id(AggregateKind::task, e.task); }
  Aggregate operator()(const TaskEnded& e) const { return of_id(AggregateKind::task, e.task); }
  Aggregate operator()(const TaskInDoubt& e) const { return of_id(AggregateKind::task, e.task); }
  Aggregate operator()(const SessionOpened& e) const { return of_id(AggregateKind::session, e.id); }
  Aggregate operator()(const SessionClosed& e) const { return of_id(AggregateKind::session, e.id); }
  Aggregate operator()(const SecretCreated& e) const { return {AggregateKind::secret, e.reference}; }
  Aggregate operator()(const BlobStored& e) const { return {AggregateKind::blob, std::string(e.digest.view())}; }
};

struct MadeBy {
  template <class T>
  Id operator()(const T&) const {
    return {};
  }
  Id operator()(const WorkflowSubmitted& e) const { return e.id; }
  Id operator()(const JoinTokenCreated& e) const { return e.id; }
  Id operator()(const SessionOpened& e) const { return e.id; }
};

}  // namespace

Id made_by(const EventBody& body) { return std::visit(MadeBy{}, body); }

Aggregate aggregate_of(const EventBody& body) { return std::visit(AggregateOf{}, body); }

}  // namespace prov::domain
