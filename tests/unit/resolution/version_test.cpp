#include "coordinator/resolution/version.h"

#include <gtest/gtest.h>

namespace prov::resolution {
namespace {

Version version(const std::string& text) {
  auto parsed = parse_version(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(Version{});
}

TEST(Version, ReadsAndWritesItsText) {
  for (const char* text : {"0.0.0", "1.2.3", "1.2.3-rc.1", "1.0.0-alpha-1.0a", "10.20.30+build.05", "1.0.0-x+y-z"}) {
    EXPECT_EQ(to_text(version(text)), text);
  }
}

TEST(Version, OrderOfTheStandardFromFirstToLast) {
  const char* rising[] = {
      "0.9.9",         "1.0.0-0",     "1.0.0-1",       "1.0.0-2",          "1.0.0-10",   "1.0.0-99999999999999999999",
      "1.0.0-A",       "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
      "1.0.0-beta.11", "1.0.0-rc.1",  "1.0.0",         "1.0.1-rc.1",       "1.0.1",      "1.1.0",
      "1.10.0",        "2.0.0"};
  for (std::size_t i = 0; i < std::size(rising); ++i) {
    for (std::size_t j = 0; j < std::size(rising); ++j) {
      EXPECT_EQ(version(rising[i]) <=> version(rising[j]), i <=> j) << rising[i] << " and " << rising[j];
    }
  }
}

TEST(Version, BuildIsOfNoWeight) {
  EXPECT_EQ(version("1.0.0+a"), version("1.0.0+b"));
  EXPECT_EQ(version("1.0.0-rc.1+a"), version("1.0.0-rc.1"));
}

TEST(Version, RefusesWhatIsNone) {
  for (const char* text :
       {"", "1", "1.2", "1.2.3.4", "v1.2.3", "01.2.3", "1.02.3", "1.2.x", " 1.2.3", "1.2.3 ", "1.2.3-", "1.2.3+",
        "1.2.3-a..b", "1.2.3-01", "1.2.3-a_b", "1.2.3+a+b", "1234567890.0.0", "-1.0.0"}) {
    const auto parsed = parse_version(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::invalid);
    EXPECT_NE(parsed.error().message.find(text), std::string::npos) << parsed.error().message;
  }
  EXPECT_FALSE(parse_version("1.0.0-" + std::string(kMaxVersionText, 'a')));
}

}  // namespace
}  // namespace prov::resolution
