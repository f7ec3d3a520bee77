// What was said once and is said again later, and what was changed on its way: by one who holds the agent's key (plain
// frames), and by one who only recorded its connection (ciphertext).
#include <algorithm>
#include <cstdio>
#include <set>

#include "common/hash.h"
#include "tests/security/live_coordinator.h"
#include "tests/security/tap.h"

namespace prov::test {
namespace {

struct Life {  // one agent's, from its first word to its last, and every frame of it
  Life(LiveCoordinator& on, const std::string& name, bool says_goodbye)
      : coordinator(on), host(on.enrolled(name)), tap(on.loop, on.link_port()) {
    peer = std::make_unique<Peer>(on, host.keys, tap.port());
    say(hello_of(name));
    EXPECT_TRUE(peer->caught_up());
    task = on.exec(host);
    shell = on.shell(host);
    wire::Ended ended;
    ended.outcome = Outcome::done;
    ended.output_bytes = 6;
    ended.output_digest = digest_of("output");
    say(report_of(task, wire::Accepted{}));
    say(report_of(task, wire::Started{}));
    say(report_of(task, wire::Output{0, "output"}));
    say(wire::ShellData{shell, "typed"});
    say(wire::ShellClosed{shell, 0, ""});
    say(report_of(task, ended));
    say(wire::Heartbeat{7, 0});
    EXPECT_TRUE(peer->caught_up());
    if (!says_goodbye) return;
    say(wire::Goodbye{"stopped"});
    EXPECT_TRUE(on.until([&] { return std::count(on.events.begin(), on.events.end(), "AgentLost") == 1; }));
  }
  void say(const wire::FromAgent& message) {
    frames.push_back(wire::encode(message));
    peer->say(frames.back());
  }

