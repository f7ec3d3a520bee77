#pragma once
// The one door: every command, from an operator, an agent or inside, is authorized, decided, logged and folded here,
// and every answer, effect and feed frame leaves through the output gate, when its events are on disk.
// One instance owns the state; everything here runs on its owner's thread.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/random.h"
#include "common/ports/record_log.h"
#include "common/ports/timers.h"
#include "common/result.h"
#include "coordinator/domain/authorize.h"
#include "coordinator/domain/commands.h"
#include "coordinator/domain/react.h"
#include "coordinator/domain/state.h"
#include "coordinator/event_log/log_writer.h"

namespace prov::command_handler {

struct CoreConfig {
  domain::Policy policy;
  domain::Limits limits;
  std::function<Result<void>()>
      admission;  // asked before each operator's command, e.g. for room on the disk; may be empty
  std::uint64_t checkpoint_events = 4096;  // a checkpoint is signed after so many events,
  std::uint64_t checkpoint_ms = 60'000;    // and so long after an event that none covers yet
  std::string software = "provisioning";
  std::string host;
};

class Core {
 public:
  using Reply = std::function<void(Result<domain::Answer>)>;
  using EffectSink = std::function<void(const domain::Effect&)>;                       // after durability, in order
  using EventSink = std::function<void(const std::shared_ptr<const domain::Event>&)>;  // after durability, in order

  // `writer` is open and replayed; `state` is what the log folded to. All references outlive the core.
  Core(CoreConfig config, event_log::LogWriter& writer, domain::State state, Clock& clock, Timers& timers,
       Random& random);
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
  // writes none.
  void submit(const domain::Command& command, const domain::Principal& who, Reply reply,
              std::vector<SideRecord> sides = {});

  // What the command would do: the events it would log. Changes nothing.
  Result<std::vector<domain::EventBody>> check(const domain::Command& command, const domain::Principal& who) const;

  // Runs `done` when everything folded so far is durable: what is read from state() may then be told to anybody.
  void when_durable(std::function<void()> done);

  const domain::State& state() const { return state_; }
  TimeMs now_ms() const;  // log time: never behind the last event

  const domain::Policy& policy() const { return config_.policy; }

  // Read-only after damage until an operator's logged decision: every command is refused but AcceptDamage.
  void set_read_only(std::string reason);
  const std::string& read_only_reason() const { return read_only_; }

 private:
  struct Outcome;  // what a command's handling has gathered for the gate
  Result<void> admit(const domain::Command& command, const domain::Principal& who) const;
  void fold(Outcome& out, domain::EventBody body, const domain::Command& command, const domain::Principal& who,
            std::uint64_t causation);
  void fold_follow_ups(Outcome& out, const domain::Command& command);
  void begin_epoch(Outcome& out);
  void release(Outcome out);
  void tick();
  void arm_deadline();
  void checkpoint_when_due();
  void checkpoint();

  CoreConfig config_;
  event_log::LogWriter& writer_;
  domain::State state_;
  Clock& clock_;
  Timers& timers_;
  Random& random_;
  EffectSink effect_sink_;
  EventSink event_sink_;
  std::string read_only_;
  bool begun_ = false;
  TimerId deadline_timer_ = 0, checkpoint_timer_ = 0;
  TimeMs armed_for_ms_ = 0;
};

}  // namespace prov::command_handler
