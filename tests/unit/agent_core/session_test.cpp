// The conversation: who is obeyed, what silence means, and frames that make no sense.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "agent/outbox/outbox.h"
#include "tests/unit/agent_core/rig.h"

namespace prov::agent {
namespace {

struct Sessions : ::testing::Test {
  Rig rig;
  void SetUp() override {
    rig.boot();
    rig.go();
  }
  std::uint64_t refused() { return rig.agent->counters().frames_refused; }
};

TEST_F(Sessions, AHelloIsRepeatedUntilItIsAnswered) {
  rig.crash();
  rig.hellos.clear();
  rig.welcomes = false;
  rig.boot();
  rig.go(60'000);
  EXPECT_GE(rig.hellos.size(), 8U);
  EXPECT_LE(rig.hellos.size(), 20U);
  EXPECT_GE(rig.link.reconnects, 2) << "the path may be dead";
  EXPECT_FALSE(rig.agent->connected());
  EXPECT_NE(rig.log.find("does not know this agent"), std::string::npos) << rig.log;
  rig.welcomes = true;
  rig.go(14'000);  // the longest pause between two hellos is 12 s, and a new connection takes 1 s more
  EXPECT_TRUE(rig.agent->connected());
}

TEST_F(Sessions, ANewConnectionIsUsedAtOnce) {
  const std::size_t hellos = rig.hellos.size();
  ++rig.epoch;  // another process, which knows of no agent
  rig.link.connect();
  rig.go(1);
  EXPECT_EQ(rig.hellos.size(), hellos + 1) << "a heartbeat found out";
  EXPECT_TRUE(rig.agent->connected());

  rig.reachable = false;
  rig.go(30'000);
  ASSERT_FALSE(rig.agent->connected());
  rig.reachable = true;
  rig.link.connect();
  rig.go(1);
  EXPECT_TRUE(rig.agent->connected()) << "no wait for the next hello's turn";
}

TEST_F(Sessions, WhatAStepHasChangedOfTheHostIsToldBeforeItsEnd) {
  const auto unchanged = rig.order(1), changing = rig.order(2);
  for (const auto& order : {unchanged, changing}) rig.give(order);
  rig.go(10);
  rig.hellos.clear();
  rig.host.end(Rig::id(unchanged));
  rig.go(10);
  EXPECT_TRUE(rig.hellos.empty()) << "the host is as it was";
  rig.facts.interpreters = {"python3"};
  rig.acknowledges = false;
  rig.host.end(Rig::id(changing));
  rig.go(10);
  ASSERT_EQ(rig.hellos.size(), 1U);
  EXPECT_EQ(rig.hellos[0].facts, rig.facts);
  const auto& unfinished = rig.hellos[0].unfinished;
  EXPECT_TRUE(std::any_of(unfinished.begin(), unfinished.end(), [&](const auto& one) {
    return one.task == changing.task;
  })) << "said before its end was";
  EXPECT_GE(rig.heard[Rig::id(changing)].ended, 1) << "again after the welcome, as it is not acknowledged";
}

TEST_F(Sessions, SilenceMeansANewConnectionAndWorkGoesOn) {
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(10);
  const std::size_t hellos = rig.hellos.size();
  rig.reachable = false;
  rig.go(20'000);
  EXPECT_FALSE(rig.agent->connected());
  EXPECT_GE(rig.link.reconnects, 1);
  rig.host.print(Rig::id(order), "meanwhile");
  rig.host.end(Rig::id(order));
  rig.go(5'000);
  rig.reachable = true;
  rig.go(20'000);
  EXPECT_GT(rig.hellos.size(), hellos);
  EXPECT_EQ(rig.heard[Rig::id(order)].output, "meanwhile");
  EXPECT_EQ(rig.heard[Rig::id(order)].ended, 1);
}

TEST_F(Sessions, AShortPatienceStillLeavesANewConnectionTimeForItsHello) {
  rig.crash();
  rig.dead_ms = 2'000;  // less than the pause between two hellos to a coordinator that stays away
  rig.boot();
  rig.go(2'000);
  ASSERT_TRUE(rig.agent->connected());
  rig.reachable = false;
  rig.go(60'000);
  EXPECT_FALSE(rig.agent->connected());
  rig.reachable = true;
  rig.go(20'000);
  EXPECT_TRUE(rig.agent->connected());
}

TEST_F(Sessions, HeartbeatsGoOnAndAnsweredOnesKeepTheConnection) {
  rig.go(60'000);
  EXPECT_GE(rig.heartbeats, 50);
  EXPECT_LE(rig.heartbeats, 70);
  EXPECT_EQ(rig.link.reconnects, 0);
  EXPECT_EQ(rig.hellos.size(), 1U);
}

TEST_F(Sessions, WhereTheCoordinatorIsCountsWhenItIsTheCoordinatorWhoSaysIt) {
  const std::vector<std::string> moved = {"tcp://192.0.2.1:9091"}, elsewhere = {"tcp://192.0.2.66:9091"};
  EXPECT_TRUE(rig.endpoints.empty()) << "a welcome that says nothing of it changes nothing";
  rig.send(wire::Welcome{rig.log_id, 1'000, 4'000, moved});
  EXPECT_EQ(rig.endpoints, moved);
  Id another_log = rig.log_id;
  another_log.bytes[0] ^= 1;
  rig.send(wire::Welcome{another_log, 1'000, 4'000, elsewhere});
  rig.epoch += 5;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go(5'000);
  rig.send(wire::Welcome{rig.log_id, 1'000, 4'000, elsewhere}, rig.epoch - 1, rig.key);
  rig.send(wire::Welcome{rig.log_id, 1'000, 4'000, elsewhere}, rig.epoch, Key{{1}});
  EXPECT_EQ(rig.endpoints, moved);
}

TEST_F(Sessions, AnOlderEpochIsRefusedAlsoAfterARestart) {
  rig.epoch = 5;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go();
  rig.crash();
  rig.boot();
  rig.epoch = 4;
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(10);
  EXPECT_GE(refused(), 1U);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_EQ(rig.hellos.back().highest_epoch, 5U);
  rig.epoch = 6;
  rig.give(order);
  rig.go(10);
  EXPECT_TRUE(rig.host.starts.empty()) << "this one has not answered a hello yet";
  rig.go(10'000);
  rig.give(order);
  rig.go(10);
  EXPECT_EQ(rig.host.starts.size(), 1U);
}

TEST_F(Sessions, ALogThatLostItsEndIsObeyedOnceItHasBeenAccepted) {
  for (std::uint8_t task = 1; task <= 3; ++task) {
    rig.give(rig.order(task));
    rig.go(10);
  }
  rig.settled_through = rig.log_sequence;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go(10);
  const std::uint64_t seen = rig.log_sequence;
  // A coordinator with an older copy of the log: whatever epoch it counts, it hears first what this agent has seen.
  rig.epoch = 9;
  rig.log_sequence = 50;
  rig.settled_through = 40;
  rig.welcomes = false;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go(100);
  EXPECT_EQ(rig.hellos.back().highest_epoch, 1U);
  EXPECT_EQ(rig.hellos.back().highest_sequence, seen);
  rig.send(wire::Refused{"shorter"});
  rig.go(1'000);
  EXPECT_FALSE(rig.agent->connected());
  // An operator accepts it.
  rig.epoch = 10;
  rig.welcomes = true;
  rig.go(20'000);
  ASSERT_TRUE(rig.agent->connected()) << "a refused agent asks again";
  const auto fresh = rig.order(4);
  ASSERT_LT(fresh.sequence, seen);
  rig.give(fresh);
  rig.go(10);
  EXPECT_EQ(rig.host.starts.size(), 4U) << "its orders count, although their sequences were given out once before";
  auto old = rig.order(5);
  old.sequence = 45;
  rig.give(old);
  rig.go(100);
  EXPECT_EQ(rig.host.starts.size(), 4U);
  EXPECT_EQ(rig.heard[Rig::id(old)].end.outcome, Outcome::in_doubt);
}

// Its end was acknowledged by a coordinator whose log has lost it since, which an operator has accepted.
TEST_F(Sessions, AnEndThatTheLogHasLostIsToldAgain) {
  const auto older = rig.order(1), order = rig.order(2), silent = rig.order(3);
  for (const auto& each : {older, order, silent}) rig.give(each);
  rig.go();
  rig.host.print(Rig::id(order), "what it printed");
  for (const auto& each : {order, silent}) rig.host.end(Rig::id(each));
  rig.go(100);
  ASSERT_EQ(rig.heard[Rig::id(order)].ended, 1);
  rig.heard.clear();

  rig.welcomes = false;
  ++rig.epoch;
  rig.go(2'000);
  const auto told = [&](const wire::Order& each) {
    for (const wire::Attempt& attempt : rig.hellos.back().unfinished) {
      if (attempt.task == each.task) return attempt.told;
    }
    return false;
  };
  EXPECT_FALSE(told(older));
  EXPECT_TRUE(told(order));
  const std::uint64_t bytes = rig.host.steps[Rig::id(order)].output.size();
  rig.welcomes = true;
  rig.go(10'000);
  EXPECT_EQ(rig.heard[Rig::id(order)].ended, 0) << "it has been told once";
  for (const auto& each : {older, order, rig.order(9)}) rig.send(wire::ReportsWanted{{each.task, 1, bytes}});
  rig.go(100);
  const auto& heard = rig.heard[Rig::id(order)];
  EXPECT_EQ(heard.ended, 1);
  EXPECT_EQ(heard.end.output_bytes, bytes) << "the coordinator has it";
  EXPECT_EQ(heard.output, "");
  EXPECT_EQ(rig.heard[Rig::id(silent)].ended, 0) << "not asked for";
  rig.go(5'000);
  EXPECT_EQ(heard.ended, 1) << "acknowledged";

  rig.send(wire::ReportsWanted{{order.task, 1, 0}});  // the output too
  rig.go(100);
  EXPECT_EQ(heard.ended, 2);
  EXPECT_EQ(heard.end.output_bytes, 0U);
  EXPECT_NE(heard.end.message.find(kOutputGone), std::string::npos) << heard.end.message;
}

TEST_F(Sessions, ACoordinatorThatWasStartedAgainIsGreetedAgain) {
  const std::size_t hellos = rig.hellos.size();
  ++rig.epoch;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go(100);
  EXPECT_EQ(rig.hellos.size(), hellos + 1);
  EXPECT_TRUE(rig.agent->connected());
}

TEST_F(Sessions, AnothersFramesAreRefused) {
  Key other;
  other.bytes.fill(9);
  const auto order = rig.order(1);
  rig.send(wire::Orders{{order}}, rig.epoch, other);
  rig.go(10);
  EXPECT_EQ(refused(), 1U);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_EQ(rig.heard[Rig::id(order)].accepted, 0);
}

TEST_F(Sessions, AnotherLogIsNotObeyed) {
  rig.crash();
  rig.log_id.bytes.fill(4);
  rig.boot();
  rig.go(2'000);
  EXPECT_FALSE(rig.agent->connected());
  EXPECT_GE(refused(), 1U);
}

TEST_F(Sessions, ARefusalIsNotAnsweredWithAStorm) {
  rig.send(wire::Refused{"removed"});
  rig.welcomes = false;
  rig.hellos.clear();
  for (int i = 0; i < 60; ++i) {
    const std::size_t before = rig.hellos.size();
    rig.go(1'000);
    if (rig.hellos.size() > before) rig.send(wire::Refused{"removed"});
  }
  EXPECT_FALSE(rig.agent->connected());
  EXPECT_LE(rig.hellos.size(), 9U) << "a minute long";
  EXPECT_NE(rig.log.find("removed"), std::string::npos);
}

TEST_F(Sessions, AttestsTheLogThatItWasShown) {
  rig.log_sequence = 4'711;
  rig.give(rig.order(1, wire::Noop{}));
  rig.go(10);
  rig.crash();
  rig.boot();
  rig.go(10);
  EXPECT_EQ(rig.hellos.back().highest_sequence, 4'712U);
}

TEST_F(Sessions, GarbageDoesNothing) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string valid = wire::encode(wire::ToAgent{1, rig.key, 0, 100, wire::Orders{{rig.order(1)}}});
  for (int i = 0; i < 2'000; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    if (i % 3 == 0) bytes = valid.substr(0, random() % valid.size());
    if (i % 3 == 1) bytes = valid + "x" + bytes;
    rig.link.deliver(bytes);
  }
  rig.send(wire::ShellData{rig.order(9).task, "rm -rf /\n"});
  rig.send(wire::BundleChunk{digest_of("x"), 0, 1, "x"});
  rig.send(wire::ReportsAck{12345});
  rig.go(1'000);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_TRUE(rig.heard.empty());
  EXPECT_GE(refused(), 1'900U);
  EXPECT_TRUE(rig.agent->connected());
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(10);
  EXPECT_EQ(rig.host.starts.size(), 1U) << "and it works as before";
}

TEST_F(Sessions, FlippedBitsNeverBreakIt) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::string valid = wire::encode(wire::ToAgent{1, rig.key, 0, 100, wire::Orders{{rig.order(1), rig.order(2)}}});
  for (int i = 0; i < 3'000; ++i) {
    std::string bytes = valid;
    for (auto flips = random() % 4 + 1; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    rig.link.deliver(bytes);
    if (i % 100 == 0) rig.time.advance(1);
  }
  rig.go(10);
  for (const auto& [step, times] : rig.host.starts) EXPECT_EQ(times, 1);
}

// ---- shells

class FakeTerminals final : public Terminals {
 public:
  struct State {
    Handler handler;
    bool open = true, reading = true;
    std::string typed;
  };
  class One final : public Terminal {
   public:
    explicit One(State& state) : state_(state) {}
    ~One() override { state_.open = false; }
    Result<void> write(std::string_view data) override {
      if (state_.typed.size() + data.size() > 100) return fail(Code::exhausted, "what is typed is not read");
      state_.typed += data;
      return {};
    }
    void resize(std::uint16_t, std::uint16_t) override {}
    void read_more(bool wanted) override { state_.reading = wanted; }

   private:
    State& state_;
  };
  Result<std::unique_ptr<Terminal>> open(const wire::ShellOpen&, Handler handler) override {
    states.push_back(std::make_unique<State>(State{std::move(handler), true, true, {}}));
    return std::unique_ptr<Terminal>(std::make_unique<One>(*states.back()));
  }
  std::vector<std::unique_ptr<State>> states;
};

struct ShellsOfAnAgent : Sessions {
  FakeTerminals terminals;
  wire::ShellOpen request{rig.order(5).task, {}, 24, 80, "xterm"};
  void SetUp() override {
    rig.terminals = &terminals;
    Sessions::SetUp();
    rig.send(request);
    ASSERT_EQ(terminals.states.size(), 1U);
  }
  void TearDown() override { rig.agent.reset(); }  // before the terminals
  FakeTerminals::State& shell() { return *terminals.states[0]; }
};

TEST_F(ShellsOfAnAgent, CarriesBothDirections) {
  rig.send(wire::ShellData{request.session, "ls\n"});
  EXPECT_EQ(shell().typed, "ls\n");
  shell().handler.data("a b\n");
  shell().handler.closed(3);
  rig.go();
  EXPECT_EQ(rig.shell_output, "a b\n");
  ASSERT_EQ(rig.shells_closed.size(), 1U);
  EXPECT_EQ(rig.shells_closed[0].exit_code, 3);
  EXPECT_FALSE(shell().open);
}

TEST_F(ShellsOfAnAgent, WaitsForASlowCoordinator) {
  rig.answers = false;
  int frames = 0;
  for (; shell().reading && frames < 100; ++frames) shell().handler.data(std::string(60'000, 'x'));
  EXPECT_LE(frames, 5) << "about 256 KiB ahead, not more";
  rig.go(500);
  EXPECT_FALSE(shell().reading);
  rig.answers = true;
  rig.go(2'000);
  EXPECT_TRUE(shell().reading);
}

TEST_F(ShellsOfAnAgent, ALostCoordinatorHangsUp) {
  rig.reachable = false;
  rig.go(20'000);
  EXPECT_FALSE(shell().open);
}

TEST_F(ShellsOfAnAgent, WhatIsTypedIsBounded) {
  for (int i = 0; i < 20; ++i) rig.send(wire::ShellData{request.session, "0123456789"});
  EXPECT_FALSE(shell().open);
  rig.go();
  ASSERT_EQ(rig.shells_closed.size(), 1U);
  EXPECT_NE(rig.shells_closed[0].reason, "");
}

}  // namespace
}  // namespace prov::agent
