// Crashes, lost tails, other boots, damaged journals.
#include <gtest/gtest.h>

#include <random>

#include "agent/journal/record_codec.h"
#include "tests/unit/agent_core/rig.h"

namespace prov::agent {
namespace {

TEST(Restart, FindsRunningStepsAgainAndReportsWhatEndedMeanwhile) {
  Rig rig;
  rig.boot();
  rig.go();
  const auto one = rig.order(1), two = rig.order(2);
  rig.give(one);
  rig.give(two);
  rig.go();
  rig.crash();
  rig.host.end(Rig::id(one), Outcome::unchanged, 10);
  rig.boot();
  rig.go(10);
  EXPECT_EQ(rig.heard[Rig::id(one)].end.outcome, Outcome::unchanged);
  EXPECT_EQ(rig.heard[Rig::id(two)].ended, 0);
  rig.host.end(Rig::id(two));
  rig.go(10);
  EXPECT_EQ(rig.heard[Rig::id(two)].end.outcome, Outcome::done);
  EXPECT_EQ(rig.host.starts[Rig::id(one)], 1);
  EXPECT_EQ(rig.host.starts[Rig::id(two)], 1);
}

TEST(Restart, AnotherBootInterruptsWhatWasUnfinishedAndStartsNothingAgain) {
  Rig rig;
  rig.gives_bundles = false;
  rig.boot();
  rig.go();
  const auto running = rig.order(1), waiting = rig.order(2, wire::Script{digest_of("late"), "x", {}, {}, {}});
  rig.give(running);
  rig.give(waiting);
  rig.go();
  rig.crash();
  rig.boot_id = "boot-2";
  rig.bundles.kept[digest_of("late")] = "late";
  rig.boot();
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(running)].end.outcome, Outcome::interrupted);
  EXPECT_EQ(rig.heard[Rig::id(waiting)].end.outcome, Outcome::interrupted);
  rig.give(running);
  rig.give(waiting);
  rig.go(5'000);
  EXPECT_EQ(rig.host.starts.size(), 1U);
  EXPECT_EQ(rig.host.starts[Rig::id(running)], 1);
}

// A log that has lost its end, accepted so, gives the attempt out anew, and its host has forgotten it.
TEST(Restart, AnAttemptThatWasForgottenAndGivenOutAnewIsNotTheOneBefore) {
  Rig rig;
  rig.boot();
  rig.go();
  auto order = rig.order(1);
  rig.give(order);
  rig.go();
  rig.host.end(Rig::id(order), Outcome::unchanged, 10);
  rig.go(100);
  ASSERT_EQ(rig.heard[Rig::id(order)].ended, 1);

  rig.settled_through = order.sequence;
  order.sequence = ++rig.log_sequence;
  rig.give(order);  // one frame says both
  rig.go();
  ASSERT_EQ(rig.host.starts[Rig::id(order)], 2);
  rig.crash();
  rig.heard.clear();
  rig.boot();
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(order)].ended, 0) << "it runs";
  rig.host.end(Rig::id(order));
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(order)].end.outcome, Outcome::done);
}

// That it is settled came while it ran, or before its end was acknowledged: then it is the acknowledgement that has it
// forgotten, by what was seen and is not in the journal yet.
TEST(Restart, ThatOfAnAttemptForgottenByItsAcknowledgementIsNotTheOneBeforeEither) {
  Rig rig;
  rig.boot();
  rig.go();
  auto order = rig.order(1);
  rig.give(order);
  rig.go();
  rig.settled_through = order.sequence;
  rig.host.end(Rig::id(order), Outcome::unchanged, 10);
  rig.go(100);
  ASSERT_EQ(rig.heard[Rig::id(order)].ended, 1);

  order.sequence = ++rig.log_sequence;
  rig.give(order);
  rig.go();
  ASSERT_EQ(rig.host.starts[Rig::id(order)], 2);
  rig.crash();
  rig.heard.clear();
  rig.boot();
  rig.go(100);
  rig.give(order);  // which it has: where does it stand?
  rig.go(100);
  EXPECT_GT(rig.heard[Rig::id(order)].started, 0);
  EXPECT_EQ(rig.heard[Rig::id(order)].ended, 0) << "it runs";
}

