#include "coordinator/domain/deadlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

TEST(Deadlines, ComeInTheOrderOfTheirTimeAndThoseThatMeanNothingAreDropped) {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    Deadlines deadlines;
    std::set<Deadline> model;  // one that is there twice may come twice
    const auto is_odd = [](const Deadline& deadline) { return deadline.attempt % 2 == 1; };
    for (int step = 0; step < 3000; ++step) {
      if (random() % 3 != 0) {
        const Deadline deadline{
            1 + random() % 500, static_cast<DeadlineKind>(random() % 6), {}, static_cast<std::uint32_t>(random() % 6)};
        deadlines.add(deadline);
        model.insert(deadline);
      } else if (!model.empty()) {
        const Deadline first = *model.begin();
        do ASSERT_EQ(deadlines.pop(), first);
        while (!deadlines.empty() && deadlines.first() == first);
        model.erase(first);
      }
      if (deadlines.crowded() || random() % 500 == 0) {
        deadlines.drop_stale(is_odd);
        std::erase_if(model, [&](const Deadline& deadline) { return !is_odd(deadline); });
        ASSERT_FALSE(deadlines.crowded());
      }
      ASSERT_EQ(deadlines.empty(), model.empty());
      ASSERT_GE(deadlines.size(), model.size());
    }
  }
}

TEST(Deadlines, ThatAreAddedAgainAndAgainAreKeptOnce) {
  Deadlines deadlines;
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    if (deadlines.crowded()) deadlines.drop_stale([](const Deadline&) { return true; });
    deadlines.add({5, DeadlineKind::delivery, {}, i % 10});
  }
  EXPECT_LT(deadlines.size(), 5'000U);
}

TEST(Deadlines, AfterAPeakNoMoreAreKeptThanWithoutOne) {
  Deadlines deadlines;
  const auto means_something = [](const Deadline& deadline) { return deadline.at_ms < 100'000; };
  const auto add = [&](TimeMs at_ms) {
    if (deadlines.crowded()) deadlines.drop_stale(means_something);
    deadlines.add({at_ms, DeadlineKind::attempt, {}, 1});
  };
  for (TimeMs at_ms = 1; at_ms <= 100'000; ++at_ms) add(at_ms - 1);
  while (!deadlines.empty()) deadlines.pop();
  for (TimeMs at_ms = 100'000; at_ms < 200'000; ++at_ms) add(at_ms);
  EXPECT_LT(deadlines.size(), 2'000U);
}

TEST(Deadlines, OfWhatHasEndedAreNotKeptWithoutBound) {
  Platform p;
  p.add_host("h1", 1);
  p.must(RunNoop{{"h1"}, 20'000});
  const Id workflow = p.newest_workflow();
  std::size_t most = 0;
  for (std::size_t next = 0; next < 20'000;) {
    const auto sent = p.sent();
    ASSERT_GT(sent.size(), next);
    for (; next < sent.size(); ++next) p.end(sent[next]);
    most = std::max(most, p.state.agenda.deadlines.size());
  }
  EXPECT_EQ(find_workflow(p.state, workflow)->outcome, Outcome::done);
  EXPECT_LT(most, 2'000U) << "256 are out at once";
}

TEST(Deadlines, OfAnAttemptIsTheOneThatItHasSinceItsStart) {
  Platform p;
  p.add_host("h1", 1);
  p.must(RunNoop{{"h1"}, 1});
  const Id task = task_id(p.newest_workflow(), 0);
  const TimeMs first_ms = p.task(p.newest_workflow(), 0).deadline_ms;
  p.advance(first_ms - p.now_ms - 10);
  p.must(ReportStarted{key_of(1), task, 1, 0});
  ASSERT_GT(p.task(p.newest_workflow(), 0).deadline_ms, first_ms);
  p.advance(20);
  EXPECT_EQ(p.task(p.newest_workflow(), 0).status, TaskStatus::running);
  p.advance(p.task(p.newest_workflow(), 0).deadline_ms - p.now_ms);
  EXPECT_EQ(p.task(p.newest_workflow(), 0).outcome, Outcome::in_doubt);
}

}  // namespace
}  // namespace prov::domain
