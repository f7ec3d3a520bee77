#pragma once
// Inside of the domain: one slice per aggregate. Each slice has `apply` for its events and `decide_on` for its
// commands; evolve.cpp and decide.cpp only dispatch. agenda.cpp and scheduler.cpp keep what is derived.
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
// The host whose server this task makes or removes; nullptr when it does neither.
const std::string* server_of(const Action& action);
void server_work_begun(State& state, const Workflow& workflow, const Task& task);
void server_work_done(State& state, const Workflow& workflow, const Task& task);

// taskserv_slice.cpp
void apply(State& state, const Envelope& meta, const TaskservDeclared& e);
void apply(State& state, const Envelope& meta, const TaskservInstalled& e);
void apply(State& state, const Envelope& meta, const TaskservRemoved& e);
void apply(State& state, const Envelope& meta, const ClusterDeclared& e);
void apply(State& state, const Envelope& meta, const ClusterReady& e);
void apply(State& state, const Envelope& meta, const ClusterRemoved& e);
Decision decide_on(const State& state, const Command& command, const CreateTaskservs& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const DeleteTaskservs& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const CheckTaskservs& c, const Inputs& in);

// workflow_slice.cpp: its life as a whole
void apply(State& state, const Envelope& meta, const WorkflowSubmitted& e);
void apply(State& state, const Envelope& meta, const WorkflowCancelRequested& e);
void apply(State& state, const Envelope& meta, const WorkflowPaused& e);
void apply(State& state, const Envelope& meta, const WorkflowResumed& e);
void apply(State& state, const Envelope& meta, const WorkflowRetried& e);
void apply(State& state, const Envelope& meta, const ApprovalGiven& e);
void apply(State& state, const Envelope& meta, const WorkflowEnded& e);
Decision decide_on(const State& state, const Command& command, const RunExec& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RunNoop& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const CancelWorkflow& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const PauseWorkflow& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const ResumeWorkflow& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const ApproveTask& c, const Inputs& in);
EventBody submitted(const State& state, const Inputs& in, std::string kind, std::string name, std::string infra,
                    std::vector<TaskPlan> tasks);
EventBody ended(const Workflow& workflow, const Limits& limits);
// The refusal of a command for a workflow that is not in the working set (any more).
tl::unexpected<Error> no_workflow(const Id& id);
bool all_well(const Operation& operation);  // it ended, and a retry has nothing to do for it
void derive(Workflow& workflow);            // everything of it that state.h calls derived, but the gate's waiters

// operation_slice.cpp: waiting -> due -> open -> ended, and what that means for those behind
void apply(State& state, const Envelope& meta, const OperationOpened& e);
void apply(State& state, const Envelope& meta, const OperationSkipped& e);
// The moment of an event in which an operation's course changes.
struct Moment {
  TimeMs now_ms = 0;
  std::uint64_t sequence = 0;
};
void begin_operations(State& state, Workflow& workflow, const Moment& at);  // those that wait for nothing
// A task of it has ended: for the first time, or it was in doubt and now is not.
void task_ended(State& state, Workflow& workflow, std::uint32_t task, const Moment& at);
bool is_failure(const Task& task);                                          // ended, and counts against its operation
bool hopeless(const Workflow& workflow, const Task& task);                  // a task that it needs did not succeed
bool needed_in_vain(const Workflow& workflow, const Operation& operation);  // a hard dependency did not succeed
std::string why_skipped(const Workflow& workflow, const Operation& operation);
std::string why_stopping(const Operation& operation);                    // REQUIRES: it is
std::string fate_of(Outcome outcome);                                    // "failed", "was skipped": as said of a step
std::uint32_t wave_end(const OperationPlan& plan, std::uint32_t waves);  // tasks in the first so many waves

// batch_slice.cpp, retry.cpp, rollback.cpp
Decision decide_on(const State& state, const Command& command, const RetryWorkflow& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const SubmitBatch& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const RollbackWorkflow& c, const Inputs& in);
bool leaves_something(const TaskPlan& plan);  // when it has run, something is otherwise than before
// Notes, for before anything starts, on what a rollback will not take back: of what destroys something, and where an
// operation says "rollback" of all of them.
std::vector<std::string> not_taken_back(const std::vector<OperationPlan>& plans, const std::vector<TaskPlan>& tasks);
bool wants_rollback(const Workflow& workflow);  // it ended so that its undoing begins by itself
// The events that undo a workflow; none when there is nothing to undo. The last one is WorkflowSubmitted.
std::vector<EventBody> rollback_of(const State& state, const Workflow& workflow, const Checkpoint* back_to);

