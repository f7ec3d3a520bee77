#include "coordinator/expression/source.h"

#include <gtest/gtest.h>

#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

std::string message(std::string_view source, std::size_t offset) {
  return fail_at(source, offset, {"unknown word", "words are known", ""}).value().message;
}

TEST(Source, AnErrorPointsAtItsPlace) {
  EXPECT_EQ(message("web-* and lable:env", 10),
            "unknown word at column 11; words are known\n"
            "  web-* and lable:env\n"
            "            ^");
  EXPECT_EQ(message("web", 3),
            "unknown word at column 4; words are known\n"
            "  web\n"
            "     ^");
}

TEST(Source, ColumnsCountCharactersSoThatTheMarkStandsBelow) {
  EXPECT_EQ(message("gr\xc3\xbc\xc3\x9f x", 7),
            "unknown word at column 6; words are known\n"
            "  gr\xc3\xbc\xc3\x9f x\n"
            "       ^");
}

TEST(Source, LineEndsAndTabsAreShownAsSpaces) {
  EXPECT_EQ(message("a\n\tb", 3), "unknown word at column 4; words are known\n  a  b\n     ^");
}

TEST(Source, OfALongSourceWhatStandsAroundIsShown) {
  const std::string text = message(std::string(1000, 'a') + "b" + std::string(1000, 'c'), 1000);
  EXPECT_EQ(text, "unknown word at column 1001; words are known\n  ..." + std::string(48, 'a') + "b" +
                      std::string(27, 'c') + "...\n  " + std::string(51, ' ') + "^");
}

TEST(Source, WhatIsNoTextIsRefusedAndNeverShown) {
  for (const std::string& bad : {std::string("a\x1b[2Jb"), std::string("a\0b", 3), std::string("a\xff"),
                                 std::string("a\xc2\x9b"), std::string("a\x7f")}) {
    const auto checked = check_source(bad, "");
    EXPECT_TRUE(refusal_line(checked).starts_with("a byte that is no text at column 2")) << refusal(checked);
    for (const char c : refusal(checked)) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7F)) << refusal(checked);
  }
}

TEST(Source, BlankAndLongOnesAreRefused) {
  EXPECT_EQ(refusal(check_source(" \r\n\t ", "write: all")), "the expression is empty\n  hint: write: all");
  EXPECT_TRUE(check_source(std::string(kMaxSourceBytes, 'a'), ""));
  EXPECT_EQ(refusal_line(check_source(std::string(kMaxSourceBytes + 1, 'a'), "")),
            "the expression has 4097 bytes; it can have 4096");
}

TEST(Source, QuotedTextsAreReadBack) {
  for (const std::string text : {"", "a b", "\"", "'", "\\", "\\n", "a\nb\tc", "\xc3\xbc", "and"}) {
    const std::string source = in_quotes(text);
    Cursor cursor(source);
    EXPECT_EQ(cursor.take_quoted().value_or("refused"), text) << source;
    EXPECT_TRUE(cursor.ended());
  }
  Cursor single(R"('say "it\'s"' rest)");
  EXPECT_EQ(single.take_quoted().value_or("refused"), "say \"it's\"");
  EXPECT_EQ(single.peek(), ' ');
}

TEST(Source, TextsThatAreWrongSayWhere) {
  const auto read = [](std::string_view source) { return Cursor(source).take_quoted(); };
  EXPECT_EQ(refusal_line(read("\"abc")), "a text that is not closed at column 1");
  EXPECT_EQ(refusal_line(read("\"abc\\\"")), "a text that is not closed at column 1");
  EXPECT_EQ(refusal_line(read("'a\\x'")),
            "a \\ that means nothing at column 3; in a text there are \\\\ \\\" \\' \\n and \\t");
  EXPECT_EQ(refusal_line(read("'a\\")),
            "a \\ that means nothing at column 3; in a text there are \\\\ \\\" \\' \\n and \\t");
  EXPECT_EQ(refusal_line(read("'a\nb'")), "a line end or tab in a text at column 3; it is written \\n or \\t");
}

TEST(Source, ValuesAreShownShortAndHarmless) {
  EXPECT_EQ(shown_text("a\x1b[2J\nb\xff"), "\"a?[2J b?\"");
  EXPECT_EQ(shown_text(std::string(60, 'x')), "\"" + std::string(60, 'x') + "\"");
  EXPECT_EQ(shown_text(std::string(100'000, 'x')), "\"" + std::string(57, 'x') + "...\"");
  EXPECT_EQ(shown_text("\xf0\x9f\x90\x98\xe2\x82\xac\xc3\xbc"), "\"\xf0\x9f\x90\x98\xe2\x82\xac\xc3\xbc\"");
}

}  // namespace
}  // namespace prov::expression
