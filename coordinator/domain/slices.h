#pragma once
// Inside of the domain: one slice per aggregate. Each slice has `apply` for its events and `decide_on` for its
// commands; evolve.cpp and decide.cpp only dispatch. agenda.cpp keeps what is derived.
#include "coordinator/domain/decide.h"
#include "coordinator/domain/state.h"

namespace prov::domain {

using Decision = Result<std::vector<EventBody>>;

// platform_slice.cpp
void apply(State& state, const Envelope& meta, const LogCreated& e);
void apply(State& state, const Envelope& meta, const CoordinatorStarted& e);
void apply(State& state, const Envelope& meta, const DamageAccepted& e);
void apply(State& state, const Envelope& meta, const WorkspaceRegistered& e);
void apply(State& state, const Envelope& meta, const SecretCreated& e);
void apply(State& state, const Envelope& meta, const SessionOpened& e);
void apply(State& state, const Envelope& meta, const SessionClosed& e);
Decision decide_on(const State& state, const Command& command, const RegisterWorkspace& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const StoreBlob& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const OpenSession& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const CloseSession& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const AcceptDamage& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RaiseAlarm& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RecordSecret& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RecordCheckpoint& c, const Inputs& in);

// agent_slice.cpp
void apply(State& state, const Envelope& meta, const JoinTokenCreated& e);
void apply(State& state, const Envelope& meta, const JoinTokenExpired& e);
void apply(State& state, const Envelope& meta, const AgentEnrolled& e);
void apply(State& state, const Envelope& meta, const AgentConnected& e);
void apply(State& state, const Envelope& meta, const AgentLost& e);
void apply(State& state, const Envelope& meta, const AgentDrainChanged& e);
void apply(State& state, const Envelope& meta, const AgentRemoved& e);
Decision decide_on(const State& state, const Command& command, const CreateJoinToken& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const EnrolAgent& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const ConnectAgent& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const LoseAgent& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const DrainAgent& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RemoveAgent& c, const Inputs& in);

// server_slice.cpp
void apply(State& state, const Envelope& meta, const ServerDeclared& e);
void apply(State& state, const Envelope& meta, const ServerCreated& e);
void apply(State& state, const Envelope& meta, const ServerDeleted& e);
Decision decide_on(const State& state, const Command& command, const CreateServers& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const DeleteServers& c, const Inputs& in);

// taskserv_slice.cpp
void apply(State& state, const Envelope& meta, const TaskservDeclared& e);
void apply(State& state, const Envelope& meta, const TaskservInstalled& e);
void apply(State& state, const Envelope& meta, const TaskservRemoved& e);
Decision decide_on(const State& state, const Command& command, const CreateTaskservs& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const DeleteTaskservs& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const CheckTaskservs& c, const Inputs& in);

// workflow_slice.cpp
void apply(State& state, const Envelope& meta, const WorkflowSubmitted& e);
void apply(State& state, const Envelope& meta, const WorkflowCancelRequested& e);
void apply(State& state, const Envelope& meta, const WorkflowEnded& e);
Decision decide_on(const State& state, const Command& command, const RunExec& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RunNoop& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const CancelWorkflow& c, const Inputs& in);
EventBody submitted(const State& state, const Inputs& in, std::string kind, std::string name, std::string infra,
                    std::vector<TaskPlan> tasks);
EventBody ended(const Workflow& workflow);
void derive(Workflow& workflow);  // dependents, missing, out, unended

// task_slice.cpp
void apply(State& state, const Envelope& meta, const TaskDispatched& e);
void apply(State& state, const Envelope& meta, const TaskStarted& e);
void apply(State& state, const Envelope& meta, const TaskEnded& e);
void apply(State& state, const Envelope& meta, const TaskInDoubt& e);
Decision decide_on(const State& state, const Command& command, const ReportStarted& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const ReportEnded& c, const Inputs& in);

// agenda.cpp: all of these do nothing while the agenda is off
void agenda_task_ready(State& state, const Workflow& workflow, std::uint32_t index, TimeMs now_ms);
void agenda_task_out(State& state, const Workflow& workflow, std::uint32_t index);
void agenda_attempt_deadline(State& state, const Task& task, const Id& id, TimeMs old_ms);
// `settled`: its order will not be spoken of again, so that the agent may forget it.
void agenda_task_back(State& state, Workflow& workflow, std::uint32_t index, bool settled);
void agenda_settle(State& state, const Workflow& workflow, const Task& task);
void agenda_doom(State& state, const Workflow& workflow, std::uint32_t index);
void agenda_workflow_settled(State& state, const Workflow& workflow);
void agenda_host_changed(State& state, const HostKey& host);  // its agent came, went, drains or is another

Workflow* find_workflow(State& state, const Id& workflow_or_task);
bool names_ok(const std::vector<std::string>& hostnames, std::string& bad);
bool valid_hostname(const std::string& name);  // RFC 1123 labels
bool valid_name(const std::string& name);      // [a-z0-9._-], at most 64
bool server_busy(const State& state, const std::string& workspace, const std::string& hostname);
void register_workspace(const State& state, const Command& command, std::vector<EventBody>& out);

}  // namespace prov::domain
