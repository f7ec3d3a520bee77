#include "coordinator/command_handler/core.h"

#include <algorithm>

#include "common/failpoint/failpoint.h"
#include "coordinator/domain/decide.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/command_codec.h"

namespace prov::command_handler {
namespace {

using domain::Command;
using domain::EventBody;
using domain::Principal;

// There as long as the program, so nobody counts who refers to it: all threads would count in one place.
const Principal kSystemItself{"system", "", domain::Transport::internal};
const Core::Speaker kSystem(std::shared_ptr<const Principal>(std::shared_ptr<void>(), &kSystemItself));

bool from_operator(const Principal& who) {
  return who.transport == domain::Transport::unix_socket || who.transport == domain::Transport::tcp;
}

// The workflow that an event belongs to, as its own id or its task's; zero for others.
struct BelongsTo {
  template <class T>
  Id operator()(const T& e) const {
    if constexpr (requires { e.task; }) return workflow_id(e.task);
    if constexpr (requires { e.workflow; }) return e.workflow;
    return {};
  }
  Id operator()(const domain::WorkflowSubmitted& e) const { return e.id; }
  Id operator()(const domain::WorkflowCancelRequested& e) const { return e.id; }
  Id operator()(const domain::WorkflowEnded& e) const { return e.id; }
  Id operator()(const domain::WorkflowPaused& e) const { return e.id; }
  Id operator()(const domain::WorkflowResumed& e) const { return e.id; }
  Id operator()(const domain::WorkflowRetried& e) const { return e.id; }
};

// Events about an agent carry the agent's workspace, those about a token the token's.
struct WorkspaceOf {
  const domain::State& state;
  const Command& command;

  template <class T>
  const std::string& operator()(const T& e) const {
    if constexpr (requires { e.workspace; }) return e.workspace;
    if constexpr (requires { e.key; }) {
      const auto agent = state.agents.find(e.key);
      return agent == state.agents.end() ? command.workspace : agent->second.workspace;
    }
    if constexpr (requires { e.task; }) return of_workflow(e.task);
    if constexpr (requires { e.workflow; }) return of_workflow(e.workflow);
    // What a task's end brings about (a server made, a service installed) belongs where the task does.
    const auto* ended = std::get_if<domain::ReportEnded>(&command.body);
    return ended == nullptr ? command.workspace : of_workflow(ended->ended.task);
  }
  const std::string& operator()(const domain::WorkflowEnded& e) const { return of_workflow(e.id); }
  // One that undoes another may begin by itself, whoever's command was handled last.
  const std::string& operator()(const domain::WorkflowSubmitted& e) const {
    return e.rolls_back.is_zero() ? command.workspace : of_workflow(e.rolls_back);
  }

