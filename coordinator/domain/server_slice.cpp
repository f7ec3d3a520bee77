// Servers: declared by an operator, made and removed by a provider, ready when their agent has enrolled.
#include "coordinator/domain/draft.h"

namespace prov::domain {
const std::string* server_of(const Action& action) {
  if (const auto* create = std::get_if<ServerCreateAction>(&action)) return &create->hostname;
  if (const auto* remove = std::get_if<ServerDeleteAction>(&action)) return &remove->hostname;
  if (const auto* await = std::get_if<AwaitAgentAction>(&action)) return &await->hostname;
  return nullptr;
}

void server_work_begun(State& state, const Workflow& workflow, const Task& task) {
  if (const std::string* host = server_of(*task.plan->action)) ++state.server_work[{workflow.workspace, *host}];
}

void server_work_done(State& state, const Workflow& workflow, const Task& task) {
  const std::string* host = server_of(*task.plan->action);
  if (host == nullptr) return;
  const auto found = state.server_work.find({workflow.workspace, *host});
  if (found != state.server_work.end() && --found->second == 0) state.server_work.erase(found);
}

bool server_busy(const State& state, const std::string& workspace, const std::string& hostname) {
  return state.server_work.contains({workspace, hostname});
}

void apply(State& state, const Envelope& meta, const ServerDeclared& e) {
  Server& server = state.servers[{meta.workspace, e.spec->hostname}];
  server.workspace = meta.workspace;
  server.spec = *e.spec;
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
  const auto is_of_it = [&](const TaskservKey& key) {
    return std::get<0>(key) == meta.workspace && std::get<1>(key) == e.hostname;
  };
  const auto first = state.taskservs.lower_bound({meta.workspace, e.hostname, ""});
  auto last = first;
  while (last != state.taskservs.end() && is_of_it(last->first)) ++last;
  state.taskservs.erase(first, last);
}

Decision decide_on(const State& state, const Command& command, const CreateServers& c, const Inputs& in) {
  Draft draft(state, command);
  for (const ServerSpec& spec : c.servers) {
    if (auto ok = draft.create_server(spec); !ok) return tl::unexpected(ok.error());
  }
  if (draft.tasks.empty()) return std::vector<EventBody>{};
  draft.declared.push_back(
      submitted(state, in, "server_create", "create servers of " + c.infra, c.infra, std::move(draft.tasks)));
  return std::move(draft.declared);
}

Decision decide_on(const State& state, const Command& command, const DeleteServers& c, const Inputs& in) {
  Draft draft(state, command);
  for (const std::string& hostname : c.hostnames) {
    if (auto ok = draft.delete_server(hostname, c.infra); !ok) return tl::unexpected(ok.error());
  }
  if (draft.tasks.empty()) return std::vector<EventBody>{};
  EventBody workflow = submitted(state, in, "server_delete", "delete servers", c.infra, std::move(draft.tasks));
  std::get<WorkflowSubmitted>(workflow).notes.emplace_back(
      "a rollback cannot take this back: a deleted server does not come back, and what was on it neither");
  return std::vector<EventBody>{std::move(workflow)};
}

}  // namespace prov::domain
