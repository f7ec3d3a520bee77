// The order of task services against brute force, over seeded random infras.
#include "coordinator/modules/order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace prov::workspace {
namespace {

using Edges = std::set<std::pair<std::uint32_t, std::uint32_t>>;  // (later, earlier)

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Whether type `from` needs type `to`, by following every path of at most `depth` steps.
bool needs(const std::vector<OrderItem>& items, const std::string& from, const std::string& to, int depth) {
  for (const auto& item : items) {
    if (item.name != from || depth == 0) continue;
    for (const auto& next : item.requires_) {
      if (next == to || needs(items, next, to, depth - 1)) return true;
    }
  }
  return false;
}

Edges expected_edges(const std::vector<OrderItem>& items, int types) {
  Edges edges;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    for (std::uint32_t j = 0; j < items.size(); ++j) {
      const bool hard = items[i].host == items[j].host && contains(items[i].requires_, items[j].name);
      const bool soft = contains(items[i].optional, items[j].name) &&
                        (items[j].name == items[i].name || !needs(items, items[j].name, items[i].name, types));
      if (hard || soft) edges.emplace(i, j);
    }
  }
  return edges;
}

bool can_be_ordered(const Edges& edges, std::size_t count) {  // take away what waits for nothing, until none does
  std::set<std::uint32_t> left;
  for (std::uint32_t i = 0; i < count; ++i) left.insert(i);
  for (bool moved = true; moved && !left.empty();) {
    moved = false;
    for (const std::uint32_t i : std::set<std::uint32_t>(left)) {
      const bool waits = std::any_of(edges.begin(), edges.end(),
                                     [&](const auto& edge) { return edge.first == i && left.count(edge.second) > 0; });
      if (!waits) moved = left.erase(i) > 0;
    }
  }
  return left.empty();
}

std::vector<OrderItem> random_infra(std::mt19937_64& random, int types, int hosts) {
  const auto one_in = [&](int n) { return random() % static_cast<unsigned>(n) == 0; };
  std::vector<OrderItem> kinds;
  const bool allow_circles = one_in(4);
  for (int t = 0; t < types; ++t) {
    OrderItem kind;
    kind.name = "t" + std::to_string(t);
    for (int other = 0; other < (allow_circles ? types : t); ++other) {
      if (other != t && one_in(4)) kind.requires_.push_back("t" + std::to_string(other));
    }
    for (int other = 0; other < types; ++other) {
      if (other != t && one_in(6)) kind.optional.push_back("t" + std::to_string(other));
    }
    kinds.push_back(kind);
  }
  std::vector<OrderItem> items;
  for (int h = 0; h < hosts; ++h) {
    for (const auto& kind : kinds) {  // all of them, so that nothing that is required is missing
      items.push_back(kind);
      items.back().host = "h" + std::to_string(h);
    }
  }
  std::shuffle(items.begin(), items.end(), random);
  return items;
}

void check(const std::vector<OrderItem>& items, int types, int& ordered, int& circles) {
  const Edges edges = expected_edges(items, types);
  const auto order = order_items(items);
  ASSERT_EQ(order.has_value(), can_be_ordered(edges, items.size())) << (order ? "" : order.error().message);
  if (!order) {
    EXPECT_NE(order.error().message.find("in a circle: t"), std::string::npos);
    ++circles;
    return;
  }
  ++ordered;
  Edges found;
  std::vector<std::size_t> position(items.size(), items.size());
  for (std::size_t p = 0; p < order->sequence.size(); ++p) position[order->sequence[p]] = p;
  for (std::uint32_t i = 0; i < items.size(); ++i) {
    ASSERT_LT(position[i], items.size()) << "item " << i << " is missing";
    for (const std::uint32_t j : order->after[i]) {
      EXPECT_LT(position[j], position[i]);
      EXPECT_TRUE(found.emplace(i, j).second) << "twice";
    }
    EXPECT_TRUE(std::is_sorted(order->after[i].begin(), order->after[i].end()));
    EXPECT_TRUE(
        std::includes(order->after[i].begin(), order->after[i].end(), order->hard[i].begin(), order->hard[i].end()));
  }
  EXPECT_EQ(found, edges);
}

TEST(Order, AgreesWithBruteForceOnRandomInfras) {
  int ordered = 0, circles = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const int types = 1 + static_cast<int>(random() % 6), hosts = 1 + static_cast<int>(random() % 3);
    check(random_infra(random, types, hosts), types, ordered, circles);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(ordered, 200);
  EXPECT_GT(circles, 50);
}

TEST(Order, EqualInputGivesEqualOrderAndKeepsTheFilesOrderWhereItMay) {
  const std::vector<OrderItem> items{{"nginx", "a", {"os"}, {"redis"}, {}},
                                     {"os", "a", {}, {}, {}},
                                     {"redis", "b", {"os"}, {}, {}},
                                     {"os", "b", {}, {}, {}}};
  const auto order = order_items(items);
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->sequence, (std::vector<std::uint32_t>{1, 3, 2, 0}));
  EXPECT_EQ(order->after[0], (std::vector<std::uint32_t>{1, 2}));
}

TEST(Order, WhatIsHardWinsOverWhatIsOptional) {
  const auto order = order_items({{"kubernetes", "a", {}, {"cilium"}, {}}, {"cilium", "a", {"kubernetes"}, {}, {}}});
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->sequence, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_TRUE(order->after[0].empty());
}

TEST(Order, SaysWhatIsMissingWhatConflictsAndTheWholeCircle) {
  const auto missing = order_items({{"nginx", "a", {"os"}, {}, {}}, {"os", "b", {}, {}, {}}});
  EXPECT_EQ(missing.error().message, "nginx on a requires os, which is not on that host");
  EXPECT_NE(missing.error().hint.find("- name: os"), std::string::npos);
  const auto conflict = order_items({{"mysql", "a", {}, {}, {}}, {"postgres", "a", {}, {}, {"mysql"}}});
  EXPECT_EQ(conflict.error().message, "postgres on a conflicts with mysql, which is on the same host");
  EXPECT_TRUE(order_items({{"mysql", "a", {}, {}, {}}, {"postgres", "b", {}, {}, {"mysql"}}}).has_value());
  const auto circle = order_items({{"x", "a", {"y"}, {}, {}}, {"y", "a", {}, {"z"}, {}}, {"z", "b", {}, {"x"}, {}}});
  EXPECT_NE(circle.error().message.find("x on a requires y on a goes after z on b goes after x on a"),
            std::string::npos)
      << circle.error().message;
}

}  // namespace
}  // namespace prov::workspace
