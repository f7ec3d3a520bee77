#include <tuple>

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
                                           "BlobStored",
                                           "OperationOpened",
                                           "OperationSkipped",
                                           "WorkflowPaused",
                                           "WorkflowResumed",
                                           "WorkflowRetried",
                                           "ApprovalGiven",
                                           "ClusterDeclared",
                                           "ClusterReady",
                                           "ClusterRemoved"};
  static_assert(std::size(kNames) == kEventTypes);
  return kNames[body.index()];
}

const char* name_of(const CommandBody& body) {
  static constexpr const char* kNames[] = {
      "RegisterWorkspace", "CreateServers", "DeleteServers",  "CreateTaskservs", "DeleteTaskservs",
      "CheckTaskservs",    "RunExec",       "RunNoop",        "CancelWorkflow",  "CreateJoinToken",
      "DrainAgent",        "RemoveAgent",   "StoreBlob",      "OpenSession",     "AcceptDamage",
      "EnrolAgent",        "ConnectAgent",  "LoseAgent",      "ReportStarted",   "ReportEnded",
      "CloseSession",      "Tick",          "RaiseAlarm",     "RecordSecret",    "RecordCheckpoint",
      "SubmitBatch",       "PauseWorkflow", "ResumeWorkflow", "RetryWorkflow",   "RollbackWorkflow",
      "ApproveTask"};
  static_assert(std::size(kNames) == kCommandTypes);
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

const char* name_of(ClusterStatus status) { return status == ClusterStatus::ready ? "ready" : "declared"; }

const char* name_of(OperationStatus status) {
  switch (status) {
    case OperationStatus::waiting: return "waiting";
    case OperationStatus::due: return "due";
    case OperationStatus::open: return "open";
    case OperationStatus::ended: return "ended";
  }
  return "unknown";
}

const char* name_of(OperationKind kind) {
  static constexpr const char* kNames[] = {"tasks",           "server_create",  "server_delete",  "taskserv_create",
                                           "taskserv_delete", "taskserv_check", "cluster_create", "cluster_delete",
                                           "script",          "wait",           "approval",       "batch"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* name_of(OnFailure policy) {
  switch (policy) {
    case OnFailure::fail: return "fail";
    case OnFailure::go_on: return "continue";
    case OnFailure::rollback: return "rollback";
  }
  return "unknown";
}

// Two plans are the same when what takes them back is the same too, wherever it lies in memory.
bool TaskPlan::operator==(const TaskPlan& other) const {
  const auto rest = [](const TaskPlan& p) {
    return std::tie(p.name, p.server, p.depends_on, p.timeout_s, p.max_attempts, p.exclusive, p.mode, p.action);
  };
  const bool same_undo = undo == other.undo || (undo && other.undo && *undo == *other.undo);
  return same_undo && rest(*this) == rest(other);
}

std::string duration_key(const State& state, const std::string& workspace, const TaskPlan& plan) {
  if (plan.mode != OrderMode::apply) return {};
  if (const auto* action = std::get_if<TaskservAction>(&*plan.action)) {
    return std::string(name_of(action->verb)) + " " + action->spec.name;
  }
  const std::string* host = nullptr;
  const char* verb = "create ";
  if (const auto* create = std::get_if<ServerCreateAction>(&*plan.action)) host = &create->hostname;
  if (const auto* remove = std::get_if<ServerDeleteAction>(&*plan.action)) host = &remove->hostname, verb = "delete ";
  if (const auto* await = std::get_if<AwaitAgentAction>(&*plan.action)) host = &await->hostname, verb = "join ";
  if (host == nullptr) return {};
  const auto server = state.servers.find({workspace, *host});
  return server == state.servers.end() ? std::string() : verb + server->second.spec.provider;
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

Aggregate of_id(AggregateKind kind, const Id& id) { return {kind, id}; }
Aggregate of_key(const Key& key) { return {AggregateKind::agent, key.view()}; }

struct AggregateOf {
  template <class T>
  Aggregate operator()(const T&) const {
    return {AggregateKind::platform, {}};
  }
  Aggregate operator()(const WorkspaceRegistered& e) const { return {AggregateKind::workspace, e.name}; }
  Aggregate operator()(const JoinTokenCreated& e) const { return of_id(AggregateKind::join_token, e.id); }
  Aggregate operator()(const JoinTokenExpired& e) const { return of_id(AggregateKind::join_token, e.id); }
  Aggregate operator()(const AgentEnrolled& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentConnected& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentLost& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentDrainChanged& e) const { return of_key(e.key); }
  Aggregate operator()(const AgentRemoved& e) const { return of_key(e.key); }
  Aggregate operator()(const ServerDeclared& e) const { return {AggregateKind::server, e.spec->hostname}; }
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
  Aggregate operator()(const OperationOpened& e) const { return of_id(AggregateKind::workflow, e.workflow); }
  Aggregate operator()(const OperationSkipped& e) const { return of_id(AggregateKind::workflow, e.workflow); }
  Aggregate operator()(const WorkflowPaused& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const WorkflowResumed& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const WorkflowRetried& e) const { return of_id(AggregateKind::workflow, e.id); }
  Aggregate operator()(const ApprovalGiven& e) const { return of_id(AggregateKind::task, e.task); }
  Aggregate operator()(const ClusterDeclared& e) const { return {AggregateKind::cluster, e.spec.name}; }
  Aggregate operator()(const ClusterReady& e) const { return {AggregateKind::cluster, e.name}; }
  Aggregate operator()(const ClusterRemoved& e) const { return {AggregateKind::cluster, e.name}; }
  Aggregate operator()(const SessionOpened& e) const { return of_id(AggregateKind::session, e.id); }
  Aggregate operator()(const SessionClosed& e) const { return of_id(AggregateKind::session, e.id); }
  Aggregate operator()(const SecretCreated& e) const { return {AggregateKind::secret, e.reference}; }
  Aggregate operator()(const BlobStored& e) const { return {AggregateKind::blob, e.digest.view()}; }
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
