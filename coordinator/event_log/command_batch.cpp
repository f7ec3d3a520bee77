// Batches as an operator's command carries them.
#include "coordinator/event_log/command_parts.h"

namespace prov::event_log::detail {
namespace {

using domain::BatchOperation;

constexpr auto put_specs = [](auto list, const auto& specs) {
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], specs[i]);
};

constexpr auto put_taskservs = [](auto list, const std::vector<domain::BatchTaskserv>& taskservs) {
  for (unsigned i = 0; i < list.size(); ++i) {
    put(list[i].initSpec(), taskservs[i].spec);
    PUT_LIST(list[i], After, taskservs[i].after, put_numbers);
  }
};

constexpr auto put_batch_dependencies = [](auto list, const std::vector<domain::BatchDependency>& dependencies) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Id, dependencies[i].id);
    list[i].setKind(static_cast<schema::DependencyKind>(dependencies[i].kind));
  }
};

bool is_all_at_once(const domain::Rolling& rolling) {
  return rolling.batch.empty() && rolling.canary == 0 && rolling.pause_s == 0 && !rolling.health_check;
}

void put_rolling(schema::Rolling::Builder out, const domain::Rolling& rolling) {
  PUT_TEXT(out, Batch, rolling.batch);
  out.setCanary(rolling.canary);
  out.setPauseS(rolling.pause_s);
  out.setHealthCheck(rolling.health_check);
}

domain::Rolling get_rolling(schema::Rolling::Reader in) {
  return {text_of(in.getBatch()), in.getCanary(), in.getPauseS(), in.getHealthCheck()};
}

// What each kind has: which hosts, which services, which script, how long.
void put_matter(schema::BatchOperation::Builder out, const BatchOperation& operation) {
  PUT_LIST(out, Servers, operation.servers, put_specs);
  PUT_LIST(out, Hostnames, operation.hostnames, put_texts);
  PUT_LIST(out, Taskservs, operation.taskservs, put_taskservs);
  if (operation.cluster) put(out.initCluster(), *operation.cluster);
  if (operation.exec != domain::ExecAction{}) put_exec(out.initScript(), operation.exec);
  if (operation.undo != domain::ExecAction{}) put_exec(out.initUndo(), operation.undo);
  out.setWaitS(operation.wait_s);
  PUT_TEXT(out, Until, operation.until);
  PUT_TEXT(out, Prompt, operation.prompt);
}

void get_matter(schema::BatchOperation::Reader in, BatchOperation& operation) {
  for (auto spec : in.getServers()) get(spec, operation.servers.emplace_back());
  operation.hostnames = get_texts(in.getHostnames());
  for (auto one : in.getTaskservs()) {
    auto& taskserv = operation.taskservs.emplace_back();
    get(one.getSpec(), taskserv.spec);
    taskserv.after = get_numbers(one.getAfter());
    check_after(taskserv.after, operation.taskservs.size() - 1);
  }
  if (in.hasCluster()) get(in.getCluster(), operation.cluster.emplace());
  operation.exec = get_exec(in.getScript());
  operation.undo = get_exec(in.getUndo());
  operation.wait_s = in.getWaitS();
  operation.until = text_of(in.getUntil());
  operation.prompt = text_of(in.getPrompt());
}

// When it runs, on which of the hosts, and what happens when it fails.
void put_terms(schema::BatchOperation::Builder out, const BatchOperation& operation) {
  PUT_TEXT(out, When, operation.when);
  PUT_TEXT(out, Targets, operation.targets);
  PUT_TEXT(out, Limit, operation.limit);
  out.setSeed(operation.seed);
  PUT_TEXT(out, ForEachTargets, operation.for_each_targets);
  if (!is_all_at_once(operation.rolling)) put_rolling(out.initRolling(), operation.rolling);
  out.setRetries(operation.retries);
  out.setTimeoutS(operation.timeout_s);
  if (operation.retry != domain::RetryPolicy{}) put(out.initRetry(), operation.retry);
  out.setPriority(operation.priority);
  out.setOnFailure(static_cast<schema::OnFailure>(operation.on_failure));
  PUT_TEXT(out, MaxFailures, operation.max_failures);
  PUT_TEXT(out, ConcurrencyGroup, operation.concurrency_group);
  out.setGroupLimit(operation.group_limit);
  PUT_TEXT(out, Checkpoint, operation.checkpoint);
  PUT_LIST(out, Outputs, operation.outputs, put_texts);
  out.setMode(static_cast<schema::OrderMode>(operation.mode));
}