TEST(Restart, InTheSameBootAWaitingStepMayStart) {
  Rig rig;
  rig.boot();
  rig.go();
  const auto waiting = rig.order(1, wire::Script{digest_of("late"), "x", {}, {}, {}});
  rig.reachable = false;
  rig.give(waiting);
  rig.go();
  rig.crash();
  rig.bundles.kept[digest_of("late")] = "late";
  rig.boot();
  rig.go(100);
  EXPECT_EQ(rig.host.starts[Rig::id(waiting)], 1) << "without a coordinator, too";
}

TEST(Restart, ADamagedJournalIsSetAsideAndWhatItMayHaveHeldIsInDoubt) {
  Rig rig;
  rig.gives_bundles = false;
  rig.boot();
  rig.go();
  const auto waiting = rig.order(1, wire::Script{digest_of("late"), "x", {}, {}, {}}), lost = rig.order(2);
  rig.give(waiting);
  rig.go();
  const std::size_t before = rig.file.content.size();
  rig.give(lost);
  rig.go();
  rig.host.end(Rig::id(lost));
  rig.acknowledges = false;
  rig.go();
  rig.crash();
  rig.file.content[before + 40] ^= 1;  // the order that was lost
  rig.bundles.kept[digest_of("late")] = "late";
  rig.acknowledges = true;
  const std::string damaged = rig.file.content;
  rig.file.full = true;
  EXPECT_FALSE(rig.try_to_boot());
  rig.crash();
  EXPECT_EQ(rig.file.content, damaged) << "so that the next start can save as much of it";
  rig.file.full = false;
  rig.boot();
  EXPECT_NE(rig.log.find("journal is damaged"), std::string::npos) << rig.log;
  EXPECT_FALSE(rig.file.aside.empty());
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(waiting)].end.outcome, Outcome::in_doubt) << "its start may be what was lost";
  rig.heard.clear();
  rig.give(lost);  // the coordinator does not see it among the unfinished ones
  rig.go(100);
  EXPECT_EQ(rig.heard[Rig::id(lost)].end.outcome, Outcome::in_doubt);
  EXPECT_EQ(rig.host.starts[Rig::id(lost)], 1) << "never a second time";
  const auto fresh = rig.order(3);
  rig.give(fresh);
  rig.go(100);
  EXPECT_EQ(rig.host.starts[Rig::id(fresh)], 1) << "what comes after is trusted";
}

TEST(Restart, AMissingJournalOfAnAgentThatHasWorkedIsDamage) {
  Rig rig;
  rig.boot();
  rig.go();
  const auto order = rig.order(1);
  rig.give(order);
  rig.go();
  rig.crash();
  rig.file.content.clear();
  rig.file.synced = 0;
  rig.expects_journal = true;
  rig.boot();
  rig.give(order);  // even before the welcome
  rig.go(100);
  rig.give(order);  // again, as a coordinator does with what was not accepted
  rig.go(100);
  EXPECT_EQ(rig.host.starts[Rig::id(order)], 1);
  EXPECT_EQ(rig.heard[Rig::id(order)].end.outcome, Outcome::in_doubt);
}

TEST(Restart, AnotherAgentsJournalIsRefused) {
  Rig rig;
  rig.boot();
  rig.crash();
  rig.key.bytes.fill(8);
  Config config;
  config.key = rig.key;
  config.facts = [] { return Facts{}; };
  rig.runner.emplace(rig.host, rig.time, rig.file.cut);
  Agent other(World{rig.time, rig.time, rig.random, rig.link, rig.file, *rig.runner, rig.bundles}, config);
  auto started = other.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Code::conflict);
}

// Random lives: crashes at any moment with any part of the unsynced tail lost, boots, lost and repeated frames, slow
// coordinators. Whatever happens: each attempt starts at most once, nothing starts that was not ordered, each order
// ends exactly one way, and once the faults stop all of them have ended.
class Lives {
 public:
  explicit Lives(std::uint64_t seed) : rig_(seed), dice_(seed) {}