// task_slice.cpp
void apply(State& state, const Envelope& meta, const TaskDispatched& e);
void apply(State& state, const Envelope& meta, const TaskStarted& e);
void apply(State& state, const Envelope& meta, const TaskEnded& e);
void apply(State& state, const Envelope& meta, const TaskInDoubt& e);
Decision decide_on(const State& state, const Command& command, const ReportStarted& c, const Inputs& in);
Decision decide_on(const State& state, const Command& command, const ReportEnded& c, const Inputs& in);
inline bool out_now(const Task& task) {
  return task.status == TaskStatus::dispatched || task.status == TaskStatus::running;
}
// The coordinator's own tasks that only wait: for an agent, a time, a condition, a person.
bool only_waits(const Action& action);
// It is out, only waits, and what it waits for no longer matters: a cancelled workflow waits for nothing, one that has
// stopped for no time and no approval. An agent is still waited for then: its host is being made.
bool waits_in_vain(const Workflow& workflow, const Task& task);
bool runs_on_provider(const Action& action);

// agenda.cpp: all of these do nothing while the agenda is off
void agenda_task_ready(State& state, Workflow& workflow, std::uint32_t index, TimeMs now_ms);
void agenda_task_out(State& state, Workflow& workflow, std::uint32_t index);
void agenda_wait_begun(State& state, const Workflow& workflow, Task& task, const Id& id);
void agenda_attempt_deadline(State& state, const Task& task, const Id& id);  // which may have had an earlier one
// `settled`: its order will not be spoken of again, so that the agent may forget it.
void agenda_task_back(State& state, Workflow& workflow, std::uint32_t index, bool settled);
void agenda_settle(State& state, const Workflow& workflow, const Task& task);
void agenda_doom(State& state, const Workflow& workflow, std::uint32_t task);
void agenda_doom_operation(State& state, const Workflow& workflow, std::uint32_t operation);
void agenda_operation_due(State& state, const Workflow& workflow, std::uint32_t operation);
void agenda_operation_opened(State& state, const Workflow& workflow, const Operation& operation);
void agenda_operation_closed(State& state, const Workflow& workflow, const Operation& operation);
void agenda_wave_over(State& state, const Workflow& workflow, std::uint32_t operation, TimeMs now_ms);
void agenda_gate_opened(State& state, Workflow& workflow);  // it may have room again
// Of the wave that was opened last, counted over all rounds.
std::uint32_t wave_number(const Workflow& workflow, const Operation& operation);
void agenda_workflow_settled(State& state, const Workflow& workflow);
void agenda_cluster_settled(State& state, const Workflow& workflow, std::uint32_t operation);
void agenda_host_changed(State& state, const HostKey& host);  // its agent came, went, drains or is another

// agenda.cpp, for the scheduler
const Agent* reachable_agent(const State& state, const Host& host);
Host& host_at(State& state, const HostKey& key);
Host& host_of(State& state, const Workflow& workflow, Task& task);
void agenda_deadline(State& state, const Deadline& deadline);  // also while the agenda is made anew
// Whether that attempt's time is over when this deadline is: not if it has another one since, or has ended.
bool is_over_then(const State& state, const Task& task, const Deadline& deadline);
ProviderDesk& desk_of(State& state, const Workflow& workflow, const Task& task);
void mark_runnable(State& state, Host& host);
bool at_limit(const Workflow& workflow);

Workflow* find_workflow(State& state, const Id& workflow_or_task);
bool names_ok(const std::vector<std::string>& hostnames, std::string& bad);
bool valid_hostname(const std::string& name);  // RFC 1123 labels
bool valid_name(const std::string& name);      // [a-z0-9._-], at most 64
bool server_busy(const State& state, const std::string& workspace, const std::string& hostname);
void register_workspace(const State& state, const Command& command, std::vector<EventBody>& out);

}  // namespace prov::domain
