#pragma once
// The conversation with the coordinator as a connection sees it: hello until a welcome comes, heartbeats in both
// directions, and a new connection when nothing has been heard for too long. All waits are jittered, so that a fleet
// does not come back in one moment.
#include <cstdint>
#include <functional>
#include <string_view>

#include "common/ports/alarm.h"
#include "common/ports/clock.h"
#include "common/ports/random.h"
#include "common/wire/agent_wire.h"

namespace prov::agent {

class Session {
 public:
  struct Hooks {
    std::function<void()> say_hello;
    std::function<void(std::uint64_t count)> send_heartbeat;
    std::function<void()> reconnect;
    std::function<void()> opened;                      // a welcome came
    std::function<void(std::string_view why)> closed;  // the coordinator is lost
  };
  Session(Clock& clock, Timers& timers, Random& random, Hooks hooks);

  void start();
  void stop();
  void heard();      // a frame that the agent accepts
  void connected();  // there is a connection (again), perhaps to another process
  void welcome(const wire::Welcome& welcome);
  void restart();  // the coordinator has been started again: hello once more
  void refused();  // it will not serve this agent: ask again, rarely
  bool is_open() const { return open_; }

  std::uint64_t beat();  // sends a heartbeat now; its count
  void answered(std::uint64_t count);
  std::uint64_t answered_count() const { return answered_; }

 private:
  void greet();
  void tick();
  void lose(std::string_view why);
  void renew();
  std::uint64_t jittered(std::uint64_t ms) { return ms / 2 + random_.below(ms / 2 + 1); }

  Clock& clock_;
  Random& random_;
  Hooks hooks_;
  Alarm hello_alarm_;
  Alarm beat_alarm_;
  bool open_ = false;
  bool greeted_ = false;  // on this connection
  std::uint32_t hellos_ = 0;
  std::uint64_t heartbeat_ms_ = 5'000, dead_ms_ = 15'000;
  TimeMs heard_ms_ = 0, connected_ms_ = 0;
  std::uint64_t count_ = 0, answered_ = 0;
};

}  // namespace prov::agent
