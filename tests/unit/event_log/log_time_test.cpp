#include "coordinator/event_log/log_time.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/record_log/fakes.h"

namespace prov::event_log {
namespace {

constexpr TimeMs kHourMs = 60 * 60 * 1000;

class LogTimeTest : public testing::Test {
 protected:
  // What log time gains while the clocks run on for `ms`, asked every half second.
  TimeMs runs(TimeMs ms) {
    const TimeMs before = time.now_ms();
    for (TimeMs passed = 0; passed < ms; passed += 500) {
      clock.advance(500);
      time.now_ms();
    }
    return time.now_ms() - before;
  }

  test::ManualClock clock;
  LogTime time{clock, 0};
};

TEST_F(LogTimeTest, IsTheWallClockWhenNobodySetsIt) {
  EXPECT_EQ(time.now_ms(), clock.wall);
  EXPECT_EQ(runs(10'000), 10'000U);
  EXPECT_EQ(time.now_ms(), clock.wall);
}

TEST_F(LogTimeTest, AJumpForwardIsCaughtUpSlowly) {
  time.now_ms();
  clock.wall += kHourMs;
  EXPECT_EQ(runs(8000), 9000U);
  runs(8 * kHourMs);
  EXPECT_EQ(time.now_ms(), clock.wall);
}

TEST_F(LogTimeTest, AJumpBackSlowsItAndNeverStopsIt) {
  runs(10'000);
  clock.wall -= kHourMs;
  EXPECT_EQ(runs(8000), 7000U);
  runs(8 * kHourMs);
  EXPECT_EQ(time.now_ms(), clock.wall);
}

TEST_F(LogTimeTest, StartsAtTheLogsEndWhenTheWallClockIsBehindIt) {
  LogTime later(clock, clock.wall + kHourMs);
  const TimeMs start = clock.wall + kHourMs;
  EXPECT_EQ(later.now_ms(), start);
  clock.advance(8000);
  EXPECT_EQ(later.now_ms(), start + 7000) << "slower, and going";
}

TEST_F(LogTimeTest, NeverGoesBackAndKeepsToAnEighthWhateverTheClockDoes) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 dice(seed);
  const auto up_to = [&dice](TimeMs n) { return std::uniform_int_distribution<TimeMs>(0, n)(dice); };
  TimeMs last = time.now_ms();
  const TimeMs begin_log = last, begin_mono = clock.monotonic;
  for (int i = 0; i < 20'000; ++i) {
    const TimeMs pass = up_to(up_to(9) == 0 ? 100'000 : 300);
    clock.advance(pass);
    if (up_to(20) == 0) clock.wall = clock.wall + up_to(2 * kHourMs) - kHourMs;
    const TimeMs now = time.now_ms();
    ASSERT_GE(now, last);
    ASSERT_LE(now - last, pass + pass / 4 + 300) << "no jump";
    last = now;
  }
  EXPECT_GE(last - begin_log, (clock.monotonic - begin_mono) / 8 * 7 - 1) << "it never stands still";
}

}  // namespace
}  // namespace prov::event_log
