#include "coordinator/expression/glob.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

bool matches(std::string_view pattern, std::string_view text) {
  const auto glob = Glob::compile(pattern);
  EXPECT_TRUE(glob) << pattern << ": " << refusal(glob);
  return glob && glob->matches(text);
}

TEST(Glob, StarsAndQuestionMarks) {
  EXPECT_TRUE(matches("web-1", "web-1"));
  EXPECT_FALSE(matches("web-1", "web-10"));
  EXPECT_FALSE(matches("web", "WEB"));
  EXPECT_TRUE(matches("web-*", "web-"));
  EXPECT_TRUE(matches("*-1", "web-1"));
  EXPECT_TRUE(matches("a*b*c", "a-b-b-c"));
  EXPECT_FALSE(matches("a*b*c", "a-c-b"));
  EXPECT_TRUE(matches("**", ""));
  EXPECT_TRUE(matches("web-?", "web-1"));
  EXPECT_FALSE(matches("web-?", "web-"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_FALSE(matches("", "a"));
}

TEST(Glob, AQuestionMarkIsOneCharacterAlsoIfItHasManyBytes) {
  EXPECT_TRUE(matches("gr?n", "gr\xc3\xbcn"));
  EXPECT_TRUE(matches("[\xc3\xa4\xc3\xbc]", "\xc3\xbc"));
  EXPECT_FALSE(matches("\xc3\xbc", "\xc3\xa4"));
  EXPECT_TRUE(matches("a?b",
                      "a\xff"
                      "b"))
      << "a byte that is no text counts as a character";
}

TEST(Glob, Sets) {
  EXPECT_TRUE(matches("web-[123]", "web-2"));
  EXPECT_FALSE(matches("web-[123]", "web-4"));
  EXPECT_TRUE(matches("[a-c]x", "bx"));
  EXPECT_FALSE(matches("[!a-c]x", "bx"));
  EXPECT_TRUE(matches("[^a-c]x", "dx"));
  EXPECT_TRUE(matches("[]]", "]"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("[*]", "*"));
  EXPECT_FALSE(matches("[*]", "x"));
  EXPECT_TRUE(matches("[[]", "["));
}

TEST(Glob, NothingOfItIsARegularExpression) {
  EXPECT_FALSE(matches("a.c", "abc"));
  EXPECT_FALSE(matches("a+", "aa"));
  EXPECT_FALSE(matches("(a|b)", "a"));
  EXPECT_FALSE(matches("^a$", "a"));
}

TEST(Glob, PlainOnesAreKnown) {
  EXPECT_TRUE(Glob::compile("web-1").value().is_plain());
  for (const char* pattern : {"web-*", "?", "[a]"}) EXPECT_FALSE(Glob::compile(pattern).value().is_plain()) << pattern;
}

TEST(Glob, WrongOnesAreRefused) {
  for (const char* bad : {"[", "web-[12", "[]", "[!", "[!]", "a["}) {
    EXPECT_EQ(refusal(Glob::compile(bad)), "a \"[\" without its \"]\"\n  hint: [[] stands for the character itself")
        << bad;
  }
  EXPECT_EQ(refusal_line(Glob::compile("[z-a]")), "a range that runs backwards in [...]");
  EXPECT_TRUE(Glob::compile(std::string(kMaxGlobBytes, '*')));
  EXPECT_EQ(refusal_line(Glob::compile(std::string(kMaxGlobBytes + 1, 'a'))),
            "a pattern of 257 bytes; it can have 256");
}

// The C library's own, over what both understand in the same way.
TEST(Glob, AgreesWithTheShellsPatterns) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<std::string> pieces{"a", "b", "ab", "*", "?", "[ab]", "[!a]", "[b-c]", "-"};
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string pattern, text;
    for (auto n = random() % 6; n > 0; --n) pattern += pieces[random() % pieces.size()];
    for (auto n = random() % 6; n > 0; --n) text += "abc-"[random() % 4];
    const bool expected = fnmatch(pattern.c_str(), text.c_str(), FNM_NOESCAPE) == 0;
    ASSERT_EQ(matches(pattern, text), expected) << pattern << " over " << text;
    matched += expected ? 1 : 0;
  }
  EXPECT_GT(matched, 1000);
}

// 85 stars over a long text: a matcher that tries every way out never ends.
TEST(Glob, ManyStarsOverALongTextTakeTheirTimeAndNoMore) {
  std::string pattern;
  while (pattern.size() + 3 <= kMaxGlobBytes) pattern += "a*b";
  EXPECT_FALSE(matches(pattern, std::string(1 << 18, 'a')));
  EXPECT_FALSE(matches("*" + std::string(kMaxGlobBytes - 2, 'a') + "b", std::string(1 << 16, 'a')));
}

}  // namespace
}  // namespace prov::expression
