// What a workflow is to do: tasks with their actions, and the operations that they belong to.
#include "coordinator/event_log/spec_codec.h"

namespace prov::event_log::detail {
namespace {

// The unions of TaskPlan.action and of Action have the same members.
template <class Union>
struct PutAction {
  typename Union::Builder out;

  void operator()(const domain::NoopAction&) { out.setNoop(); }
  void operator()(const domain::ServerCreateAction& a) { out.setServerCreate(text_field(a.hostname)); }
  void operator()(const domain::ServerDeleteAction& a) { out.setServerDelete(text_field(a.hostname)); }
  void operator()(const domain::AwaitAgentAction& a) { out.setAwaitAgent(text_field(a.hostname)); }
  void operator()(const domain::TaskservAction& a) {
    auto taskserv = out.initTaskserv();
    taskserv.setVerb(static_cast<schema::TaskservVerb>(a.verb));
    put(taskserv.initSpec(), a.spec);
  }
  void operator()(const domain::ExecAction& a) { put_exec(out.initExec(), a); }
  void operator()(const domain::WaitAction& a) {
    auto wait = out.initWait();
    PUT_TEXT(wait, Until, a.until);
  }
  void operator()(const domain::ApprovalAction& a) {
    auto approval = out.initApproval();
    PUT_TEXT(approval, Prompt, a.prompt);
  }
};

template <class Taskserv>
domain::TaskservAction get_taskserv(Taskserv in) {
  domain::TaskservAction action;
  action.verb = known_enum(in.getVerb(), domain::TaskservVerb::uninstall);
  get(in.getSpec(), action.spec);
  return action;
}

template <class Union>
domain::Action get_action(typename Union::Reader in) {
  switch (in.which()) {
    case Union::NOOP: return domain::NoopAction{};
    case Union::SERVER_CREATE: return domain::ServerCreateAction{text_of(in.getServerCreate())};
    case Union::SERVER_DELETE: return domain::ServerDeleteAction{text_of(in.getServerDelete())};
    case Union::AWAIT_AGENT: return domain::AwaitAgentAction{text_of(in.getAwaitAgent())};
    case Union::TASKSERV: return get_taskserv(in.getTaskserv());
    case Union::EXEC: return get_exec(in.getExec());
    case Union::WAIT: return domain::WaitAction{text_of(in.getWait().getUntil())};
    case Union::APPROVAL: return domain::ApprovalAction{text_of(in.getApproval().getPrompt())};
  }
  throw FromLaterRelease{};
}

using DependencyList = capnp::List<schema::Dependency>;

void put_dependencies(DependencyList::Builder list, const std::vector<domain::Dependency>& dependencies) {
  for (unsigned i = 0; i < list.size(); ++i) {
    list[i].setBefore(dependencies[i].before);
    list[i].setKind(static_cast<schema::DependencyKind>(dependencies[i].kind));
  }
}

std::vector<domain::Dependency> get_dependencies(DependencyList::Reader list) {
  std::vector<domain::Dependency> out;
  out.reserve(list.size());
  for (auto one : list) out.push_back({one.getBefore(), known_enum(one.getKind(), domain::DependencyKind::soft)});
  return out;
}

void check_waves(const domain::OperationPlan& plan) {
  std::uint32_t end = 0;
  for (const std::uint32_t wave : plan.waves) {
    if (wave <= end) throw Malformed{"waves"};
    end = wave;
  }
  if (!plan.waves.empty() && end != plan.task_count) throw Malformed{"waves"};
}

}  // namespace

void put(schema::RetryPolicy::Builder out, const domain::RetryPolicy& retry) {
  out.setDelayMs(retry.delay_ms);
  out.setMaxDelayMs(retry.max_delay_ms);
  out.setExponential(retry.exponential);
  out.setJitterPercent(retry.jitter_percent);
  out.setOnFailure(retry.on_failure);
}

void get(schema::RetryPolicy::Reader in, domain::RetryPolicy& retry) {
  retry.delay_ms = in.getDelayMs();
  retry.max_delay_ms = in.getMaxDelayMs();
  retry.exponential = in.getExponential();
  retry.jitter_percent = in.getJitterPercent();
  retry.on_failure = in.getOnFailure();
  if (retry.jitter_percent > 100) throw Malformed{"jitterPercent"};
}

void put(schema::TaskPlan::Builder out, const domain::TaskPlan& plan) {
  PUT_TEXT(out, Name, plan.name);
  PUT_TEXT(out, Server, plan.server);
  PUT_LIST(out, DependsOn, plan.depends_on, put_numbers);
  out.setTimeoutS(plan.timeout_s);
  out.setMaxAttempts(plan.max_attempts);
  out.setExclusive(plan.exclusive);
  out.setMode(static_cast<schema::OrderMode>(plan.mode));
  std::visit(PutAction<schema::TaskPlan::Action>{out.getAction()}, *plan.action);
  if (plan.undo) std::visit(PutAction<schema::Action>{out.initUndo()}, *plan.undo);
}

void get(schema::TaskPlan::Reader in, domain::TaskPlan& plan) {
  plan.name = text_of(in.getName());
  plan.server = text_of(in.getServer());
  plan.depends_on = get_numbers(in.getDependsOn());
  plan.timeout_s = in.getTimeoutS();
  plan.max_attempts = in.getMaxAttempts();
  plan.exclusive = in.getExclusive();
  plan.mode = known_enum(in.getMode(), domain::OrderMode::rehearse);
  if (!in.getAction().isNoop()) plan.action = domain::Shared(get_action<schema::TaskPlan::Action>(in.getAction()));
  if (in.hasUndo()) plan.undo = std::make_shared<const domain::Action>(get_action<schema::Action>(in.getUndo()));
}

void put(schema::OperationPlan::Builder out, const domain::OperationPlan& plan) {
  PUT_TEXT(out, Id, plan.id);
  out.setKind(static_cast<schema::OperationKind>(plan.kind));
  PUT_LIST(out, DependsOn, plan.depends_on, put_dependencies);
  PUT_TEXT(out, When, plan.when);
  out.setFirstTask(plan.first_task);
  out.setTaskCount(plan.task_count);
  out.setPriority(plan.priority);
  out.setOnFailure(static_cast<schema::OnFailure>(plan.on_failure));
  out.setMaxFailures(plan.max_failures);
  PUT_LIST(out, Waves, plan.waves, put_numbers);
  out.setPauseMs(plan.pause_ms);
  PUT_TEXT(out, ConcurrencyGroup, plan.concurrency_group);
  out.setGroupLimit(plan.group_limit);
  if (plan.retry != domain::RetryPolicy{}) put(out.initRetry(), plan.retry);
  PUT_TEXT(out, Checkpoint, plan.checkpoint);
  PUT_TEXT(out, Note, plan.note);
  PUT_TEXT(out, Cluster, plan.cluster);
  if (!plan.removed->name.empty()) put(out.initRemoved(), *plan.removed);
}

void get(schema::OperationPlan::Reader in, domain::OperationPlan& plan) {
  plan.id = text_of(in.getId());
  plan.kind = known_enum(in.getKind(), domain::OperationKind::batch);
  plan.depends_on = get_dependencies(in.getDependsOn());
  plan.when = text_of(in.getWhen());
  plan.first_task = in.getFirstTask();
  plan.task_count = in.getTaskCount();
  plan.priority = in.getPriority();
  plan.on_failure = known_enum(in.getOnFailure(), domain::OnFailure::rollback);
  plan.max_failures = in.getMaxFailures();
  plan.waves = get_numbers(in.getWaves());
  plan.pause_ms = in.getPauseMs();
  plan.concurrency_group = text_of(in.getConcurrencyGroup());
  plan.group_limit = in.getGroupLimit();
  get(in.getRetry(), plan.retry);
  plan.checkpoint = text_of(in.getCheckpoint());
  plan.note = text_of(in.getNote());
  plan.cluster = text_of(in.getCluster());
  if (in.hasRemoved()) {
    domain::ClusterSpec removed;
    get(in.getRemoved(), removed);
    plan.removed = domain::Shared(std::move(removed));
  }
  check_priority(plan.priority);
  check_waves(plan);
}

}  // namespace prov::event_log::detail
