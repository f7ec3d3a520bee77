// Who waits for a workflow to end is told once: of its end, or that it has not come.
#include "coordinator/api/end_waits.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/support/virtual_time.h"

namespace prov::api {
namespace {

using Told = std::vector<std::optional<Outcome>>;

class EndWaitsTest : public testing::Test {
 protected:
  void wait(std::uint8_t workflow, std::uint64_t within_ms, Told& told) {
    waits.add(Id{{workflow}}, within_ms, [&told](std::optional<Outcome> outcome) { told.push_back(outcome); });
  }
  void end(std::uint8_t workflow, Outcome outcome) {
    auto event = std::make_shared<domain::Event>();
    event->body = domain::WorkflowEnded{.id = Id{{workflow}}, .outcome = outcome};
    const std::shared_ptr<const domain::Event> seen[] = {std::make_shared<const domain::Event>(), event};
    waits.saw(seen);
  }
  test::VirtualTime time;
  EndWaits waits{time, time};
};

TEST_F(EndWaitsTest, AllWhoWaitForItHearOfAnEndAndNobodyElse) {
  Told first, second, other;
  wait(1, 5000, first);
  wait(1, 9000, second);
  wait(2, 5000, other);
  end(1, Outcome::failed);
  EXPECT_EQ(first, Told{Outcome::failed});
  EXPECT_EQ(second, Told{Outcome::failed});
  EXPECT_TRUE(other.empty());
  end(1, Outcome::done);
  time.advance(60'000);
  EXPECT_EQ(first.size() + second.size(), 2U) << "once each";
  EXPECT_EQ(other, Told{std::nullopt});
}

TEST_F(EndWaitsTest, PatienceEndsAtMostASecondLate) {
  Told short_one, long_one;
  wait(1, 2500, short_one);
  wait(1, 60'000, long_one);
  time.advance(2400);
  EXPECT_TRUE(short_one.empty());
  time.advance(1100);
  EXPECT_EQ(short_one, Told{std::nullopt});
  end(1, Outcome::done);
  EXPECT_EQ(long_one, Told{Outcome::done});
  time.advance(2000);
  EXPECT_EQ(time.pending(), 0U) << "nobody waits, so nothing ticks";
}

TEST_F(EndWaitsTest, WhoIsToldMayWaitAgain) {
  Told again;
  waits.add(Id{{1}}, 1000, [&](std::optional<Outcome>) { wait(1, 1000, again); });
  end(1, Outcome::done);
  EXPECT_TRUE(again.empty());
  end(1, Outcome::cancelled);
  EXPECT_EQ(again, Told{Outcome::cancelled});
}

}  // namespace
}  // namespace prov::api
