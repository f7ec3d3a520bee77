#pragma once
// What this agent has to tell about its steps, sent until the coordinator has it. Per step: accepted, started, output
// from byte 0 on, ended, in this order; that it was accepted goes without saying when it has started meanwhile. A step
// has reports in one unacknowledged frame at a time, so that a lost or overtaken frame can never leave a gap. Bounded:
// output is never queued, it is read again at each sending.
#include <cstdint>
#include <deque>
#include <functional>
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
  struct Stream;

 public:
  struct Hooks {
    std::function<void(wire::Reports frame)> send;
    std::function<Result<std::string>(const StepId& step, std::uint64_t offset, std::size_t max)> read_output;
    // The coordinator has all of them: nothing is left here. At most a frame's, in the order in which they were told.
    std::function<void(const std::vector<StepId>& steps)> ends_acknowledged;
  };
  Outbox(Clock& clock, Timers& timers, Random& random, Hooks hooks);

  // What happened, once it is durable. A repeated call is fine: it is told again.
  class Telling {  // to be used at once
   public:
    Telling& accepted(TimeMs agent_time_ms);
    Telling& started(TimeMs agent_time_ms);
    Telling& output(std::uint64_t bytes);  // there is output up to here
    Telling& ended(TimeMs agent_time_ms, wire::Ended end);

   private:
    friend class Outbox;
    explicit Telling(Stream& stream) : stream_(stream) {}
    Stream& stream_;
  };
  // `sequence`: which order it is (now); all that is told of the step from here on says so.
  Telling about(const StepId& step, std::uint64_t sequence);
  // There is output up to here, which needs no journal. A step that something was told of is of the order that it was
  // then.
  void output(const StepId& step, std::uint64_t sequence, std::uint64_t bytes);

  void drop(const StepId& step);  // nobody wants its reports any more
  // The coordinator has its output up to `offset` and no more, whatever it acknowledged: the rest is sent again.
  void rewind(const StepId& step, std::uint64_t offset);

  // What was acknowledged of it is lost there, but for its output up to `offset`: what is told now goes from there on.
  void resume(const StepId& step, std::uint64_t offset);

  // Whether the coordinator of the session that begins takes plain ends; one of an earlier release does not.
  void speak_plainly(bool it_takes_plain_ends) { plainly_ = it_takes_plain_ends; }
  void open();   // there is a session: everything that is not acknowledged goes (again) at once
  void close();  // none: nothing is sent
  void flush();  // packs and sends what has come together; sends nothing while too much is unacknowledged
  void acknowledge(std::uint64_t frame_id);

  std::uint64_t output_acknowledged(const StepId& step) const;
  std::size_t steps() const { return streams_.size(); }             // of which something is kept here
  bool empty() const { return ready_.empty() && frames_.empty(); }  // nothing to tell, nothing unacknowledged

 private:
  struct Stream {
    StepId step;
    bool in_flight = false;
    bool queued = false;         // in `ready_`
    std::uint64_t sequence = 0;  // of its order
    std::optional<TimeMs> accepted_ms, started_ms;
    std::uint64_t available = 0, acknowledged = 0;
    TimeMs ended_ms = 0;
    std::optional<wire::Ended> end;
    bool has_news() const { return accepted_ms || started_ms || acknowledged < available || end; }
  };
  // What a frame tells of a step, without the bytes of its output. The stream outlives it: see drop().
  struct Item {
    Stream* stream = nullptr;
    bool accepted = false, started = false, ended = false;
    std::uint64_t offset = 0, past = 0;  // of output
    TimeMs output_ms = 0;
    bool tells() const { return accepted || started || ended || offset < past; }
  };
  struct Frame {
    std::uint64_t id = 0;
    std::vector<Item> items;
    std::uint32_t sendings = 0;
    TimeMs due_ms = 0;  // monotonic: sent again then
  };
  struct Room {  // in a frame that is packed
    std::size_t reports = 0, bytes = 0;
    bool take(std::size_t size);  // for a report of so many bytes: false when it does not fit
  };

  Stream& stream(const StepId& step, std::uint64_t sequence_if_new);
  void queue(Stream& stream);
  void take_back(const Stream& stream);
  bool pack(Frame& frame);
  Item pack_stream(Stream& from, Room& room);
  void send(Frame& frame);
  void report_item(const Item& item, wire::Reports& out);
  bool is_plain(const Item& item) const;
  wire::Ended end_of(const Stream& from);
  static void settle(const Item& item);
  void resend_due();
  void arm();

  Clock& clock_;
  Random& random_;
  Hooks hooks_;
  Alarm alarm_;
  bool open_ = false, plainly_ = false;
  std::uint64_t next_frame_;
  std::unordered_map<StepId, Stream, StepIdHash> streams_;  // who points to one finds it there until it is dropped
  std::deque<Stream*> ready_;  // with something to tell and nothing in flight, in the order in which it came
  std::vector<Frame> frames_;  // unacknowledged, the oldest first: a few
};

}  // namespace prov::agent
