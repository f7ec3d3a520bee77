#include "tests/support/record_log/history.h"

#include <algorithm>

#include "coordinator/domain/decide.h"
#include "coordinator/domain/evolve.h"

namespace prov::test {

using namespace domain;

namespace {

const Principal kOperator{"uid:0", "peer", Transport::unix_socket};
const Principal kLink{"agent", "curve", Transport::agent_link};
const Principal kSystem{"system", "", Transport::internal};

bool out_now(const Task& task) { return task.status == TaskStatus::dispatched || task.status == TaskStatus::running; }

// In an order that the hash table does not choose.
template <class Map>
std::vector<typename Map::key_type> sorted_keys(const Map& map) {
  std::vector<typename Map::key_type> out;
  for (const auto& [key, value] : map) out.push_back(key);
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

History::History(std::uint64_t seed, ManualClock& clock, Append append, Asks asks)
    : engine_(seed), clock_(clock), append_(std::move(append)), asks_(asks) {
  rebuild_agenda(state_);
}

template <class T>
T History::bytes() {
  T out;
  for (auto& b : out.bytes) b = static_cast<std::uint8_t>(engine_());
  return out;
}

void History::begin() {
  append(LogCreated{bytes<Id>(), "test"}, {}, kSystem);
  append(CoordinatorStarted{1, "test", "here", 0}, {}, kSystem);
}

void History::fold(const std::shared_ptr<const Event>& event) { evolve(state_, *event); }

void History::append(EventBody body, const Command& command, const Principal& who) {
  Event event;
  event.meta.epoch = 1;
  event.meta.workspace = command.workspace;
  Aggregate aggregate = aggregate_of(body);
  event.meta.aggregate_kind = aggregate.kind;
  event.meta.aggregate_id = std::move(aggregate.id);
  if (aggregate.kind == AggregateKind::task) event.meta.correlation = workflow_id(*Id::from(event.meta.aggregate_id));
  event.meta.principal = Shared(who);
  event.meta.command_id = command.id;
  event.body = std::move(body);
  evolve(state_, *append_(std::move(event)));
}

void History::give(CommandBody body, const Principal& who) {
  Command command{bytes<Id>(), "w", std::move(body)};
  if (who.transport != Transport::unix_socket) command.id = {};
  const TimeMs now_ms = std::max(clock_.wall_ms(), state_.log_time_ms);
  auto events = decide(state_, command, {now_ms, [this] { return bytes<Id>(); }});
  if (!events) return;  // refused, as a platform's commands now and then are
  for (EventBody& one : *events) append(std::move(one), command, who);
  follow();
}

void History::follow() {
  const TimeMs now_ms = std::max(clock_.wall_ms(), state_.log_time_ms);
  while (auto body = follow_up(state_, now_ms)) append(std::move(*body), {{}, "w", Tick{}}, kSystem);
}

void History::step() {
  clock_.advance(below(20) == 0 ? below(600'000) : below(300));
  follow();
  switch (below(8)) {
    case 0: return give(operator_command(), kOperator);
    case 1: return give(inside_command(), kSystem);
    default: return give(agent_command(), kLink);
  }
}

TaskservSpec History::taskserv() {
  TaskservSpec spec{host(), "service-" + std::to_string(below(3)), "1." + std::to_string(below(3)), {}, {}, {}, true,
                    60};
  spec.bundle.bytes.fill(static_cast<std::uint8_t>(1 + below(3)));
  spec.params = {{"port", std::to_string(1000 + below(10))}};
  spec.secrets = {{"password", "secret-" + std::to_string(below(2))}};
  spec.retry_safe = below(2) == 0;
  return spec;
}

CommandBody History::operator_command() {
  if (asks_ == Asks::batches && below(3) != 0) return batch_command();
  switch (below(9)) {
    case 0: {
      ServerSpec spec{host(), "infra", "local", {}, "container", "small", {{"role", "db"}}, {}};
      spec.provider_bundle.bytes.fill(7);
      return CreateServers{"infra", {spec}};
    }
    case 1: return CreateTaskservs{"infra", {{taskserv(), {}}, {taskserv(), {0}}}};
    case 2: return DeleteTaskservs{"infra", {taskserv()}};
    case 3: return RunExec{{host()}, {"uptime", "-p"}, "", 30};
    case 4: return RunNoop{{host(), host()}, static_cast<std::uint32_t>(1 + below(8))};
    case 5: {
      const auto workflows = sorted_keys(state_.workflows);
      return CancelWorkflow{workflows.empty() ? Id{} : workflows[below(workflows.size())]};
    }
    case 6: return OpenSession{host(), {"sh"}, true};
    case 7: return StoreBlob{bytes<Digest>(), below(1000), "bundle", "some"};
    default: return below(3) == 0 ? CommandBody(DeleteServers{"infra", {host()}}) : RegisterWorkspace{};
  }
}

CommandBody History::agent_command() {
  const auto agents = sorted_keys(state_.agents);
  if (agents.size() < 2 || below(20) == 0) {
    if (state_.join_tokens.empty()) {
      Digest hash;
      hash.bytes.fill(9);
      return CreateJoinToken{host(), hash, 600};
    }
    const JoinToken& token = state_.join_tokens.begin()->second;
    return EnrolAgent{bytes<Key>(), bytes<Key>(), token.id, token.secret_hash};
  }
  const Key agent = agents[below(agents.size())];
  if (!state_.agents.at(agent).reachable || below(30) == 0) {
    Facts facts;
    facts.hostname = state_.agents.at(agent).server;
    facts.cores = static_cast<std::uint32_t>(1 + below(4));
    facts.addresses = {"10.0.0.1", "10.0.0.2"};
    return ConnectAgent{agent, facts};
  }
  for (const Id& id : sorted_keys(state_.workflows)) {
    const Workflow& workflow = state_.workflows.at(id);
    for (std::uint32_t i = 0; i < workflow.tasks.size(); ++i) {
      const Task& task = workflow.tasks[i];
      if (!out_now(task) || below(3) == 0) continue;
      if (task.status == TaskStatus::dispatched && below(2) == 0) {
        return ReportStarted{task.agent, task_id(id, i), task.attempt, clock_.wall};
      }
      TaskEnded ended{task_id(id, i), task.attempt,    Outcome::done,   0, "",
                      below(100),     bytes<Digest>(), bytes<Digest>(), 0};
      if (below(4) == 0) ended.outcome = Outcome::failed, ended.exit_code = 1, ended.message = "it did not work";
      ReportEnded report{task.agent, ended, clock_.wall, {}};
      if (const auto* create = std::get_if<ServerCreateAction>(&*task.plan->action)) {
        report.created = ServerCreated{create->hostname, "id-1", "10.0.0.9", "container", "10.0.0.254"};
      }
      return report;
    }
  }
  return LoseAgent{agent, clock_.wall - 20'000, "silent"};
}

CommandBody History::inside_command() {
  const auto agents = sorted_keys(state_.agents);
  const Key agent = agents.empty() ? Key{} : agents[below(agents.size())];
  switch (below(6)) {
    case 0: return RaiseAlarm{{"unknown key", "10.0.0.66", "refused", 1}};
    case 1: return RecordSecret{"secret-" + std::to_string(below(2))};
    case 2: return CloseSession{state_.sessions.empty() ? Id{} : state_.sessions.begin()->first, 0, "left"};
    case 3: return DrainAgent{agent, below(2) == 0};
    case 4: return below(4) == 0 ? CommandBody(RemoveAgent{agent, "gone"}) : Tick{};
    default: return Tick{};
  }
}

}  // namespace prov::test
