// Payloads about the course of a workflow, and about clusters.
#include "coordinator/event_log/payload_codec.h"
#include "coordinator/event_log/spec_codec.h"

namespace prov::event_log::detail {

void put(schema::OperationOpened::Builder out, const domain::OperationOpened& e) {
  PUT_ID(out, Workflow, e.workflow);
  out.setOperation(e.operation);
  out.setWave(e.wave);
}
void get(schema::OperationOpened::Reader in, domain::OperationOpened& e) {
  get_fixed(e.workflow, in.getWorkflow(), "workflow");
  e.operation = in.getOperation();
  e.wave = in.getWave();
}

void put(schema::OperationSkipped::Builder out, const domain::OperationSkipped& e) {
  PUT_ID(out, Workflow, e.workflow);
  out.setOperation(e.operation);
  out.setOutcome(static_cast<schema::Outcome>(e.outcome));
  out.setUnneeded(e.unneeded);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::OperationSkipped::Reader in, domain::OperationSkipped& e) {
  get_fixed(e.workflow, in.getWorkflow(), "workflow");
  e.operation = in.getOperation();
  e.outcome = known_enum(in.getOutcome(), Outcome::refused);
  e.unneeded = in.getUnneeded();
  e.reason = text_of(in.getReason());
}

void put(schema::WorkflowPaused::Builder out, const domain::WorkflowPaused& e) {
  PUT_ID(out, Id, e.id);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::WorkflowPaused::Reader in, domain::WorkflowPaused& e) {
  get_fixed(e.id, in.getId(), "id");
  e.reason = text_of(in.getReason());
}

void put(schema::WorkflowResumed::Builder out, const domain::WorkflowResumed& e) { PUT_ID(out, Id, e.id); }
void get(schema::WorkflowResumed::Reader in, domain::WorkflowResumed& e) { get_fixed(e.id, in.getId(), "id"); }

void put(schema::WorkflowRetried::Builder out, const domain::WorkflowRetried& e) {
  PUT_ID(out, Id, e.id);
  PUT_LIST(out, Operations, e.operations, put_numbers);
  out.setInDoubt(e.in_doubt);
  out.setExact(e.exact);
}
void get(schema::WorkflowRetried::Reader in, domain::WorkflowRetried& e) {
  get_fixed(e.id, in.getId(), "id");
  e.operations = get_numbers(in.getOperations());
  e.in_doubt = in.getInDoubt();
  e.exact = in.getExact();
}

void put(schema::ApprovalGiven::Builder out, const domain::ApprovalGiven& e) {
  PUT_ID(out, Task, e.task);
  out.setApproved(e.approved);
  PUT_TEXT(out, Comment, e.comment);
}
void get(schema::ApprovalGiven::Reader in, domain::ApprovalGiven& e) {
  get_fixed(e.task, in.getTask(), "task");
  e.approved = in.getApproved();
  e.comment = text_of(in.getComment());
}

void put(schema::ClusterDeclared::Builder out, const domain::ClusterDeclared& e) { put(out.initSpec(), e.spec); }
void get(schema::ClusterDeclared::Reader in, domain::ClusterDeclared& e) { get(in.getSpec(), e.spec); }

void put(schema::ClusterReady::Builder out, const domain::ClusterReady& e) { PUT_TEXT(out, Name, e.name); }
void get(schema::ClusterReady::Reader in, domain::ClusterReady& e) { e.name = text_of(in.getName()); }

void put(schema::ClusterRemoved::Builder out, const domain::ClusterRemoved& e) { PUT_TEXT(out, Name, e.name); }
void get(schema::ClusterRemoved::Reader in, domain::ClusterRemoved& e) { e.name = text_of(in.getName()); }

}  // namespace prov::event_log::detail
