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
    std::multiset<Deadline> model;
    const auto is_odd = [](const Deadline& deadline) { return deadline.attempt % 2 == 1; };
    for (int step = 0; step < 3000; ++step) {
      if (random() % 3 != 0) {
        const Deadline deadline{
            1 + random() % 500, static_cast<DeadlineKind>(random() % 6), {}, static_cast<std::uint32_t>(random() % 6)};
        deadlines.add(deadline);
        model.insert(deadline);
      } else if (!model.empty()) {
        ASSERT_EQ(deadlines.first(), *model.begin());
        ASSERT_EQ(deadlines.pop(), *model.begin());
        model.erase(model.begin());
      }
      if (deadlines.crowded() || random() % 500 == 0) {
        deadlines.drop_stale(is_odd);
        std::set<Deadline> once(model.begin(), model.end());
        std::erase_if(once, [&](const Deadline& deadline) { return !is_odd(deadline); });
        model = {once.begin(), once.end()};
        ASSERT_FALSE(deadlines.crowded());
      }
      ASSERT_EQ(deadlines.size(), model.size());
    }
  }
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
  EXPECT_LT(most, 2'000U) << "128 are out at once";
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
