#include "coordinator/api/routes/batch_body.h"

#include <algorithm>

#include "common/nearest.h"
#include "common/wire/agent_wire.h"

namespace prov::api {
namespace {

using domain::BatchOperation;
using domain::OperationKind;

constexpr std::size_t kMaxTitle = 128;
constexpr std::size_t kMaxId = 1024;  // with what loops and nested batches put around it
constexpr std::size_t kMaxExpression = 4096;
constexpr std::size_t kMaxSize = 16;  // "100%"
constexpr std::size_t kMaxGroup = 64;
constexpr std::size_t kMaxOutputs = 64;
constexpr std::size_t kMaxPrompt = 1000;
constexpr std::uint64_t kMaxWaitS = 7 * kMaxTimeoutS;
constexpr std::uint64_t kMaxDelayMs = kMaxTimeoutS * 1000;
constexpr std::uint64_t kMaxParallel = 100'000;
constexpr std::uint64_t kMaxRetries = 100;

std::uint32_t number(Fields& in, std::string_view field, std::uint64_t high, std::uint32_t otherwise = 0) {
  return static_cast<std::uint32_t>(in.number(field, 0, high, otherwise));
}

// One of the words that name_of() gives for 0, 1, ... `last`.
template <class Enum>
Enum one_of(Fields& in, std::string_view field, Enum last, const char* (*name)(Enum), Enum otherwise, Need need) {
  const std::string word = in.text(field, kMaxGroup, need);
  if (word.empty()) return otherwise;
  std::string known;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    if (word == name(static_cast<Enum>(i))) return static_cast<Enum>(i);
    known += (known.empty() ? "" : ", ") + std::string(name(static_cast<Enum>(i)));
  }
  in.refuse(field, "is \"" + word + "\"; it can be " + known);
  return otherwise;
}

const char* mode_name(domain::OrderMode mode) {
  switch (mode) {
    case domain::OrderMode::apply: return "apply";
    case domain::OrderMode::check: return "check";
    case domain::OrderMode::rehearse: return "rehearse";
  }
  return "";
}

void read_dependencies(Fields& in, BatchOperation& out) {
  for (auto& id : in.texts("dependencies", kMaxDependencies, kMaxId, Need::optional)) {
    out.dependencies.push_back({std::move(id), domain::DependencyKind::hard});
  }
  for (auto& id : in.texts("soft_dependencies", kMaxDependencies, kMaxId, Need::optional)) {
    out.dependencies.push_back({std::move(id), domain::DependencyKind::soft});
  }
}

void read_hosts(Fields& in, BatchOperation& out) {
  out.targets = in.text("targets", kMaxExpression, Need::optional);
  out.limit = in.text("limit", kMaxSize, Need::optional);
  out.seed = in.number("seed", 0, INT64_MAX, 0);
  out.for_each_targets = in.text("for_each_targets", kMaxExpression, Need::optional);
  in.object("rolling", [&](Fields& rolling) {
    out.rolling.batch = rolling.text("batch", kMaxSize, Need::optional);
    out.rolling.canary = number(rolling, "canary", kMaxParallel);
    out.rolling.pause_s = number(rolling, "pause_s", kMaxTimeoutS);
    out.rolling.health_check = rolling.flag("health_check");
  });
}

void read_conduct(Fields& in, BatchOperation& out) {
  out.retries = number(in, "retries", kMaxRetries);
  out.retry.on_failure = out.retries > 0;
  in.object("retry", [&](Fields& retry) {
    out.retry.delay_ms = number(retry, "delay_ms", kMaxDelayMs);
    out.retry.max_delay_ms = number(retry, "max_delay_ms", kMaxDelayMs, out.retry.max_delay_ms);
    out.retry.exponential = !retry.flag("fixed");
    out.retry.jitter_percent = number(retry, "jitter_percent", 100);
  });
  out.timeout_s = number(in, "timeout_s", kMaxWaitS);
  out.priority = static_cast<std::int32_t>(in.integer("priority", -100, 100, 0));
  out.on_failure =
      one_of(in, "on_failure", domain::OnFailure::rollback, &domain::name_of, domain::OnFailure::fail, Need::optional);
  out.max_failures = in.text("max_failures", kMaxSize, Need::optional);
  out.concurrency_group = in.text("concurrency_group", kMaxGroup, Need::optional);
  out.group_limit = number(in, "group_limit", kMaxParallel);
  if (out.concurrency_group.empty() != (out.group_limit == 0)) {
    in.refuse("group_limit", "goes with \"concurrency_group\"");
  }
  out.checkpoint = in.text("checkpoint", kMaxGroup, Need::optional);
  out.outputs = in.texts("outputs", kMaxOutputs, kMaxGroup, Need::optional);
  out.mode = one_of(in, "mode", domain::OrderMode::rehearse, &mode_name, domain::OrderMode::apply, Need::optional);
}

void read_exec(Fields& in, domain::ExecAction& out) {
  out.argv = read_argv(in, Need::optional);
  out.stdin_data = in.bytes("stdin", kMaxStdinBytes);
  out.bundle = in.digest("bundle", Need::optional);
  out.script = in.text("script", kMaxId, Need::optional);
  out.environment = in.pairs("environment");
  const bool bundled = !out.bundle.is_zero();
  if (bundled == out.script.empty()) in.refuse("script", "goes with \"bundle\"");
  if (!out.script.empty() && !wire::safe_relative_path(out.script)) in.refuse("script", "is no path within a bundle");
  if (!bundled && (out.argv.empty() || out.argv.front().empty())) in.refuse("argv", "names no program");
}

domain::ClusterSpec read_cluster(Fields& in, const std::string& infra) {
  domain::ClusterSpec out;
  out.name = in.name("name");
  out.infra = infra;
  out.version = in.text("version", kMaxTitle, Need::optional);
  out.servers = in.hostnames("servers", kMaxServers);
  std::sort(out.servers.begin(), out.servers.end());
  out.taskservs = in.texts("taskservs", kMaxTaskservs, kMaxGroup);
  return out;
}

void read_what_is_done(Fields& in, const std::string& infra, BatchOperation& out) {
  in.each(
      "servers", kMaxServers, [&](Fields& item, std::size_t) { out.servers.push_back(read_server(item, infra)); },
      Need::optional);
  out.hostnames = in.hostnames("hostnames", kMaxServers, Need::optional);
  in.each(
      "taskservs", kMaxTaskservs,
      [&](Fields& item, std::size_t i) {
        domain::BatchTaskserv one;
        one.spec = read_taskserv(item, Need::optional);
        one.after = item.indexes("after", i);
        out.taskservs.push_back(std::move(one));
      },
      Need::optional);
  in.object("cluster", [&](Fields& cluster) { out.cluster = read_cluster(cluster, infra); });
  in.object("exec", [&](Fields& exec) { read_exec(exec, out.exec); });
  in.object("undo", [&](Fields& undo) { read_exec(undo, out.undo); });
  out.wait_s = number(in, "wait_s", kMaxWaitS);
  out.until = in.text("until", kMaxExpression, Need::optional);
  out.prompt = in.text("prompt", kMaxPrompt, Need::optional);
}

// What an operation of its kind cannot be without; anything else that it says would be lost without a word.
void check_kind(Fields& in, const BatchOperation& operation) {
  struct Part {
    const char* field;
    bool there;
    std::vector<OperationKind> kinds;  // that need it; of others it is refused
  };
  using Kind = OperationKind;
  const bool has_exec = !operation.exec.argv.empty() || !operation.exec.bundle.is_zero();
  const Part parts[] = {
      {"servers", !operation.servers.empty(), {Kind::server_create}},
      {"hostnames", !operation.hostnames.empty(), {Kind::server_delete}},
      {"taskservs",
       !operation.taskservs.empty(),
       {Kind::taskserv_create, Kind::taskserv_delete, Kind::taskserv_check, Kind::cluster_create,
        Kind::cluster_delete}},
      {"cluster", operation.cluster.has_value(), {Kind::cluster_create, Kind::cluster_delete}},
      {"exec", has_exec, {Kind::script}},
      {"prompt", !operation.prompt.empty(), {Kind::approval}},
  };
  const std::string kind = domain::name_of(operation.kind);
  for (const Part& part : parts) {
    const bool needed = std::find(part.kinds.begin(), part.kinds.end(), operation.kind) != part.kinds.end();
    if (needed && !part.there) in.refuse(part.field, "is missing: a " + kind + " needs it");
    if (!needed && part.there) in.refuse(part.field, "has no meaning for a " + kind);
  }
  const bool waits = operation.wait_s > 0 || !operation.until.empty();
  if (waits != (operation.kind == Kind::wait) || (operation.wait_s > 0 && !operation.until.empty())) {
    in.refuse("wait_s", "or \"until\", one of them, is what a wait has, and nothing else");
  }
  if (operation.kind == Kind::script && operation.targets.empty()) in.refuse("targets", "is missing");
}

BatchOperation read_operation(Fields& in, const std::string& infra) {
  BatchOperation out;
  out.id = in.text("id", kMaxId);
  out.kind = one_of(in, "kind", OperationKind::batch, &domain::name_of, OperationKind::script, Need::required);
  if (out.kind == OperationKind::tasks) in.refuse("kind", "\"tasks\" is of commands alone");
  read_dependencies(in, out);
  out.when = in.text("when", kMaxExpression, Need::optional);
  read_hosts(in, out);
  read_conduct(in, out);
  read_what_is_done(in, infra, out);
  check_kind(in, out);
  return out;
}

}  // namespace

domain::CommandBody read_submit_batch(Fields& in) {
  domain::SubmitBatch out;
  out.name = in.text("name", kMaxTitle);
  out.version = in.text("version", kMaxTitle, Need::optional);
  out.infra = in.name("infra", Need::optional);
  out.parallel_limit = number(in, "parallel_limit", kMaxParallel);
  out.preserve_successful = in.flag("preserve_successful");
  out.params = in.pairs("params");
  in.each("operations", kMaxOperations,
          [&](Fields& item, std::size_t) { out.operations.push_back(read_operation(item, out.infra)); });
  return out;
}

}  // namespace prov::api
