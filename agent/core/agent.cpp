#include "agent/core/agent.h"

#include <limits>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "agent/core/bundle_fetch.h"
#include "agent/core/session.h"
#include "agent/core/shells.h"
#include "agent/journal/journal.h"
#include "agent/outbox/outbox.h"
#include "agent/step/book.h"
#include "agent/step/judge.h"
#include "common/failpoint/failpoint.h"
#include "common/hash.h"

namespace prov::agent {
namespace {

constexpr std::uint64_t kUnknownSequence = std::numeric_limits<std::uint64_t>::max();
constexpr const char* kMayHaveRun =
    "it was given before the agent's journal, or the end of the coordinator's log, was lost; "
    "it is not known whether it ran";
constexpr std::uint64_t kDiskFullRetryMs = 1'000;
constexpr std::uint64_t kLastReportsMs = 5'000;  // a drained agent waits so long for its last acknowledgements

bool is_power_of_two(std::uint64_t n) { return (n & (n - 1)) == 0; }

Verdict verdict_without_output(Outcome outcome, std::string message) {
  Verdict out = silent_success();
  out.outcome = outcome;
  out.message = std::move(message);
  return out;
}

std::string refusal_of(const Entry& entry) {
  return entry.action ? prov::agent::refusal_of(entry.mode, *entry.action) : std::string();
}

const wire::Script* script_of(const Entry& entry) { return std::get_if<wire::Script>(entry.action.get()); }

}  // namespace

class Agent::Impl {
 public:
  Impl(World world, Config config);

  Result<void> start();
  void drain(std::uint64_t limit_ms, std::function<void()> done);

  std::function<void(const Error&)> on_fatal;
  const Book& book() const { return book_; }
  const Session& session() const { return session_; }
  const Counters& counters() const { return counters_; }

 private:
  struct News {  // of one step
    StepId step;
    bool accepted = false, started = false, ended = false;
  };

  // ---- what the coordinator says
  void on_frame(const std::string& bytes);
  void refuse_frame(const std::string& why);
  void note(const wire::ToAgent& frame);
  void handle(const wire::ToAgent& frame, const wire::Welcome& welcome);
  void handle(const wire::ToAgent& frame, const wire::HeartbeatAnswer& answer);
  void handle(const wire::ToAgent& frame, const wire::Orders& orders);
  void handle(const wire::ToAgent& frame, const wire::ReportsAck& ack);
  void handle(const wire::ToAgent& frame, const wire::Cancel& cancel);
  void handle(const wire::ToAgent& frame, const wire::BundleChunk& chunk);
  void handle(const wire::ToAgent& frame, const wire::ShellOpen& request);
  void handle(const wire::ToAgent& frame, const wire::ShellData& data);
  void handle(const wire::ToAgent& frame, const wire::ShellResize& resize);
  void handle(const wire::ToAgent& frame, const wire::ShellClose& close);
  void handle(const wire::ToAgent& frame, const wire::Refused& refused);
  void handle(const wire::ToAgent& frame, const wire::ReportsWanted& wanted);
  void take(TimeMs now_ms, const wire::Order& order);
  void entitled_to_bundle(const wire::Order& order);
  void say_hello();
  void tell_changed_facts();
  void tell_of_silence();
  void send(const wire::FromAgent& message) { world_.link.send(wire::encode(message)); }

  // ---- what happens here
  Result<void> open_journal();
  Result<void> begin_anew_after_damage(const Journal::Opened& opened);
  void recover();
  template <class What>
  void record(What what);
  template <class What>
  void keep(TimeMs now_ms, What what);
  void keep_order(TimeMs now_ms, const wire::Order& order);
  void happened(Record&& now);
  void tell_later(const News& news);
  void tell(const News& news);
  void retell(const Entry& entry);
  void tell_forgotten(const wire::Order& order);
  void write_seen();
  void forget(const std::vector<StepId>& steps);
  void end_waiting(const StepId& step, Outcome outcome, const std::string& why);
  void bundle_failed(const Digest& digest, const std::string& why);
  void ends_acknowledged(const std::vector<StepId>& steps);

