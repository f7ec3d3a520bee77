#include "coordinator/event_log/state_codec.h"

#include <algorithm>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "common/hash.h"
#include "coordinator/event_log/capnp_json.h"
#include "coordinator/event_log/codec_detail.h"
#include "coordinator/event_log/spec_codec.h"
#include "schema/snapshot.capnp.h"

namespace prov::event_log {
namespace {

using namespace detail;
using domain::State;

template <class Status>
Status parse_status(capnp::Text::Reader text, std::initializer_list<Status> all) {
  for (const Status status : all) {
    if (text == domain::name_of(status)) return status;
  }
  throw Malformed{"status"};
}

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
  detail::put(out.initFacts(), agent.facts);
  out.setEnrolledMs(agent.enrolled_ms);
}
void get(schema::Agent::Reader in, domain::Agent& agent) {
  get_fixed(agent.key, in.getKey(), "key");
  get_fixed(agent.seal_key, in.getSealKey(), "sealKey");
  agent.workspace = text_of(in.getWorkspace());
  agent.server = text_of(in.getServer());
  agent.draining = in.getDraining();
  agent.reachable = in.getReachable();
  detail::get(in.getFacts(), agent.facts);
  agent.enrolled_ms = in.getEnrolledMs();
}

void put(schema::Server::Builder out, const domain::Server& server) {
  PUT_TEXT(out, Workspace, server.workspace);
  detail::put(out.initSpec(), server.spec);
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
  detail::get(in.getSpec(), server.spec);
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
  detail::put(out.initSpec(), taskserv.spec);
  out.setStatus(domain::name_of(taskserv.status));
  PUT_TEXT(out, InstalledVersion, taskserv.installed_version);
  out.setInstalledMs(taskserv.installed_ms);
  PUT_TEXT(out, Message, taskserv.message);
}
void get(schema::Taskserv::Reader in, domain::Taskserv& taskserv) {
  using S = domain::TaskservStatus;
  taskserv.workspace = text_of(in.getWorkspace());
  taskserv.infra = text_of(in.getInfra());
  detail::get(in.getSpec(), taskserv.spec);
  taskserv.status = parse_status(in.getStatus(), {S::declared, S::installed, S::failed});
  taskserv.installed_version = text_of(in.getInstalledVersion());
  taskserv.installed_ms = in.getInstalledMs();
  taskserv.message = text_of(in.getMessage());
}

void put(schema::Task::Builder out, const domain::Task& task) {
  detail::put(out.initPlan(), task.plan);
  out.setStatus(domain::name_of(task.status));
  out.setAttempt(task.attempt);
  PUT_ID(out, Agent, task.agent);
  out.setDispatchSequence(task.dispatch_sequence);
  out.setReadyMs(task.ready_ms);
  out.setStartedMs(task.started_ms);
  out.setEndedMs(task.ended_ms);
  out.setDeadlineMs(task.deadline_ms);
  out.setOutcome(static_cast<schema::Outcome>(task.outcome));
  out.setExitCode(task.exit_code);
  PUT_TEXT(out, Message, task.message);
  out.setOutputBytes(task.output_bytes);
  PUT_ID(out, OutputDigest, task.output_digest);
  out.setRetryAtMs(task.retry_at_ms);
}
void get(schema::Task::Reader in, domain::Task& task) {
  using S = domain::TaskStatus;
  detail::get(in.getPlan(), task.plan);
  task.status = parse_status(in.getStatus(), {S::pending, S::ready, S::dispatched, S::running, S::ended});
  task.attempt = in.getAttempt();
  get_fixed(task.agent, in.getAgent(), "agent");
  task.dispatch_sequence = in.getDispatchSequence();
  task.ready_ms = in.getReadyMs();
  task.started_ms = in.getStartedMs();
  task.ended_ms = in.getEndedMs();
  task.deadline_ms = in.getDeadlineMs();
  task.outcome = known_enum(in.getOutcome(), Outcome::refused);
  task.exit_code = in.getExitCode();
  task.message = text_of(in.getMessage());
  task.output_bytes = in.getOutputBytes();
  get_fixed(task.output_digest, in.getOutputDigest(), "outputDigest");
  task.retry_at_ms = in.getRetryAtMs();
}

void put_tasks(capnp::List<schema::Task>::Builder list, const std::vector<domain::Task>& tasks) {
  for (unsigned i = 0; i < list.size(); ++i) put(list[i], tasks[i]);
}

void put(schema::Workflow::Builder out, const domain::Workflow& workflow) {
  PUT_ID(out, Id, workflow.id);
  PUT_TEXT(out, Workspace, workflow.workspace);
  PUT_TEXT(out, Kind, workflow.kind);
  PUT_TEXT(out, Name, workflow.name);
  PUT_TEXT(out, Infra, workflow.infra);
  out.setParallelLimit(workflow.parallel_limit);
  PUT_TEXT(out, Subject, workflow.initiator.subject);
  PUT_TEXT(out, Credential, workflow.initiator.credential);
  out.setTransport(static_cast<schema::Transport>(workflow.initiator.transport));
  out.setSubmittedMs(workflow.submitted_ms);
  out.setEndedMs(workflow.ended_ms);
  out.setOutcome(static_cast<schema::Outcome>(workflow.outcome));
  out.setEnded(workflow.ended);
  out.setCancelling(workflow.cancelling);
  PUT_LIST(out, Tasks, workflow.tasks, put_tasks);
}
void get(schema::Workflow::Reader in, domain::Workflow& workflow) {
  get_fixed(workflow.id, in.getId(), "id");
  workflow.workspace = text_of(in.getWorkspace());
  workflow.kind = text_of(in.getKind());
  workflow.name = text_of(in.getName());
  workflow.infra = text_of(in.getInfra());
  workflow.parallel_limit = in.getParallelLimit();
  workflow.initiator = {text_of(in.getSubject()), text_of(in.getCredential()),
                        static_cast<domain::Transport>(in.getTransport())};
  workflow.submitted_ms = in.getSubmittedMs();
  workflow.ended_ms = in.getEndedMs();
  workflow.outcome = known_enum(in.getOutcome(), Outcome::refused);
  workflow.ended = in.getEnded();
  workflow.cancelling = in.getCancelling();
  const auto tasks = in.getTasks();
  workflow.tasks.resize(tasks.size());
  for (unsigned i = 0; i < tasks.size(); ++i) get(tasks[i], workflow.tasks[i]);
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

void put_answers(capnp::List<schema::Answer>::Builder list, const decltype(State::remembered)& answers) {
  put_map(list, answers, [](auto answer, const domain::CommandKey& key, const domain::Remembered& remembered) {
    PUT_TEXT(answer, Subject, key.subject);
    PUT_TEXT(answer, Workspace, key.workspace);
    PUT_ID(answer, CommandId, key.id);
    answer.setSequence(remembered.sequence);
    answer.setLogTimeMs(remembered.log_time_ms);
    PUT_ID(answer, SubjectId, remembered.made);
  });
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
  std::vector<std::pair<std::uint64_t, domain::CommandKey>> order;  // commands were remembered in log order
  for (auto one : in.getAnswers()) {
    domain::CommandKey key{text_of(one.getSubject()), text_of(one.getWorkspace()), {}};
    get_fixed(key.id, one.getCommandId(), "commandId");
    domain::Remembered remembered{{}, one.getSequence(), one.getLogTimeMs()};
    get_fixed(remembered.made, one.getSubjectId(), "subjectId");
    order.emplace_back(remembered.sequence, key);
    state.remembered.emplace(std::move(key), remembered);
  }
  std::sort(order.begin(), order.end());
  for (auto& [sequence, key] : order) state.remembered_order.push_back(std::move(key));
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
  domain::rebuild_derived(state);
  return state;
}

}  // namespace

std::string encode_state(const State& state) {
  capnp::MallocMessageBuilder message(64 << 10);
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
  capnp::MallocMessageBuilder message(64 << 10);
  put_state(message.initRoot<schema::State>(), state);
  return to_json(message.getRoot<schema::State>().asReader());
}

}  // namespace prov::event_log
