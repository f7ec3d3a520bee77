#pragma once
// What this agent has to tell about its steps, sent until the coordinator has it. Per step: accepted, started, output
// from byte 0 on, ended, in this order; that it was accepted goes without saying when it has started meanwhile. A step
// has reports in one unacknowledged frame at a time, so that a lost or overtaken frame can never leave a gap. Bounded:
// output is never queued, it is read again at each sending.
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/step/step.h"
#include "common/ports/alarm.h"
#include "common/ports/clock.h"
#include "common/ports/random.h"
#include "common/result.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

// In the message of an end whose output the coordinator does not have and the host not any more.
inline constexpr const char* kOutputGone = "its output is not on the host any more";

class Outbox {
 public:
  struct Hooks {
    std::function<void(const wire::Reports& frame)> send;
    std::function<Result<std::string>(const StepId& step, std::uint64_t offset, std::size_t max)> read_output;
    std::function<void(const StepId& step)> end_acknowledged;  // the coordinator has all of it: nothing is left here
  };
  Outbox(Clock& clock, Timers& timers, Random& random, Hooks hooks);

  // Which order it is (now): all that is told of it from here on says so.
  void about(const StepId& step, std::uint64_t sequence);
  // What happened, once it is durable. A repeated call is fine: it is told again.
  void accepted(const StepId& step, TimeMs agent_time_ms);
  void started(const StepId& step, TimeMs agent_time_ms);
  void output(const StepId& step, std::uint64_t bytes);  // there is output up to here
  void ended(const StepId& step, TimeMs agent_time_ms, wire::Ended end);
  void drop(const StepId& step);  // nobody wants its reports any more
  // The coordinator has its output up to `offset` and no more, whatever it acknowledged: the rest is sent again.
  void rewind(const StepId& step, std::uint64_t offset);

  // What was acknowledged of it is lost there, but for its output up to `offset`: what is told now goes from there on.
  void resume(const StepId& step, std::uint64_t offset);

  void open();   // there is a session: everything that is not acknowledged goes (again) at once
  void close();  // none: nothing is sent
  void flush();  // packs and sends what has come together; sends nothing while too much is unacknowledged
  void acknowledge(std::uint64_t frame_id);

  std::uint64_t output_acknowledged(const StepId& step) const;
  std::size_t steps() const { return streams_.size(); }             // of which something is kept here
  bool empty() const { return ready_.empty() && frames_.empty(); }  // nothing to tell, nothing unacknowledged

 private:
  struct Stream {
    std::optional<TimeMs> accepted_ms, started_ms;
    std::uint64_t sequence = 0;  // of its order
    std::uint64_t available = 0, acknowledged = 0;
    std::optional<wire::Ended> end;
    TimeMs ended_ms = 0;
    bool in_flight = false;
    bool queued = false;  // in `ready_`
    bool has_news() const { return accepted_ms || started_ms || acknowledged < available || end; }
  };
  struct Item {  // a report without its output's bytes
    StepId step;
    TimeMs agent_time_ms = 0;
    enum class Kind { accepted, started, output, ended } kind = Kind::accepted;
    std::uint64_t offset = 0;
    std::size_t size = 0;
  };
  struct Frame {
    std::uint64_t id = 0;
    std::vector<Item> items;
    std::vector<StepId> steps;
    std::uint32_t sendings = 0;
    TimeMs due_ms = 0;  // monotonic: sent again then
  };

  Stream& stream(const StepId& step);
  void take_back(const StepId& step);
  bool pack(Frame& frame);
  void pack_stream(const StepId& step, Stream& stream, Frame& frame, std::size_t& bytes);
  void send(Frame& frame);
  void report_item(const Item& item, wire::Reports& out);
  wire::Ended end_of(const StepId& step, const Stream& from);
  void settle_item(const Item& item);
  void resend_due();
  void arm();

  Clock& clock_;
  Random& random_;
  Hooks hooks_;
  Alarm alarm_;
  bool open_ = false;
  std::uint64_t next_frame_;
  std::unordered_map<StepId, Stream, StepIdHash> streams_;
  std::deque<StepId> ready_;  // streams with something to tell and nothing in flight, in the order in which it came
  std::map<std::uint64_t, Frame> frames_;
};

}  // namespace prov::agent
