#include "tests/unit/domain/harness.h"

namespace prov::domain {

Key key_of(std::uint8_t n) {
  Key key;
  key.bytes.fill(n);
  return key;
}

Digest digest_at(std::uint8_t n) {
  Digest digest;
  digest.bytes.fill(n);
  return digest;
}

TaskservSpec taskserv(const std::string& server, const std::string& name, bool retry_safe) {
  TaskservSpec spec;
  spec.server = server;
  spec.name = name;
  spec.version = "1.0.0";
  spec.bundle = digest_at(9);
  spec.retry_safe = retry_safe;
  spec.timeout_s = 10;
  return spec;
}

Platform::Platform() {
  fold(LogCreated{{}, "test"}, "", kInside, {});
  fold(CoordinatorStarted{1, "test", "here", 0}, "", kInside, {});
  rebuild_agenda(state);
}

void Platform::fold(EventBody body, const std::string& workspace, const Principal& who, Id command) {
  Event event;
  event.meta.sequence = state.sequence + 1;
  event.meta.workspace = workspace;
  const Aggregate aggregate = aggregate_of(body);
  event.meta.aggregate_kind = aggregate.kind;
  event.meta.aggregate_id = aggregate.id;
  event.meta.principal = Shared(who);
  event.meta.command_id = command;
  event.meta.log_time_ms = now_ms;
  event.body = std::move(body);
  evolve(state, event);
  react(state, event, effects);
  log.push_back(std::move(event));
  if (on_event) on_event(log.back());
}

Result<std::vector<Event>> Platform::give(CommandBody body, const std::string& workspace, Id id) {
  std::string belongs_to;  // what a task's end brings about belongs where the task does
  if (const auto* ended = std::get_if<ReportEnded>(&body);
      ended != nullptr && find_workflow(state, ended->ended.task)) {
    belongs_to = find_workflow(state, ended->ended.task)->workspace;
  }
  const auto events = decide(state, {id, workspace, std::move(body)}, {now_ms, [this] {
                                                                         Id made;
                                                                         const std::uint32_t n = ++ids;
                                                                         std::memcpy(made.bytes.data(), &n, 4);
                                                                         return made;
                                                                       }});
  if (!events) return tl::unexpected(events.error());
  const std::size_t first = log.size();
  for (const EventBody& event : *events) fold(event, belongs_to.empty() ? workspace : belongs_to, kOperator, id);
  follow();
  return std::vector<Event>(log.begin() + static_cast<std::ptrdiff_t>(first), log.end());
}

std::vector<Event> Platform::must(CommandBody body, const std::string& workspace) {
  auto events = give(std::move(body), workspace);
  EXPECT_TRUE(events.has_value()) << (events ? "" : events.error().message);
  return events ? *events : std::vector<Event>{};
}

namespace {

// Where an event belongs that nobody asked for.
struct WorkspaceOf {
  const State& state;

  template <class T>
  std::string operator()(const T& e) const {
    if constexpr (requires { e.task; }) return of(e.task);
    if constexpr (requires { e.workflow; }) return of(e.workflow);
    return state.agenda.speaks_for.empty() ? "w" : state.agenda.speaks_for;
  }
  std::string operator()(const WorkflowEnded& e) const { return of(e.id); }
  std::string operator()(const WorkflowSubmitted& e) const { return of(e.rolls_back); }
  std::string of(const Id& id) const {
    const Workflow* workflow = find_workflow(state, id);
    return workflow == nullptr ? "w" : workflow->workspace;
  }
};

}  // namespace

void Platform::follow() {
  while (auto body = follow_up(state, now_ms)) {
    std::string workspace = std::visit(WorkspaceOf{state}, *body);
    fold(std::move(*body), workspace, kInside, {});
  }
}

void Platform::advance(std::uint64_t ms) {
  now_ms += ms;
  follow();
}

void Platform::add_host(const std::string& name, std::uint8_t key, const std::string& workspace) {
  const auto made = must(CreateJoinToken{name, digest_at(key), 600}, workspace);
  const auto tokens = all_of<JoinTokenCreated>(made);
  ASSERT_EQ(tokens.size(), 1U);
  must(EnrolAgent{key_of(key), key_of(static_cast<std::uint8_t>(key + 100)), tokens[0].id, digest_at(key)}, workspace);
  must(ConnectAgent{key_of(key), Facts{.hostname = name, .boot_id = "1"}}, workspace);
}

Id Platform::newest_workflow() const {
  Id id;
  for (const auto& e : all_of<WorkflowSubmitted>(log)) id = e.id;
  return id;
}

const Task& Platform::task(const Id& workflow, std::uint32_t index) const {
  return state.workflows.at(workflow).tasks.at(index);
}

void Platform::end(const Id& id, Outcome outcome, std::int32_t exit_code) {
  const Task* known = find_task(state, id);
  ASSERT_NE(known, nullptr);
  TaskEnded e;
  e.task = id;
  e.attempt = known->attempt;
  e.outcome = outcome;
  e.exit_code = exit_code;
  must(ReportEnded{known->agent, e, 0, {}});
}

std::vector<Id> Platform::sent() const {
  std::vector<Id> out;
  for (const Effect& effect : effects) {
    if (const auto* order = std::get_if<SendOrder>(&effect)) out.push_back(order->task);
  }
  return out;
}

}  // namespace prov::domain
