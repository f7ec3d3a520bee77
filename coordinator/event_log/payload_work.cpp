// Payloads about servers, task services, workflows and tasks.
#include "coordinator/event_log/payload_codec.h"
#include "coordinator/event_log/spec_codec.h"
#include "coordinator/event_log/work_check.h"

namespace prov::event_log::detail {
namespace {

constexpr auto put_plans = [](auto list, const auto& plans) {
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], plans[i]);
};

template <class List, class Plan>
void get_plans(List list, domain::SharedList<Plan>& out) {
  std::vector<Plan> plans(list.size());
  for (unsigned i = 0; i < list.size(); ++i) get(list[i], plans[i]);
  out = std::move(plans);
}

}  // namespace

void put(schema::ServerDeclared::Builder out, const domain::ServerDeclared& e) { put(out.initSpec(), *e.spec); }
void get(schema::ServerDeclared::Reader in, domain::ServerDeclared& e) {
  domain::ServerSpec spec;
  get(in.getSpec(), spec);
  e.spec = domain::Shared(std::move(spec));
}

void put(schema::ServerCreated::Builder out, const domain::ServerCreated& e) {
  PUT_TEXT(out, Hostname, e.hostname);
  PUT_TEXT(out, ProviderId, e.provider_id);
  PUT_TEXT(out, Address, e.address);
  PUT_TEXT(out, Runtime, e.runtime);
  PUT_TEXT(out, CoordinatorAddress, e.coordinator_address);
}
void get(schema::ServerCreated::Reader in, domain::ServerCreated& e) {
  e.hostname = text_of(in.getHostname());
  e.provider_id = text_of(in.getProviderId());
  e.address = text_of(in.getAddress());
  e.runtime = text_of(in.getRuntime());
  e.coordinator_address = text_of(in.getCoordinatorAddress());
}

void put(schema::ServerDeleted::Builder out, const domain::ServerDeleted& e) { PUT_TEXT(out, Hostname, e.hostname); }
void get(schema::ServerDeleted::Reader in, domain::ServerDeleted& e) { e.hostname = text_of(in.getHostname()); }

void put(schema::TaskservDeclared::Builder out, const domain::TaskservDeclared& e) {
  PUT_TEXT(out, Infra, e.infra);
  put(out.initSpec(), e.spec);
}
void get(schema::TaskservDeclared::Reader in, domain::TaskservDeclared& e) {
  e.infra = text_of(in.getInfra());
  get(in.getSpec(), e.spec);
}

void put(schema::TaskservInstalled::Builder out, const domain::TaskservInstalled& e) {
  PUT_TEXT(out, Server, e.server);
  PUT_TEXT(out, Name, e.name);
  PUT_TEXT(out, Version, e.version);
  PUT_ID(out, Bundle, e.bundle);
  out.setChanged(e.changed);
}
void get(schema::TaskservInstalled::Reader in, domain::TaskservInstalled& e) {
  e.server = text_of(in.getServer());
  e.name = text_of(in.getName());
  e.version = text_of(in.getVersion());
  get_fixed(e.bundle, in.getBundle(), "bundle");
  e.changed = in.getChanged();
}

void put(schema::TaskservRemoved::Builder out, const domain::TaskservRemoved& e) {
  PUT_TEXT(out, Server, e.server);
  PUT_TEXT(out, Name, e.name);
}
void get(schema::TaskservRemoved::Reader in, domain::TaskservRemoved& e) {
  e.server = text_of(in.getServer());
  e.name = text_of(in.getName());
}

void put(schema::WorkflowSubmitted::Builder out, const domain::WorkflowSubmitted& e) {
  PUT_ID(out, Id, e.id);
  PUT_TEXT(out, Kind, e.kind);
  PUT_TEXT(out, Name, e.name);
  PUT_TEXT(out, Infra, e.infra);
  out.setParallelLimit(e.parallel_limit);
  PUT_LIST(out, Tasks, e.tasks, put_plans);
  PUT_LIST(out, Operations, e.operations, put_plans);
  PUT_LIST(out, Params, e.params, put_pairs);
  out.setPreserveSuccessful(e.preserve_successful);
  PUT_ID(out, RollsBack, e.rolls_back);
  PUT_LIST(out, Notes, e.notes, put_texts);
}
void get(schema::WorkflowSubmitted::Reader in, domain::WorkflowSubmitted& e) {
  get_fixed(e.id, in.getId(), "id");
  e.kind = text_of(in.getKind());
  e.name = text_of(in.getName());
  e.infra = text_of(in.getInfra());
  e.parallel_limit = in.getParallelLimit();
  get_plans(in.getTasks(), e.tasks);
  get_plans(in.getOperations(), e.operations);
  check_work(e.tasks, e.operations);
  e.params = get_pairs(in.getParams());
  e.preserve_successful = in.getPreserveSuccessful();
  get_fixed(e.rolls_back, in.getRollsBack(), "rollsBack");
  e.notes = get_texts(in.getNotes());
}

