#include "coordinator/cli/verbs/infra_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/json/json.h"
#include "coordinator/cli/limits.h"
#include "coordinator/cli/views/render.h"

namespace prov::cli {

using batch::OperationKind;
using batch::ResolvedBatch;
using batch::ResolvedOperation;
using nlohmann::json;
using workspace::ResolvedTaskserv;

namespace {

workspace::Pairs pairs_in(const json& object, std::string_view field) {
  workspace::Pairs out;
  for (const auto& [key, value] : child_in(object, field).items()) {
    if (value.is_string()) out.emplace_back(key, value.get<std::string>());
  }
  return out;  // JSON objects are sorted by key
}

class Desired {
 public:
  Desired(std::string infra, std::vector<workspace::Bundle> bundles) {
    out_.name = "plan of " + infra;
    out_.infra = std::move(infra);
    out_.bundles = std::move(bundles);
  }

  ResolvedOperation& add(const char* id, OperationKind kind) {
    ResolvedOperation operation;
    operation.id = id;
    operation.kind = kind;
    // What does not need the one that failed goes on: hosts do not wait for each other's luck.
    operation.on_failure = batch::OnFailure::go_on;
    out_.operations.push_back(std::move(operation));
    return out_.operations.back();
  }

  // Of those that are there.
  void after(ResolvedOperation& operation, const std::string& id, bool hard) const {
    const auto named = [&](const ResolvedOperation& one) { return one.id == id; };
    if (std::any_of(out_.operations.begin(), out_.operations.end(), named))
      operation.dependencies.push_back({id, hard});
  }

  ResolvedBatch take() { return std::move(out_); }

 private:
  ResolvedBatch out_;
};

std::vector<workspace::Bundle> both(std::vector<workspace::Bundle> a, std::vector<workspace::Bundle> b) {
  for (auto& bundle : b) a.push_back(std::move(bundle));
  std::sort(a.begin(), a.end(), [](const auto& x, const auto& y) { return x.digest < y.digest; });
  a.erase(std::unique(a.begin(), a.end(), [](const auto& x, const auto& y) { return x.digest == y.digest; }), a.end());
  return a;
}

std::vector<std::string> not_wanted_servers(const json& actual, const std::set<std::string>& wanted) {
  std::vector<std::string> out;
  for (const auto& item : actual) {
    if (!wanted.contains(text_in(item, "hostname"))) out.push_back(text_in(item, "hostname"));
  }
  return out;
}

}  // namespace

ResolvedTaskserv taskserv_of(const json& item) {
  ResolvedTaskserv out;
  out.server = text_in(item, "server");
  out.name = text_in(item, "name");
  out.version = text_in(item, "version");
  out.bundle = parse_hex<Digest>(text_in(item, "bundle")).value_or(Digest{});
  out.params = pairs_in(item, "params");
  out.secrets = pairs_in(item, "secrets");
  out.retry_safe = flag_in(item, "retry_safe");
  out.timeout_s = static_cast<std::uint32_t>(number_in(item, "timeout_s"));
  return out;
}

ResolvedBatch desired_batch(workspace::ResolvedServers servers, workspace::ResolvedTaskservs taskservs,
                            const json& actual_servers, const json& actual_taskservs) {
  std::set<std::string> hosts;
  std::set<std::pair<std::string, std::string>> services;
  for (const auto& one : servers.servers) hosts.insert(one.hostname);
  for (const auto& one : taskservs.taskservs) services.insert({one.server, one.name});
  const auto gone_hosts = not_wanted_servers(actual_servers, hosts);
  std::vector<ResolvedTaskserv> gone_services;
  for (const auto& item : actual_taskservs) {
    ResolvedTaskserv one = taskserv_of(item);
    const bool goes_with_host = !hosts.contains(one.server);
    if (!goes_with_host && !services.contains({one.server, one.name})) gone_services.push_back(std::move(one));
  }

  Desired out(servers.infra, both(std::move(servers.bundles), std::move(taskservs.bundles)));
  if (!servers.servers.empty()) out.add("servers", OperationKind::server_create).servers = std::move(servers.servers);
  if (!gone_services.empty()) {
    out.add(kGoneTaskservs, OperationKind::taskserv_delete).taskservs = std::move(gone_services);
  }
  if (!taskservs.taskservs.empty()) {
    auto& operation = out.add("taskservs", OperationKind::taskserv_create);
    operation.taskservs = std::move(taskservs.taskservs);
    out.after(operation, "servers", true);
    out.after(operation, kGoneTaskservs, false);
  }
  if (!gone_hosts.empty()) {
    auto& operation = out.add(kGoneServers, OperationKind::server_delete);
    operation.hostnames = gone_hosts;
    out.after(operation, "servers", true);
    out.after(operation, "taskservs", true);
  }
  return out.take();
}

ResolvedBatch removal_batch(const std::string& infra, const json& actual_servers, const json& actual_taskservs,
                            const std::vector<ResolvedTaskserv>& order) {
  std::map<std::pair<std::string, std::string>, std::size_t> place;
  for (std::size_t i = 0; i < order.size(); ++i) place[{order[i].server, order[i].name}] = i;
  const auto place_of = [&](const ResolvedTaskserv& one) {
    const auto known = place.find({one.server, one.name});
    return known == place.end() ? order.size() : known->second;
  };
  std::set<std::string> reachable;
  for (const auto& item : actual_servers) {
    if (text_in(item, "status") == "ready") reachable.insert(text_in(item, "hostname"));
  }
  std::vector<ResolvedTaskserv> services;
  for (const auto& item : actual_taskservs) {
    if (reachable.contains(text_in(item, "server"))) services.push_back(taskserv_of(item));
  }
  std::stable_sort(services.begin(), services.end(),
                   [&](const auto& a, const auto& b) { return place_of(a) > place_of(b); });
  Desired out(infra, {});
  if (!services.empty()) out.add("taskservs", OperationKind::taskserv_delete).taskservs = std::move(services);
  if (!actual_servers.empty()) {
    auto& operation = out.add("servers", OperationKind::server_delete);
    operation.hostnames = not_wanted_servers(actual_servers, {});
    out.after(operation, "taskservs", false);
  }
  ResolvedBatch batch = out.take();
  batch.name = "removal of " + infra;
  return batch;
}

Result<InfraPlan> plan_infra(Context& context) {
  auto loaded = load_infra_in_use(context);
  if (!loaded) return tl::unexpected(loaded.error());
  auto servers = workspace::resolve_servers(loaded->infra, loaded->finder, {});
  if (!servers) return tl::unexpected(servers.error());
  auto taskservs = workspace::resolve_taskservs(loaded->infra, loaded->finder, {});
  if (!taskservs) return tl::unexpected(taskservs.error());
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  const Query query{{"workspace", loaded->workspace.name}, {"infra", loaded->infra.name}};
  auto actual_servers = (*client)->list("/servers", query, kMostServers);
  if (!actual_servers) return tl::unexpected(actual_servers.error());
  auto actual_taskservs = (*client)->list("/taskservs", query, kMostTaskservs);
  if (!actual_taskservs) return tl::unexpected(actual_taskservs.error());
  for (const auto& note : servers->notes) context.console.say("note: " + note);
  return InfraPlan{loaded->workspace.name, loaded->infra.name,
                   desired_batch(std::move(*servers), std::move(*taskservs), *actual_servers, *actual_taskservs)};
}

}  // namespace prov::cli
