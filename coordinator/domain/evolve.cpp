#include "coordinator/domain/evolve.h"

#include "coordinator/domain/slices.h"

namespace prov::domain {
namespace {

// Facts of the log that change nothing in the state.
void apply(State&, const Envelope&, const CheckpointSigned&) {}
void apply(State&, const Envelope&, const SecurityAlarm&) {}
void apply(State&, const Envelope&, const BlobStored&) {}

void apply(State& state, const Envelope& meta, const UnknownEvent& e) {
  state.frozen.try_emplace({meta.aggregate_kind, std::string(meta.aggregate_id)},
                           Frozen{meta.sequence, "event type " + std::to_string(e.type) + " version " +
                                                     std::to_string(e.version) + " is not known to this release"});
}

bool is_frozen(const State& state, const Envelope& meta) {
  return !state.frozen.empty() && state.frozen.contains({meta.aggregate_kind, std::string(meta.aggregate_id)});
}

void forget_old(State& state, TimeMs now_ms) {
  while (!state.remembered_order.empty()) {
    const auto found = state.remembered.find(state.remembered_order.front());
    const bool old = found == state.remembered.end() || found->second.log_time_ms + kRememberMs < now_ms;
    if (!old && state.remembered_order.size() <= kRememberCommands) return;
    if (found != state.remembered.end()) state.remembered.erase(found);
    state.remembered_order.pop_front();
  }
}

void remember(State& state, const Event& event) {
  const Envelope& meta = event.meta;
  const bool from_operator =
      meta.principal->transport == Transport::unix_socket || meta.principal->transport == Transport::tcp;
  if (!from_operator || meta.command_id.is_zero()) return;
  CommandKey key{meta.principal->subject, meta.workspace, meta.command_id};
  auto [at, fresh] = state.remembered.try_emplace(key);
  if (fresh) state.remembered_order.push_back(std::move(key));
  at->second.sequence = meta.sequence;
  at->second.log_time_ms = meta.log_time_ms;
  at->second.command_digest = meta.command_digest;
  if (const Id made = made_by(event.body); !made.is_zero()) at->second.made = made;
  forget_old(state, meta.log_time_ms);
}

}  // namespace

void evolve(State& state, const Event& event) {
  state.sequence = event.meta.sequence;
  state.log_time_ms = event.meta.log_time_ms;
  remember(state, event);
  // A frozen aggregate has missed an event: what follows on it cannot be trusted to mean what it says.
  if (is_frozen(state, event.meta)) return;
  std::visit([&](const auto& body) { apply(state, event.meta, body); }, event.body);
}

}  // namespace prov::domain
