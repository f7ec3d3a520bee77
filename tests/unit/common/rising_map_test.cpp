#include "common/rising_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace prov {
namespace {

TEST(RisingMap, AnswersAsATreeDoesWhateverOrderKeysComeAndLeaveIn) {
  std::mt19937 random(5);
  for (int round = 0; round < 200; ++round) {
    RisingMap<std::uint32_t, std::string> map;
    std::map<std::uint32_t, std::string> model;
    const std::uint32_t disorder = round % 3 == 0 ? 0 : static_cast<std::uint32_t>(random() % 100);
    std::uint32_t next = 0;
    for (int step = 0; step < 500; ++step) {
      const auto key = static_cast<std::uint32_t>(random() % 100 < disorder ? random() % 300 : next++);
      if (random() % 2 == 0) {
        const std::string value = std::to_string(step);
        EXPECT_EQ(map.try_emplace(key, value).second, model.try_emplace(key, value).second);
      } else if (!model.empty()) {
        const auto victim = std::next(
            model.begin(), static_cast<std::ptrdiff_t>(random() % std::min<std::size_t>(model.size(), 1 + disorder)));
        const auto behind = map.erase(map.find(victim->first));
        const auto then = model.erase(victim);
        ASSERT_EQ(behind == map.end(), then == model.end());
        if (then != model.end()) {
          ASSERT_EQ(behind->first, then->first);
        }
      }
      EXPECT_EQ(map.erase(key + 1000), false);
      EXPECT_EQ(map.contains(key), model.contains(key));
      ASSERT_EQ(map.size(), model.size());
    }
    ASSERT_TRUE(std::equal(map.begin(), map.end(), model.begin(), model.end(),
                           [](const auto& a, const auto& b) { return a.first == b.first && a.second == b.second; }));
    while (!map.empty()) map.erase(map.begin());
    EXPECT_EQ(map.begin(), map.end());
    EXPECT_LE(map.capacity(), 8U) << "what is idle holds no memory";
  }
}

}  // namespace
}  // namespace prov
