#include "coordinator/api/routes/target.h"

#include <gtest/gtest.h>

namespace prov::api {
namespace {

TEST(Target, IsDecodedOnce) {
  const auto target = parse_target("/agents/a%2Fb/x%25?name=two+words&x=%2541&empty=&bare");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, (std::vector<std::string>{"agents", "a/b", "x%"}));
  ASSERT_EQ(target->query.size(), 4U);
  EXPECT_EQ(target->query[0].second, "two words");
  EXPECT_EQ(target->query[1].second, "%41");
  EXPECT_EQ(target->query[3].first, "bare");
}

TEST(Target, RefusesWhatCouldMeanTwoThings) {
  for (const std::string bad : {"", "x", "http://localhost/", "//x", "/a//b", "/%", "/%1", "/%zz", "/a%00b", "/a%0Ab",
                                "/a?x=%", "/a?x=%00", "/%7f"}) {
    EXPECT_FALSE(parse_target(bad).has_value()) << bad;
  }
  EXPECT_FALSE(parse_target("/" + std::string(kMaxTargetBytes, 'a')).has_value());
  std::string fields = "/a?";
  for (int i = 0; i < 65; ++i) fields += "x" + std::to_string(i) + "=1&";
  EXPECT_FALSE(parse_target(fields).has_value());
}

TEST(Target, QueryFieldsKeepTheFirstError) {
  const auto target = parse_target("/x?limit=0&infra=Bad!&id=zz&flag=maybe");
  ASSERT_TRUE(target.has_value());
  QueryFields query(*target);
  EXPECT_EQ(query.number("limit", 1, 10, 5), 5U);
  query.name("infra");
  query.id("id");
  ASSERT_TRUE(query.error().has_value());
  EXPECT_EQ(query.error()->message, "\"limit\" of the query must be a number from 1 to 10");
}

TEST(Target, NumbersAreWholeTexts) {
  for (const std::string bad : {"", "1x", " 1", "-1", "+1", "0x1", "99999999999999999999", "1.0"}) {
    const auto target = parse_target("/x?n=" + bad);
    ASSERT_TRUE(target.has_value());
    QueryFields query(*target);
    query.number("n", 0, UINT64_MAX, 0);
    EXPECT_TRUE(query.error().has_value()) << bad;
  }
}

TEST(Target, Flags) {
  const auto target = parse_target("/x?a&b=true&c=0&d=no");
  QueryFields query(*target);
  EXPECT_TRUE(query.flag("a"));
  EXPECT_TRUE(query.flag("b"));
  EXPECT_FALSE(query.flag("c"));
  EXPECT_FALSE(query.flag("absent"));
  EXPECT_FALSE(query.error().has_value());
  query.flag("d");
  EXPECT_TRUE(query.error().has_value());
}

}  // namespace
}  // namespace prov::api
