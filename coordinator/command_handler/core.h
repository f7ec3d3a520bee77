#pragma once
// The one door: every command, from an operator, an agent or inside, is authorized, decided, logged and folded here,
// and every answer, effect and feed frame leaves through the output gate, when its events are on disk.
// One instance owns the state; everything here runs on its owner's thread.
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/alarm_gate.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/command_handler/ordered_ids.h"
#include "coordinator/command_handler/quiet_answers.h"
#include "coordinator/domain/authorize.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/react.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/plan_digest.h"

namespace prov::command_handler {

struct CoreConfig {
  domain::Policy policy;
  domain::Limits limits;
  // The room on the log's disk; each may be empty.
  std::function<Result<void>()> admission;         // asked before each operator's command
  std::function<void(std::size_t bytes)> written;  // hears the size of each commit that is on disk
  std::function<bool()> make_room;                 // asked when the store has none; true: there is some more now
  std::uint64_t room_retry_ms = 500;               // until a store without room is offered the same commit again
  std::uint64_t checkpoint_events = 4096;          // a checkpoint is signed after so many events,
  std::uint64_t checkpoint_ms = 60'000;            // and so long after an event that none covers yet
  std::string software = "provisioning";
  std::string host;
};

class Core {
 public:
  using Reply = std::function<void(Result<domain::Answer>)>;
  using EffectSink = std::function<void(const domain::Effect&)>;  // after durability, in order
  using EventPtr = std::shared_ptr<const domain::Event>;
  using EventSink =
      std::function<void(std::vector<EventPtr>&&)>;  // after durability, in order, as they pass the gate; its own then

  // `writer` is open and replayed; `state` is what the log folded to. All references outlive the core.
  Core(CoreConfig config, event_log::LogWriter& writer, domain::State state, Timers& timers, Random& random);
  ~Core();

  // Signs a last checkpoint, so that a log that ended in order is covered to its end. Then write no more.
  void finish();

  // Logs that a new epoch begins, then hands out the effects that are still owed. A core that is read-only by then
  // only reads; its epoch begins when the damage is accepted. REQUIRES: the sinks are set.
  void start();
  void on_effect(EffectSink sink);
  void on_event(EventSink sink);

  // Decides and logs; `reply` runs when the events are durable (or what it was refused for is), or at once when the
  // caller may not ask at all. `sides` become durable with the command's events; a command that changes nothing
  // writes none. An id that the caller used before gives the first answer again; with another body it is refused
  // (conflict), unless the first changed nothing. A command that carries a plan's digest is refused (conflict) unless
  // deciding gives that plan again.
  using Speaker = domain::Shared<domain::Principal>;  // for who has many commands at a time
  void submit(const domain::Command& command, const Speaker& who, Reply reply, std::vector<SideRecord> sides = {});
  void submit(const domain::Command& command, const domain::Principal& who, Reply reply,
              std::vector<SideRecord> sides = {}) {
    submit(command, Speaker(who), std::move(reply), std::move(sides));
  }

  // While one lives, what commands bring about is gathered, and passes the gate together at its end: all events, then
  // all answers, then all effects. For what comes in one message: one commit, and one turn at the gate.
  class Group {
   public:
    explicit Group(Core& core) : core_(core), commit_(core.writer_) { ++core_.groups_; }
    ~Group() {
      if (--core_.groups_ == 0) core_.let_go();
    }
    Group(const Group&) = delete;
    Group& operator=(const Group&) = delete;

   private:
    Core& core_;
    const event_log::LogWriter::Group commit_;
  };

  // Logs a security event, or counts it where the same peer has just had one of that kind. `detail` may quote what a
  // stranger sent; it is cut short.
  void raise_alarm(std::string kind, std::string peer, std::string detail);

  // What the command would do: the events it would log, and the digest that binds a later submit to them. Changes
  // nothing.
  Result<event_log::Planned> check(const domain::Command& command, const domain::Principal& who) const;

  // Runs `done` when everything folded so far is durable: what is read from state() may then be told to anybody.
  void when_durable(std::function<void()> done);

  // The store has no room, so nothing passes the gate: Code::exhausted, to be told instead of a wait without an end.
  Result<void> flowing() const;

  // Signs a checkpoint over everything folded so far and runs `done` when it is durable; at once when nothing can be
  // written now (read-only, no room).
  void cover(std::function<void()> done);

  const domain::State& state() const { return state_; }
  TimeMs now_ms() const;  // log time: never behind the last event

  const domain::Policy& policy() const { return config_.policy; }

  // Read-only after damage until an operator's logged decision: every command is refused but AcceptDamage.
  void set_read_only(std::string reason);
  const std::string& read_only_reason() const { return read_only_; }

 private:
  struct Outcome;   // of one command
  struct Leaving {  // what waits for the gate
    std::vector<EventPtr> events;
    std::vector<domain::Effect> effects;
    std::vector<std::pair<Reply, Result<domain::Answer>>> answers;

    bool empty() const { return events.empty() && effects.empty() && answers.empty(); }
  };
  Result<void> admit(const domain::Command& command, const domain::Principal& who) const;
  Result<event_log::Planned> planned(const domain::Command& command) const;
  Result<void> plan_holds(const domain::Command& command) const;
  Result<domain::Answer> answered_before(const domain::Command& command, std::uint32_t digest,
                                         const domain::Remembered& before) const;
  void fold(Outcome& out, domain::EventBody body, const domain::Command& command, const Speaker& who,
            std::uint64_t causation);
  void fold_follow_ups(Outcome& out, const domain::Command& command);
  void begin_epoch(Outcome& out);
  void release(Outcome out);
  void let_go();
  void hand_over();
  void pass_gate(Leaving& leaving) const;
  void log_alarm(std::string kind, std::string peer, std::string detail, std::uint32_t count);
  void sweep_alarms();
  void tick();
  void want_room();
  void arm_deadline();
  void checkpoint_when_due();
  void checkpoint();

  CoreConfig config_;
  event_log::LogWriter& writer_;
  domain::State state_;
  Timers& timers_;
  OrderedIds ids_;
  EffectSink effect_sink_;
  EventSink event_sink_;
  AlarmGate alarms_;
  Leaving leaving_;
  QuietAnswers quiet_answers_;
  int groups_ = 0;
  std::string read_only_;
  bool begun_ = false;
  TimerId deadline_timer_ = 0, checkpoint_timer_ = 0, room_timer_ = 0, alarm_timer_ = 0;
  TimeMs armed_for_ms_ = 0;
};

}  // namespace prov::command_handler
