// Bad files, each with the one message that it must give: tests/unit/workspace/corpus/*.yaml say what in their head.
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/support/documents/bad_file.h"

namespace prov::workspace {
namespace {

Result<void> read_as(const std::string& kind, const std::string& text, const std::string& file) {
  auto tree = parse_yaml(text, file);
  if (!tree) return tl::unexpected(tree.error());
  if (kind == "settings") {
    auto read = parse_infra(*tree, file, "demo");
    return read ? Result<void>() : tl::unexpected(read.error());
  }
  auto read = parse_workspace(*tree, file);
  return read ? Result<void>() : tl::unexpected(read.error());
}

TEST(Corpus, EachBadFileGivesOneClearMessageWithItsPlace) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(PROV_CORPUS)) {
    ++files;
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const auto text = read_file(entry.path().string(), kMaxYamlBytes);
    ASSERT_TRUE(text.has_value());
    const auto read = read_as(test::head_line(*text, "as"), *text, "corpus/" + name);
    ASSERT_FALSE(read.has_value());
    test::expect_refused(read.error(), "corpus/" + name, *text);
  }
  EXPECT_GE(files, 30);
}

TEST(Corpus, LargeAndDeepFilesAreRefusedAtOnce) {
  EXPECT_NE(parse_yaml(std::string(10 << 20, 'x'), "f").error().message.find("10485760 bytes"), std::string::npos);
  const auto long_value = parse_yaml("a: " + std::string(100'000, 'x'), "f");
  EXPECT_NE(long_value.error().message.find("f:1:4: a value has 100000 bytes"), std::string::npos);
  for (const int depth : {33, 600, 20'000}) {
    const auto deep = parse_yaml(std::string(static_cast<std::size_t>(depth), '['), "f");
    ASSERT_FALSE(deep.has_value());
    EXPECT_EQ(deep.error().message.rfind("f:1:", 0), 0U) << deep.error().message;
  }
  std::string wide = "{";
  for (int i = 0; i < 2000; ++i) wide += "k" + std::to_string(i) + ": 1, ";
  EXPECT_NE(parse_yaml(wide + "}", "f").error().message.find("more than 1000 keys"), std::string::npos);
  std::string many = "[";
  for (int i = 0; i < 110'000; ++i) many += "1,";
  EXPECT_NE(parse_yaml(many + "]", "f").error().message.find("more than 100000 values"), std::string::npos);
}

TEST(Corpus, BytesThatAreNotTextAreRefusedWithTheirPlace) {
  EXPECT_EQ(parse_yaml(std::string("a: b\nc: \xFF\n"), "f").error().message, "f:2:4: this byte is not UTF-8 text");
  EXPECT_FALSE(parse_yaml(std::string("a: \xC0\xAF"), "f").has_value());      // overlong
  EXPECT_FALSE(parse_yaml(std::string("a: \xED\xA0\x80"), "f").has_value());  // surrogate
  EXPECT_FALSE(parse_yaml(std::string("a: b\0c", 6), "f").has_value());
  EXPECT_TRUE(parse_yaml("a: \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "f").has_value());
}

TEST(Corpus, EveryPrefixOfAGoodFileIsReadOrRefused) {
  const std::string good =
      "settings: {name: demo, provider: local, runtime: auto}\nservers:\n  - hostname: web-1\n    labels: {a: b}\n"
      "    taskservs:\n      - name: nginx\n        params: {port: 80, names: [a, \"b\"]}\n";
  ASSERT_TRUE(read_as("settings", good, "f").has_value());
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto read = read_as("settings", good.substr(0, length), "f");
    if (read) continue;
    EXPECT_EQ(read.error().message.rfind("f", 0), 0U) << read.error().message;
  }
}

// toml++ answers some of these with an assertion.
TEST(Corpus, BracketsWithoutANameAreBrokenTomlAndNoEndOfTheProgram) {
  const std::pair<const char*, const char*> kCases[] = {{"[[[", "f:1:1: "}, {"a=1\n[[ [", "f:2:1: "},
                                                        {"[.]", "f:1:1: "}, {"a = {b = [}", "f:1:1: "},
                                                        {"[ ]", "f:1:3: "}, {"a = [[[[", "f:1:9: "}};
  for (const auto& [text, place] : kCases) {
    const auto tree = parse_toml(text, "f");
    ASSERT_FALSE(tree.has_value()) << text;
    EXPECT_EQ(tree.error().message.rfind(place + std::string("broken TOML: "), 0), 0U) << tree.error().message;
  }
}

// Of the letters above ASCII toml++ 3.3 says that they cannot come where it looks for white space.
TEST(Corpus, LettersAboveAsciiBelongIntoStringsAndCommentsAndDoNoHarmElsewhere) {
  const std::string letters[] = {"\xC3\xBC",     "\xC8\xA8",     "\xE1\x9A\x81",    "\xE2\x81\xA1",
                                 "\xE3\x80\x81", "\xEF\xBD\xBF", "\xF0\x9F\x98\x80"};
  for (const std::string& each : letters) {
    const std::string good = "# " + each + "\n\"" + each + "\" = '" + each + "'\nb = \"\"\"a \\\n " + each + "\"\"\"\n";
    const auto tree = parse_toml(good, "f");
    ASSERT_TRUE(tree.has_value()) << good << tree.error().message;
    EXPECT_EQ(tree->items.at(0).text + tree->items.at(1).text, each + "a " + each);
    for (const std::string& bad : {each + " = 1", "a" + each + " = 1", "a = " + each, "[a" + each + "]\nb = 1",
                                   "a = 1 " + each, "a = [1, " + each + "]"}) {
      const auto refused = parse_toml(bad, "f");
      ASSERT_FALSE(refused.has_value()) << bad;
      EXPECT_EQ(refused.error().message.rfind("f:1:", 0), 0U) << refused.error().message;
    }
  }
}

}  // namespace
}  // namespace prov::workspace