void get_terms(schema::BatchOperation::Reader in, BatchOperation& operation) {
  operation.when = text_of(in.getWhen());
  operation.targets = text_of(in.getTargets());
  operation.limit = text_of(in.getLimit());
  operation.seed = in.getSeed();
  operation.for_each_targets = text_of(in.getForEachTargets());
  operation.rolling = get_rolling(in.getRolling());
  operation.retries = in.getRetries();
  operation.timeout_s = in.getTimeoutS();
  get(in.getRetry(), operation.retry);
  operation.priority = in.getPriority();
  check_priority(operation.priority);
  operation.on_failure = known_enum(in.getOnFailure(), domain::OnFailure::rollback);
  operation.max_failures = text_of(in.getMaxFailures());
  operation.concurrency_group = text_of(in.getConcurrencyGroup());
  operation.group_limit = in.getGroupLimit();
  operation.checkpoint = text_of(in.getCheckpoint());
  operation.outputs = get_texts(in.getOutputs());
  operation.mode = known_enum(in.getMode(), domain::OrderMode::rehearse);
}

constexpr auto put_operations = [](auto list, const std::vector<BatchOperation>& operations) {
  for (unsigned i = 0; i < list.size(); ++i) {
    PUT_TEXT(list[i], Id, operations[i].id);
    list[i].setKind(static_cast<schema::OperationKind>(operations[i].kind));
    PUT_LIST(list[i], Dependencies, operations[i].dependencies, put_batch_dependencies);
    put_terms(list[i], operations[i]);
    put_matter(list[i], operations[i]);
  }
};

void get_operation(schema::BatchOperation::Reader in, BatchOperation& operation) {
  operation.id = text_of(in.getId());
  operation.kind = known_enum(in.getKind(), domain::OperationKind::batch);
  for (auto one : in.getDependencies()) {
    operation.dependencies.push_back({text_of(one.getId()), known_enum(one.getKind(), domain::DependencyKind::soft)});
  }
  get_terms(in, operation);
  get_matter(in, operation);
}

}  // namespace

void check_after(const std::vector<std::uint32_t>& after, std::size_t index) {
  if (std::any_of(after.begin(), after.end(), [&](std::uint32_t before) { return before >= index; })) {
    throw Malformed{"after"};
  }
}

void put(schema::SubmitBatch::Builder out, const domain::SubmitBatch& batch) {
  PUT_TEXT(out, Name, batch.name);
  PUT_TEXT(out, Version, batch.version);
  PUT_TEXT(out, Infra, batch.infra);
  out.setParallelLimit(batch.parallel_limit);
  out.setPreserveSuccessful(batch.preserve_successful);
  PUT_LIST(out, Params, batch.params, put_pairs);
  PUT_LIST(out, Operations, batch.operations, put_operations);
}

void get(schema::SubmitBatch::Reader in, domain::SubmitBatch& batch) {
  batch.name = text_of(in.getName());
  batch.version = text_of(in.getVersion());
  batch.infra = text_of(in.getInfra());
  batch.parallel_limit = in.getParallelLimit();
  batch.preserve_successful = in.getPreserveSuccessful();
  batch.params = get_pairs(in.getParams());
  for (auto one : in.getOperations()) get_operation(one, batch.operations.emplace_back());
}

}  // namespace prov::event_log::detail
