// What becomes of orders: taken once, remembered first, run once, reported until acknowledged.
#include <gtest/gtest.h>

#include "agent/journal/record_codec.h"
#include "agent/step/book.h"
#include "tests/unit/agent_core/rig.h"

namespace prov::agent {
namespace {

struct Orders : ::testing::Test {
  Rig rig;
  void SetUp() override {
    rig.boot();
    rig.go();
    ASSERT_TRUE(rig.agent->connected());
  }
  Rig::Heard& heard(const wire::Order& order) { return rig.heard[Rig::id(order)]; }
};

TEST_F(Orders, ANoopTakesEveryPathButTheStart) {
  const auto order = rig.order(1, wire::Noop{});
  rig.give(order);
  rig.go();
  EXPECT_EQ(heard(order).accepted, 1);
  EXPECT_EQ(heard(order).started, 1);
  EXPECT_EQ(heard(order).ended, 1);
  EXPECT_EQ(heard(order).end.outcome, Outcome::done);
  EXPECT_EQ(heard(order).end.order_digest, digest_of(wire::encode(order)));
  EXPECT_TRUE(rig.host.starts.empty());
}

TEST_F(Orders, ItsEndIsSpelledOutToACoordinatorOfAnEarlierRelease) {
  for (const bool takes_plain_ends : {true, false}) {
    rig.takes_plain_ends = takes_plain_ends;
    ++rig.epoch;  // another process of it, which says welcome anew
    rig.send(wire::HeartbeatAnswer{1});
    rig.go();
    const std::size_t before = rig.plain_ends;
    const auto order = rig.order(takes_plain_ends ? 1 : 2, wire::Noop{});
    rig.give(order);
    rig.go();
    EXPECT_EQ(rig.plain_ends, before + (takes_plain_ends ? 1 : 0));
    EXPECT_EQ(heard(order).started, 1);
    EXPECT_EQ(heard(order).ended, 1);
  }
}

TEST_F(Orders, AFrameOfOrdersIsOneSyncAndOneFrameOfReports) {
  wire::Orders orders;
  for (std::uint8_t i = 0; i < 64; ++i)
    orders.orders.push_back(rig.order(static_cast<std::uint8_t>(i + 1), wire::Noop{}));
  const int syncs = rig.file.syncs, frames = rig.report_frames;
  rig.send(orders);
  rig.go();
  EXPECT_EQ(rig.file.syncs, syncs + 1);
  EXPECT_EQ(rig.report_frames, frames + 1);
  for (const auto& each : orders.orders) EXPECT_EQ(heard(each).ended, 1);
}

TEST_F(Orders, OutputStreamsWhileTheStepRunsAndTheEndComesLast) {
  const auto order = rig.order(1);
  rig.give(order);
  rig.go();
  EXPECT_EQ(heard(order).started, 1);
  rig.host.print(Rig::id(order), "half ");
  rig.go(100);
  EXPECT_EQ(heard(order).output, "half ");
  EXPECT_EQ(heard(order).ended, 0);
  rig.host.print(Rig::id(order), "whole");
  rig.host.end(Rig::id(order), Outcome::failed, 3);
  rig.go(100);
  EXPECT_EQ(heard(order).output, "half whole");
  EXPECT_EQ(heard(order).end.exit_code, 3);
  EXPECT_EQ(heard(order).end.output_digest, digest_of("half whole"));
  EXPECT_TRUE(rig.runner->forgotten.contains(Rig::id(order))) << "its folder goes once the end is acknowledged";
}

TEST_F(Orders, OutputsAreHandedOnAndSurviveARestart) {
  const auto order = rig.order(1);
  rig.acknowledges = false;
  rig.give(order);
  rig.go();
  rig.host.end(Rig::id(order));
  rig.host.steps[Rig::id(order)].verdict.outputs = {{"port", "5432"}};
  rig.go(100);
  rig.crash();
  rig.heard.clear();
  rig.acknowledges = true;
  rig.boot();
  rig.go(5'000);
  EXPECT_EQ(heard(order).end.outputs, (std::vector<wire::Variable>{{"port", "5432"}})) << "from the journal";
}

TEST_F(Orders, WhatIsOnlyToBeCheckedIsNeverCarriedOut) {
  auto install = rig.order(1, wire::Script{digest_of("not fetched"), "scripts/install", {}, {}, {}});
  auto command = rig.order(2), noop = rig.order(3, wire::Noop{});
  for (wire::Order* each : {&install, &command, &noop}) each->mode = wire::Mode::check;
  rig.send(wire::Orders{{install, command, noop}});
  rig.go(100);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_EQ(rig.bundle_questions, 0);
  for (const auto& each : {install, command}) {
    EXPECT_EQ(heard(each).end.outcome, Outcome::refused);
    EXPECT_EQ(heard(each).started, 0);
    EXPECT_NE(heard(each).end.message.find("only scripts/check may run"), std::string::npos) << heard(each).end.message;
  }
  EXPECT_EQ(heard(noop).end.outcome, Outcome::done) << "it changes nothing";
  EXPECT_TRUE(rig.hellos.at(0).knows_modes);
}

TEST_F(Orders, ACheckIsRefusedAlsoWhenTheRefusalWasLostInACrash) {
  auto install = rig.order(1, wire::Script{digest_of("x"), "scripts/install", {}, {}, {}});
  install.mode = wire::Mode::check;
  rig.file.content += encode_record({1, Assigned{install, digest_of(wire::encode(install)), rig.boot_id}});
  rig.crash(rig.file.unsynced());
  rig.boot();
  rig.go(100);
  EXPECT_EQ(heard(install).end.outcome, Outcome::refused);
  EXPECT_TRUE(rig.host.starts.empty());
}

TEST_F(Orders, WhatIsDeliveredTwiceRunsOnce) {
  const auto order = rig.order(1);
  for (int i = 0; i < 3; ++i) rig.give(order);
  rig.go();
  rig.give(order);
  rig.host.end(Rig::id(order));
  rig.go(10);
  rig.give(order);
  rig.go(5'000);
  EXPECT_EQ(rig.host.starts[Rig::id(order)], 1);
  EXPECT_GE(heard(order).ended, 2) << "asked again, told again";
  rig.settled_through = order.sequence;
  rig.give(order);
  rig.go(5'000);
  EXPECT_EQ(rig.host.starts[Rig::id(order)], 1);
  EXPECT_EQ(heard(order).end.outcome, Outcome::in_doubt) << "forgotten here: who still asks has lost its end";
}

// What a coordinator that was taken over could have an agent keep for ever, by never taking the answers.
TEST_F(Orders, OfForgottenStepsABoundedNumberIsAnswered) {
  rig.acknowledges = false;
  rig.settled_through = 10'000'000;
  for (std::size_t sent = 0; sent < 2 * kMaxRemembered;) {
    wire::Orders frame;
    for (; frame.orders.size() < wire::kMaxOrdersInFrame; ++sent) {
      wire::Order order = rig.order(1);
      order.task.bytes[0] = static_cast<std::uint8_t>(sent);
      order.task.bytes[1] = static_cast<std::uint8_t>(sent >> 8);
      order.task.bytes[2] = static_cast<std::uint8_t>(sent >> 16);
      frame.orders.push_back(order);
    }
    rig.send(std::move(frame));
    rig.time.advance(0);
  }
  rig.acknowledges = true;
  rig.go(60'000);
  EXPECT_GT(rig.heard.size(), kMaxRemembered / 2);
  EXPECT_LE(rig.heard.size(), kMaxRemembered);
  EXPECT_TRUE(rig.host.starts.empty());
}

TEST_F(Orders, RunsWithinItsLimitsAndExclusiveStepsOneByOne) {
  std::vector<wire::Order> orders;
  for (std::uint8_t i = 1; i <= 20; ++i) {
    orders.push_back(rig.order(i));
    orders.back().exclusive = i <= 3;
    rig.give(orders.back());
  }
  int exclusive = 0;
  for (int turn = 0; turn < 100 && rig.host.starts.size() < 20; ++turn) {
    rig.go();
    ASSERT_LE(rig.host.running().size(), 8U);
    exclusive = 0;
    for (const StepId& step : rig.host.running()) exclusive += rig.host.steps[step].order.exclusive ? 1 : 0;
    ASSERT_LE(exclusive, 1);
    rig.host.end(rig.host.running()[static_cast<std::size_t>(rig.random.below(rig.host.running().size()))]);
  }
  EXPECT_EQ(rig.host.starts.size(), 20U);
}

TEST_F(Orders, AScriptWaitsForItsBundle) {
  const std::string bundle = wire::encode_bundle({{"scripts/install", std::string(600'000, 'x'), 0755}});
  rig.coordinator_bundles[digest_of(bundle)] = bundle;
  const auto order = rig.order(1, wire::Script{digest_of(bundle), "scripts/install", {}, {}, {}});
  rig.give(order);
  rig.give(rig.order(2, wire::Script{digest_of(bundle), "scripts/install", {}, {}, {}}));
  rig.go(100);
  EXPECT_EQ(rig.bundle_questions, 3) << "chunks of one bundle, fetched once for both";
  EXPECT_EQ(rig.host.starts.size(), 2U);
  EXPECT_TRUE(rig.bundles.contains(digest_of(bundle)));
}

TEST_F(Orders, ABundleThatDoesNotComeFailsItsStepAndNoOther) {
  const auto missing = rig.order(1, wire::Script{digest_of("nowhere"), "scripts/install", {}, {}, {}});
  const Digest altered = digest_of("good");
  rig.coordinator_bundles[altered] = "bad!";
  const auto spoilt = rig.order(2, wire::Script{altered, "scripts/install", {}, {}, {}});
  const auto plain = rig.order(3);
  for (const auto& each : {missing, spoilt, plain}) rig.give(each);
  rig.go(30'000);
  for (const auto& each : {missing, spoilt}) {
    EXPECT_EQ(heard(each).end.outcome, Outcome::failed);
    EXPECT_NE(heard(each).end.message.find("undle"), std::string::npos) << heard(each).end.message;
  }
  EXPECT_EQ(rig.host.starts.size(), 1U);
}

// The first order may be of commits that the coordinator has lost: it says no to who asks for the sake of that one.
// What it said then, late or twice, must not fail an order that it has given out since.
TEST_F(Orders, ANoFromBeforeAnOrderDoesNotFailIt) {
  const std::string bundle = wire::encode_bundle({{"scripts/install", "x", 0755}});
  const wire::Script script{digest_of(bundle), "scripts/install", {}, {}, {}};
  const auto no = [&](std::uint64_t question) { rig.send(wire::BundleChunk{script.bundle, 0, 0, {}, question}); };
  rig.gives_bundles = false;
  rig.give(rig.order(1, script));
  rig.go(10'000);
  ASSERT_GE(rig.question, 3U);
  for (int i = 0; i < 5; ++i) no(1);  // the same answer
  no(2);
  const auto second = rig.order(2, script);
  rig.give(second);
  for (std::uint64_t late = 1; late <= rig.question; ++late) no(late);
  rig.go(100);
  EXPECT_EQ(heard(rig.order(1)).ended + heard(second).ended, 0);
  rig.gives_bundles = true;
  rig.coordinator_bundles[script.bundle] = bundle;
  rig.go(20'000);
  EXPECT_TRUE(rig.host.starts.contains(Rig::id(second)));
}

TEST_F(Orders, ABundleThatTheCoordinatorDoesNotHaveFailsTheStep) {
  const auto order = rig.order(1, wire::Script{digest_of("no"), "x", {}, {}, {}});
  rig.give(order);
  rig.go(5'000);
  EXPECT_EQ(heard(order).ended, 0) << "it may not have looked again yet";
  rig.go(20'000);
  EXPECT_EQ(heard(order).end.outcome, Outcome::failed);
  EXPECT_NE(heard(order).end.message.find("does not have its bundle"), std::string::npos);
  EXPECT_EQ(rig.bundle_questions, 3);
}

TEST_F(Orders, CancelEndsWaitingAndRunningSteps) {
  const auto running = rig.order(1), waiting = rig.order(2, wire::Script{digest_of("late"), "x", {}, {}, {}});
  rig.gives_bundles = false;
  rig.give(running);
  rig.give(waiting);
  rig.time.advance(0);
  rig.send(wire::Cancel{{waiting.task, 1, 0}});
  rig.send(wire::Cancel{{running.task, 1, 0}});
  rig.send(wire::Cancel{{rig.order(9).task, 1, 0}});
  rig.go(100);
  EXPECT_EQ(heard(running).end.outcome, Outcome::cancelled);
  EXPECT_EQ(heard(waiting).end.outcome, Outcome::cancelled);
  EXPECT_FALSE(rig.host.starts.contains(Rig::id(waiting)));
}

TEST_F(Orders, AStepThatCannotBeStartedFails) {
  rig.runner->refuse = true;
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(10);
  EXPECT_EQ(heard(order).end.outcome, Outcome::failed);
  EXPECT_NE(heard(order).end.message.find("the host is broken"), std::string::npos);
}

TEST_F(Orders, ASettledOrderIsNotStartedAnyMore) {
  const auto order = rig.order(1, wire::Script{digest_of("late"), "x", {}, {}, {}});
  rig.give(order);
  rig.time.advance(0);
  rig.settled_through = order.sequence;
  rig.send(wire::HeartbeatAnswer{0});
  rig.time.advance(0);
  rig.crash();
  rig.bundles.kept[digest_of("late")] = "late";
  rig.boot();
  rig.go(1'000);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_TRUE(rig.hellos.back().unfinished.empty());
}

TEST_F(Orders, NothingIsSaidOrDoneBeforeItIsOnDisk) {
  rig.file.full = true;
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(5'000);
  EXPECT_EQ(heard(order).accepted, 0);
  EXPECT_TRUE(rig.host.starts.empty());
  EXPECT_NE(rig.log.find("disk is full"), std::string::npos);
  const auto later = rig.order(2);
  rig.give(later);
  rig.go(5'000);
  EXPECT_EQ(rig.agent->counters().orders_refused, 1U) << "not taken while there is no room";
  rig.file.full = false;
  rig.go(2'000);
  EXPECT_EQ(heard(order).started, 1) << "it goes on by itself";
  rig.give(later);
  rig.go(10);
  EXPECT_EQ(rig.host.starts.size(), 2U);
}

TEST(FullDisk, WhatWaitsForAPlaceStartsWhenThereIsRoomAgain) {
  Rig rig;
  rig.parallel = 1;
  rig.boot();
  rig.go();
  const auto first = rig.order(1), second = rig.order(2);
  rig.give(first);
  rig.go();
  rig.file.full = true;
  rig.give(second);
  rig.go();
  rig.host.end(Rig::id(first));
  rig.go(5'000);
  EXPECT_EQ(rig.host.starts.size(), 1U);
  rig.file.full = false;
  rig.go(5'000);
  EXPECT_EQ(rig.host.starts.size(), 2U);
}

TEST(FullDisk, ADrainEndsInTimeAllTheSame) {
  Rig rig;
  rig.boot();
  rig.go();
  const auto order = rig.order(1);
  rig.give(order);
  rig.go();
  rig.file.full = true;
  rig.host.end(Rig::id(order));
  rig.go();
  bool done = false;
  rig.agent->drain(1'000, [&] { done = true; });
  rig.go(10'000);
  EXPECT_TRUE(done);
  rig.file.full = false;
  rig.crash();
  rig.boot();
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(order)].ended, 1) << "its folder tells it";
}

TEST_F(Orders, AFailedSyncEndsTheAgent) {
  rig.file.broken = true;
  const auto order = rig.order(1);
  rig.give(order);
  rig.go(60'000);
  EXPECT_EQ(rig.fatal, 1);
  EXPECT_EQ(heard(order).accepted, 0);
  EXPECT_TRUE(rig.host.starts.empty());
}

TEST_F(Orders, TheJournalStaysSmall) {
  for (int i = 0; i < 20'000; ++i) {
    auto order = rig.order(static_cast<std::uint8_t>(i % 64 + 1), wire::Noop{});
    order.attempt = static_cast<std::uint32_t>(i / 64 + 1);
    rig.give(order);
    if (i % 32 == 31) {
      rig.go();
      rig.settled_through = order.sequence - 16;
    }
  }
  EXPECT_GT(rig.file.replaced, 1);
  EXPECT_LT(rig.file.content.size(), 3U << 20);
  rig.crash();
  rig.boot();
  rig.go(10);
  EXPECT_LE(rig.hellos.back().unfinished.size(), 64U);
}

TEST_F(Orders, DrainLetsRunningStepsEndAndTakesNoMore) {
  const auto running = rig.order(1);
  rig.give(running);
  rig.go();
  bool done = false;
  rig.agent->drain(30'000, [&] { done = true; });
  const auto late = rig.order(2);
  rig.give(late);
  rig.go(1'000);
  EXPECT_FALSE(done);
  EXPECT_FALSE(rig.host.starts.contains(Rig::id(late)));
  rig.host.end(Rig::id(running));
  rig.go(100);
  EXPECT_TRUE(done);
  EXPECT_EQ(heard(running).ended, 1);
  EXPECT_EQ(rig.goodbyes, 1);
}

TEST_F(Orders, DrainHasALimitAndNeedsNoCoordinator) {
  rig.give(rig.order(1));
  rig.go();
  bool done = false;
  rig.reachable = false;
  rig.agent->drain(2'000, [&] { done = true; });
  rig.go(1'900);
  EXPECT_FALSE(done);
  rig.go(10'000);
  EXPECT_TRUE(done);
  rig.crash();
  rig.reachable = true;
  rig.boot();
  rig.host.end(rig.host.running()[0]);
  rig.go(2'000);
  EXPECT_EQ(rig.heard.begin()->second.end.outcome, Outcome::done) << "it stayed with its supervisor";
}

}  // namespace
}  // namespace prov::agent
