// Bodies that want to break something.
#include <random>

#include "coordinator/api/routes/command_bodies.h"
#include "tests/unit/api/fake_platform.h"

namespace prov::api {
namespace {

using nlohmann::json;

std::string why(const std::string& text) {
  const auto value = parse_json(text);
  return value ? "" : value.error().message;
}

TEST(HostileJson, DeepNestingIsRefusedWithoutRecursion) {
  for (const std::size_t depth : {kMaxJsonDepth + 1, std::size_t{1000}, std::size_t{5'000'000}}) {
    EXPECT_NE(why(std::string(depth, '[') + std::string(depth, ']')).find("nested deeper"), std::string::npos) << depth;
    EXPECT_FALSE(why(std::string(depth, '[')).empty()) << depth;
  }
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"a":)";
  EXPECT_FALSE(why(objects).empty());
  EXPECT_EQ(why(std::string(kMaxJsonDepth, '[') + std::string(kMaxJsonDepth, ']')), "");
}

TEST(HostileJson, ARepeatedFieldIsRefusedAtAnyDepth) {
  EXPECT_NE(why(R"({"name":"a","name":"b"})").find("\"name\" twice"), std::string::npos);
  EXPECT_NE(why(R"({"x":[{"y":{"k":1,"k":1}}]})").find("\"k\" twice"), std::string::npos);
  EXPECT_EQ(why(R"({"x":{"k":1},"y":{"k":1},"k":1})"), "");
}

TEST(HostileJson, OnlyUtf8JsonPasses) {
  for (const std::string bad : {"{\"a\":\"\xff\"}", "{\"a\":\"\xc0\xaf\"}", "{\"a\":\"\xed\xa0\x80\"}", "{'a':1}",
                                "{\"a\":1,}", "{\"a\":01}", "{\"a\":NaN}", "{\"a\":Infinity}", "// x\n{}", "{\"a\":1}}",
                                "\xef\xbb\xbf{", "{\"a\":\"\n\"}", "{\"a\":1e999}", "\"", "tru"}) {
    EXPECT_FALSE(why(bad).empty()) << bad;
  }
  EXPECT_EQ(why(" \r\n\t "), "") << "nothing is an empty object";
}

TEST(HostileJson, NumbersMustBeWholeAndInRange) {
  for (const std::string bad : {"-1", "0", "1.5", "1e3", "1000001", "99999999999999999999999999",
                                "-9223372036854775809", "true", "\"1\"", "[1]", "{}"}) {
    const auto parsed = parse_body(R"({"servers":["a"],"count":)" + bad + "}", read_noop);
    ASSERT_FALSE(parsed.has_value()) << bad;
    EXPECT_NE(parsed.error().message.find("\"count\" must be a whole number from 1 to 1000000"), std::string::npos);
  }
  EXPECT_TRUE(parse_body(R"({"servers":["a"],"count":1000000})", read_noop).has_value());
}

TEST(HostileJson, NamesAreCheckedToTheLetter) {
  for (const std::string bad :
       {"", "A", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", "../etc", "a/b", "a\\u0000", "xn--\\u00e9", "a\\n",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_FALSE(parse_body(R"({"servers":[")" + bad + "\"]}", read_noop).has_value()) << bad;
  }
  EXPECT_TRUE(parse_body(R"({"servers":["a","db-1.example","0"]})", read_noop).has_value());
  for (const std::string bad : {"Demo", "..", ".a", "-x", "a b", "a/b", "a%", "\\u202e"}) {
    EXPECT_FALSE(parse_body(R"({"infra":")" + bad + R"(","hostnames":["a"]})", read_delete_servers).has_value()) << bad;
  }
}

TEST(HostileJson, ListsAndTextsAreBounded) {
  json many = {{"servers", json::array()}};
  for (std::size_t i = 0; i <= kMaxServers; ++i) many["servers"].push_back("a");
  EXPECT_FALSE(parse_body(many.dump(), read_noop).has_value());
  EXPECT_FALSE(parse_body(R"({"servers":[]})", read_noop).has_value());
  const json huge_argument = {{"servers", {"a"}}, {"argv", {"x", std::string(200 << 10, 'x')}}};
  EXPECT_FALSE(parse_body(huge_argument.dump(), read_exec).has_value());
  json argv = {{"servers", {"a"}}, {"argv", json::array()}};
  for (int i = 0; i < 3; ++i) argv["argv"].push_back(std::string(100 << 10, 'x'));
  EXPECT_FALSE(parse_body(argv.dump(), read_exec).has_value()) << "300 KiB in all";
  const json input = {{"servers", {"a"}}, {"argv", {"x"}}, {"stdin", std::string(kMaxStdinBytes + 1, 'x')}};
  EXPECT_FALSE(parse_body(input.dump(), read_exec).has_value());
  EXPECT_FALSE(parse_body(R"({"servers":["a"],"argv":["a\u0000b"]})", read_exec).has_value());
  EXPECT_FALSE(parse_body(R"({"servers":["a"],"argv":[""]})", read_exec).has_value());
}

// Anything at all, cut and mutated from valid bodies: refused or accepted, never a crash. Run under ASan as well.
TEST(HostileJson, MutatedBodiesNeverCrash) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string digest(64, 'a');
  const std::string valid =
      R"({"infra":"demo","check":true,"taskservs":[{"server":"a","name":"redis","version":"1","bundle":")" + digest +
      R"(","params":{"port":6379,"list":["x","y"],"on":true},"secrets":{"p":"demo/r"},"retry_safe":true,"timeout_s":9,)"
      R"("after":[]},{"server":"b","name":"x","bundle":")" +
      digest + R"(","after":[0]}]})";
  ASSERT_TRUE(parse_body(valid, read_create_taskservs).has_value());
  static constexpr std::string_view kBits[] = {"{", "}",    "[",  "]",   "\"",      ",",
                                               ":", "null", "-1", "1e9", "\\u0000", "\xff"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = valid;
    for (int change = 0; change < 3; ++change) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text.erase(at, random() % 20); break;
        case 1: text.insert(at, kBits[random() % std::size(kBits)]); break;
        default: text[at] = static_cast<char>(random()); break;
      }
      if (text.empty()) text = "{";
    }
    const auto parsed = parse_body(text, read_create_taskservs);
    if (!parsed) {
      EXPECT_FALSE(parsed.error().message.empty());
    }
  }
}

}  // namespace
}  // namespace prov::api
