#include "coordinator/expression/limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

Limit limit(std::string_view text) {
  const auto parsed = Limit::parse(text);
  EXPECT_TRUE(parsed) << refusal(parsed);
  return parsed.value_or(Limit{});
}

std::vector<std::string> hosts(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i) names.push_back("web-" + std::to_string(i));
  return names;
}

TEST(Limit, NumbersAndPercentages) {
  EXPECT_EQ(limit("10"), (Limit{10, false}));
  EXPECT_EQ(limit("10%"), (Limit{10, true}));
  EXPECT_EQ(limit("100%"), Limit{});
  EXPECT_EQ(limit("1000000").amount, Limit::kMaxCount);
  for (const char* text : {"1", "10", "1%", "100%"}) EXPECT_EQ(limit(text).text(), text);
}

TEST(Limit, OthersAreRefusedWithWhatIsRight) {
  for (const char* bad : {"", "%", "0", "0%", "101%", "1000001", "-1", "+1", "1.5", "10 %", " 10", "10%%", "ten", "1e3",
                          "99999999999999999999"}) {
    EXPECT_EQ(refusal(Limit::parse(bad)),
              "\"" + std::string(bad) +
                  "\" is no number of hosts\n  hint: write a number from 1 to 1000000, or a "
                  "percentage from 1% to 100%");
  }
}

TEST(Limit, OfACount) {
  EXPECT_EQ(limit("10").of(3), 3u);
  EXPECT_EQ(limit("10").of(100), 10u);
  EXPECT_EQ(limit("10").of(0), 0u);
  EXPECT_EQ(limit("1%").of(0), 0u);
  EXPECT_EQ(limit("1%").of(1), 1u);
  EXPECT_EQ(limit("10%").of(11), 2u);
  EXPECT_EQ(limit("33%").of(1000), 330u);
  EXPECT_EQ(limit("100%").of(7), 7u);
  for (std::uint32_t percent = 1; percent <= 100; ++percent) {
    for (std::size_t count = 0; count < 300; ++count) {
      const std::size_t exact = (count * percent + 99) / 100;
      ASSERT_EQ((Limit{percent, true}.of(count)), exact) << percent << "% of " << count;
    }
  }
}

TEST(Select, IsTheSameForTheSameSeedAndKeepsTheOrder) {
  const auto names = hosts(100);
  const auto chosen = select(limit("10"), "deploy-7", names);
  EXPECT_EQ(chosen.size(), 10u);
  EXPECT_EQ(chosen, select(limit("10%"), "deploy-7", names));
  std::vector<std::string> in_order;
  for (const auto& name : names) {
    if (std::find(chosen.begin(), chosen.end(), name) != chosen.end()) in_order.push_back(name);
  }
  EXPECT_EQ(chosen, in_order);
  EXPECT_NE(chosen, select(limit("10"), "deploy-8", names));

  auto reversed = names;
  std::reverse(reversed.begin(), reversed.end());
  auto again = select(limit("10"), "deploy-7", reversed);
  std::reverse(again.begin(), again.end());
  EXPECT_EQ(chosen, again) << "the order in which they are given does not choose";
}

// What was logged as chosen must be chosen again by every later release.
TEST(Select, ChoosesForEverTheSame) {
  EXPECT_EQ(select(limit("3"), "seed", hosts(10)), (std::vector<std::string>{"web-0", "web-1", "web-7"}));
}

TEST(Select, EdgesOfTheCount) {
  EXPECT_TRUE(select(limit("50%"), "s", {}).empty());
  EXPECT_EQ(select(limit("1%"), "s", {"only"}), std::vector<std::string>{"only"});
  EXPECT_EQ(select(limit("100%"), "s", hosts(5)), hosts(5));
  EXPECT_EQ(select(limit("5"), "s", hosts(5)), hosts(5));
}

TEST(Select, MoreIsASupersetAndAHostThatLeavesDisplacesNobodyElse) {
  const auto names = hosts(50);
  const auto set_of = [](const std::vector<std::string>& list) {
    return std::set<std::string>(list.begin(), list.end());
  };
  const auto few = set_of(select(limit("5"), "s", names)), more = set_of(select(limit("20"), "s", names));
  EXPECT_TRUE(std::includes(more.begin(), more.end(), few.begin(), few.end()));
  for (const auto& gone : names) {
    auto rest = names;
    std::erase(rest, gone);
    auto kept = few;
    kept.erase(gone);
    const auto now = set_of(select(limit("5"), "s", rest));
    EXPECT_TRUE(std::includes(now.begin(), now.end(), kept.begin(), kept.end())) << gone;
  }
}

TEST(Select, SpreadsOverAllNames) {
  std::map<std::string, int> times;
  for (int seed = 0; seed < 1000; ++seed) {
    for (const auto& name : select(limit("2"), std::to_string(seed), hosts(10))) ++times[name];
  }
  ASSERT_EQ(times.size(), 10u);
  for (const auto& [name, count] : times) {
    EXPECT_GT(count, 140) << name;  // 200 are expected, with a deviation of 13
    EXPECT_LT(count, 260) << name;
  }
}

}  // namespace
}  // namespace prov::expression
