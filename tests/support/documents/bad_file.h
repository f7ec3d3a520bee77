#pragma once
// Files of a corpus, each wrong in one way, which say in their head how they have to be refused:
//
//   # expect: part of the message
//   # hint: part of what to type next (may be left out)
#include <gtest/gtest.h>

#include <string>

#include "common/result.h"

namespace prov::test {

// What stands behind "# KEY: "; empty: it says nothing of that.
inline std::string head_line(const std::string& text, const std::string& key) {
  const std::string mark = "# " + key + ": ";
  const std::size_t begin = text.find(mark);
  if (begin == std::string::npos) return {};
  return text.substr(begin + mark.size(), text.find('\n', begin) - begin - mark.size());
}

// One clear message, with the place first.
inline void expect_refused(const Error& error, const std::string& file, const std::string& text) {
  EXPECT_EQ(error.code, Code::invalid);
  EXPECT_EQ(error.message.rfind(file + ":", 0), 0U) << error.message;
  EXPECT_NE(error.message.find(head_line(text, "expect")), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find(head_line(text, "hint")), std::string::npos) << error.hint;
  EXPECT_EQ(error.message.find('\n'), std::string::npos);
  EXPECT_LT(error.message.size(), 300U);
}

}  // namespace prov::test
