#include "coordinator/event_log/state_codec.h"

#include <algorithm>

#include "common/hash.h"
#include "common/json/json.h"
#include "coordinator/event_log/capnp_json.h"
#include "coordinator/event_log/codec_detail.h"
#include "coordinator/event_log/spec_codec.h"
#include "coordinator/event_log/state_parts.h"

namespace prov::event_log {
namespace {

using namespace detail;
using detail::get, detail::put;  // beside those of this file
using domain::State;

// Puts the values of a container, which is in key order, or is brought into it.
template <class List, class Map, class Put>
void put_map(List list, const Map& map, Put put_one) {
  unsigned i = 0;
  for (const auto& [key, value] : map) put_one(list[i++], key, value);
}

template <class Map>
std::vector<const typename Map::value_type*> by_key(const Map& map) {
  std::vector<const typename Map::value_type*> out;
  out.reserve(map.size());
  for (const auto& entry : map) out.push_back(&entry);
  std::sort(out.begin(), out.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  return out;
}

// ---- one aggregate each

void put(schema::JoinToken::Builder out, const domain::JoinToken& token) {
  PUT_ID(out, Id, token.id);
  PUT_ID(out, SecretHash, token.secret_hash);
  PUT_TEXT(out, Workspace, token.workspace);
  PUT_TEXT(out, Server, token.server);
  out.setExpiresMs(token.expires_ms);
}
void get(schema::JoinToken::Reader in, domain::JoinToken& token) {
  get_fixed(token.id, in.getId(), "id");
  get_fixed(token.secret_hash, in.getSecretHash(), "secretHash");
  token.workspace = text_of(in.getWorkspace());
  token.server = text_of(in.getServer());
  token.expires_ms = in.getExpiresMs();
}

void put(schema::Agent::Builder out, const domain::Agent& agent) {
  PUT_ID(out, Key, agent.key);
  PUT_ID(out, SealKey, agent.seal_key);
  PUT_TEXT(out, Workspace, agent.workspace);
  PUT_TEXT(out, Server, agent.server);
  out.setDraining(agent.draining);
  out.setReachable(agent.reachable);
  put(out.initFacts(), agent.facts);
  out.setEnrolledMs(agent.enrolled_ms);
}
void get(schema::Agent::Reader in, domain::Agent& agent) {
  get_fixed(agent.key, in.getKey(), "key");
  get_fixed(agent.seal_key, in.getSealKey(), "sealKey");
  agent.workspace = text_of(in.getWorkspace());
  agent.server = text_of(in.getServer());
  agent.draining = in.getDraining();
  agent.reachable = in.getReachable();
  get(in.getFacts(), agent.facts);
  agent.enrolled_ms = in.getEnrolledMs();
}

void put(schema::Server::Builder out, const domain::Server& server) {
  PUT_TEXT(out, Workspace, server.workspace);
  put(out.initSpec(), server.spec);
  out.setStatus(domain::name_of(server.status));
  PUT_TEXT(out, ProviderId, server.provider_id);
  PUT_TEXT(out, Address, server.address);
  PUT_TEXT(out, CoordinatorAddress, server.coordinator_address);
  out.setCreatedMs(server.created_ms);
  PUT_TEXT(out, Runtime, server.runtime);
}
void get(schema::Server::Reader in, domain::Server& server) {
  using S = domain::ServerStatus;
  server.workspace = text_of(in.getWorkspace());
  get(in.getSpec(), server.spec);
  server.status = parse_status(in.getStatus(), {S::declared, S::created, S::ready, S::failed});
  server.provider_id = text_of(in.getProviderId());
  server.address = text_of(in.getAddress());
  server.coordinator_address = text_of(in.getCoordinatorAddress());
  server.created_ms = in.getCreatedMs();
  server.runtime = text_of(in.getRuntime());
}

void put(schema::Taskserv::Builder out, const domain::Taskserv& taskserv) {
  PUT_TEXT(out, Workspace, taskserv.workspace);
  PUT_TEXT(out, Infra, taskserv.infra);
  put(out.initSpec(), taskserv.spec);
  out.setStatus(domain::name_of(taskserv.status));
  PUT_TEXT(out, InstalledVersion, taskserv.installed_version);
  out.setInstalledMs(taskserv.installed_ms);
  PUT_TEXT(out, Message, taskserv.message);
}
void get(schema::Taskserv::Reader in, domain::Taskserv& taskserv) {
  using S = domain::TaskservStatus;
  taskserv.workspace = text_of(in.getWorkspace());
  taskserv.infra = text_of(in.getInfra());
  get(in.getSpec(), taskserv.spec);
  taskserv.status = parse_status(in.getStatus(), {S::declared, S::installed, S::failed});
  taskserv.installed_version = text_of(in.getInstalledVersion());
  taskserv.installed_ms = in.getInstalledMs();
  taskserv.message = text_of(in.getMessage());
}

void put(schema::Cluster::Builder out, const domain::Cluster& cluster) {
  PUT_TEXT(out, Workspace, cluster.workspace);
  put(out.initSpec(), cluster.spec);
  out.setStatus(domain::name_of(cluster.status));
  out.setReadyMs(cluster.ready_ms);
}
void get(schema::Cluster::Reader in, domain::Cluster& cluster) {
  using S = domain::ClusterStatus;
  cluster.workspace = text_of(in.getWorkspace());
  get(in.getSpec(), cluster.spec);
  cluster.status = parse_status(in.getStatus(), {S::declared, S::ready});
  cluster.ready_ms = in.getReadyMs();
}

void put(schema::Session::Builder out, const domain::Session& session) {
  PUT_ID(out, Id, session.id);
  PUT_TEXT(out, Workspace, session.workspace);
  PUT_ID(out, Agent, session.agent);
  PUT_TEXT(out, Server, session.server);
  out.setOpenedMs(session.opened_ms);
}
void get(schema::Session::Reader in, domain::Session& session) {
  get_fixed(session.id, in.getId(), "id");
  session.workspace = text_of(in.getWorkspace());
  get_fixed(session.agent, in.getAgent(), "agent");
  session.server = text_of(in.getServer());
  session.opened_ms = in.getOpenedMs();
}

// ---- the whole

constexpr auto put_values = [](auto list, const auto& map) {
  put_map(list, map, [](auto builder, const auto&, const auto& value) { put(builder, value); });
};

constexpr auto put_sorted_values = [](auto list, const auto& map) {
  unsigned i = 0;
  for (const auto* entry : by_key(map)) put(list[i++], entry->second);
};

void put_names(capnp::List<capnp::Text>::Builder list, const std::set<std::string>& names) {
  unsigned i = 0;
  for (const std::string& name : names) list.set(i++, text_field(name));
}

void put_secrets(capnp::List<schema::Secret>::Builder list, const decltype(State::secrets)& secrets) {
  unsigned i = 0;
  for (const auto& [workspace, reference] : secrets) {
    PUT_TEXT(list[i], Workspace, workspace);
    PUT_TEXT(list[i], Reference, reference);
    ++i;
  }
}

void put_ids(capnp::List<capnp::Data>::Builder list, const std::deque<Id>& ids) {
  unsigned i = 0;
  for (const Id& id : ids) list.set(i++, to_data(id));
}

void put_durations(capnp::List<schema::Duration>::Builder list, const decltype(State::durations)& durations) {
  put_map(list, durations, [](auto entry, const std::string& kind, const domain::Duration& duration) {
    PUT_TEXT(entry, Kind, kind);
    entry.setCount(duration.count);
    entry.setMeanMs(duration.mean_ms);
  });
}

void put_answers(capnp::List<schema::Answer>::Builder list, const decltype(State::remembered)& answers) {
  unsigned i = 0;
  for (const auto* entry : by_key(answers)) {
    const auto& [key, remembered] = *entry;
    auto answer = list[i++];
    PUT_TEXT(answer, Subject, key.subject);
    PUT_TEXT(answer, Workspace, key.workspace);
    PUT_ID(answer, CommandId, key.id);
    answer.setSequence(remembered.sequence);
    answer.setLogTimeMs(remembered.log_time_ms);
    PUT_ID(answer, SubjectId, remembered.made);
    answer.setCommandDigest(remembered.command_digest);
  }
}

void put_frozen(capnp::List<schema::Frozen>::Builder list, const decltype(State::frozen)& frozen) {
  put_map(list, frozen, [](auto entry, const domain::AggregateKey& key, const domain::Frozen& one) {
    entry.setAggregateKind(static_cast<std::uint16_t>(key.first));
    PUT_BYTES(entry, AggregateId, key.second);
    entry.setSequence(one.sequence);
    PUT_TEXT(entry, Reason, one.reason);
  });
}

void put_state(schema::State::Builder out, const State& state) {
  PUT_ID(out, LogId, state.log_id);
  out.setSequence(state.sequence);
  out.setLogTimeMs(state.log_time_ms);
  out.setEpoch(state.epoch);
  out.setAcceptedEpoch(state.accepted_epoch);
  PUT_LIST(out, Workspaces, state.workspaces, put_names);
  PUT_LIST(out, JoinTokens, state.join_tokens, put_values);
  PUT_LIST(out, Agents, state.agents, put_sorted_values);
  PUT_LIST(out, Servers, state.servers, put_values);
  PUT_LIST(out, Taskservs, state.taskservs, put_values);
  PUT_LIST(out, Clusters, state.clusters, put_values);
  PUT_LIST(out, Durations, state.durations, put_durations);
  PUT_LIST(out, Workflows, state.workflows, put_sorted_values);
  PUT_LIST(out, Sessions, state.sessions, put_values);
  PUT_LIST(out, Secrets, state.secrets, put_secrets);
  PUT_LIST(out, Answers, state.remembered, put_answers);
  PUT_LIST(out, Frozen, state.frozen, put_frozen);
  out.setEndedWorkflows(state.ended_workflows_total);
  PUT_LIST(out, EndedOrder, state.ended_workflows, put_ids);
}

void get_people_and_hosts(schema::State::Reader in, State& state) {
  for (auto name : in.getWorkspaces()) state.workspaces.insert(text_of(name));
  for (auto one : in.getJoinTokens()) {
    domain::JoinToken token;
    get(one, token);
    state.join_tokens.emplace(token.id, std::move(token));
  }
  for (auto one : in.getAgents()) {
    domain::Agent agent;
    get(one, agent);
    state.agents.emplace(agent.key, std::move(agent));
  }
  for (auto one : in.getServers()) {
    domain::Server server;
    get(one, server);
    state.servers.emplace(domain::HostKey{server.workspace, server.spec.hostname}, std::move(server));
  }
  for (auto one : in.getTaskservs()) {
    domain::Taskserv taskserv;
    get(one, taskserv);
    domain::TaskservKey key{taskserv.workspace, taskserv.spec.server, taskserv.spec.name};
    state.taskservs.emplace(std::move(key), std::move(taskserv));
  }
  for (auto one : in.getClusters()) {
    domain::Cluster cluster;
    get(one, cluster);
    std::pair key{cluster.workspace, cluster.spec.name};
    state.clusters.emplace(std::move(key), std::move(cluster));
  }
  for (auto one : in.getSessions()) {
    domain::Session session;
    get(one, session);
    state.sessions.emplace(session.id, std::move(session));
  }
  for (auto one : in.getSecrets()) state.secrets.emplace(text_of(one.getWorkspace()), text_of(one.getReference()));
}

void get_work(schema::State::Reader in, State& state) {
  for (auto one : in.getWorkflows()) {
    domain::Workflow workflow;
    get(one, workflow);
    state.workflows.emplace(workflow.id, std::move(workflow));
  }
  for (auto one : in.getEndedOrder()) {
    Id id;
    get_fixed(id, one, "endedOrder");
    if (!state.workflows.contains(id)) throw Malformed{"endedOrder"};
    state.ended_workflows.push_back(id);
  }
  state.ended_workflows_total = in.getEndedWorkflows();
  for (auto one : in.getDurations()) {
    state.durations.emplace(text_of(one.getKind()), domain::Duration{one.getCount(), one.getMeanMs()});
  }
}

void get_answers(schema::State::Reader in, State& state) {
  std::vector<std::pair<std::uint64_t, domain::CommandKey>> order;  // commands were remembered in log order
  for (auto one : in.getAnswers()) {
    domain::CommandKey key{text_of(one.getSubject()), text_of(one.getWorkspace()), {}};
    get_fixed(key.id, one.getCommandId(), "commandId");
    domain::Remembered remembered{{}, one.getSequence(), one.getLogTimeMs(), one.getCommandDigest()};
    get_fixed(remembered.made, one.getSubjectId(), "subjectId");
    order.emplace_back(remembered.sequence, key);
    state.remembered.emplace(std::move(key), remembered);
  }
  std::sort(order.begin(), order.end());
  for (auto& [sequence, key] : order) state.remembered_order.push_back(std::move(key));
}

void get_frozen(schema::State::Reader in, State& state) {
  for (auto one : in.getFrozen()) {
    state.frozen.emplace(domain::AggregateKey{static_cast<domain::AggregateKind>(one.getAggregateKind()),
                                              bytes_of(one.getAggregateId())},
                         domain::Frozen{one.getSequence(), text_of(one.getReason())});
  }
}

State get_state(schema::State::Reader in) {
  State state;
  get_fixed(state.log_id, in.getLogId(), "logId");
  state.sequence = in.getSequence();
  state.log_time_ms = in.getLogTimeMs();
  state.epoch = in.getEpoch();
  state.accepted_epoch = in.getAcceptedEpoch();
  get_people_and_hosts(in, state);
  get_work(in, state);
  get_answers(in, state);
  get_frozen(in, state);
  domain::rebuild_derived(state);
  return state;
}

// What a message is begun with, in words: about what the state takes, so that a small one does not cost a large one's
// zeroed memory, nor a large one many segments. Too little is no harm.
unsigned words_for(const State& state) {
  constexpr std::size_t kLeast = 4 << 10, kMost = 64 << 10, kPerTask = 48, kPerOther = 24;
  std::size_t tasks = 0;
  for (const auto& [id, workflow] : state.workflows) tasks += workflow.tasks.size() + workflow.operations.size();
  const std::size_t others = state.remembered.size() + state.taskservs.size() + state.servers.size();
  return static_cast<unsigned>(std::clamp(tasks * kPerTask + others * kPerOther, kLeast, kMost));
}

}  // namespace

std::string encode_state(const State& state) {
  capnp::MallocMessageBuilder message(words_for(state));
  put_state(message.initRoot<schema::State>(), state);
  const kj::Array<capnp::word> words = capnp::canonicalize(message.getRoot<schema::State>().asReader());
  const kj::ArrayPtr<const capnp::word> segment = words;
  const Segments segments(&segment, 1);
  std::string out(flat_bytes(segments), '\0');
  write_flat(segments, out.data());
  return out;
}

Result<State> decode_state(std::string_view bytes) {
  try {
    FlatReader message(bytes);
    return get_state(message.root<schema::State>());
  } catch (const Malformed& malformed) {
    return fail(Code::corrupt, std::string("a state does not decode: its ") + malformed.field);
  } catch (const FromLaterRelease&) {
    return fail(Code::corrupt, "a state does not decode: it holds a value that only a later release knows");
  } catch (const kj::Exception& broken) {
    return fail(Code::corrupt, std::string("a state does not decode: ") + broken.getDescription().cStr());
  }
}

Digest state_hash(const State& state) { return digest_of(encode_state(state)); }

nlohmann::ordered_json state_to_json(const State& state) {
  capnp::MallocMessageBuilder message(words_for(state));
  put_state(message.initRoot<schema::State>(), state);
  return to_json(message.getRoot<schema::State>().asReader());
}

}  // namespace prov::event_log
