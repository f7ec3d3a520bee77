#include "coordinator/api/routes/command_bodies.h"

#include "common/json/json.h"

namespace prov::api {
namespace {

constexpr std::size_t kMaxWordBytes = 256;
constexpr std::size_t kMaxArguments = 1024;
constexpr std::size_t kMaxArgumentBytes = 128 << 10;
constexpr std::size_t kMaxArgvBytes = 256 << 10;  // with stdin it stays well within a frame of the agent link

// A command on many hosts at once: which ones, and how many of them at a time.
struct ManyHosts {
  std::string targets, limit, max_failures;
  std::uint64_t seed = 0;
  domain::Rolling rolling;
  bool others = false;  // something is said that makes no sense without targets
};

ManyHosts read_many_hosts(Fields& in) {
  ManyHosts out;
  out.targets = in.text("targets", kMaxExpressionBytes, Need::optional);
  out.limit = in.text("limit", kMaxWordBytes, Need::optional);
  out.seed = in.number("seed", 0, UINT64_MAX, 0);
  out.rolling.batch = in.text("batch", kMaxWordBytes, Need::optional);
  out.rolling.pause_s = static_cast<std::uint32_t>(in.number("batch_pause_s", 0, kMaxTimeoutS, 0));
  out.rolling.canary = static_cast<std::uint32_t>(in.number("canary", 0, kMaxServers, 0));
  out.max_failures = in.text("max_failures", kMaxWordBytes, Need::optional);
  out.others = !out.limit.empty() || out.seed != 0 || !out.rolling.batch.empty() || out.rolling.pause_s != 0 ||
               out.rolling.canary != 0 || !out.max_failures.empty();
  return out;
}

domain::SubmitBatch batch_of(domain::RunExec exec, const ManyHosts& many) {
  domain::BatchOperation operation;
  operation.id = "exec";
  operation.kind = domain::OperationKind::script;
  operation.targets = many.targets;
  operation.limit = many.limit;
  operation.seed = many.seed;
  operation.rolling = many.rolling;
  operation.max_failures = many.max_failures;
  operation.timeout_s = exec.timeout_s;
  operation.on_failure = domain::OnFailure::go_on;
  domain::SubmitBatch out;
  out.name = exec.argv.empty() ? "exec" : "exec " + exec.argv.front();
  operation.exec.argv = std::move(exec.argv);
  operation.exec.stdin_data = std::move(exec.stdin_data);
  out.operations.push_back(std::move(operation));
  return out;
}

template <class Command>
domain::CommandBody read_taskserv_list(Fields& in) {
  Command out;
  out.infra = in.name("infra", Need::optional);
  in.each("taskservs", kMaxTaskservs, [&](Fields& item, std::size_t i) {
    out.taskservs.push_back(read_taskserv(item));
    item.indexes("after", i);  // so that the list of an earlier create can be sent as it was
  });
  return out;
}

}  // namespace

domain::ServerSpec read_server(Fields& in, const std::string& infra) {
  domain::ServerSpec spec;
  spec.hostname = in.hostname("hostname");
  spec.infra = infra;
  spec.provider = in.name("provider");
  spec.provider_bundle = in.digest("provider_bundle");
  spec.runtime = in.text("runtime", kMaxWordBytes, Need::optional);
  spec.plan = in.text("plan", kMaxWordBytes, Need::optional);
  spec.labels = in.pairs("labels");
  spec.params = in.pairs("params");
  return spec;
}

domain::TaskservSpec read_taskserv(Fields& in, Need server) {
  domain::TaskservSpec spec;
  spec.server = in.hostname("server", server);
  spec.name = in.name("name");
  spec.version = in.text("version", kMaxWordBytes, Need::optional);
  spec.bundle = in.digest("bundle");
  spec.params = in.pairs("params");
  spec.secrets = in.pairs("secrets");
  spec.retry_safe = in.flag("retry_safe");
  spec.timeout_s = static_cast<std::uint32_t>(in.number("timeout_s", 1, kMaxTimeoutS, 0));
  return spec;
}

std::vector<std::string> read_argv(Fields& in, Need need) {
  std::vector<std::string> argv = in.texts("argv", kMaxArguments, kMaxArgumentBytes, need);
  std::size_t total = 0;
  for (const auto& argument : argv) total += argument.size();
  if (total > kMaxArgvBytes) in.refuse("argv", "has more than 256 KiB in all");
  return argv;
}

domain::CommandBody read_create_servers(Fields& in) {
  domain::CreateServers out;
  out.infra = in.name("infra");
  in.each("servers", kMaxServers,
          [&](Fields& item, std::size_t) { out.servers.push_back(read_server(item, out.infra)); });
  return out;
}

domain::CommandBody read_delete_servers(Fields& in) {
  domain::DeleteServers out;
  out.infra = in.name("infra", Need::optional);
  out.hostnames = in.hostnames("hostnames", kMaxServers);
  return out;
}

domain::CommandBody read_create_taskservs(Fields& in) {
  domain::CreateTaskservs out;
  out.infra = in.name("infra");
  in.each("taskservs", kMaxTaskservs, [&](Fields& item, std::size_t i) {
    domain::TaskservRequirement requirement;
    requirement.spec = read_taskserv(item);
    requirement.after = item.indexes("after", i);
    out.taskservs.push_back(std::move(requirement));
  });
  out.again = in.flag("again");
  return out;
}

domain::CommandBody read_delete_taskservs(Fields& in) { return read_taskserv_list<domain::DeleteTaskservs>(in); }
domain::CommandBody read_check_taskservs(Fields& in) { return read_taskserv_list<domain::CheckTaskservs>(in); }

domain::CommandBody read_exec(Fields& in) {
  const ManyHosts many = read_many_hosts(in);
  domain::RunExec out;
  out.servers = in.hostnames("servers", kMaxServers, many.targets.empty() ? Need::required : Need::optional);
  out.argv = read_argv(in);
  if (!out.argv.empty() && out.argv.front().empty()) in.refuse("argv", "begins with an empty program name");
  out.stdin_data = in.bytes("stdin", kMaxStdinBytes);
  out.timeout_s = static_cast<std::uint32_t>(in.number("timeout_s", 1, kMaxTimeoutS, out.timeout_s));
  if (many.targets.empty()) {
    if (many.others) in.refuse("targets", "is missing: limit, batch and canary choose among targets");
    return out;
  }
  if (!out.servers.empty()) in.refuse("servers", "and \"targets\" both say which hosts; give one of them");
  return batch_of(std::move(out), many);
}

domain::CommandBody read_noop(Fields& in) {
  domain::RunNoop out;
  out.servers = in.hostnames("servers", kMaxServers);
  out.count = static_cast<std::uint32_t>(in.number("count", 1, kMaxNoops, 1));
  return out;
}

Result<ParsedBody> parse_body(std::string_view text, ReadBody read) {
  auto value = parse_json(text);
  if (!value) return tl::unexpected(value.error());
  std::optional<Error> error;
  Fields in(*value, "", error);
  ParsedBody out;
  out.command = read(in);
  out.check = in.flag("check");
  in.finish();
  if (error) return tl::unexpected(*error);
  return out;
}

}  // namespace prov::api
