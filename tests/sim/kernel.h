#pragma once
// One thread, one clock, one queue: everything that happens in a simulated world is an event here, in an order that
// the seed alone decides. What breaks an invariant is noted here too, and ends the run.
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/ports/clock.h"
#include "common/ports/random.h"
#include "common/ports/timers.h"
#include "tests/sim/faults.h"

namespace prov::sim {

class Rng final : public Random {  // xoshiro256**
 public:
  explicit Rng(std::uint64_t seed);
  void fill(std::span<std::uint8_t> out) override;
  std::uint64_t next();
  std::uint64_t range(std::uint64_t least, std::uint64_t most) { return least + next() % (most - least + 1); }
  bool chance(std::uint32_t permille) { return next() % 1000 < permille; }

 private:
  std::uint64_t state_[4];
};

// The queue of events on virtual time, in microseconds.
class Schedule {
 public:
  using Token = std::uint64_t;  // of one event, never 0; later ones are greater
  Token after(std::uint64_t delay_us, std::function<void()> run);
  Token next(std::function<void()> run);  // before everything else that waits, behind other such
  void cancel(Token token);
  bool step();              // runs the next event; false: there is none
  Token following() const;  // what the next call of after() or next() will return
  std::uint64_t now_us() const { return now_us_; }
  std::uint64_t steps() const { return steps_; }

 private:
  // A token is an event's place in the order, and in its low bits the slot that holds what is to run.
  static constexpr std::uint64_t kSlots = 1 << 20;
  struct Due {
    std::uint64_t at_us;
    Token token;
    bool operator<(const Due& other) const { return std::pair(at_us, token) > std::pair(other.at_us, other.token); }
  };
  struct Slot {
    Token token = 0;  // 0: free, or cancelled
    std::function<void()> run;
  };
  Token put(std::uint64_t at_us, std::function<void()> run);
  std::uint64_t now_us_ = 1'000'000, sequence_ = 1, steps_ = 0;
  std::vector<Due> queue_;  // a heap, the next one first; what is cancelled stays until it is due
  std::vector<Slot> slots_;
  std::vector<std::uint64_t> free_;
};

// For a trace's reader: what tells workflows apart that began at about the same time; an attempt with its task's place.
std::string short_name(const Id& workflow);
std::string short_name(const Id& task, std::uint32_t attempt);

// What happened. All of it is hashed; as text it is there only when somebody reads it.
class Trace {
 public:
  void line(std::uint64_t now_us, std::string_view text);
  // Hashed like a line, and shown to nobody: frames, commits, answers, journals.
  void bytes(std::uint64_t now_us, std::string_view what);
  // A line that says what bytes said already: not hashed. `text` makes it.
  template <class Text>
  void tell(std::uint64_t now_us, const Text& text) {
    if (read()) show(now_us, text());
  }
  void keep_last() { keep_ = true; }  // for last()
  void print_all(bool on) { print_ = on; }
  bool read() const { return keep_ || print_; }
  std::uint64_t hash() const { return hash_; }
  const std::deque<std::string>& last() const { return last_; }

 private:
  static constexpr std::size_t kKeep = 60;
  void mix(std::uint64_t word);
  void show(std::uint64_t now_us, std::string_view text);
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::deque<std::string> last_;
  bool keep_ = false, print_ = false;
};

struct Kernel {
  explicit Kernel(std::uint64_t seed) : rng(seed) {}

  TimeMs now_ms() const { return schedule.now_us() / 1000; }
  void line(std::string_view text) { trace.line(schedule.now_us(), text); }
  void bytes(std::string_view what) { trace.bytes(schedule.now_us(), what); }
  template <class Text>
  void tell(const Text& text) {
    trace.tell(schedule.now_us(), text);
  }
  // The first one counts. `invariant`: I1 ... I11, see inspector.h.
  void violate(const std::string& invariant, const std::string& text);
  bool violated() const { return !violation.empty(); }

  Schedule schedule;
  Rng rng;
  Trace trace;
  FaultCounts faults;  // that really happened
  std::string violation;
};

// The clock, timers and executor of one process. All of it ends with the process.
class Process final : public Timers, public Executor, public Clock {
 public:
  Process(Schedule& schedule, const std::int64_t& skew_ms) : schedule_(schedule), skew_ms_(skew_ms) {}
  ~Process() override;

  TimerId after(std::uint64_t delay_ms, std::function<void()> fire) override { return after_us(delay_ms * 1000, fire); }
  void cancel(TimerId id) override;
  void post(std::function<void()> work) override { after_us(0, std::move(work)); }
  TimeMs wall_ms() override;
  TimeMs monotonic_ms() override { return schedule_.now_us() / 1000; }

  TimerId after_us(std::uint64_t delay_us, std::function<void()> fire);

 private:
  bool forget(Schedule::Token token);  // whether it was waiting
  Schedule& schedule_;
  const std::int64_t& skew_ms_;           // of the host's wall clock; may change at any time
  std::vector<Schedule::Token> waiting_;  // ascending
};

inline constexpr TimeMs kWallStartMs = 1'767'225'600'000;  // 2026-01-01, when virtual time begins

}  // namespace prov::sim
