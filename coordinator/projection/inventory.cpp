#include "coordinator/projection/inventory.h"

#include <map>
#include <tuple>
#include <vector>

#include "common/json/json.h"
#include "coordinator/projection/paged.h"
#include "coordinator/projection/pairs_json.h"

namespace prov::projection {

using nlohmann::json;

namespace {

bool matches(const std::string& wanted, const std::string& value) { return wanted.empty() || wanted == value; }

json server_item(const View& view, const domain::Server& server) {
  json agent_json = nullptr;
  if (const auto* found = domain::agent_of(view.state, server.workspace, server.spec.hostname)) {
    agent_json = {{"key", to_text(found->key)},
                  {"reachable", found->reachable && view.agent_now(found->key).connected},
                  {"draining", found->draining}};
  }
  return {{"workspace", server.workspace},
          {"hostname", server.spec.hostname},
          {"infra", server.spec.infra},
          {"provider", server.spec.provider},
          {"runtime", server.runtime.empty() ? server.spec.runtime : server.runtime},
          {"plan", server.spec.plan},
          {"status", domain::name_of(server.status)},
          {"address", server.address},
          {"labels", pairs_json(server.spec.labels)},
          {"agent", std::move(agent_json)},
          {"created_ms", server.created_ms}};
}

json taskserv_item(const domain::Taskserv& taskserv) {
  return {{"workspace", taskserv.workspace},
          {"server", taskserv.spec.server},
          {"name", taskserv.spec.name},
          {"version", taskserv.spec.version},
          {"bundle", to_text(taskserv.spec.bundle)},
          {"params", pairs_json(taskserv.spec.params)},
          {"secrets", pairs_json(taskserv.spec.secrets)},
          {"retry_safe", taskserv.spec.retry_safe},
          {"timeout_s", taskserv.spec.timeout_s},
          {"installed_version", taskserv.installed_version},
          {"status", domain::name_of(taskserv.status)},
          {"installed_ms", taskserv.installed_ms},
          {"message", taskserv.message},
          {"infra", taskserv.infra}};
}

}  // namespace

json workspaces(const View& view, const Page& page) {
  struct Counts {
    std::size_t servers = 0, taskservs = 0, agents = 0;
  };
  std::map<std::string, Counts> counts;
  for (const auto& name : view.state.workspaces) counts[name];
  for (const auto& [key, server] : view.state.servers) ++counts[server.workspace].servers;
  for (const auto& [key, taskserv] : view.state.taskservs) ++counts[taskserv.workspace].taskservs;
  for (const auto& [key, one] : view.state.agents) ++counts[one.workspace].agents;
  Paged out(page);
  for (const auto& [name, count] : counts) {
    out.add([&name = name, &count = count] {
      return json{{"name", name}, {"servers", count.servers}, {"taskservs", count.taskservs}, {"agents", count.agents}};
    });
  }
  return out.take();
}

json servers(const View& view, const InventoryFilter& filter, const Page& page) {
  Paged out(page);
  for (const auto& [key, server] : view.state.servers) {
    if (!matches(filter.workspace, server.workspace) || !matches(filter.infra, server.spec.infra)) continue;
    out.add([&view, &server = server] { return server_item(view, server); });
  }
  return out.take();
}

json taskservs(const View& view, const InventoryFilter& filter, const Page& page) {
  Paged out(page);
  for (const auto& [key, taskserv] : view.state.taskservs) {
    if (!matches(filter.workspace, taskserv.workspace) || !matches(filter.infra, taskserv.infra) ||
        !matches(filter.server, taskserv.spec.server)) {
      continue;
    }
    out.add([&taskserv = taskserv] { return taskserv_item(taskserv); });
  }
  return out.take();
}

json agents(const View& view, const InventoryFilter& filter, const Page& page) {
  std::map<std::tuple<std::string, std::string, Key>, const domain::Agent*> sorted;
  for (const auto& [key, one] : view.state.agents) {
    if (matches(filter.workspace, one.workspace)) sorted[{one.workspace, one.server, key}] = &one;
  }
  Paged out(page);
  for (const auto& [key, one] : sorted) {
    out.add([&view, one = one] { return agent(view, *one); });
  }
  return out.take();
}

json agent(const View& view, const domain::Agent& one) {
  const AgentNow now = view.agent_now(one.key);
  return {{"key", to_text(one.key)},
          {"server", one.server},
          {"workspace", one.workspace},
          {"reachable", one.reachable && now.connected},
          {"draining", one.draining},
          {"version", one.facts.agent_version},
          {"os", one.facts.os},
          {"os_version", one.facts.os_version},
          {"kernel", one.facts.kernel},
          {"arch", one.facts.arch},
          {"cores", one.facts.cores},
          {"memory_bytes", one.facts.memory_bytes},
          {"disk_bytes", one.facts.disk_bytes},
          {"interpreters", one.facts.interpreters},
          {"missing_interpreters", one.facts.missing_interpreters},
          {"addresses", one.facts.addresses},
          {"init", one.facts.init},
          {"last_heard_ms", now.last_heard_ms},
          {"orders_out", now.orders_out},
          {"enrolled_ms", one.enrolled_ms}};
}

}  // namespace prov::projection
