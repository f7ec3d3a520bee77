#include "coordinator/domain/name_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

namespace prov::domain {
namespace {

TEST(NameIndex, AnswersAsASearchThroughTheListDoes) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> names;
    const auto name_at = [&](std::uint32_t place) -> std::string_view { return names[place]; };
    const std::size_t n = random() % 300;
    NameIndex index(n);
    while (names.size() < n) {
      std::string name = "name-" + std::to_string(random() % 400);
      const bool known = std::find(names.begin(), names.end(), name) != names.end();
      const auto place = static_cast<std::uint32_t>(names.size());
      names.push_back(name);
      EXPECT_EQ(index.add(name, place, name_at), !known);
      const auto first = static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
      EXPECT_EQ(index.find(name, name_at), first);
    }
    for (int other = 0; other < 400; ++other) {
      const std::string name = "name-" + std::to_string(other);
      const auto at = std::find(names.begin(), names.end(), name);
      const auto found = index.find(name, name_at);
      EXPECT_EQ(found.has_value(), at != names.end()) << name;
    }
  }
}

TEST(NameIndex, OfNothingFindsNothing) {
  EXPECT_FALSE(NameIndex().find("a", [](std::uint32_t) { return std::string_view(); }));
}

}  // namespace
}  // namespace prov::domain
