#include "coordinator/api/routes/command_bodies.h"

#include <nlohmann/json.hpp>

namespace prov::api {
namespace {

constexpr std::size_t kMaxWordBytes = 256;
constexpr std::size_t kMaxArguments = 1024;
constexpr std::size_t kMaxArgumentBytes = 128 << 10;
constexpr std::size_t kMaxArgvBytes = 256 << 10;  // with stdin it stays well within a frame of the agent link

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

domain::TaskservSpec read_taskserv(Fields& in) {
  domain::TaskservSpec spec;
  spec.server = in.hostname("server");
  spec.name = in.name("name");
  spec.version = in.text("version", kMaxWordBytes, Need::optional);
  spec.bundle = in.digest("bundle");
  spec.params = in.pairs("params");
  spec.secrets = in.pairs("secrets");
  spec.retry_safe = in.flag("retry_safe");
  spec.timeout_s = static_cast<std::uint32_t>(in.number("timeout_s", 1, kMaxTimeoutS, 0));
  return spec;
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
  return out;
}

domain::CommandBody read_delete_taskservs(Fields& in) { return read_taskserv_list<domain::DeleteTaskservs>(in); }
domain::CommandBody read_check_taskservs(Fields& in) { return read_taskserv_list<domain::CheckTaskservs>(in); }

domain::CommandBody read_exec(Fields& in) {
  domain::RunExec out;
  out.servers = in.hostnames("servers", kMaxServers);
  out.argv = in.texts("argv", kMaxArguments, kMaxArgumentBytes);
  if (!out.argv.empty() && out.argv.front().empty()) in.refuse("argv", "begins with an empty program name");
  out.stdin_data = in.bytes("stdin", kMaxStdinBytes);
  std::size_t total = 0;
  for (const auto& argument : out.argv) total += argument.size();
  if (total > kMaxArgvBytes) in.refuse("argv", "has more than 256 KiB in all");
  out.timeout_s = static_cast<std::uint32_t>(in.number("timeout_s", 1, kMaxTimeoutS, out.timeout_s));
  return out;
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
