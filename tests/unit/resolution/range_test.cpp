#include "coordinator/resolution/range.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace prov::resolution {
namespace {

// Every version of a small grid, in which each neighbour of an edge is there.
std::vector<Version> grid() {
  std::vector<Version> out;
  for (std::uint32_t major = 0; major < 4; ++major) {
    for (std::uint32_t minor = 0; minor < 4; ++minor) {
      for (std::uint32_t patch = 0; patch < 4; ++patch) {
        for (const char* pre : {"0", "alpha", "rc"}) out.push_back({major, minor, patch, {pre}, {}});
        out.push_back({major, minor, patch, {}, {}});
      }
    }
  }
  return out;
}

Range range(const std::string& text) {
  auto parsed = parse_range(text);
  EXPECT_TRUE(parsed) << text << ": " << (parsed ? "" : parsed.error().message);
  return parsed.value_or(Range::none());
}

std::string random_range(std::mt19937_64& random, int depth = 0) {
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const auto number = [&] { return std::to_string(below(4)); };
  if (depth == 0 && below(3) == 0) return random_range(random, 1) + " || " + random_range(random, 1);
  if (depth < 2 && below(3) == 0) return ">=" + number() + "." + number() + " <=" + number() + "." + number() + ".3";
  static const char* const signs[] = {"", "^", "~", ">", ">=", "<", "<=", "=", "!="};
  const char* pre[] = {"", "-alpha", "-rc"};
  return std::string(signs[below(9)]) + number() + "." + number() + "." + number() + pre[below(3)];
}

TEST(Range, OperationsAreThoseOfSetsOnTheWholeGrid) {
  std::mt19937_64 random(7);
  const auto versions = grid();
  for (int round = 0; round < 3000; ++round) {
    const auto a = parse_range(random_range(random)), b = parse_range(random_range(random));
    if (!a || !b) continue;  // empty
    const Range either = *a | *b, both = *a & *b, others = ~*a;
    for (const auto& v : versions) {
      const bool in_a = a->contains(v), in_b = b->contains(v);
      ASSERT_EQ(either.contains(v), in_a || in_b) << to_text(*a) << " | " << to_text(*b) << " at " << to_text(v);
      ASSERT_EQ(both.contains(v), in_a && in_b) << to_text(*a) << " & " << to_text(*b) << " at " << to_text(v);
      ASSERT_EQ(others.contains(v), !in_a) << to_text(*a) << " at " << to_text(v);
    }
    ASSERT_EQ(~~*a, *a);
    ASSERT_EQ(~(*a | *b), ~*a & ~*b);
    ASSERT_EQ(*a | ~*a, Range::all());
    ASSERT_EQ(*a & ~*a, Range::none());
    ASSERT_EQ((*a & *b) | (*a & ~*b), *a) << "equal sets are equal ranges";
  }
}

TEST(Range, ItsTextReadsBackAsTheSameSet) {
  std::mt19937_64 random(11);
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto a = parse_range(random_range(random));
    if (!a) continue;
    ++read;
    EXPECT_EQ(range(to_text(*a)), *a) << to_text(*a);
    if (!a->is_all()) {
      EXPECT_EQ(range(to_text(~*a)), ~*a) << to_text(~*a);
    }
  }
  EXPECT_GT(read, 2000);
  EXPECT_EQ(to_text(Range::none()), "none");
}

