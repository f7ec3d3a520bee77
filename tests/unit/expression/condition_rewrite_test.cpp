// A condition with its names looked up once and for all.
#include "coordinator/expression/condition_rewrite.h"

#include <gtest/gtest.h>

namespace prov::expression {
namespace {

// outputs.a.* becomes outputs["x/a"].*; item and params are values; anything else stays.
Result<Replacement> looked_up(const Name& name) {
  if (name.parts[0] == "outputs" && name.parts[1] == "a") return Name{{"outputs", "x/a", name.parts[2]}, name.column};
  if (name.parts[0] == "outputs")
    return fail(Code::invalid, "there is no operation \"" + name.parts[1] + "\"", "try a");
  if (name.parts[0] == "item") return Value("x\" or true or \"");
  if (name.text() == "params.list") return Value(Value::List{"p", Value(), Value(true)});
  if (name.text() == "params.none") return Value();
  return name;
}

std::string rewritten(std::string_view source) {
  const auto text = rewrite_condition(source, looked_up);
  EXPECT_TRUE(text.has_value()) << (text ? "" : text.error().message);
  return text.value_or("");
}

TEST(RewriteCondition, NamesBecomeOtherNames) {
  EXPECT_EQ(rewritten("outputs.a.n > 1 and  facts.web-1.os == 'debian'"),
            "outputs[\"x/a\"].n > 1 and facts.web-1.os == \"debian\"");
  EXPECT_EQ(rewritten("not defined(outputs.a.n)"), "not defined(outputs[\"x/a\"].n)");
}

TEST(RewriteCondition, AValueIsALiteralWhateverIsInIt) {
  EXPECT_EQ(rewritten("item == \"y\""), "\"x\\\" or true or \\\"\" == \"y\"");
  EXPECT_EQ(rewritten("\"p\" in params.list"), "\"p\" in [\"p\", null, true]");
  EXPECT_EQ(rewritten("params.none == null"), "null == null");
  EXPECT_EQ(rewritten("defined(params.none) or defined(item)"), "false or true");
}

TEST(RewriteCondition, WhatComesOutIsReadAgainAndMeansTheSame) {
  const auto nothing = [](const Name&) { return Value(); };  // no name is left
  for (const char* source : {"item == \"y\" or \"p\" in params.list", "defined(item) and not (params.none != null)",
                             "count(params.list) == 3", "contains(item, \"true\")"}) {
    const auto again = Condition::parse(rewritten(source));
    ASSERT_TRUE(again.has_value()) << source;
    const auto before =
        Condition::parse(source)->evaluate([](const Name& name) { return std::get<Value>(*looked_up(name)); });
    EXPECT_EQ(again->evaluate(nothing).value(), before.value()) << source;
  }
}

TEST(RewriteCondition, WhatIsWrongWithANameIsToldAtItsPlace) {
  const auto text = rewrite_condition("1 == 1 and outputs.b.n > 1", looked_up);
  ASSERT_FALSE(text.has_value());
  EXPECT_EQ(text.error().message,
            "there is no operation \"b\" at column 12\n  1 == 1 and outputs.b.n > 1\n             ^");
  EXPECT_EQ(text.error().hint, "try a");
  EXPECT_FALSE(rewrite_condition("1 ==", looked_up).has_value());
  EXPECT_FALSE(rewrite_condition("count(item) == 1", looked_up).has_value()) << "a text has no count";
}

}  // namespace
}  // namespace prov::expression
