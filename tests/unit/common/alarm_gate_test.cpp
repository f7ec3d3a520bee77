#include "common/alarm_gate.h"

#include <gtest/gtest.h>

#include <vector>

namespace prov {
namespace {

struct Collected {
  std::vector<std::string> lines;
  AlarmGate gate{
      [this](const std::string& kind, const std::string& peer, const std::string& detail, std::uint32_t count) {
        lines.push_back(kind + "|" + peer + "|" + detail + "|" + std::to_string(count));
      }};
};

TEST(AlarmGate, RepeatsAreCountedAndToldOnce) {
  Collected alarms;
  alarms.gate.raise(1'000, "unknown_key", "10.0.0.9", "key a");
  for (int i = 0; i < 500; ++i) alarms.gate.raise(1'100, "unknown_key", "10.0.0.9", "key b");
  alarms.gate.sweep(1'200);
  ASSERT_EQ(alarms.lines.size(), 1U);
  EXPECT_EQ(alarms.lines[0], "unknown_key|10.0.0.9|key a|1");
  alarms.gate.sweep(1'000 + AlarmGate::kWindowMs);
  ASSERT_EQ(alarms.lines.size(), 2U);
  EXPECT_EQ(alarms.lines[1], "unknown_key|10.0.0.9|key b|500");
  alarms.gate.raise(20'000, "unknown_key", "10.0.0.9", "key c");
  EXPECT_EQ(alarms.lines.size(), 3U) << "a new window";
}

TEST(AlarmGate, ManyPeersShareOneEntry) {
  Collected alarms;
  for (int i = 0; i < 10'000; ++i) alarms.gate.raise(1, "unknown_key", "peer " + std::to_string(i), "");
  EXPECT_LE(alarms.lines.size(), AlarmGate::kMaxOpen + 1);
  EXPECT_TRUE(alarms.lines.back().starts_with("unknown_key|others|"));
}

}  // namespace
}  // namespace prov
