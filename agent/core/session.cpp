#include "agent/core/session.h"

#include <algorithm>

namespace prov::agent {
namespace {

constexpr std::uint64_t kFirstHelloMs = 500;
constexpr std::uint64_t kLastHelloMs = 8'000;
constexpr std::uint64_t kHandshakeMs = 1'000;
constexpr std::uint64_t kRefusedMs = 15'000;
constexpr std::uint64_t kLeastHeartbeatMs = 50, kMostHeartbeatMs = 60'000, kMostDeadMs = 300'000;

}  // namespace

Session::Session(Clock& clock, Timers& timers, Random& random, Hooks hooks)
    : clock_(clock), random_(random), hooks_(std::move(hooks)), hello_alarm_(timers), beat_alarm_(timers) {}

void Session::start() {
  connected_ms_ = heard_ms_ = clock_.monotonic_ms();
  greet();
}

void Session::stop() {
  open_ = false;
  hello_alarm_.stop();
  beat_alarm_.stop();
}

// A hello may be lost like any frame, so it is said until it is answered; a path that stays silent is given up, but not
// before a hello went out on it, however short the time after which silence counts.
void Session::greet() {
  if (greeted_ && clock_.monotonic_ms() - connected_ms_ > dead_ms_) return renew();
  greeted_ = true;
  hooks_.say_hello();
  const std::uint64_t wait = std::min(kFirstHelloMs << std::min(hellos_++, 10U), kLastHelloMs);
  hello_alarm_.set(jittered(wait) + wait / 2, [this] { greet(); });
}

void Session::heard() { heard_ms_ = clock_.monotonic_ms(); }

// Another process answers a heartbeat with its epoch, which asks for a hello; the same one just answers it.
void Session::connected() {
  connected_ms_ = clock_.monotonic_ms();
  if (open_) {
    beat();
  } else if (hello_alarm_.is_set()) {
    greet();
  }
}

void Session::welcome(const wire::Welcome& welcome) {
  heartbeat_ms_ = std::clamp<std::uint64_t>(welcome.heartbeat_ms, kLeastHeartbeatMs, kMostHeartbeatMs);
  dead_ms_ = std::clamp<std::uint64_t>(welcome.dead_ms, 2 * heartbeat_ms_, kMostDeadMs);
  hellos_ = 0;
  hello_alarm_.stop();
  open_ = true;
  beat_alarm_.set(jittered(heartbeat_ms_), [this] { tick(); });
  hooks_.opened();
}

void Session::restart() {
  if (!open_) return;
  open_ = false;
  beat_alarm_.stop();
  hooks_.closed("the coordinator was started again");
  connected_ms_ = clock_.monotonic_ms();
  greet();
}

void Session::refused() {
  if (open_) hooks_.closed("the coordinator refuses to serve");
  open_ = false;
  beat_alarm_.stop();
  hello_alarm_.set(jittered(kRefusedMs), [this] { greet(); });
}

std::uint64_t Session::beat() {
  hooks_.send_heartbeat(++count_);
  return count_;
}

void Session::answered(std::uint64_t count) { answered_ = std::max(answered_, std::min(count, count_)); }

void Session::tick() {
  const TimeMs silent_ms = clock_.monotonic_ms() - heard_ms_;
  if (silent_ms > dead_ms_) return lose("nothing heard for " + std::to_string(silent_ms) + " ms");
  beat();
  // A coordinator that was started again does not know this connection: it may wait for a hello.
  if (silent_ms > 2 * heartbeat_ms_ + heartbeat_ms_ / 2) hooks_.say_hello();
  beat_alarm_.set(heartbeat_ms_ - heartbeat_ms_ / 10 + random_.below(heartbeat_ms_ / 5 + 1), [this] { tick(); });
}

void Session::lose(std::string_view why) {
  open_ = false;
  hooks_.closed(why);
  hellos_ = 0;
  renew();
}

// A new connection carries nothing until its handshake is through, so the hello waits a little.
void Session::renew() {
  connected_ms_ = clock_.monotonic_ms();
  greeted_ = false;
  hooks_.reconnect();
  hello_alarm_.set(jittered(kHandshakeMs), [this] { greet(); });
}

}  // namespace prov::agent