  const std::string& of_workflow(const Id& id) const {
    const domain::Workflow* workflow = domain::find_workflow(state, id);
    return workflow == nullptr ? command.workspace : workflow->workspace;
  }
};

struct AgentTimeOf {
  template <class T>
  TimeMs operator()(const T& c) const {
    if constexpr (requires { c.agent_time_ms; }) return c.agent_time_ms;
    return 0;
  }
};

}  // namespace

struct Core::Outcome {
  std::uint64_t first_sequence = 0;  // of its events, which wait for the gate already; 0: there is none
  Id made;                           // what the command made, by the last event that says so
  std::uint32_t command_digest = 0;  // of a command that will be remembered
  Reply reply;
  Result<domain::Answer> answer = domain::Answer{};
};

Core::Core(CoreConfig config, event_log::LogWriter& writer, domain::State state, Timers& timers, Random& random)
    : config_(std::move(config)),
      writer_(writer),
      state_(std::move(state)),
      timers_(timers),
      ids_(random),
      alarms_([this](std::string kind, std::string peer, std::string detail, std::uint32_t count) {
        log_alarm(std::move(kind), std::move(peer), std::move(detail), count);
      }) {
  writer_.on_room(config_.written, [this] { want_room(); });
}

Core::~Core() {
  writer_.on_room({}, {});
  timers_.cancel(deadline_timer_);
  timers_.cancel(checkpoint_timer_);
  timers_.cancel(alarm_timer_);
  timers_.cancel(room_timer_);
}

void Core::on_effect(EffectSink sink) { effect_sink_ = std::move(sink); }
void Core::on_event(EventSink sink) { event_sink_ = std::move(sink); }

TimeMs Core::now_ms() const { return writer_.now_ms(); }

void Core::start() {
  state_.agenda.limits = config_.limits;
  if (!read_only_.empty()) {
    domain::rebuild_agenda(state_);
    return;
  }
  Outcome out;
  begin_epoch(out);
  release(std::move(out));
}

void Core::begin_epoch(Outcome& out) {
  begun_ = true;
  const Command starting{};
  if (state_.log_id.is_zero()) {
    fold(out, domain::LogCreated{writer_.durable().log_id, config_.software}, starting, kSystem, 0);
  }
  state_.epoch += 1;
  fold(out, domain::CoordinatorStarted{state_.epoch, config_.software, config_.host, 0}, starting, kSystem, 0);
  domain::rebuild_agenda(state_);
  for (auto& effect : domain::resume(state_)) leaving_.effects.push_back(std::move(effect));
  fold_follow_ups(out, starting);
}

void Core::set_read_only(std::string reason) { read_only_ = std::move(reason); }

Result<void> Core::admit(const Command& command, const Principal& who) const {
  if (auto allowed = domain::authorize(config_.policy, who, command); !allowed) return allowed;
  // An agent that claims to have seen more than there is can be sent away: else it had the last word for ever.
  const bool repairs = std::holds_alternative<domain::AcceptDamage>(command.body) ||
                       std::holds_alternative<domain::RemoveAgent>(command.body);
  if (!read_only_.empty() && !repairs) {
    return fail(Code::unavailable, "the platform is read-only: " + read_only_,
                "look at it with: provisioning audit verify; then decide: provisioning platform accept --reason TEXT "
                "(an agent that is not to be trusted goes with: provisioning agent remove HOST)");
  }
  if (!from_operator(who)) return {};
  if (config_.admission) {
    if (auto room = config_.admission(); !room) return room;
  }
  return flowing();
}

Result<void> Core::flowing() const {
  if (!writer_.out_of_room()) return {};
  return fail(Code::exhausted,
              "the disk of the log is full: what agents report is kept in memory until it can be written",
              "make room on that disk; then it goes on by itself");
}

void Core::submit(const Command& command, const Speaker& who, Reply reply, std::vector<SideRecord> sides) {
  if (auto admitted = admit(command, *who); !admitted) {
    if (reply) reply(tl::unexpected(admitted.error()));
    return;
  }
  Outcome out;
  out.reply = std::move(reply);
  if (from_operator(*who) && !command.id.is_zero()) {
    out.command_digest = event_log::command_digest(command.body);
    const domain::CommandKey key{who->subject, command.workspace, command.id};
    if (const auto before = state_.remembered.find(key); before != state_.remembered.end()) {
      out.answer = answered_before(command, out.command_digest, before->second);
      return release(std::move(out));
    }
    if (quiet_answers_.knows(key, out.command_digest, now_ms())) {
      out.answer->repeated = true;
      return release(std::move(out));
    }
  }
  auto held = plan_holds(command);
  auto events = held ? domain::decide(state_, command, {now_ms(), [this] { return ids_.next(now_ms()); }})
                     : Result<std::vector<EventBody>>(tl::unexpected(held.error()));
  if (!events) {
    out.answer = tl::unexpected(events.error());
    return release(std::move(out));
  }
  if (!events->empty()) {
    for (SideRecord& side : sides) writer_.write_side(std::move(side));
  } else if (out.command_digest != 0) {
    quiet_answers_.add({who->subject, command.workspace, command.id}, out.command_digest, now_ms());
  }
  for (EventBody& body : *events) fold(out, std::move(body), command, who, 0);
  if (out.first_sequence != 0) {
    out.answer->sequence = state_.sequence;
    out.answer->made = out.made;
  }
  if (std::holds_alternative<domain::AcceptDamage>(command.body)) {
    read_only_.clear();
    if (!begun_) begin_epoch(out);  // what follows is no part of the command's answer
  }
  fold_follow_ups(out, command);
  release(std::move(out));
}

// Logs of older releases do not say what was asked for; such an id goes with anything.
Result<domain::Answer> Core::answered_before(const Command& command, std::uint32_t digest,
                                             const domain::Remembered& before) const {
  if (before.command_digest == 0 || before.command_digest == digest) {
    return domain::Answer{before.made, before.sequence, true};
  }
  std::string use = "for another command, up to event " + std::to_string(before.sequence);
  if (!before.made.is_zero()) {
    const domain::Workflow* workflow = domain::find_workflow(state_, before.made);
    use += workflow == nullptr ? ", which made " : ", which made the workflow \"" + workflow->kind + "\" ";
    use += to_text(before.made);
  }
  return fail(Code::conflict,
              "the command id " + to_text(command.id) + " was used before " + use + "; this " +
                  domain::name_of(command.body) + " asks for something else, and nothing of it was done",
              "send it again with a new id (Idempotency-Key); an id belongs to one command and its repetitions");
}

Result<event_log::Planned> Core::check(const Command& command, const Principal& who) const {
  if (auto allowed = domain::authorize(config_.policy, who, command); !allowed) return tl::unexpected(allowed.error());
  return planned(command);
}

Result<event_log::Planned> Core::planned(const Command& command) const {
  // Ids of a plan are never seen again; they have to differ, and to be the same whenever the same is decided.
  std::uint32_t n = 0;
  const auto next_id = [&n] {
    Id id;
    ++n;
    for (std::size_t i = 0; i < sizeof n; ++i) id.bytes[i] = static_cast<std::uint8_t>(n >> (24 - 8 * i));
    return id;
  };
  const TimeMs decided_ms = now_ms();
  auto events = domain::decide(state_, command, {decided_ms, next_id});
  if (!events) return tl::unexpected(events.error());
  const Digest digest = event_log::plan_digest(command.workspace, *events, decided_ms);
  return event_log::Planned{std::move(*events), digest, state_.log_id, state_.sequence};
}

Result<void> Core::plan_holds(const Command& command) const {
  if (!command.plan) return {};
  auto now = planned(command);
  if (!now) {
    return fail(Code::conflict, "the plan does not hold any more: " + now.error().message,
                now.error().hint.empty() ? "make a new plan" : now.error().hint);
  }
  if (now->digest == *command.plan) return {};
  return fail(Code::conflict, "the plan does not hold any more: since it was made, what it looked at has changed",
              "make a new plan and look at it: the same command with --check, or provisioning plan");
}

void Core::when_durable(std::function<void()> done) { writer_.when_durable(std::move(done)); }

void Core::fold(Outcome& out, EventBody body, const Command& command, const Speaker& who, std::uint64_t causation) {
  auto event = std::make_shared<domain::Event>();
  domain::Envelope& meta = event->meta;
  meta.epoch = state_.epoch;
  meta.workspace = std::visit(WorkspaceOf{state_, command}, body);
  domain::Aggregate aggregate = domain::aggregate_of(body);
  meta.aggregate_kind = aggregate.kind;
  meta.aggregate_id = std::move(aggregate.id);
  meta.principal = who;
  meta.command_id = command.id;
  if (!command.id.is_zero()) meta.command_digest = out.command_digest;
  const Id workflow = std::visit(BelongsTo{}, body);
  meta.correlation = workflow.is_zero() ? command.id : workflow;
  meta.causation = causation;
  meta.agent_time_ms = std::visit(AgentTimeOf{}, command.body);
  if (const Id made = domain::made_by(body); !made.is_zero()) out.made = made;
  event->body = std::move(body);
  EventPtr numbered = writer_.append(std::move(event));
  if (out.first_sequence == 0) out.first_sequence = numbered->meta.sequence;
  domain::evolve(state_, *numbered);
  domain::react(state_, *numbered, leaving_.effects);
  leaving_.events.push_back(std::move(numbered));
}

void Core::fold_follow_ups(Outcome& out, const Command& command) {
  const std::uint64_t cause = out.first_sequence;
  // What follows is the platform's doing, not the caller's: its own principal, and no part of the command's answer.
  Command inside{Id{}, command.workspace, domain::Tick{}};
  const TimeMs decided_ms = now_ms();
  while (auto body = domain::follow_up(state_, decided_ms)) {
    const std::string& speaks_for = state_.agenda.speaks_for;
    inside.workspace = speaks_for.empty() ? command.workspace : speaks_for;
    fold(out, std::move(*body), inside, kSystem, cause);
  }
}

void Core::raise_alarm(std::string kind, std::string peer, std::string detail) {
  alarms_.raise(now_ms(), std::move(kind), std::move(peer), std::move(detail));
  if (alarm_timer_ == 0) alarm_timer_ = timers_.after(AlarmGate::kWindowMs, [this] { sweep_alarms(); });
}

void Core::sweep_alarms() {
  alarm_timer_ = 0;
  alarms_.sweep(now_ms());
  if (!alarms_.quiet()) alarm_timer_ = timers_.after(AlarmGate::kWindowMs, [this] { sweep_alarms(); });
}

void Core::log_alarm(std::string kind, std::string peer, std::string detail, std::uint32_t count) {
  constexpr std::size_t kMaxDetail = 300;
  if (detail.size() > kMaxDetail) detail.resize(kMaxDetail);
  submit({{}, "", domain::RaiseAlarm{{std::move(kind), std::move(peer), std::move(detail), count}}}, kSystem, {});
}

void Core::release(Outcome out) {
  if (out.reply) leaving_.answers.emplace_back(std::move(out.reply), std::move(out.answer));
  if (groups_ == 0) let_go();
}

void Core::let_go() {
  arm_deadline();
  checkpoint_when_due();
  hand_over();
}

void Core::hand_over() {
  if (groups_ > 0) return;  // at its end
  if (!leaving_.empty())
    writer_.when_durable([this, leaving = std::exchange(leaving_, {})]() mutable { pass_gate(leaving); });
  writer_.flush();
}

void Core::pass_gate(Leaving& leaving) const {
  if (event_sink_ && !leaving.events.empty()) event_sink_(std::move(leaving.events));
  PROV_FAIL_HERE("answer_before");
  for (const auto& [reply, answer] : leaving.answers) reply(answer);
  PROV_FAIL_HERE("answer_after");
  if (effect_sink_) {
    for (const auto& effect : leaving.effects) effect_sink_(effect);
  }
}

void Core::tick() {
  if (!read_only_.empty()) return;  // deadlines pass, but nothing is decided
  Outcome out;
  fold_follow_ups(out, Command{});
  release(std::move(out));
}

void Core::want_room() {
  if (config_.make_room && config_.make_room()) return writer_.flush();
  if (room_timer_ != 0) return;
  room_timer_ = timers_.after(config_.room_retry_ms, [this] {
    room_timer_ = 0;
    writer_.flush();
  });
}

void Core::arm_deadline() {
  const auto next = domain::next_deadline(state_);
  if (!next) return;
  if (deadline_timer_ != 0 && armed_for_ms_ <= *next) return;  // an early tick finds nothing, and arms again
  timers_.cancel(deadline_timer_);
  const TimeMs now = now_ms();
  armed_for_ms_ = *next;
  deadline_timer_ = timers_.after(*next > now ? *next - now : 0, [this] {
    deadline_timer_ = 0;
    tick();
  });
}

void Core::checkpoint_when_due() {
  const std::uint64_t uncovered = writer_.last_sequence() - writer_.durable().checkpoint_sequence;
  if (uncovered >= config_.checkpoint_events &&
      writer_.durable().sequence > writer_.durable().checkpoint_sequence + 1) {
    return checkpoint();
  }
  if (checkpoint_timer_ != 0) return;
  checkpoint_timer_ = timers_.after(config_.checkpoint_ms, [this] {
    checkpoint_timer_ = 0;
    checkpoint();
    hand_over();
  });
}

void Core::checkpoint() {
  if (!read_only_.empty()) return;
  const auto event = writer_.checkpoint_now();
  if (event == nullptr) return;
  domain::evolve(state_, *event);
  leaving_.events.push_back(event);  // behind what it covers, and what was folded since
}

void Core::cover(std::function<void()> done) {
  if (!read_only_.empty() || writer_.out_of_room()) return done();
  writer_.when_durable([this, done = std::move(done)]() mutable {
    checkpoint();
    hand_over();
    writer_.when_durable(std::move(done));
  });
}

void Core::finish() {
  checkpoint();
  hand_over();
}

}  // namespace prov::command_handler
