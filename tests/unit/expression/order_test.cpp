#include "coordinator/expression/order.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace prov::expression {
namespace {

TEST(Order, RisesAlongEachLine) {
  const std::vector<std::vector<std::string>> lines{
      {"0", "1", "2", "10", "99999999999999999999", "100000000000000000000"},
      {"12", "12.5", "12.10", "13"},
      {"6.1.0-9", "6.1.0-18", "6.1.1", "6.10.0", "7"},
      {"1.0-beta2", "1.0-rc1", "1.0-rc2", "1.0", "1.0.1"},
      {"1.0-1", "1.0-1.1", "1.0-2"},
      {"5.14.0-362.el9.x86_64", "5.14.0-362.8.1.el9.x86_64", "5.14.0-427.el9.x86_64"},
      {"", "-", "10", "Debian", "alpine", "debian", "\xc3\xbc"},
  };
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      for (std::size_t j = 0; j < line.size(); ++j) {
        EXPECT_EQ(order(line[i], line[j]) < 0, i < j) << line[i] << " and " << line[j];
        EXPECT_EQ(order(line[i], line[j]) > 0, i > j) << line[i] << " and " << line[j];
      }
    }
  }
}

TEST(Order, TheSameInOtherWords) {
  EXPECT_TRUE(order("12", "12.0") == 0);
  EXPECT_TRUE(order("007", "7") == 0);
  EXPECT_TRUE(order("1-2", "1.2") == 0);
  EXPECT_TRUE(order("a", "a") == 0);
  EXPECT_FALSE(order("v1", "v01") == 0) << "what begins with a letter is compared by its bytes";
}

TEST(Order, IsAWeakOrder) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> pieces{"0", "1", "10", "2", ".", "-", "a", "rc", "~", "\xff"};
  const auto text = [&] {
    std::string out;
    for (auto n = random() % 5; n > 0; --n) out += pieces[random() % pieces.size()];
    return out;
  };
  for (int i = 0; i < 50'000; ++i) {
    const std::string a = text(), b = text(), c = text();
    SCOPED_TRACE(a + " " + b + " " + c);
    ASSERT_TRUE(order(a, a) == 0);
    ASSERT_EQ(order(a, b) < 0, order(b, a) > 0);
    if (order(a, b) <= 0 && order(b, c) <= 0) {
      ASSERT_TRUE(order(a, c) <= 0);
    }
    if (order(a, b) == 0 && order(b, c) == 0) {
      ASSERT_TRUE(order(a, c) == 0);
    }
  }
}

TEST(Order, NumbersAreThoseOfJson) {
  EXPECT_EQ(read_number("12"), 12.0);
  EXPECT_EQ(read_number("-3.5"), -3.5);
  EXPECT_EQ(read_number("1e3"), 1000.0);
  EXPECT_EQ(read_number("1E-2"), 0.01);
  for (const char* bad : {"", "-", "+1", ".5", "5.", "1.e5", "1e", "1e+", "0x10", "inf", "nan", "-inf", "1 ", " 1",
                          "1,5", "1.2.3", "1e999", "8GiB"}) {
    EXPECT_EQ(read_number(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace prov::expression
