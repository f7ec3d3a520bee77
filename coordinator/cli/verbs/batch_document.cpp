
#include "common/json/json.h"
#include "coordinator/cli/verbs/documents.h"

namespace prov::cli {

using nlohmann::json;

namespace {

// Only what differs from what the coordinator takes for granted: a batch may have a hundred thousand operations.
class Object {
 public:
  void put(const char* key, const std::string& text) {
    if (!text.empty()) out_[key] = text;
  }
  void put(const char* key, std::uint64_t value, std::uint64_t otherwise = 0) {
    if (value != otherwise) out_[key] = value;
  }
  void put_flag(const char* key, bool value) {
    if (value) out_[key] = true;
  }
  void put(const char* key, const std::vector<std::string>& list) {
    if (!list.empty()) out_[key] = list;
  }
  void put(const char* key, json value) {
    if (!value.empty()) out_[key] = std::move(value);
  }
  json take() { return std::move(out_); }

 private:
  json out_ = json::object();
};

json rolling_body(const batch::RollingUpdate& rolling) {
  Object out;
  out.put("batch", rolling.batch);
  out.put("canary", rolling.canary);
  out.put("pause_s", rolling.pause_s);
  out.put_flag("health_check", rolling.health_check);
  return out.take();
}

json retry_body(const batch::Retry& retry) {
  Object out;
  out.put("delay_ms", retry.delay_ms);
  out.put("max_delay_ms", retry.max_delay_ms, batch::Retry{}.max_delay_ms);
  out.put_flag("fixed", !retry.exponential);
  out.put("jitter_percent", retry.jitter_percent);
  return out.take();
}

json exec_body(const batch::ResolvedExec& exec) {
  Object out;
  out.put("argv", exec.argv);
  out.put("stdin", exec.stdin_data);
  if (exec.bundle != Digest{}) out.put("bundle", to_text(exec.bundle));
  out.put("script", exec.script);
  out.put("environment", pairs_body(exec.environment));
  return out.take();
}

void put_dependencies(Object& out, const std::vector<batch::OperationDependency>& dependencies) {
  std::vector<std::string> hard, soft;
  for (const auto& one : dependencies) (one.hard ? hard : soft).push_back(one.id);
  out.put("dependencies", hard);
  out.put("soft_dependencies", soft);
}

void put_what_is_done(Object& out, const batch::ResolvedOperation& operation) {
  out.put("servers", server_list(operation.servers));
  out.put("hostnames", operation.hostnames);
  out.put("taskservs", taskserv_list(operation.taskservs));
  if (operation.cluster) {
    out.put("cluster", json{{"name", operation.cluster->name},
                            {"version", operation.cluster->version},
                            {"servers", operation.cluster->servers},
                            {"taskservs", operation.cluster->taskservs}});
  }
  out.put("exec", exec_body(operation.exec));
  out.put("undo", exec_body(operation.undo));
  out.put("wait_s", operation.wait_s);
  out.put("until", operation.until);
  out.put("prompt", operation.prompt);
}

json operation_body(const batch::ResolvedOperation& operation) {
  Object out;
  out.put("id", operation.id);
  out.put("kind", std::string(name_of(operation.kind)));
  put_dependencies(out, operation.dependencies);
  out.put("when", operation.when);
  out.put("targets", operation.targets);
  out.put("limit", operation.limit);
  out.put("seed", operation.seed);
  out.put("for_each_targets", operation.for_each_targets);
  out.put("rolling", rolling_body(operation.rolling));
  out.put("retries", operation.retry.count);
  out.put("retry", retry_body(operation.retry));
  out.put("timeout_s", operation.timeout_s);
  if (operation.priority != 0) out.put("priority", json(operation.priority));
  if (operation.on_failure != batch::OnFailure::fail) out.put("on_failure", std::string(name_of(operation.on_failure)));
  out.put("max_failures", operation.max_failures);
  out.put("concurrency_group", operation.concurrency_group);
  out.put("group_limit", operation.group_limit);
  out.put("checkpoint", operation.checkpoint);
  out.put("outputs", operation.outputs);
  if (operation.mode != batch::OperationMode::apply) out.put("mode", std::string(name_of(operation.mode)));
  put_what_is_done(out, operation);
  return out.take();
}

}  // namespace

json batch_body(const batch::ResolvedBatch& batch) {
  Object out;
  out.put("name", batch.name);
  out.put("version", batch.version);
  out.put("infra", batch.infra);
  out.put("parallel_limit", batch.parallel_limit);
  out.put_flag("preserve_successful", batch.preserve_successful);
  out.put("params", pairs_body(batch.params));
  json operations = json::array();
  for (const auto& operation : batch.operations) operations.push_back(operation_body(operation));
  out.put("operations", std::move(operations));
  return out.take();
}

}  // namespace prov::cli