  LiveCoordinator& coordinator;
  Host host;
  Tap tap;
  std::unique_ptr<Peer> peer;
  Id task, shell;
  std::vector<std::string> frames;
};

// What a replay may do: show that the agent is there, or has left. Nothing else is ever said of its tasks or shells.
void expect_nothing_new(LiveCoordinator& coordinator, const Life& life) {
  for (const std::string& event : coordinator.events) {
    const std::set<std::string> harmless{"AgentConnected", "AgentLost", "CoordinatorStarted"};
    EXPECT_TRUE(harmless.contains(event)) << event;
  }
  EXPECT_EQ(coordinator.output_of(life.task), "output");
  EXPECT_EQ(coordinator.shell_output, "typed");
  coordinator.events.clear();
}

TEST(Replay, PlainFramesByWhoHoldsTheKey) {
  LiveCoordinator coordinator;
  Life life(coordinator, "host", true);
  ASSERT_EQ(coordinator.output_of(life.task), "output");
  coordinator.events.clear();
  std::size_t frames = 0;
  const auto replay_all = [&](const char* when) {
    SCOPED_TRACE(when);
    auto again = coordinator.connected(life.host);
    for (const std::string& frame : life.frames) again->say(frame);
    again->say(hello_of("host"));  // the last of them was a goodbye
    EXPECT_TRUE(again->caught_up());
    for (auto frame = life.frames.rbegin(); frame != life.frames.rend(); ++frame) again->say(*frame);
    EXPECT_TRUE(again->caught_up());
    frames += 2 * life.frames.size();
    expect_nothing_new(coordinator, life);
  };
  replay_all("after a new connection, when the task had ended");
  life.peer.reset();
  coordinator.stop();
  coordinator.start();
  replay_all("after the coordinator was started again");
  coordinator.submit("w", domain::RemoveAgent{life.host.keys.public_key, ""});
  coordinator.events.clear();
  coordinator.alarms.clear();
  auto removed = coordinator.link(life.host);
  for (const std::string& frame : life.frames) removed->say(frame);
  EXPECT_TRUE(coordinator.until([&] { return !coordinator.alarms.empty(); }));
  EXPECT_EQ(coordinator.alarms.front().kind, "unknown_key");
  expect_nothing_new(coordinator, life);
  LiveCoordinator other;
  auto stranger = std::make_unique<Peer>(other, life.host.keys, other.link_port());
  for (const std::string& frame : life.frames) stranger->say(frame);
  EXPECT_TRUE(other.until([&] { return !other.alarms.empty(); }));
  EXPECT_EQ(other.alarms.front().kind, "unknown_key");
  std::printf("%zu frames said again: no effect\n", frames + 2 * life.frames.size());
}

TEST(Replay, AnEnrolmentIsGoodOnce) {
  LiveCoordinator coordinator;
  const Host host = coordinator.invited("host");
  const std::string request = wire::encode(host.invitation);
  const auto ask = [&](const Host& as) {
    auto peer = coordinator.door(as);
    peer->say(request);
    EXPECT_TRUE(coordinator.until([&] { return !peer->heard.empty(); }));
    return peer->heard.empty() ? "nothing" : wire::decode_enrol_answer(peer->heard.front())->refused;
  };
  EXPECT_EQ(ask(host), "");
  coordinator.events.clear();
  EXPECT_NE(ask(LiveCoordinator::stranger("thief")), "") << "the token was used";
  EXPECT_TRUE(coordinator.all_logged());
  coordinator.stop();
  coordinator.start();
  EXPECT_NE(ask(LiveCoordinator::stranger("thief")), "");
  EXPECT_TRUE(coordinator.until([&] { return coordinator.alarms.size() >= 2; }));
  EXPECT_EQ(std::count(coordinator.events.begin(), coordinator.events.end(), "AgentEnrolled"), 0);
}

TEST(Replay, ARecordedConnectionIsNoise) {
  LiveCoordinator coordinator;
  Life life(coordinator, "host", false);
  ASSERT_GT(life.tap.said.size(), 1'000U);
  coordinator.events.clear();
  const auto play = [&](LiveCoordinator& to) {
    to.alarms.clear();
    const TcpSocket whole = TcpSocket::connected(to.link_port());
    whole.send(life.tap.said);
    EXPECT_TRUE(to.until([&] {
      pollfd ended{whole.fd(), POLLIN, 0};
      char byte[4096];
      return poll(&ended, 1, 0) == 1 && ::recv(whole.fd(), byte, sizeof byte, MSG_DONTWAIT) <= 0;
    })) << "the connection goes on";
  };
  play(coordinator);
  EXPECT_TRUE(life.peer->caught_up()) << "the agent whose connection it was does not notice";
  expect_nothing_new(coordinator, life);
  life.peer.reset();
  coordinator.stop();
  coordinator.start();
  play(coordinator);
  expect_nothing_new(coordinator, life);
  LiveCoordinator other;
  other.enrolled("someone");
  other.events.clear();
  play(other);
  EXPECT_TRUE(other.events.empty());
  for (const auto* one : {&coordinator, &other}) {
    for (const domain::SecurityAlarm& alarm : one->alarms) EXPECT_EQ(alarm.kind, "handshake_failed") << alarm.detail;
  }
  std::printf("%zu bytes of a recorded connection played again three times\n", life.tap.said.size());
}

// Each byte of a connection flipped once: nothing but what the agent said ever arrives, and nobody else notices.
TEST(Flips, EachByteOfAConnection) {
  LiveCoordinator coordinator;
  const Host other = coordinator.enrolled("other");
  const auto bystander = coordinator.connected(other);
  const Host first = coordinator.enrolled("host");
  std::size_t bytes = 0;
  {
    Tap tap(coordinator.loop, coordinator.link_port());
    Peer peer(coordinator, first.keys, tap.port());
    peer.say(hello_of("host"));
    ASSERT_TRUE(peer.caught_up());
    bytes = tap.said.size();
  }
  constexpr std::size_t kAtOnce = 40;
  std::size_t served = 0, ended = 0, silent = 0;
  for (std::size_t from = 0; from < bytes; from += kAtOnce) {
    const Host host = coordinator.enrolled("host-" + std::to_string(from));
    std::vector<std::unique_ptr<Tap>> taps;
    std::vector<std::unique_ptr<Peer>> peers;
    for (std::size_t at = from; at < std::min(bytes, from + kAtOnce); ++at) {
      taps.push_back(std::make_unique<Tap>(coordinator.loop, coordinator.link_port(), at));
      peers.push_back(std::make_unique<Peer>(coordinator, host.keys, taps.back()->port()));
      peers.back()->say(hello_of(host.name));
    }
    const auto over = [&](std::size_t i) { return !peers[i]->heard.empty() || taps[i]->dropped() > 0; };
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    coordinator.until([&] {
      bool all = true;
      for (std::size_t i = 0; i < peers.size(); ++i) all = all && over(i);
      return all || std::chrono::steady_clock::now() > end;
    });
    for (std::size_t i = 0; i < peers.size(); ++i) {
      served += !peers[i]->heard.empty();
      ended += peers[i]->heard.empty() && taps[i]->dropped() > 0;
      silent += !over(i);
    }
    ASSERT_TRUE(bystander->caught_up()) << "flips from byte " << from;
  }
  for (const domain::SecurityAlarm& alarm : coordinator.alarms) {
    const std::set<std::string> expected{"handshake_failed", "duplicate_key", "handshake_flood"};
    EXPECT_TRUE(expected.contains(alarm.kind)) << alarm.kind << ": " << alarm.detail;
  }
  EXPECT_TRUE(bystander->messages().size() <= 1) << "it heard its welcome";
  std::printf("%zu bytes flipped: %zu connections ended, %zu wait for more, %zu in bytes that mean nothing\n", bytes,
              ended, silent, served);
  EXPECT_GT(ended + silent, bytes / 2);
}

// Each byte of each message flipped, by one who holds the key: refused, or a message of that agent about itself.
TEST(Flips, EachByteOfEachMessage) {
  LiveCoordinator coordinator;
  const Host other = coordinator.enrolled("other"), host = coordinator.enrolled("host");
  const auto bystander = coordinator.connected(other);
  const Id theirs = coordinator.exec(other), their_shell = coordinator.shell(other);
  auto peer = coordinator.connected(host);
  const Id own = coordinator.exec(host), own_shell = coordinator.shell(host);
  ASSERT_TRUE(bystander->caught_up());
  wire::Ended ended;
  ended.output_digest = ended.order_digest = digest_of("");
  const std::vector<wire::FromAgent> kinds{hello_of("host"),
                                           wire::Heartbeat{5, 1},
                                           report_of(own, wire::Accepted{}),
                                           report_of(own, wire::Started{}),
                                           report_of(own, wire::Output{0, "out"}),
                                           wire::BundleWanted{digest_of("b"), 0},
                                           wire::ShellData{own_shell, "typed"},
                                           wire::ShellClosed{own_shell, 0, "over"},
                                           wire::Goodbye{"bye"},
                                           report_of(own, ended)};
  std::size_t flips = 0, decoded = 0;
  for (const wire::FromAgent& kind : kinds) {
    const std::string bytes = wire::encode(kind);
    for (std::size_t at = 0; at < bytes.size(); ++at, ++flips) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
      decoded += wire::decode_from_agent(flipped).has_value();
      if (flips % 50 == 0) peer->say(hello_of("host"));
      peer->say(flipped);
      if (flips % 100 == 99) {
        ASSERT_TRUE(peer->caught_up()) << flips;
      }
    }
  }
  ASSERT_TRUE(peer->caught_up());
  ASSERT_TRUE(bystander->caught_up());
  const domain::State& state = coordinator.core().state();
  EXPECT_EQ(domain::find_task(state, theirs)->status, domain::TaskStatus::dispatched);
  EXPECT_TRUE(state.sessions.contains(their_shell));
  EXPECT_TRUE(state.agents.at(other.keys.public_key).reachable);
  EXPECT_EQ(coordinator.output_of(theirs), "");
  for (const domain::SecurityAlarm& alarm : coordinator.alarms) {
    EXPECT_NE((alarm.peer + alarm.detail).find(to_text(host.keys.public_key)), std::string::npos) << alarm.kind;
  }
  EXPECT_FALSE(coordinator.alarms.empty());
  std::printf("%zu flips in %zu kinds of message: %zu refused, %zu still a message\n", flips, kinds.size(),
              flips - decoded, decoded);
}

}  // namespace
}  // namespace prov::test
