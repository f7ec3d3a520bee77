#include "tests/support/record_log/any_event.h"

#include <algorithm>
#include <memory>

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

Pairs AnyEvent::outputs() {
  Pairs out(full_ ? 2 : engine_() % 4);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = {"output_" + std::to_string(i), text()};
  return out;
}

std::vector<std::uint32_t> AnyEvent::numbers() {
  std::vector<std::uint32_t> out(full_ ? 2 : engine_() % 4);
  for (auto& one : out) one = small();
  return out;
}

std::vector<std::string> AnyEvent::texts() {
  std::vector<std::string> out(full_ ? 2 : engine_() % 4);
  for (auto& one : out) one = text(40);
  return out;
}

Facts AnyEvent::facts() {
  Facts f{text(),
          text(),
          text(),
          text(),
          text(),
          static_cast<std::uint32_t>(number(1000)),
          number(1ULL << 50),
          texts(),
          text(),
          text(),
          text(),
          number(1ULL << 50),
          texts(),
          texts()};
  return f;
}

ServerSpec AnyEvent::server_spec() {
  return {text(), text(), text(), bytes<Digest>(), text(), text(), pairs(), pairs()};
}

TaskservSpec AnyEvent::taskserv_spec() {
  return {text(), text(), text(), bytes<Digest>(), pairs(), pairs(), yes(), small(90000)};
}

constexpr std::size_t kActions = std::variant_size_v<Action>;

Action AnyEvent::action(std::size_t which) {
  switch (which) {
    case 0: return NoopAction{};
    case 1: return ServerCreateAction{text()};
    case 2: return ServerDeleteAction{text()};
    case 3: return AwaitAgentAction{text()};
    case 4: return TaskservAction{static_cast<TaskservVerb>(number(3)), taskserv_spec()};
    case 5: return ExecAction{texts(), text(60), bytes<Digest>(), text(), pairs()};
    case 6: return WaitAction{text(60)};
    default: return ApprovalAction{text(60)};
  }
}

TaskPlan AnyEvent::plan(std::uint32_t first, std::uint32_t index, std::size_t which) {
  TaskPlan out;
  out.name = text(40);
  out.server = text();
  if (index > first) out.depends_on = {first + small(index - first)};
  out.timeout_s = small(90000);
  out.max_attempts = small(9);
  out.exclusive = yes();
  out.mode = static_cast<OrderMode>(number(3));
  out.action = Shared(action(which));
  if (yes()) out.undo = std::make_shared<const Action>(action(kActions - 1 - which));
  return out;
}

OperationPlan AnyEvent::operation(std::uint32_t index, std::uint32_t first_task, std::uint32_t tasks) {
  OperationPlan out;
  out.id = std::to_string(index) + text();
  out.kind = static_cast<OperationKind>(number(12));
  if (index > 0) out.depends_on = {{small(index), static_cast<DependencyKind>(number(2))}};
  out.when = text();
  out.first_task = first_task;
  out.task_count = tasks;
  out.priority = static_cast<std::int32_t>(number(101)) * (engine_() % 2 == 0 ? 1 : -1);
  out.on_failure = static_cast<OnFailure>(number(3));
  out.max_failures = yes() ? small() : kNoMaxFailures;
  if (tasks > 1) out.waves = {1 + small(tasks - 1), tasks};
  if (tasks == 1) out.waves = {1};
  out.pause_ms = small();
  out.concurrency_group = text();
  out.group_limit = small();
  if (yes()) out.retry = {small(), small(), yes(), small(101), yes()};
  out.checkpoint = text();
  out.note = text();
  out.cluster = text();
  if (yes()) out.removed = Shared(ClusterSpec{"c" + text(), text(), text(), {text()}, {text()}});
  return out;
}

EventBody AnyEvent::platform_body(std::size_t index) {
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
    case 10: return AgentConnected{bytes<Key>(), Shared(facts())};
    case 11: return AgentLost{bytes<Key>(), number(1ULL << 42), text(80)};
    case 12: return AgentDrainChanged{bytes<Key>(), yes(), text()};
    default: return AgentRemoved{bytes<Key>(), text()};
  }
}

