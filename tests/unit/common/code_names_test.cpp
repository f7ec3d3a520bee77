#include "common/code_names.h"

#include <gtest/gtest.h>

namespace prov {
namespace {

TEST(CodeNames, EveryCodeHasANameOfItsOwnAndAStatus) {
  for (int i = 0; i <= static_cast<int>(Code::internal); ++i) {
    const auto code = static_cast<Code>(i);
    EXPECT_EQ(code_named(name_of(code)), code) << name_of(code);
    EXPECT_GE(http_status(code), 400);
    if (http_status(code) == 500) continue;
    EXPECT_EQ(code_of_http_status(http_status(code)), code) << name_of(code);
  }
  EXPECT_EQ(code_named("fine"), std::nullopt);
  EXPECT_EQ(code_of_http_status(500), Code::internal);
  EXPECT_EQ(code_of_http_status(413), Code::exhausted);
  EXPECT_EQ(code_of_http_status(200), Code::internal) << "stands for no error";
}

}  // namespace
}  // namespace prov