void put(schema::WorkflowCancelRequested::Builder out, const domain::WorkflowCancelRequested& e) {
  PUT_ID(out, Id, e.id);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::WorkflowCancelRequested::Reader in, domain::WorkflowCancelRequested& e) {
  get_fixed(e.id, in.getId(), "id");
  e.reason = text_of(in.getReason());
}

void put(schema::WorkflowEnded::Builder out, const domain::WorkflowEnded& e) {
  PUT_ID(out, Id, e.id);
  out.setOutcome(static_cast<schema::Outcome>(e.outcome));
  out.setDone(e.done);
  out.setFailed(e.failed);
  out.setSkipped(e.skipped);
  out.setInDoubt(e.in_doubt);
  out.setNotDelivered(e.not_delivered);
  out.setLeaves(e.leaves);
}
void get(schema::WorkflowEnded::Reader in, domain::WorkflowEnded& e) {
  get_fixed(e.id, in.getId(), "id");
  e.outcome = known_enum(in.getOutcome(), Outcome::refused);
  e.done = in.getDone();
  e.failed = in.getFailed();
  e.skipped = in.getSkipped();
  e.in_doubt = in.getInDoubt();
  e.not_delivered = in.getNotDelivered();
  e.leaves = in.getLeaves();
}

void put(schema::TaskDispatched::Builder out, const domain::TaskDispatched& e) {
  PUT_ID(out, Task, e.task);
  out.setAttempt(e.attempt);
  PUT_ID(out, Agent, e.agent);
  out.setDeadlineMs(e.deadline_ms);
}
void get(schema::TaskDispatched::Reader in, domain::TaskDispatched& e) {
  get_fixed(e.task, in.getTask(), "task");
  e.attempt = in.getAttempt();
  get_fixed(e.agent, in.getAgent(), "agent");
  e.deadline_ms = in.getDeadlineMs();
}

void put(schema::TaskStarted::Builder out, const domain::TaskStarted& e) {
  PUT_ID(out, Task, e.task);
  out.setAttempt(e.attempt);
}
void get(schema::TaskStarted::Reader in, domain::TaskStarted& e) {
  get_fixed(e.task, in.getTask(), "task");
  e.attempt = in.getAttempt();
}

void put(schema::TaskEnded::Builder out, const domain::TaskEnded& e) {
  PUT_ID(out, Task, e.task);
  out.setAttempt(e.attempt);
  out.setOutcome(static_cast<schema::Outcome>(e.outcome));
  out.setExitCode(e.exit_code);
  PUT_TEXT(out, Message, e.message);
  out.setOutputBytes(e.output_bytes);
  PUT_ID(out, OutputDigest, e.output_digest);
  PUT_ID(out, OrderDigest, e.order_digest);
  out.setRetryAtMs(e.retry_at_ms);
  PUT_LIST(out, Outputs, e.outputs, put_pairs);
  out.setStarted(e.started);
  out.setTookMs(e.took_ms);
}
void get(schema::TaskEnded::Reader in, domain::TaskEnded& e) {
  get_fixed(e.task, in.getTask(), "task");
  e.attempt = in.getAttempt();
  e.outcome = known_enum(in.getOutcome(), Outcome::refused);
  e.exit_code = in.getExitCode();
  e.message = text_of(in.getMessage());
  e.output_bytes = in.getOutputBytes();
  get_fixed(e.output_digest, in.getOutputDigest(), "outputDigest");
  get_fixed(e.order_digest, in.getOrderDigest(), "orderDigest");
  e.retry_at_ms = in.getRetryAtMs();
  e.outputs = get_outputs(in.getOutputs());
  e.started = in.getStarted();
  e.took_ms = in.getTookMs();
}

void put(schema::TaskInDoubt::Builder out, const domain::TaskInDoubt& e) {
  PUT_ID(out, Task, e.task);
  out.setAttempt(e.attempt);
  PUT_TEXT(out, Reason, e.reason);
}
void get(schema::TaskInDoubt::Reader in, domain::TaskInDoubt& e) {
  get_fixed(e.task, in.getTask(), "task");
  e.attempt = in.getAttempt();
  e.reason = text_of(in.getReason());
}

}  // namespace prov::event_log::detail
