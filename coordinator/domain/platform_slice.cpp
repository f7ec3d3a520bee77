// The platform itself: its epochs, workspaces, secrets (by name), blobs, interactive sessions, alarms.
#include <algorithm>

#include "coordinator/domain/slices.h"

namespace prov::domain {

void apply(State& state, const Envelope&, const LogCreated& e) { state.log_id = e.log_id; }

void apply(State& state, const Envelope&, const CoordinatorStarted& e) {
  state.epoch = std::max(state.epoch, e.epoch);
  state.sessions.clear();                                           // they lived in the coordinator that is gone
  for (auto& [key, agent] : state.agents) agent.reachable = false;  // until it says hello to this one
}

void apply(State& state, const Envelope&, const DamageAccepted& e) {
  state.epoch = std::max(state.epoch, e.new_epoch);
  state.accepted_epoch = state.epoch;
}

void apply(State& state, const Envelope&, const WorkspaceRegistered& e) { state.workspaces.insert(e.name); }

void apply(State& state, const Envelope& meta, const SecretCreated& e) {
  state.secrets.emplace(meta.workspace, e.reference);
}

void apply(State& state, const Envelope& meta, const SessionOpened& e) {
  state.sessions[e.id] = Session{e.id, meta.workspace, e.server, e.agent, meta.log_time_ms};
}

void apply(State& state, const Envelope&, const SessionClosed& e) { state.sessions.erase(e.id); }

Decision decide_on(const State& state, const Command& command, const RegisterWorkspace&, const Inputs&) {
  if (!valid_name(command.workspace)) {
    return fail(Code::invalid, "\"" + command.workspace + "\" is not a workspace name",
                "use lower-case letters, digits, '.', '_' and '-', at most 64");
  }
  std::vector<EventBody> out;
  register_workspace(state, command, out);
  return out;
}

Decision decide_on(const State&, const Command&, const StoreBlob& c, const Inputs&) {
  return std::vector<EventBody>{BlobStored{c.digest, c.bytes, c.kind, c.name}};
}

Decision decide_on(const State& state, const Command& command, const OpenSession& c, const Inputs& in) {
  const Agent* agent = agent_of(state, command.workspace, c.server);
  if (agent == nullptr) {
    return fail(Code::not_found, "no agent is enrolled for host \"" + c.server + "\"", "see: provisioning agent list");
  }
  if (!agent->reachable) {
    return fail(Code::unavailable, "the agent of host \"" + c.server + "\" is not connected",
                "see: provisioning agent show " + c.server);
  }
  return std::vector<EventBody>{SessionOpened{in.new_id(), agent->key, c.server, c.argv, c.terminal}};
}

Decision decide_on(const State& state, const Command&, const CloseSession& c, const Inputs&) {
  if (!state.sessions.contains(c.id)) return std::vector<EventBody>{};
  return std::vector<EventBody>{SessionClosed{c.id, c.exit_code, c.reason}};
}

Decision decide_on(const State& state, const Command&, const AcceptDamage& c, const Inputs&) {
  if (c.reason.empty()) {
    return fail(Code::invalid, "accepting a damaged or shortened log needs a reason, which is logged",
                "say why with --reason");
  }
  if (c.attested_epoch > state.epoch + kEpochsAhead) {
    return fail(Code::invalid, "epoch " + std::to_string(c.attested_epoch) + " cannot have been seen: this log is at " +
                                   std::to_string(state.epoch));
  }
  const std::uint32_t epoch = std::max(state.epoch, c.attested_epoch) + 1;
  return std::vector<EventBody>{DamageAccepted{c.reason, "", epoch}};
}

Decision decide_on(const State&, const Command&, const RaiseAlarm& c, const Inputs&) {
  return std::vector<EventBody>{c.alarm};
}

Decision decide_on(const State& state, const Command& command, const RecordSecret& c, const Inputs&) {
  if (state.secrets.contains({command.workspace, c.reference})) return std::vector<EventBody>{};
  return std::vector<EventBody>{SecretCreated{c.reference, true}};
}

Decision decide_on(const State&, const Command&, const RecordCheckpoint& c, const Inputs&) {
  return std::vector<EventBody>{c.checkpoint};
}

}  // namespace prov::domain
