#include "coordinator/cli/verbs/host_fit.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/json/json.h"
#include "coordinator/cli/views/render.h"
#include "coordinator/workspace/problems.h"

namespace prov::cli {
namespace {

constexpr std::size_t kMostAgents = 100'000;

Facts facts_in(const nlohmann::json& agent) {
  Facts facts;
  facts.os = text_in(agent, "os");
  facts.os_version = text_in(agent, "os_version");
  facts.arch = text_in(agent, "arch");
  facts.cores = static_cast<std::uint32_t>(number_in(agent, "cores"));
  facts.memory_bytes = number_in(agent, "memory_bytes");
  return facts;
}

Result<std::map<std::string, Facts>> known_hosts(Context& context, const std::string& workspace) {
  auto client = context.client();
  if (!client) return tl::unexpected(client.error());
  auto agents = (*client)->list("/agents", {{"workspace", workspace}}, kMostAgents);
  if (!agents) return tl::unexpected(agents.error());
  std::map<std::string, Facts> out;
  for (const auto& one : *agents) out[text_in(one, "server")] = facts_in(one);
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : "; ") + word;
  return text;
}

std::string joined(const std::set<std::string>& words) {
  return joined(std::vector<std::string>(words.begin(), words.end()));
}

}  // namespace

Result<void> check_host_fit(Context& context, const std::string& workspace,
                            const std::vector<workspace::ResolvedTaskserv>& installs) {
  const auto matters = [](const auto& one) { return !one.server.empty() && one.needs.any(); };
  if (std::none_of(installs.begin(), installs.end(), matters)) return {};
  auto hosts = known_hosts(context, workspace);
  if (!hosts) return tl::unexpected(hosts.error());
  workspace::Problems problems;
  std::set<std::string> unknown;
  for (const auto& one : installs) {
    if (!matters(one)) continue;
    const auto host = hosts->find(one.server);
    if (host == hosts->end()) {
      unknown.insert(one.server);
      continue;
    }
    const auto missing = workspace::lacking(one.needs, host->second);
    if (missing.empty()) continue;
    problems.add({Code::conflict, one.name + " cannot be on " + one.server + ": " + joined(missing),
                  "put it on another host; what it needs: provisioning module discover taskservs --out yaml"});
  }
  if (problems.any()) return tl::unexpected(problems.error());
  if (!unknown.empty()) {
    context.console.say("note: not known yet, so not looked at whether they suit what they get: " + joined(unknown));
  }
  return {};
}

Result<void> check_host_fit(Context& context, const std::string& workspace, const batch::ResolvedBatch& batch) {
  std::vector<workspace::ResolvedTaskserv> installs;
  for (const auto& one : batch.operations) {
    const bool puts_there =
        one.kind == batch::OperationKind::taskserv_create || one.kind == batch::OperationKind::cluster_create;
    if (puts_there) installs.insert(installs.end(), one.taskservs.begin(), one.taskservs.end());
  }
  return check_host_fit(context, workspace, installs);
}

}  // namespace prov::cli