  // ---- one loop turn: plan, sync once, then speak and act
  void wake();
  void turn();
  void plan_starts();
  bool ready(const Entry& entry);
  bool flush_journal();
  void begin_steps();
  void condense_journal();
  void finish_drain();
  void die(const Error& error);
  void log(Severity severity, const std::string& line) {
    if (config_.log) config_.log(severity, line);
  }

  World world_;
  Config config_;
  const BootId boot_;
  Counters counters_;
  Book book_;
  Journal journal_;
  Outbox outbox_;
  Session session_;
  BundleFetch fetch_;
  Shells shells_;

  Alarm turn_alarm_;
  Alarm drain_alarm_;
  std::vector<News> untold_;                              // durable with the next flush
  Facts told_facts_;                                      // with the last hello
  bool host_may_differ_ = false;                          // a step has changed something since
  std::vector<std::pair<StepId, wire::Order>> to_start_;  // started in the journal with the next flush
  bool seen_changed_ = false;                             // and not yet in the journal
  std::uint64_t unheard_ = 0;                             // connections in a row without a welcome
  bool disk_full_ = false;
  bool dead_ = false;
  bool draining_ = false;
  bool drain_over_ = false;  // the limit for running steps has passed
  std::function<void()> drained_;
};

Agent::Impl::Impl(World world, Config config)
    : world_(world),
      config_(std::move(config)),
      boot_(config_.boot_id),
      book_(config_.parallel, config_.capacity),
      journal_(world.journal, config_.journal_floor_bytes),
      outbox_(world.clock, world.timers, world.random,
              {[this](wire::Reports frame) { send(std::move(frame)); },
               [this](const StepId& step, std::uint64_t offset, std::size_t max) {
                 return world_.steps.read_output(step, offset, max);
               },
               [this](const std::vector<StepId>& steps) { ends_acknowledged(steps); }}),
      session_(world.clock, world.timers, world.random,
               {[this] { say_hello(); },
                [this](std::uint64_t count) {
                  send(wire::Heartbeat{count, book_.running()});
                },
                [this] {
                  ++counters_.reconnects;
                  tell_of_silence();
                  world_.link.reconnect();
                },
                [this] {
                  unheard_ = 0;
                  log(Severity::info, "connected to the coordinator");
                  outbox_.open();
                  fetch_.open();
                },
                [this](std::string_view why) {
                  log(Severity::warning, "lost the coordinator: " + std::string(why));
                  outbox_.close();
                  fetch_.close();
                  shells_.close_all();
                }}),
      fetch_(world.bundles, world.timers, world.random,
             {[this](const wire::BundleWanted& wanted) { send(wanted); }, [this](const Digest&) { wake(); },
              [this](const Digest& digest, const std::string& why) { bundle_failed(digest, why); }}),
      shells_(world.terminals,
              {[this](const wire::FromAgent& message) { send(message); }, [this] { return session_.beat(); }}),
      turn_alarm_(world.timers),
      drain_alarm_(world.timers) {}

// ---- start

Result<void> Agent::Impl::start() {
  world_.steps.attach({[this](const StepId& step, std::uint64_t bytes) {
                         const Entry* entry = book_.find(step);
                         if (dead_ || entry == nullptr || entry->phase != Phase::started) return;
                         outbox_.output(step, entry->sequence, bytes);
                         outbox_.flush();
                       },
                       [this](const StepId& step, Verdict verdict) {
                         const Entry* entry = book_.find(step);
                         if (dead_ || entry == nullptr || entry->phase != Phase::started) return;
                         ++counters_.steps_ended;
                         host_may_differ_ = host_may_differ_ || verdict.outcome == Outcome::done;
                         record(StepEnded{step, std::move(verdict)});
                       }});
  if (auto opened = open_journal(); !opened) return opened;
  recover();
  if (auto flushed = journal_.flush(); !flushed) return flushed;
  for (const News& each : std::exchange(untold_, {})) tell(each);
  world_.link.start({[this](const std::string& frame) { on_frame(frame); },
                     [this] {
                       if (!dead_) session_.connected();
                     }});
  session_.start();
  wake();
  return {};
}

Result<void> Agent::Impl::open_journal() {
  auto opened = journal_.open();
  if (!opened) return tl::unexpected(opened.error());
  std::vector<StepId> forgotten;
  for (Record& each : opened->records) {
    for (const StepId& step : book_.apply(std::move(each))) forgotten.push_back(step);
  }
  for (const StepId& step : forgotten) {
    if (book_.find(step) == nullptr) world_.steps.forget(step);  // it may have been given out anew since
  }
  counters_.journal_bytes_cut = opened->torn_bytes;
  if (opened->torn_bytes > 0) {
    log(Severity::warning, "cut " + std::to_string(opened->torn_bytes) + " torn bytes from the end of the journal");
  }
  const auto identity = book_.identity();
  if (identity &&
      (identity->agent != config_.key || (!config_.log_id.is_zero() && identity->log_id != config_.log_id))) {
    return fail(Code::conflict, "the journal belongs to another agent or another coordinator's log",
                "use a state directory of its own for each agent");
  }
  if (opened->damage.empty() && opened->records.empty() && config_.expects_journal) opened->damage = "it is missing";
  if (!opened->damage.empty()) return begin_anew_after_damage(*opened);
  if (!identity) record(Identity{config_.key, config_.log_id});
  return {};
}

// What the journal held between its damaged bytes nobody knows. So nothing that it may have held is run: steps that
// wait could have been started, and unknown orders from before could have been taken.
Result<void> Agent::Impl::begin_anew_after_damage(const Journal::Opened& opened) {
  log(Severity::error, "the journal is damaged: " + opened.damage +
                           (opened.kept_as.empty() ? "" : "; kept as " + opened.kept_as) +
                           "; what it may have held is reported as in doubt");
  book_.apply({world_.clock.wall_ms(), Identity{config_.key, config_.log_id}});
  book_.apply({world_.clock.wall_ms(), Distrust{kUnknownSequence}});
  std::vector<StepId> waiting;
  for (const auto& [sequence, entry] : book_.entries()) {
    if (entry->phase == Phase::accepted) waiting.push_back(entry->step);
  }
  for (const StepId& step : waiting) {
    const Verdict verdict = verdict_without_output(
        Outcome::in_doubt, "the agent's journal was damaged; it is not known whether this step ran");
    book_.apply({world_.clock.wall_ms(), StepEnded{step, verdict}});
  }
  return journal_.rewrite(book_.condensed());
}

void Agent::Impl::recover() {
  std::vector<StepId> interrupted, doubtful;
  for (const auto& [sequence, entry] : book_.entries()) {
    if (entry->reported) continue;
    retell(*entry);
    switch (Book::recover(*entry, boot_)) {
      case Recovery::nothing: break;
      case Recovery::adopt: world_.steps.adopt(entry->step, entry->boot_id == boot_ ? Boot::same : Boot::other); break;
      case Recovery::interrupt: interrupted.push_back(entry->step); break;
      case Recovery::doubt: doubtful.push_back(entry->step); break;
    }
  }
  for (const StepId& step : doubtful) end_waiting(step, Outcome::in_doubt, kMayHaveRun);
  for (const StepId& step : interrupted) {
    end_waiting(step, Outcome::interrupted, "the host was started again before this step could start");
  }
}

// ---- the coordinator's frames

void Agent::Impl::on_frame(const std::string& bytes) {
  if (dead_) return;
  auto frame = wire::decode_to_agent(bytes);
  if (!frame) return refuse_frame(frame.error().message);
  if (frame->agent != config_.key) return refuse_frame("it is meant for another agent");
  if (frame->epoch < book_.seen().epoch) {
    return refuse_frame("it comes from epoch " + std::to_string(frame->epoch) + " of the coordinator, epoch " +
                        std::to_string(book_.seen().epoch) + " has been obeyed already");
  }
  const auto* welcome = std::get_if<wire::Welcome>(&frame->body);
  if (welcome != nullptr && !config_.log_id.is_zero() && welcome->log_id != config_.log_id) {
    return refuse_frame("it comes from another log, " + to_text(welcome->log_id));
  }
  // Which log a coordinator keeps is in its welcome alone. Until that has been heard nothing of it counts: neither an
  // order nor what it calls settled, which would make this agent forget.
  const auto* refused = std::get_if<wire::Refused>(&frame->body);
  const bool introduces_itself = welcome != nullptr || refused != nullptr;
  if (!introduces_itself && !session_.is_open()) return refuse_frame("it comes before a welcome");
  session_.heard();
  if (refused != nullptr) return handle(*frame, *refused);
  const bool started_again = frame->epoch > book_.seen().epoch;
  // It does not know yet what this agent attests. Until it does, and says welcome to that, nothing of it counts.
  if (started_again && welcome == nullptr) return session_.restart();
  if (started_again && session_.is_open()) shells_.close_all();
  note(*frame);
  std::visit([&](const auto& body) { handle(*frame, body); }, frame->body);
}

void Agent::Impl::refuse_frame(const std::string& why) {
  if (is_power_of_two(++counters_.frames_refused)) {
    log(Severity::warning, "refused a frame: " + why + " (" + std::to_string(counters_.frames_refused) + " so far)");
  }
}

void Agent::Impl::note(const wire::ToAgent& frame) {
  const Seen before = book_.seen();
  const std::uint32_t waiting = book_.accepted();
  const Record now{world_.clock.wall_ms(), Seen{frame.epoch, frame.settled_through, frame.log_sequence}};
  const std::vector<StepId>& forgotten = book_.apply(now);
  if (book_.seen() != before) seen_changed_ = true;
  forget(forgotten);
  if (book_.seen() == before) return;
  // An epoch counts from when it is on disk; and what was withdrawn must not start after a restart either.
  const bool at_once = frame.epoch > before.epoch || book_.accepted() < waiting;
  if (at_once) write_seen();
  if (at_once || (!forgotten.empty() && draining_)) wake();
}

void Agent::Impl::handle(const wire::ToAgent& frame, const wire::Welcome& welcome) {
  if (book_.distrust_through() == kUnknownSequence) record(Distrust{frame.log_sequence});
  outbox_.speak_plainly(welcome.takes_plain_ends);
  session_.welcome(welcome);
  if (config_.endpoints && !welcome.endpoints.empty()) config_.endpoints(welcome.endpoints);
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::HeartbeatAnswer& answer) {
  session_.answered(answer.count);
  shells_.answered(session_.answered_count());
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::Orders& orders) {
  const TimeMs now_ms = world_.clock.wall_ms();
  untold_.reserve(untold_.size() + 2 * orders.orders.size());  // each is taken, and may begin and end at once
  for (const wire::Order& order : orders.orders) take(now_ms, order);
}

void Agent::Impl::take(TimeMs now_ms, const wire::Order& order) {
  const StepId step{order.task, order.attempt};
  Offer offer = book_.offer(order);
  const bool is_new = offer == Offer::take || offer == Offer::distrust;
  if (is_new && (draining_ || disk_full_)) offer = Offer::full;
  switch (offer) {
    case Offer::take:
    case Offer::distrust:
      ++counters_.orders_accepted;
      keep_order(now_ms, order);
      wake();
      entitled_to_bundle(order);
      if (offer == Offer::distrust) end_waiting(step, Outcome::in_doubt, kMayHaveRun);
      return;
    case Offer::known: {
      const Entry& entry = *book_.find(step);
      retell(entry);
      if (order.sequence == entry.sequence) return wake();
      Assigned again{entry.order(), entry.order_digest, entry.boot_id};
      again.order.sequence = order.sequence;
      entitled_to_bundle(order);
      return record(std::move(again));
    }
    case Offer::stale: ++counters_.orders_refused; return tell_forgotten(order);
    case Offer::full: ++counters_.orders_refused; return;
  }
}

void Agent::Impl::entitled_to_bundle(const wire::Order& order) {
  if (const auto* script = std::get_if<wire::Script>(&order.action)) fetch_.ordered(script->bundle);
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::ReportsAck& ack) {
  PROV_FAIL_HERE("acknowledged_before");
  outbox_.acknowledge(ack.frame_id);
  PROV_FAIL_HERE("acknowledged_after");
  if (draining_) wake();
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::Cancel& cancel) {
  const StepId step{cancel.attempt.task, cancel.attempt.attempt};
  const Entry* entry = book_.find(step);
  if (entry == nullptr || entry->phase == Phase::ended) return;
  const bool planned = std::erase_if(to_start_, [&](const auto& each) { return each.first == step; }) != 0;
  if (planned || entry->phase == Phase::accepted) {
    return end_waiting(step, Outcome::cancelled, "cancelled before it started");
  }
  world_.steps.cancel(step);
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::BundleChunk& chunk) {
  if (!fetch_.receive(chunk)) refuse_frame("it carries a bundle that nobody asked for");
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::ShellOpen& request) { shells_.open(request); }

void Agent::Impl::handle(const wire::ToAgent&, const wire::ShellData& data) {
  if (!shells_.data(data)) refuse_frame("data for a shell that is not open");
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::ShellResize& resize) {
  if (!shells_.resize(resize)) refuse_frame("a size for a shell that is not open");
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::ShellClose& close) { shells_.close(close.session); }

void Agent::Impl::handle(const wire::ToAgent&, const wire::Refused& refused) {
  log(Severity::error, "the coordinator refuses this agent: " + refused.reason);
  session_.refused();
}

void Agent::Impl::handle(const wire::ToAgent&, const wire::ReportsWanted& wanted) {
  const StepId step{wanted.attempt.task, wanted.attempt.attempt};
  const Entry* entry = book_.find(step);
  if (entry == nullptr) return;
  if (!entry->reported) return outbox_.rewind(step, wanted.attempt.output_acked);
  outbox_.resume(step, wanted.attempt.output_acked);
  retell(*entry);
  wake();
}

void Agent::Impl::say_hello() {
  wire::Hello hello;
  hello.highest_epoch = book_.seen().epoch;
  hello.highest_sequence = book_.seen().log_sequence;
  hello.facts = told_facts_ = config_.facts();
  hello.capacity = config_.capacity;
  hello.knows_modes = true;
  for (const auto& [sequence, entry] : book_.entries()) {
    const StepId& step = entry->step;
    hello.unfinished.push_back({step.task, step.attempt, outbox_.output_acknowledged(step), sequence, entry->reported});
  }
  send(std::move(hello));
}

// What a step has changed of the host, such as an interpreter that is there now, is known before the step's end is.
void Agent::Impl::tell_changed_facts() {
  if (session_.is_open() && config_.facts() != told_facts_) say_hello();
}

// A coordinator says nothing to whom it does not know, so nobody here can tell that from one that is not there.
void Agent::Impl::tell_of_silence() {
  if (++unheard_ < 2 || !is_power_of_two(unheard_)) return;
  log(Severity::warning,
      "no coordinator has answered " + std::to_string(unheard_) +
          " times: it cannot be reached, or it does not know this agent, which was removed there (see there: "
          "provisioning agent list); to enrol anew: provisioning agent token HOST, write it into the file join-token "
          "of the state directory, and start this agent again");
}

// ---- records and what follows from them

template <class What>
void Agent::Impl::record(What what) {
  keep(world_.clock.wall_ms(), std::move(what));
  wake();
}

template <class What>
void Agent::Impl::keep(TimeMs now_ms, What what) {
  Record now{now_ms, std::move(what)};
  journal_.add(now);
  happened(std::move(now));
}

// Encoded once, for its digest and for the journal.
void Agent::Impl::keep_order(TimeMs now_ms, const wire::Order& order) {
  const std::string bytes = wire::encode(order);
  Record now{now_ms, Assigned{order, digest_of(bytes), boot_}};
  journal_.add_assigned(now, bytes);
  happened(std::move(now));
}

void Agent::Impl::happened(Record&& now) {
  if (const auto* assigned = std::get_if<Assigned>(&now.what)) {
    tell_later({.step = {assigned->order.task, assigned->order.attempt}, .accepted = true});
  } else if (const auto* started = std::get_if<Started>(&now.what)) {
    tell_later({.step = started->step, .started = true});
  } else if (const auto* ended = std::get_if<StepEnded>(&now.what)) {
    tell_later({.step = ended->step, .ended = true});
  }
  forget(book_.apply(std::move(now)));
}

void Agent::Impl::tell_later(const News& news) {
  if (untold_.empty() || untold_.back().step != news.step) return untold_.push_back(news);
  News& last = untold_.back();
  last.accepted = last.accepted || news.accepted;
  last.started = last.started || news.started;
  last.ended = last.ended || news.ended;
}

void Agent::Impl::tell(const News& news) {
  const Entry* entry = book_.find(news.step);
  if (entry == nullptr) return;
  // That it was accepted goes without saying when it has started since: that it has is among the news as well.
  const bool accepted = news.accepted && !entry->was_started;
  if (!accepted && !news.started && !news.ended) return;
  Outbox::Telling telling = outbox_.about(entry->step, entry->sequence);
  if (accepted) telling.accepted(entry->accepted_ms);
  if (news.started) telling.started(entry->started_ms);
  if (news.ended) {
    const Verdict& verdict = entry->verdict();
    telling.ended(entry->ended_ms, {verdict.outcome, verdict.exit_code, verdict.message, verdict.output_bytes,
                                    verdict.output_digest, entry->order_digest, verdict.outputs});
  }
}

void Agent::Impl::retell(const Entry& entry) {
  tell_later({entry.step, true, entry.was_started, entry.phase == Phase::ended});
}

// Settled here, and forgotten. A coordinator that gives it out all the same has lost its end with that of its log, and
// would ask until the step's deadline; one that has it passes over the answer.
void Agent::Impl::tell_forgotten(const wire::Order& order) {
  if (outbox_.steps() >= kMaxRemembered) return;  // it comes again
  const Verdict unknown = verdict_without_output(Outcome::in_doubt, kMayHaveRun);
  const StepId step{order.task, order.attempt};
  outbox_.about(step, order.sequence)
      .ended(world_.clock.wall_ms(),
             {unknown.outcome, 0, unknown.message, 0, unknown.output_digest, digest_of(wire::encode(order)), {}});
  wake();
}

void Agent::Impl::write_seen() {
  if (!std::exchange(seen_changed_, false)) return;
  journal_.add({world_.clock.wall_ms(), book_.seen()});
}

// What is forgotten may be given out anew: the journal has to say first that it was forgotten, and it is by what was
// seen, whichever record came last.
void Agent::Impl::forget(const std::vector<StepId>& steps) {
  if (!steps.empty()) write_seen();
  for (const StepId& step : steps) {
    outbox_.drop(step);
    world_.steps.forget(step);
  }
}

void Agent::Impl::end_waiting(const StepId& step, Outcome outcome, const std::string& why) {
  record(StepEnded{step, verdict_without_output(outcome, why)});
}

void Agent::Impl::bundle_failed(const Digest& digest, const std::string& why) {
  std::vector<StepId> without;
  for (const auto& [sequence, entry] : book_.entries()) {
    const auto* script = script_of(*entry);
    if (entry->phase == Phase::accepted && script != nullptr && script->bundle == digest) {
      without.push_back(entry->step);
    }
  }
  for (const StepId& step : without) end_waiting(step, Outcome::failed, "could not be prepared: " + why);
}

void Agent::Impl::ends_acknowledged(const std::vector<StepId>& steps) {
  const TimeMs now_ms = world_.clock.wall_ms();
  for (const StepId& step : steps) {
    if (book_.find(step) == nullptr) continue;  // of tell_forgotten
    // Not worth a sync of its own: should it be lost, the end is told once more.
    keep(now_ms, Reported{step});
    world_.steps.forget(step);
  }
}

// ---- one turn

void Agent::Impl::wake() {
  if (!turn_alarm_.is_set()) turn_alarm_.set(0, [this] { turn(); });
}

void Agent::Impl::turn() {
  if (dead_) return;
  if (!disk_full_) plan_starts();
  if (journal_.pending()) write_seen();
  if (!flush_journal()) return;
  if (std::exchange(host_may_differ_, false)) tell_changed_facts();
  for (const News& each : std::exchange(untold_, {})) tell(each);
  begin_steps();
  outbox_.flush();
  condense_journal();
  finish_drain();
}

void Agent::Impl::plan_starts() {
  if (draining_) return;
  const TimeMs now_ms = world_.clock.wall_ms();
  const auto is_ready = [this](const Entry& entry) { return ready(entry); };
  for (auto entries = book_.startable(is_ready); !entries.empty(); entries = book_.startable(is_ready)) {
    for (const Entry* entry : entries) {
      const StepId& step = entry->step;
      if (const std::string why = refusal_of(*entry); !why.empty()) {
        end_waiting(step, Outcome::refused, why);
        continue;
      }
      const bool noop = entry->action == nullptr;
      if (!noop) to_start_.emplace_back(step, entry->order());
      keep(now_ms, Started{step, boot_});
      if (noop) keep(now_ms, StepEnded{step, silent_success()});
    }
  }
  turn_alarm_.stop();  // what was just recorded goes with this turn
}

bool Agent::Impl::ready(const Entry& entry) {
  const auto* script = script_of(entry);
  if (script == nullptr || !refusal_of(entry).empty() || world_.bundles.contains(script->bundle)) return true;
  fetch_.want(script->bundle);
  return false;
}

bool Agent::Impl::flush_journal() {
  auto flushed = journal_.flush();
  if (flushed) {
    if (std::exchange(disk_full_, false)) {
      log(Severity::info, "there is room on the disk again");
      wake();  // for what waited to be started
    }
    return true;
  }
  if (flushed.error().code != Code::exhausted) {
    die(flushed.error());
    return false;
  }
  if (!std::exchange(disk_full_, true)) {
    log(Severity::error, "the disk is full, no order is taken until there is room: " + flushed.error().message);
  }
  turn_alarm_.set(kDiskFullRetryMs, [this] { turn(); });
  return false;
}

void Agent::Impl::begin_steps() {
  for (const auto& [step, order] : std::exchange(to_start_, {})) {
    auto begun = world_.steps.start(step, order);
    if (begun) {
      ++counters_.steps_started;
    } else if (begun.error().code == Code::conflict) {
      world_.steps.adopt(step, Boot::same);
    } else {
      end_waiting(step, Outcome::failed, "could not be started: " + begun.error().message);
    }
  }
}

void Agent::Impl::condense_journal() {
  if (!journal_.mostly_garbage() || journal_.pending()) return;
  auto written = journal_.rewrite(book_.condensed());
  seen_changed_ = false;
  // Without room the long journal stays; any other error leaves it unknown which of the two is there.
  if (!written && written.error().code != Code::exhausted) die(written.error());
}

void Agent::Impl::die(const Error& error) {
  dead_ = true;
  session_.stop();
  outbox_.close();
  fetch_.close();
  shells_.close_all();
  log(Severity::error, "the journal cannot be written: " + error.message);
  if (on_fatal) on_fatal(error);
}

// ---- drain

void Agent::Impl::drain(std::uint64_t limit_ms, std::function<void()> done) {
  draining_ = true;
  drained_ = std::move(done);
  log(Severity::info, "draining: " + std::to_string(book_.running()) + " steps run");
  drain_alarm_.set(limit_ms, [this] {
    drain_over_ = true;
    finish_drain();
  });
  wake();
}

void Agent::Impl::finish_drain() {
  // What a full disk does not take was told to nobody; the steps' folders tell it after the next start.
  const bool goes_on = book_.running() > 0 || journal_.pending();
  if (!draining_ || !drained_ || (goes_on && !drain_over_)) return;
  const auto leave = [this] {
    if (!drained_) return;
    drain_alarm_.stop();
    if (session_.is_open()) send(wire::Goodbye{"stopped"});
    session_.stop();
    outbox_.close();
    shells_.close_all();
    std::exchange(drained_, nullptr)();
  };
  if (!session_.is_open() || outbox_.empty()) return leave();
  if (!drain_over_ || !drain_alarm_.is_set()) {
    drain_over_ = true;
    drain_alarm_.set(kLastReportsMs, leave);
  }
}

// ---- the object

Agent::Agent(World world, Config config) : impl_(std::make_unique<Impl>(world, std::move(config))) {}
Agent::~Agent() = default;
Result<void> Agent::start() { return impl_->start(); }
void Agent::drain(std::uint64_t limit_ms, std::function<void()> done) { impl_->drain(limit_ms, std::move(done)); }
void Agent::on_fatal(std::function<void(const Error&)> dead) { impl_->on_fatal = std::move(dead); }
bool Agent::knows(const StepId& step) const { return impl_->book().find(step) != nullptr; }
bool Agent::connected() const { return impl_->session().is_open(); }
const Counters& Agent::counters() const { return impl_->counters(); }

}  // namespace prov::agent
