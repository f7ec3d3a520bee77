// Agents: join tokens, enrolment, coming and going, draining, removal. An agent is its key; it belongs to one host.
#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

constexpr std::uint32_t kMaxTokenS = 7 * 24 * 3600;

HostKey host_of(const Agent& agent) { return {agent.workspace, agent.server}; }

Result<const Agent*> known(const State& state, const Key& key) {
  const auto found = state.agents.find(key);
  if (found == state.agents.end()) {
    return fail(Code::not_found, "no agent has the key " + to_text(key), "see: provisioning agent list");
  }
  return &found->second;
}

}  // namespace

void apply(State& state, const Envelope&, const JoinTokenCreated& e) {
  state.join_tokens[e.id] = JoinToken{e.id, e.secret_hash, e.workspace, e.server, e.expires_ms};
  if (state.agenda.active) agenda_deadline(state, {e.expires_ms, DeadlineKind::token, e.id, 0});
}

void apply(State& state, const Envelope&, const JoinTokenExpired& e) { state.join_tokens.erase(e.id); }

void apply(State& state, const Envelope& meta, const AgentEnrolled& e) {
  state.join_tokens.erase(e.token_id);
  Agent& agent = state.agents[e.key];
  agent.key = e.key;
  agent.seal_key = e.seal_key;
  agent.workspace = e.workspace;
  agent.server = e.server;
  agent.enrolled_ms = meta.log_time_ms;
  state.agent_by_host[host_of(agent)] = e.key;
  state.workspaces.insert(e.workspace);
  if (const auto server = state.servers.find(host_of(agent)); server != state.servers.end()) {
    server->second.status = ServerStatus::ready;
  }
  agenda_host_changed(state, host_of(agent));
}

void apply(State& state, const Envelope&, const AgentConnected& e) {
  const auto found = state.agents.find(e.key);
  if (found == state.agents.end()) return;
  found->second.reachable = true;
  found->second.facts = *e.facts;
  agenda_host_changed(state, host_of(found->second));
}

void apply(State& state, const Envelope&, const AgentLost& e) {
  const auto found = state.agents.find(e.key);
  if (found == state.agents.end()) return;
  found->second.reachable = false;
  agenda_host_changed(state, host_of(found->second));
}

void apply(State& state, const Envelope&, const AgentDrainChanged& e) {
  const auto found = state.agents.find(e.key);
  if (found == state.agents.end()) return;
  found->second.draining = e.draining;
  agenda_host_changed(state, host_of(found->second));
}

void apply(State& state, const Envelope& meta, const AgentRemoved& e) {
  const auto found = state.agents.find(e.key);
  if (found == state.agents.end()) return;
  const HostKey host = host_of(found->second);
  state.agents.erase(found);
  if (const auto at = state.agent_by_host.find(host); at != state.agent_by_host.end() && at->second == e.key) {
    state.agent_by_host.erase(at);
  }
  if (!state.agenda.active) return;
  // Nobody will ever report what is out there: such attempts are in doubt from now on, and no agent that enrols for
  // this host later waits for their ends.
  for (const auto& [sequence, id] : std::exchange(host_at(state, host).unsettled, {})) {
    const Task* task = find_task(state, id);
    if (task == nullptr || task->agent != e.key || !out_now(*task)) continue;
    agenda_deadline(state, {meta.log_time_ms, DeadlineKind::attempt, id, task->attempt});
  }
  agenda_host_changed(state, host);
}

Decision decide_on(const State& state, const Command& command, const CreateJoinToken& c, const Inputs& in) {
  if (!valid_name(command.workspace)) return fail(Code::invalid, "a join token belongs to a workspace; none was given");
  if (!valid_hostname(c.server))
    return fail(Code::invalid, "\"" + c.server + "\" is not a host name (RFC 1123, lower case)");
  if (c.valid_s == 0 || c.valid_s > kMaxTokenS) {
    return fail(Code::invalid, "a join token is valid for 1 to " + std::to_string(kMaxTokenS) + " seconds");
  }
  std::vector<EventBody> out;
  register_workspace(state, command, out);
  out.emplace_back(JoinTokenCreated{in.new_id(), c.secret_hash, command.workspace, c.server,
                                    in.now_ms + std::uint64_t{c.valid_s} * 1000});
  return out;
}

Decision decide_on(const State& state, const Command&, const EnrolAgent& c, const Inputs& in) {
  // The same key again: its answer was lost. CURVE has proved that it is the same agent.
  if (state.agents.contains(c.key)) return std::vector<EventBody>{};
  const auto token = state.join_tokens.find(c.token_id);
  // One message for unknown, used, expired and wrong: a guesser learns nothing.
  const bool good = token != state.join_tokens.end() && token->second.secret_hash == c.secret_hash &&
                    in.now_ms < token->second.expires_ms;
  if (!good) {
    return fail(Code::denied, "the join token is unknown, used or expired",
                "make a new one: provisioning agent token HOST");
  }
  std::vector<EventBody> out;
  const JoinToken& t = token->second;
  if (const Agent* old = agent_of(state, t.workspace, t.server)) {
    out.emplace_back(AgentRemoved{old->key, "another agent enrolled for the same host"});
  }
  out.emplace_back(AgentEnrolled{c.key, c.seal_key, t.workspace, t.server, t.id});
  return out;
}

Decision decide_on(const State& state, const Command&, const ConnectAgent& c, const Inputs&) {
  auto agent = known(state, c.agent);
  if (!agent) return tl::unexpected(agent.error());
  if ((*agent)->reachable && (*agent)->facts == c.facts) return std::vector<EventBody>{};
  return std::vector<EventBody>{AgentConnected{c.agent, Shared<Facts>(c.facts)}};
}

Decision decide_on(const State& state, const Command&, const LoseAgent& c, const Inputs&) {
  const auto found = state.agents.find(c.agent);
  if (found == state.agents.end() || !found->second.reachable) return std::vector<EventBody>{};
  return std::vector<EventBody>{AgentLost{c.agent, c.last_heard_ms, c.reason}};
}

Decision decide_on(const State& state, const Command&, const DrainAgent& c, const Inputs&) {
  auto agent = known(state, c.agent);
  if (!agent) return tl::unexpected(agent.error());
  if ((*agent)->draining == c.draining) return std::vector<EventBody>{};
  return std::vector<EventBody>{AgentDrainChanged{c.agent, c.draining, "operator"}};
}

Decision decide_on(const State& state, const Command&, const RemoveAgent& c, const Inputs&) {
  auto agent = known(state, c.agent);
  if (!agent) return tl::unexpected(agent.error());
  return std::vector<EventBody>{AgentRemoved{c.agent, c.reason.empty() ? "operator" : c.reason}};
}

}  // namespace prov::domain