// Each notation against what it says, written out with the order of versions alone.
TEST(Range, EachNotationMeansWhatItSays) {
  const auto at_least = [](Version low) { return [low](const Version& v) { return v >= low; }; };
  const auto of = [](std::uint32_t major, std::uint32_t minor) {
    return [=](const Version& v) { return v.major == major && v.minor == minor; };
  };
  const std::pair<std::string, std::function<bool(const Version&)>> cases[] = {
      {"*", [](const Version&) { return true; }},
      {"1.2.3",
       [](const Version& v) {
         return v == Version{1, 2, 3};
       }},
      {"= 1.2.3",
       [](const Version& v) {
         return v == Version{1, 2, 3};
       }},
      {"!=1.2.3",
       [](const Version& v) {
         return v != Version{1, 2, 3};
       }},
      {"1.2", of(1, 2)},
      {"1", [](const Version& v) { return v.major == 1; }},
      {">=1.2", at_least({1, 2, 0})},
      {">1.2.3",
       [](const Version& v) {
         return v > Version{1, 2, 3};
       }},
      {"<2",
       [](const Version& v) {
         return v < Version{2, 0, 0};
       }},
      {"<=2.0.0-rc",
       [](const Version& v) {
         return v <= Version{2, 0, 0, {"rc"}};
       }},
      {"^1.2.3",
       [](const Version& v) {
         return v >= Version{1, 2, 3} && v.major == 1;
       }},
      {"^1.2.3-rc",
       [](const Version& v) {
         return v >= Version{1, 2, 3, {"rc"}} && v.major == 1;
       }},
      {"^0.2.3",
       [&](const Version& v) {
         return v >= Version{0, 2, 3} && v.major == 0 && v.minor == 2;
       }},
      {"^0.0.3",
       [](const Version& v) {
         return v == Version{0, 0, 3};
       }},
      {"^0.0",
       [](const Version& v) {
         return v >= Version{0, 0, 0} && v.major == 0 && v.minor == 0;
       }},
      {"^0",
       [](const Version& v) {
         return v >= Version{0, 0, 0} && v.major == 0;
       }},
      {"~1.2.3",
       [](const Version& v) {
         return v >= Version{1, 2, 3} && v.major == 1 && v.minor == 2;
       }},
      {"~1.2",
       [](const Version& v) {
         return v >= Version{1, 2, 0} && v.major == 1 && v.minor == 2;
       }},
      {"~1",
       [](const Version& v) {
         return v >= Version{1, 0, 0} && v.major == 1;
       }},
      {">=1.2 <2.1",
       [](const Version& v) {
         return v >= Version{1, 2, 0} && v < Version{2, 1, 0};
       }},
      {">=1.2<2.1",
       [](const Version& v) {
         return v >= Version{1, 2, 0} && v < Version{2, 1, 0};
       }},
      {"1.2.3 || ^2.1", [](const Version& v) {
         return v == Version{1, 2, 3} || (v >= Version{2, 1, 0} && v.major == 2);
       }}};
  for (const auto& [text, means] : cases) {
    const Range parsed = range(text);
    for (const auto& v : grid()) EXPECT_EQ(parsed.contains(v), means(v)) << text << " at " << to_text(v);
  }
}

TEST(Range, RefusesWhatSaysNothingOrTwoThings) {
  const std::pair<std::string, std::string> cases[] = {{"", "it is empty"},
                                                       {"  ", "beside"},
                                                       {"1.2.3 ||", "beside"},
                                                       {"|| 1", "beside"},
                                                       {"^", "a version is missing"},
                                                       {">= <2", "a version is missing"},
                                                       {">*", "\"*\" is not a version"},
                                                       {"latest", "\"latest\" is not a version"},
                                                       {"1.2.x", "\"1.2.x\" is not a version"},
                                                       {"^1.2-rc", "\"1.2-rc\" is not a version"},
                                                       {"1.2.3.4", "\"1.2.3.4\" is not a version"},
                                                       {"1.0.0 - 2.0.0", "\"-\" is not a version"},
                                                       {">1.2", "three numbers"},
                                                       {"<=1.2", "three numbers"},
                                                       {"=1", "three numbers"},
                                                       {">=2 <1", "no version can be in it"}};
  for (const auto& [text, why] : cases) {
    const auto parsed = parse_range(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid);
    EXPECT_NE(parsed.error().message.find(why), std::string::npos) << text << ": " << parsed.error().message;
    EXPECT_FALSE(parsed.error().hint.empty());
  }
  EXPECT_FALSE(parse_range(std::string(kMaxRangeText + 1, ' ')));
}

}  // namespace
}  // namespace prov::resolution