  void run() {
    rig_.parallel = 3;
    rig_.boot();
    for (int turn = 0; turn < 400; ++turn) {
      act();
      check();
      if (::testing::Test::HasFatalFailure()) return;
    }
    heal();
    check();
    for (const auto& order : orders_) {
      EXPECT_TRUE(ends_.contains(Rig::id(order))) << "never ended";
    }
  }

 private:
  void act() {
    if (rig_.file.cut.off) {
      rig_.crash(static_cast<std::size_t>(dice_.below(rig_.file.unsynced() + 1)));
      return rig_.boot();
    }
    switch (dice_.below(13)) {
      case 0:
      case 1: orders_.push_back(new_order()); [[fallthrough]];
      case 2:
        if (!orders_.empty()) rig_.give(any_order());
        break;
      case 3:
      case 4:
        if (const auto running = rig_.host.running(); !running.empty()) {
          const StepId step = running[static_cast<std::size_t>(dice_.below(running.size()))];
          rig_.host.print(step, std::string(dice_.below(100'000), 'o'));
          if (dice_.below(2) == 0) rig_.host.end(step, dice_.below(2) == 0 ? Outcome::done : Outcome::failed);
        }
        break;
      case 5: rig_.crash(static_cast<std::size_t>(dice_.below(rig_.file.unsynced() + 1))); return rig_.boot();
      case 6:
        if (dice_.below(6) == 0) {
          rig_.crash(0);
          for (const StepId& step : rig_.host.running()) dead_.insert(step);
          rig_.boot_id = "boot-" + std::to_string(dice_.below(1'000'000));
          return rig_.boot();
        }
        break;
      case 7: rig_.reachable = !rig_.reachable; break;
      case 8: rig_.acknowledges = !rig_.acknowledges; break;
      case 10: rig_.file.cut.after = std::min(rig_.file.cut.after, dice_.below(40)); break;
      case 9: rig_.time.advance(0); break;  // a turn of the agent, but nobody listens
      default: rig_.go(dice_.below(3'000)); break;
    }
  }
  wire::Order new_order() {
    auto out = rig_.order(static_cast<std::uint8_t>(orders_.size() % 250 + 1));
    if (dice_.below(4) == 0) out.action = wire::Noop{};
    out.exclusive = dice_.below(4) == 0;
    return out;
  }
  const wire::Order& any_order() { return orders_[static_cast<std::size_t>(dice_.below(orders_.size()))]; }

  void check() {
    for (const auto& [step, times] : rig_.host.starts) ASSERT_EQ(times, 1);
    ASSERT_EQ(rig_.host.conflicts, 0);
    ASSERT_LE(rig_.host.running().size(), 3U + dead_.size());
    for (const auto& [step, heard] : rig_.heard) {
      if (heard.ended == 0) continue;
      const auto [it, first] = ends_.emplace(step, heard.end.outcome);
      ASSERT_EQ(it->second, heard.end.outcome) << "another end than the one that was told before";
      if (heard.end.outcome == Outcome::done && rig_.host.steps.contains(step)) {
        ASSERT_TRUE(rig_.host.steps[step].over) << "said done, but it is not";
      }
    }
  }
  void heal() {
    rig_.crash();
    rig_.boot();
    rig_.reachable = rig_.acknowledges = true;
    for (int i = 0; i < 300; ++i) {
      for (const auto& order : orders_) {
        if (!rig_.heard[Rig::id(order)].ended) rig_.give(order);
      }
      for (const StepId& step : rig_.host.running()) rig_.host.end(step);
      rig_.go(200);
    }
  }

  Rig rig_;
  fakes::SeededRandom dice_;
  std::vector<wire::Order> orders_;
  std::map<StepId, Outcome> ends_;
  std::set<StepId> dead_;
};

TEST(RestartProperty, EachAttemptStartsAtMostOnceAndEndsOneWay) {
  const std::uint64_t first = std::random_device{}();
  for (std::uint64_t seed = first; seed < first + 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Lives(seed).run();
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace prov::agent
