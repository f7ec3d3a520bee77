#include "common/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace prov {
namespace {

void expect_character(std::string_view text, char32_t code, std::size_t bytes) {
  const Character character = first_character(text);
  EXPECT_EQ(static_cast<std::uint32_t>(character.code), static_cast<std::uint32_t>(code)) << text;
  EXPECT_EQ(character.bytes, bytes) << text;
}

TEST(Utf8, CharactersOfEveryLength) {
  expect_character("a", U'a', 1);
  expect_character("\x7f", 0x7F, 1);
  expect_character("\xc3\xa9t", U'\u00e9', 2);
  expect_character("\xe2\x82\xac", U'\u20ac', 3);
  expect_character("\xf0\x9f\x90\x98", U'\U0001F418', 4);
  expect_character("\xf4\x8f\xbf\xbf", 0x10FFFF, 4);
}

TEST(Utf8, WhatIsNoneTakesOneByte) {
  for (const std::string_view bad :
       {"\x80", "\xff", "\xc0\xaf", "\xc1\xbf", "\xc3", "\xc3(", "\xe2\x82", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf0\x80\x80\xaf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
    expect_character(bad, kNoCharacter, 1);
  }
}

TEST(Utf8, ControlCharactersAreNotShown) {
  for (const std::string_view control : {"\x1b[31m", "\n", "\t", "\x7f", "\xc2\x9b", "\xff"}) {
    EXPECT_FALSE(may_be_shown(first_character(control))) << control;
  }
  for (const std::string_view shown : {" ", "~", "\xc2\xa0", "\xc3\xa9", "\xf0\x9f\x90\x98"}) {
    EXPECT_TRUE(may_be_shown(first_character(shown))) << shown;
  }
}

}  // namespace
}  // namespace prov
