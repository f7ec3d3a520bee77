#include <gtest/gtest.h>

#include "tests/unit/resolution/universe.h"

namespace prov::resolution {
namespace {

TEST(Solver, NothingWantedNothingChosen) { EXPECT_EQ(Universe().add("a", "1.0.0").answer({}), ""); }

TEST(Solver, HighestFirstAndOnlyWhatIsNeeded) {
  Universe u;
  u.add("a", "1.0.0").add("a", "1.10.0", {"b"}).add("a", "1.9.0").add("b", "0.1.0").add("c", "1.0.0");
  EXPECT_EQ(u.answer({"a"}), "a 1.10.0, b 0.1.0");
  EXPECT_EQ(u.answer({"a <1.10"}), "a 1.9.0");
}

TEST(Solver, APreReleaseOnlyWhenNoReleaseFits) {
  Universe u;
  u.add("a", "1.0.0").add("a", "1.1.0-rc.1").add("a", "1.1.0-rc.2");
  EXPECT_EQ(u.answer({"a"}), "a 1.0.0");
  EXPECT_EQ(u.answer({"a >1.0.0"}), "a 1.1.0-rc.2");
}

TEST(Solver, AvoidsAVersionWhoseNeedsDoNotGoTogether) {
  Universe u;
  u.add("menu", "1.5.0", {"dropdown ^2"}).add("menu", "1.0.0", {"dropdown ^1"});
  u.add("dropdown", "2.3.0", {"icons ^2"}).add("dropdown", "1.8.0");
  u.add("icons", "1.0.0").add("icons", "2.0.0");
  EXPECT_EQ(u.answer({"menu", "icons ^1"}), "dropdown 1.8.0, icons 1.0.0, menu 1.0.0");
}

TEST(Solver, AnOptionalOneBindsOnlyWhenItIsThere) {
  Universe u;
  u.add("web", "2.0.0", {}, {"db ^2"}).add("web", "1.0.0", {}, {"db ^1"}).add("db", "1.0.0").add("db", "2.0.0");
  EXPECT_EQ(u.answer({"web"}), "web 2.0.0");
  EXPECT_EQ(u.answer({"web", "db"}), "db 2.0.0, web 2.0.0");
  EXPECT_EQ(u.answer({"web", "db 1.0.0"}), "db 1.0.0, web 1.0.0");
}

TEST(Solver, ConflictsHoldForTheirRange) {
  Universe u;
  u.add("a", "1.0.0", {}, {}, {"b <2"}).add("b", "1.0.0").add("b", "2.0.0");
  EXPECT_EQ(u.answer({"a", "b"}), "a 1.0.0, b 2.0.0");
  EXPECT_NE(u.answer({"a", "b 1"}).find("a 1.0.0 conflicts with b <2"), std::string::npos);
}

TEST(Solver, APinHoldsWhatIsChosenAndChoosesNothing) {
  Universe u;
  u.add("a", "1.0.0").add("a", "2.0.0").add("b", "1.0.0");
  u.request.pinned = {{relation("a 1.0.0"), "the lock holds a at 1.0.0"}, {relation("b 1.0.0"), ""}};
  EXPECT_EQ(u.answer({"a"}), "a 1.0.0");
  EXPECT_EQ(u.answer({"a ^2"}), "Because a ^2 is wanted and the lock holds a at 1.0.0, nothing fulfils all of this.");
}

TEST(Solver, CirclesAndItselfAreNoMatterOfVersions) {
  Universe u;
  u.add("a", "1.0.0", {"b"}).add("b", "1.0.0", {"a", "b ^1"}).add("b", "2.0.0", {"b ^1"});
  EXPECT_EQ(u.answer({"a"}), "a 1.0.0, b 1.0.0");
}

TEST(Solver, LimitsAreNamedAndHold) {
  Universe u;
  for (int i = 0; i < 30; ++i) {
    const std::string next = "p" + std::to_string(i + 1);
    u.add("p" + std::to_string(i), "1.0.0", {next}).add("p" + std::to_string(i), "2.0.0", {next + " ^9"});
  }
  u.add("p30", "1.0.0");
  u.request.wanted = {{relation("p0"), ""}};
  const auto refused = [&](const Limits& limits) {
    auto outcome = solve(u.catalogue, u.request, limits);
    if (outcome) return std::string("solved");
    EXPECT_EQ(outcome.error().code, Code::exhausted);
    return outcome.error().message;
  };
  EXPECT_NE(refused({30, 1000, 100'000}).find("31 packages, at most 30"), std::string::npos);
  EXPECT_NE(refused({100, 60, 100'000}).find("61 relations"), std::string::npos);
  EXPECT_NE(refused({100, 1000, 50}).find("within 50 steps"), std::string::npos);
  EXPECT_TRUE(solve(u.catalogue, u.request, {31, 61, 100'000}));
  for (std::size_t i = 0; i <= kMaxReleases; ++i) u.add("many", "1.0." + std::to_string(i));
  EXPECT_NE(refused({}).find("many has 256 versions"), std::string::npos);
  u.catalogue["many"].resize(kMaxReleases);
  EXPECT_TRUE(solve(u.catalogue, u.request));
}

TEST(Solver, OneVersionTwiceIsRefused) {
  Universe u;
  u.add("a", "1.0.0+x").add("a", "1.0.0+y");
  const auto outcome = solve(u.catalogue, u.request);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, Code::invalid);
  EXPECT_NE(outcome.error().message.find("a has the version 1.0.0"), std::string::npos);
}

}  // namespace
}  // namespace prov::resolution
