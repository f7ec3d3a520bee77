// A workflow of the state: its tasks, its operations, its course.
#include "coordinator/event_log/spec_codec.h"
#include "coordinator/event_log/state_parts.h"
#include "coordinator/event_log/work_check.h"

namespace prov::event_log::detail {
namespace {

using detail::get;  // the structs that events have too
using detail::put;

void put(schema::Task::Builder out, const domain::Task& task) {
  put(out.initPlan(), *task.plan);
  out.setStatus(domain::name_of(task.status));
  out.setAttempt(task.attempt);
  PUT_ID(out, Agent, task.agent);
  out.setDispatchSequence(task.dispatch_sequence);
  out.setReadyMs(task.ready_ms);
  out.setStartedMs(task.started_ms);
  out.setEndedMs(task.ended_ms);
  out.setDeadlineMs(task.deadline_ms);
  out.setOutcome(static_cast<schema::Outcome>(task.outcome));
  out.setExitCode(task.exit_code);
  PUT_TEXT(out, Message, task.message);
  out.setOutputBytes(task.output_bytes);
  PUT_ID(out, OutputDigest, task.output_digest);
  out.setRetryAtMs(task.retry_at_ms);
  out.setEndedSequence(task.ended_sequence);
  PUT_LIST(out, Outputs, task.outputs, put_pairs);
  out.setAttemptsBefore(task.attempts_before);
}
void get(schema::Task::Reader in, domain::Task& task) {
  using S = domain::TaskStatus;
  domain::TaskPlan plan;
  get(in.getPlan(), plan);
  task.plan = domain::Shared(std::move(plan));
  task.status = parse_status(in.getStatus(), {S::pending, S::ready, S::dispatched, S::running, S::ended});
  task.attempt = in.getAttempt();
  get_fixed(task.agent, in.getAgent(), "agent");
  task.dispatch_sequence = in.getDispatchSequence();
  task.ready_ms = in.getReadyMs();
  task.started_ms = in.getStartedMs();
  task.ended_ms = in.getEndedMs();
  task.deadline_ms = in.getDeadlineMs();
  task.outcome = known_enum(in.getOutcome(), Outcome::refused);
  task.exit_code = in.getExitCode();
  task.message = text_of(in.getMessage());
  task.output_bytes = in.getOutputBytes();
  get_fixed(task.output_digest, in.getOutputDigest(), "outputDigest");
  task.retry_at_ms = in.getRetryAtMs();
  task.ended_sequence = in.getEndedSequence();
  task.outputs = get_outputs(in.getOutputs());
  task.attempts_before = in.getAttemptsBefore();
}

void put(schema::Operation::Builder out, const domain::Operation& operation) {
  put(out.initPlan(), *operation.plan);
  out.setStatus(domain::name_of(operation.status));
  out.setOutcome(static_cast<schema::Outcome>(operation.outcome));
  out.setUnneeded(operation.unneeded);
  PUT_TEXT(out, Message, operation.message);
  out.setWavesOpened(operation.waves_opened);
  out.setSetAside(operation.set_aside);
}
void get(schema::Operation::Reader in, domain::Operation& operation) {
  using S = domain::OperationStatus;
  domain::OperationPlan plan;
  get(in.getPlan(), plan);
  operation.plan = domain::Shared(std::move(plan));
  operation.status = parse_status(in.getStatus(), {S::waiting, S::due, S::open, S::ended});
  operation.outcome = known_enum(in.getOutcome(), Outcome::refused);
  operation.unneeded = in.getUnneeded();
  operation.message = text_of(in.getMessage());
  operation.waves_opened = in.getWavesOpened();
  operation.set_aside = in.getSetAside();
}

void put(schema::Checkpoint::Builder out, const domain::Checkpoint& checkpoint) {
  PUT_TEXT(out, Name, checkpoint.name);
  out.setSequence(checkpoint.sequence);
}
void get(schema::Checkpoint::Reader in, domain::Checkpoint& checkpoint) {
  checkpoint.name = text_of(in.getName());
  checkpoint.sequence = in.getSequence();
}

void put(schema::Approval::Builder out, const domain::Approval& approval) {
  out.setTask(approval.task);
  out.setApproved(approval.approved);
  PUT_TEXT(out, Subject, approval.by.subject);
  PUT_TEXT(out, Credential, approval.by.credential);
  out.setTransport(static_cast<schema::Transport>(approval.by.transport));
  out.setAtMs(approval.at_ms);
  PUT_TEXT(out, Comment, approval.comment);
}
void get(schema::Approval::Reader in, domain::Approval& approval) {
  approval.task = in.getTask();
  approval.approved = in.getApproved();
  approval.by = {text_of(in.getSubject()), text_of(in.getCredential()),
                 static_cast<domain::Transport>(in.getTransport())};
  approval.at_ms = in.getAtMs();
  approval.comment = text_of(in.getComment());
}

constexpr auto put_all = [](auto list, const auto& values) {
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], values[i]);
};

