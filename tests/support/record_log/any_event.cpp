#include "tests/support/record_log/any_event.h"

namespace prov::test {

using namespace domain;

std::uint64_t AnyEvent::number(std::uint64_t below) {
  if (full_) return below <= 1 ? 0 : 1 + engine_() % (below - 1);
  return engine_() % 8 == 0 ? 0 : engine_() % below;
}

std::string AnyEvent::text(std::size_t max_bytes) {
  static constexpr char kLetters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_. \"\\\n";
  const std::size_t size = full_ ? 1 + engine_() % max_bytes : engine_() % (max_bytes + 1);
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out.push_back(kLetters[engine_() % (sizeof kLetters - 1)]);
  return out;
}

Pairs AnyEvent::pairs() {
  Pairs out(full_ ? 2 : engine_() % 4);
  for (auto& [key, value] : out) key = text(), value = text();
  return out;
}

std::vector<std::string> AnyEvent::texts() {
  std::vector<std::string> out(full_ ? 2 : engine_() % 4);
  for (auto& one : out) one = text(40);
  return out;
}

Facts AnyEvent::facts() {
  Facts f{text(),  text(), text(), text(), text(), static_cast<std::uint32_t>(number(1000)), number(1ULL << 50),
          texts(), text(), text(), text()};
  return f;
}

ServerSpec AnyEvent::server_spec() {
  return {text(), text(), text(), bytes<Digest>(), text(), text(), pairs(), pairs()};
}

TaskservSpec AnyEvent::taskserv_spec() {
  return {text(),
          text(),
          text(),
          bytes<Digest>(),
          pairs(),
          pairs(),
          full_ || number(2) == 1,
          static_cast<std::uint32_t>(number(90000))};
}

TaskPlan AnyEvent::plan(std::uint32_t index, std::size_t action) {
  TaskPlan out;
  out.name = text(40);
  out.server = text();
  if (index > 0) out.depends_on = {full_ ? 1U % index : static_cast<std::uint32_t>(number(index))};
  out.timeout_s = static_cast<std::uint32_t>(number(90000));
  out.max_attempts = static_cast<std::uint32_t>(number(9));
  out.exclusive = full_ || number(2) == 1;
  switch (action) {
    case 0: out.action = NoopAction{}; break;
    case 1: out.action = ServerCreateAction{text()}; break;
    case 2: out.action = ServerDeleteAction{text()}; break;
    case 3: out.action = AwaitAgentAction{text()}; break;
    case 4: out.action = TaskservAction{static_cast<TaskservVerb>(number(3)), taskserv_spec()}; break;
    default: out.action = ExecAction{texts(), text(60)}; break;
  }
  return out;
}

EventBody AnyEvent::platform_body(std::size_t index) {
  const auto small = [this] { return static_cast<std::uint32_t>(number(100000)); };
  switch (index) {
    case 1: return LogCreated{bytes<Id>(), text()};
    case 2: return CoordinatorStarted{small(), text(), text(), small()};
    case 3: return CheckpointSigned{number(1 << 30), number(1 << 30), bytes<Digest>(), text(8), text(64)};
    case 4: return SecurityAlarm{text(), text(), text(80), small()};
    case 5: return DamageAccepted{text(80), text(80), small()};
    default: return WorkspaceRegistered{text()};
  }
}

EventBody AnyEvent::agent_body(std::size_t index) {
  switch (index) {
    case 7: return JoinTokenCreated{bytes<Id>(), bytes<Digest>(), text(), text(), number(1ULL << 42)};
    case 8: return JoinTokenExpired{bytes<Id>()};
    case 9: return AgentEnrolled{bytes<Key>(), bytes<Key>(), text(), text(), bytes<Id>()};
    case 10: return AgentConnected{bytes<Key>(), facts()};
    case 11: return AgentLost{bytes<Key>(), number(1ULL << 42), text(80)};
    case 12: return AgentDrainChanged{bytes<Key>(), full_ || number(2) == 1, text()};
    default: return AgentRemoved{bytes<Key>(), text()};
  }
}

EventBody AnyEvent::host_body(std::size_t index) {
  switch (index) {
    case 14: return ServerDeclared{server_spec()};
    case 15: return ServerCreated{text(), text(), text(), text(), text()};
    case 16: return ServerDeleted{text()};
    case 17: return TaskservDeclared{text(), taskserv_spec()};
    case 18: return TaskservInstalled{text(), text(), text(), bytes<Digest>(), full_ || number(2) == 1};
    default: return TaskservRemoved{text(), text()};
  }
}

EventBody AnyEvent::work_body(std::size_t index) {
  const auto small = [this] { return static_cast<std::uint32_t>(number(100000)); };
  switch (index) {
    case 20: {
      WorkflowSubmitted e{workflow_id(bytes<Id>()), text(), text(), text(), small(), {}};
      const std::uint32_t tasks = full_ ? 7 : static_cast<std::uint32_t>(engine_() % 7);
      for (std::uint32_t i = 0; i < tasks; ++i) e.tasks.push_back(plan(i, full_ ? i % 6 : engine_() % 6));
      return e;
    }
    case 21: return WorkflowCancelRequested{workflow_id(bytes<Id>()), text(80)};
    case 22: return WorkflowEnded{workflow_id(bytes<Id>()), outcome(), small(), small(), small(), small(), small()};
    case 23: return TaskDispatched{bytes<Id>(), small(), bytes<Key>(), number(1ULL << 42)};
    case 24: return TaskStarted{bytes<Id>(), small()};
    case 25:
      return TaskEnded{bytes<Id>(),       small(),         outcome(),       static_cast<std::int32_t>(small()),
                       text(200),         number(1 << 30), bytes<Digest>(), bytes<Digest>(),
                       number(1ULL << 42)};
    case 26: return TaskInDoubt{bytes<Id>(), small(), text(80)};
    case 27: return SessionOpened{bytes<Id>(), bytes<Key>(), text(), texts(), full_ || number(2) == 1};
    case 28: return SessionClosed{bytes<Id>(), static_cast<std::int32_t>(small()), text()};
    case 29: return SecretCreated{text(), full_ || number(2) == 1};
    default: return BlobStored{bytes<Digest>(), number(1ULL << 40), text(), text()};
  }
}

EventBody AnyEvent::body(std::size_t index) {
  if (index <= 6) return platform_body(index);
  if (index <= 13) return agent_body(index);
  if (index <= 19) return host_body(index);
  return work_body(index);
}

Event AnyEvent::of_type(std::size_t index) {
  Event event;
  event.body = body(index);
  Aggregate aggregate = aggregate_of(event.body);
  event.meta = {bytes<Id>(),
                static_cast<std::uint32_t>(number(1000)),
                number(1ULL << 40),
                text(),
                aggregate.kind,
                std::move(aggregate.id),
                {text(), text(), static_cast<Transport>(number(4))},
                bytes<Id>(),
                bytes<Id>(),
                number(1ULL << 40),
                number(1ULL << 42),
                number(1ULL << 42),
                number(1ULL << 42)};
  return event;
}

Event AnyEvent::any() { return of_type(1 + engine_() % (std::variant_size_v<EventBody> - 1)); }

}  // namespace prov::test