EventBody AnyEvent::host_body(std::size_t index) {
  switch (index) {
    case 14: return ServerDeclared{Shared(server_spec())};
    case 15: return ServerCreated{text(), text(), text(), text(), text()};
    case 16: return ServerDeleted{text()};
    case 17: return TaskservDeclared{text(), taskserv_spec()};
    case 18: return TaskservInstalled{text(), text(), text(), bytes<Digest>(), yes()};
    default: return TaskservRemoved{text(), text()};
  }
}

EventBody AnyEvent::submitted() {
  WorkflowSubmitted e{workflow_id(bytes<Id>()), text(), text(), text(), small(), {}};
  std::vector<TaskPlan> plans;
  std::vector<OperationPlan> of_operations;
  const std::uint32_t operations = full_ ? 3 : static_cast<std::uint32_t>(engine_() % 4);
  for (std::uint32_t i = 0; i < std::max(operations, 1U); ++i) {
    const auto first = static_cast<std::uint32_t>(plans.size());
    const std::uint32_t tasks = full_ ? 3 : static_cast<std::uint32_t>(engine_() % 4);
    for (std::uint32_t at = first; at < first + tasks; ++at) {
      plans.push_back(plan(first, at, full_ ? at % kActions : engine_() % kActions));
    }
    if (operations > 0) of_operations.push_back(operation(i, first, tasks));
  }
  e.tasks = std::move(plans);
  e.operations = std::move(of_operations);
  e.params = pairs();
  e.preserve_successful = yes();
  if (yes()) e.rolls_back = workflow_id(bytes<Id>());
  e.notes = texts();
  return e;
}

EventBody AnyEvent::work_body(std::size_t index) {
  switch (index) {
    case 20: return submitted();
    case 21: return WorkflowCancelRequested{workflow_id(bytes<Id>()), text(80)};
    case 22:
      return WorkflowEnded{workflow_id(bytes<Id>()), outcome(), small(), small(), small(), small(), small(), yes()};
    case 23: return TaskDispatched{bytes<Id>(), small(), bytes<Key>(), number(1ULL << 42)};
    case 24: return TaskStarted{bytes<Id>(), small()};
    case 25:
      return TaskEnded{bytes<Id>(),        small(),         outcome(),       static_cast<std::int32_t>(small()),
                       text(200),          number(1 << 30), bytes<Digest>(), bytes<Digest>(),
                       number(1ULL << 42), outputs(),       yes(),           number(1ULL << 42)};
    default: return TaskInDoubt{bytes<Id>(), small(), text(80)};
  }
}

EventBody AnyEvent::other_body(std::size_t index) {
  switch (index) {
    case 27: return SessionOpened{bytes<Id>(), bytes<Key>(), text(), texts(), yes()};
    case 28: return SessionClosed{bytes<Id>(), static_cast<std::int32_t>(small()), text()};
    case 29: return SecretCreated{text(), yes()};
    default: return BlobStored{bytes<Digest>(), number(1ULL << 40), text(), text()};
  }
}

EventBody AnyEvent::course_body(std::size_t index) {
  switch (index) {
    case 31: return OperationOpened{workflow_id(bytes<Id>()), small(), small()};
    case 32: return OperationSkipped{workflow_id(bytes<Id>()), small(), outcome(), yes(), text(80)};
    case 33: return WorkflowPaused{workflow_id(bytes<Id>()), text(80)};
    case 34: return WorkflowResumed{workflow_id(bytes<Id>())};
    case 35: return WorkflowRetried{workflow_id(bytes<Id>()), numbers(), yes(), yes()};
    case 36: return ApprovalGiven{bytes<Id>(), yes(), text(80)};
    case 37: return ClusterDeclared{{text(), text(), text(), texts(), texts()}};
    case 38: return ClusterReady{text()};
    default: return ClusterRemoved{text()};
  }
}

EventBody AnyEvent::body(std::size_t index) {
  if (index <= 6) return platform_body(index);
  if (index <= 13) return agent_body(index);
  if (index <= 19) return host_body(index);
  if (index <= 26) return work_body(index);
  return index <= 30 ? other_body(index) : course_body(index);
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
                Shared(Principal{text(), text(), static_cast<Transport>(number(4))}),
                bytes<Id>(),
                bytes<Id>(),
                number(1ULL << 40),
                number(1ULL << 42),
                number(1ULL << 42),
                number(1ULL << 42),
                small()};
  return event;
}

Event AnyEvent::any() { return of_type(1 + engine_() % (kEventTypes - 1)); }

}  // namespace prov::test