template <class T, class List>
std::vector<T> get_all(List list) {
  std::vector<T> out(list.size());
  for (unsigned i = 0; i < list.size(); ++i) get(list[i], out[i]);
  return out;
}

// What came of it since it was submitted, beyond its tasks and operations.
void put_course(schema::Workflow::Builder out, const domain::Workflow& workflow) {
  out.setPaused(workflow.paused);
  out.setPreserveSuccessful(workflow.preserve_successful);
  PUT_ID(out, RollsBack, workflow.rolls_back);
  out.setRollbacks(workflow.rollbacks);
  out.setRetries(workflow.retries);
  PUT_LIST(out, Checkpoints, workflow.checkpoints, put_all);
  PUT_LIST(out, Approvals, workflow.approvals, put_all);
}

void get_course(schema::Workflow::Reader in, domain::Workflow& workflow) {
  workflow.paused = in.getPaused();
  workflow.preserve_successful = in.getPreserveSuccessful();
  get_fixed(workflow.rolls_back, in.getRollsBack(), "rollsBack");
  workflow.rollbacks = in.getRollbacks();
  workflow.retries = in.getRetries();
  workflow.checkpoints = get_all<domain::Checkpoint>(in.getCheckpoints());
  workflow.approvals = get_all<domain::Approval>(in.getApprovals());
  for (const domain::Approval& approval : workflow.approvals) {
    if (approval.task >= workflow.tasks.size()) throw Malformed{"approvals"};
  }
}

}  // namespace

void put(schema::Workflow::Builder out, const domain::Workflow& workflow) {
  PUT_ID(out, Id, workflow.id);
  PUT_TEXT(out, Workspace, workflow.workspace);
  PUT_TEXT(out, Kind, workflow.kind);
  PUT_TEXT(out, Name, workflow.name);
  PUT_TEXT(out, Infra, workflow.infra);
  out.setParallelLimit(workflow.parallel_limit);
  PUT_TEXT(out, Subject, workflow.initiator.subject);
  PUT_TEXT(out, Credential, workflow.initiator.credential);
  out.setTransport(static_cast<schema::Transport>(workflow.initiator.transport));
  out.setSubmittedMs(workflow.submitted_ms);
  out.setEndedMs(workflow.ended_ms);
  out.setOutcome(static_cast<schema::Outcome>(workflow.outcome));
  out.setEnded(workflow.ended);
  out.setCancelling(workflow.cancelling);
  PUT_LIST(out, Tasks, workflow.tasks, put_all);
  PUT_LIST(out, Operations, workflow.operations, put_all);
  PUT_LIST(out, Params, workflow.params, put_pairs);
  PUT_LIST(out, Notes, workflow.notes, put_texts);
  put_course(out, workflow);
}

void get(schema::Workflow::Reader in, domain::Workflow& workflow) {
  get_fixed(workflow.id, in.getId(), "id");
  workflow.workspace = text_of(in.getWorkspace());
  workflow.kind = text_of(in.getKind());
  workflow.name = text_of(in.getName());
  workflow.infra = text_of(in.getInfra());
  workflow.parallel_limit = in.getParallelLimit();
  workflow.initiator = {text_of(in.getSubject()), text_of(in.getCredential()),
                        static_cast<domain::Transport>(in.getTransport())};
  workflow.submitted_ms = in.getSubmittedMs();
  workflow.ended_ms = in.getEndedMs();
  workflow.outcome = known_enum(in.getOutcome(), Outcome::refused);
  workflow.ended = in.getEnded();
  workflow.cancelling = in.getCancelling();
  workflow.tasks = get_all<domain::Task>(in.getTasks());
  workflow.operations = get_all<domain::Operation>(in.getOperations());
  check_work(workflow.tasks, workflow.operations);
  workflow.params = get_pairs(in.getParams());
  workflow.notes = get_texts(in.getNotes());
  get_course(in, workflow);
}

}  // namespace prov::event_log::detail
