// Servers: declared by an operator, made and removed by a provider, ready when their agent has enrolled.
#include <set>

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

constexpr std::uint32_t kProviderTimeoutS = 900;
constexpr std::uint32_t kArrivalTimeoutS = 180;
constexpr std::uint32_t kProviderAttempts = 3;  // a provider's verbs are idempotent by contract

TaskPlan provider_task(std::string name, Action action) {
  TaskPlan plan;
  plan.name = std::move(name);
  plan.timeout_s = kProviderTimeoutS;
  plan.max_attempts = kProviderAttempts;
  plan.action = std::move(action);
  return plan;
}

Result<void> valid(const State& state, const Command& command, const ServerSpec& spec) {
  if (!valid_hostname(spec.hostname)) {
    return fail(Code::invalid, "\"" + spec.hostname + "\" is not a host name (RFC 1123, lower case)");
  }
  if (!valid_name(spec.provider)) {
    return fail(Code::invalid, "server \"" + spec.hostname + "\" has no valid provider (\"" + spec.provider + "\")");
  }
  if (server_busy(state, command.workspace, spec.hostname)) {
    return fail(Code::conflict, "a running workflow already creates or deletes server \"" + spec.hostname + "\"",
                "see: provisioning workflow list");
  }
  return {};
}

}  // namespace

bool server_busy(const State& state, const std::string& workspace, const std::string& hostname) {
  for (const auto& [id, workflow] : state.workflows) {
    if (workflow.ended || workflow.workspace != workspace) continue;
    if (workflow.kind != "server_create" && workflow.kind != "server_delete") continue;
    for (const Task& task : workflow.tasks) {
      if (task.status == TaskStatus::ended) continue;
      const auto* create = std::get_if<ServerCreateAction>(&task.plan.action);
      const auto* remove = std::get_if<ServerDeleteAction>(&task.plan.action);
      const auto* await = std::get_if<AwaitAgentAction>(&task.plan.action);
      if ((create && create->hostname == hostname) || (remove && remove->hostname == hostname) ||
          (await && await->hostname == hostname)) {
        return true;
      }
    }
  }
  return false;
}

void apply(State& state, const Envelope& meta, const ServerDeclared& e) {
  Server& server = state.servers[{meta.workspace, e.spec.hostname}];
  server.workspace = meta.workspace;
  server.spec = e.spec;
  server.status = ServerStatus::declared;
}

void apply(State& state, const Envelope& meta, const ServerCreated& e) {
  const auto found = state.servers.find({meta.workspace, e.hostname});
  if (found == state.servers.end()) return;
  Server& server = found->second;
  server.status = agent_of(state, meta.workspace, e.hostname) ? ServerStatus::ready : ServerStatus::created;
  server.provider_id = e.provider_id;
  server.address = e.address;
  server.runtime = e.runtime;
  server.coordinator_address = e.coordinator_address;
  server.created_ms = meta.log_time_ms;
}

void apply(State& state, const Envelope& meta, const ServerDeleted& e) {
  state.servers.erase({meta.workspace, e.hostname});
  std::erase_if(state.taskservs, [&](const auto& entry) {
    return std::get<0>(entry.first) == meta.workspace && std::get<1>(entry.first) == e.hostname;
  });
}

Decision decide_on(const State& state, const Command& command, const CreateServers& c, const Inputs& in) {
  std::vector<EventBody> out;
  register_workspace(state, command, out);
  std::vector<TaskPlan> tasks;
  std::set<std::string> seen;
  for (const ServerSpec& spec : c.servers) {
    if (auto ok = valid(state, command, spec); !ok) return tl::unexpected(ok.error());
    if (!seen.insert(spec.hostname).second)
      return fail(Code::invalid, "server \"" + spec.hostname + "\" is named twice");
    const auto found = state.servers.find({command.workspace, spec.hostname});
    const bool exists = found != state.servers.end() && found->second.status != ServerStatus::declared &&
                        found->second.status != ServerStatus::failed;
    if (exists && found->second.status == ServerStatus::ready && found->second.spec == spec) continue;
    if (exists && !(found->second.spec == spec) && found->second.spec.infra != spec.infra) {
      return fail(Code::conflict,
                  "server \"" + spec.hostname + "\" already belongs to infra \"" + found->second.spec.infra + "\"",
                  "choose another hostname, or: provisioning server delete " + spec.hostname);
    }
    out.emplace_back(ServerDeclared{spec});
    const auto first = static_cast<std::uint32_t>(tasks.size());
    tasks.push_back(provider_task(spec.hostname + ": create", ServerCreateAction{spec.hostname}));
    TaskPlan arrival;
    arrival.name = spec.hostname + ": agent joins";
    arrival.timeout_s = kArrivalTimeoutS;
    arrival.depends_on = {first};
    arrival.action = AwaitAgentAction{spec.hostname};
    tasks.push_back(std::move(arrival));
  }
  if (tasks.empty()) return std::vector<EventBody>{};
  out.push_back(submitted(state, in, "server_create", "create servers of " + c.infra, c.infra, std::move(tasks)));
  return out;
}

Decision decide_on(const State& state, const Command& command, const DeleteServers& c, const Inputs& in) {
  std::vector<TaskPlan> tasks;
  std::set<std::string> seen;
  for (const std::string& hostname : c.hostnames) {
    const auto found = state.servers.find({command.workspace, hostname});
    if (found == state.servers.end() || !seen.insert(hostname).second) continue;
    if (!c.infra.empty() && found->second.spec.infra != c.infra) continue;
    if (server_busy(state, command.workspace, hostname)) {
      return fail(Code::conflict, "a running workflow already creates or deletes server \"" + hostname + "\"",
                  "see: provisioning workflow list; provisioning workflow cancel ID");
    }
    tasks.push_back(provider_task(hostname + ": delete", ServerDeleteAction{hostname}));
  }
  if (tasks.empty()) return std::vector<EventBody>{};
  std::vector<EventBody> out;
  out.push_back(submitted(state, in, "server_delete", "delete servers", c.infra, std::move(tasks)));
  return out;
}

}  // namespace prov::domain
