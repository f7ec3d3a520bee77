#include <gtest/gtest.h>

#include "coordinator/expression/condition.h"
#include "coordinator/expression/glob.h"
#include "coordinator/expression/source.h"
#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

template <class T>
void expect_refusal(const Result<T>& result, std::string_view source, const std::string& line,
                    const std::string& hint) {
  ASSERT_FALSE(result) << source;
  EXPECT_EQ(result.error().code, Code::invalid);
  EXPECT_TRUE(refusal_line(result).starts_with(line)) << source << "\n" << refusal(result) << "\nexpected: " << line;
  EXPECT_EQ(result.error().hint, hint) << source;
}

void expect_refused(std::string_view source, const std::string& line, const std::string& hint = "") {
  expect_refusal(Condition::parse(source), source, line, hint);
}

TEST(ConditionErrors, ThePlaceIsShown) {
  EXPECT_EQ(refusal(Condition::parse("result.build == done")),
            "unknown word \"done\" at column 17; a name begins with facts, params, outputs, result, host, item or key\n"
            "  result.build == done\n"
            "                  ^\n"
            "  hint: a text stands in quotes: \"done\"");
}

TEST(ConditionErrors, Words) {
  expect_refused(" ", "the expression is empty", "write for instance: facts.web-1.os == \"debian\"");
  expect_refused("param.x == 1", "unknown word \"param\" at column 1", "did you mean \"params\"?");
  expect_refused("params.x == True", "unknown word \"True\" at column 13", "did you mean \"true\"?");
  expect_refused("params.x ==", "a value is missing at column 12; a value is a name, \"text\", a number");
  expect_refused("params.x == and", "unexpected \"and\" at column 13; a value is");
  expect_refused("!defined(params.x)", "unexpected \"!\" at column 1", "write \"not\"");
  expect_refused("{{params.x}}", "unexpected \"{\" at column 1", "a name stands as it is: params.NAME");
  expect_refused("${params.x}", "unexpected \"$\" at column 1", "a name stands as it is: params.NAME");
  expect_refused("not", "a value is missing at column 4");
}

TEST(ConditionErrors, BehindAValue) {
  const std::string behind = "; behind a value stands and, or, in, or a comparison such as ==";
  expect_refused("params.x = 1", "unexpected \"=\" at column 10" + behind, "equal is written ==");
  expect_refused("params.x === 1", "unexpected \"=\" at column 12; a value is", "equal is written ==");
  expect_refused("true && true", "unexpected \"&\" at column 6" + behind, "write \"and\"");
  expect_refused("true || true", "unexpected \"|\" at column 6" + behind, "write \"or\"");
  expect_refused("true AND true", "unexpected \"AND\" at column 6" + behind);
  expect_refused("true an true", "unexpected \"an\" at column 6" + behind, "did you mean \"and\"?");
  expect_refused("1 not in [2]", "unexpected \"not\" at column 3" + behind, "write: not a in [b, c]");
  expect_refused("params.x + 1 == 2", "unexpected \"+\" at column 10" + behind);
  expect_refused("true)", "unexpected \")\" at column 5" + behind);
  expect_refused("1 < 2 < 3", "a comparison of a comparison at column 7; two values are compared",
                 "write: a < b and b < c");
}

TEST(ConditionErrors, Names) {
  expect_refused("facts.web-1 == 1", "incomplete or too long name \"facts.web-1\" at column 1; it is facts.HOST.KEY");
  expect_refused("facts == 1", "incomplete or too long name \"facts\" at column 1; it is facts.HOST.KEY");
  expect_refused("facts.a.os.x == 1", "incomplete or too long name \"facts.a.os.x\" at column 1");
  expect_refused("1 == params", "incomplete or too long name \"params\" at column 6; it is params.NAME");
  expect_refused("params.a.b == 1", "incomplete or too long name \"params.a.b\" at column 1; it is params.NAME");
  expect_refused("outputs.x == 1",
                 "incomplete or too long name \"outputs.x\" at column 1; it is outputs.OPERATION.NAME");
  expect_refused("result == 1", "incomplete or too long name \"result\" at column 1; it is result.OPERATION");
  expect_refused("key.x == 1", "incomplete or too long name \"key.x\" at column 1; it is key");
  expect_refused("item.a.b == 1", "incomplete or too long name \"item.a.b\" at column 1; it is item or item.NAME");
  expect_refused("facts.web-1.core > 1", "there is no fact \"core\" at column 13", "did you mean \"cores\"?");
  expect_refused("facts.x['y'] > 1", "there is no fact \"y\" at column 9",
                 "known are: hostname, os, os_version, kernel, arch, cores, memory_bytes, disk_bytes, address, init, "
                 "interpreter, agent_version");
  expect_refused("params. == 1", "a part of a name is missing at column 8; it has letters, digits, - and _",
                 "others: facts[\"a.b\"].os");
  expect_refused("params[0] == 1", "a text is missing at column 8; in a name it is [\"part\"]");
  expect_refused("params[''] == 1", "an empty part of a name at column 7");
  expect_refused("params['x' == 1", "unexpected \"=\" at column 12", "equal is written ==");
  expect_refused("params['x'", "a \"[\" that is not closed at column 7", "add a \"]\"");
}

TEST(ConditionErrors, NumbersTextsAndLists) {
  expect_refused("12.5.1 == 1", "\"12.5.1\" is no number at column 1", "a version or a size stands in quotes");
  expect_refused("1 == 8GiB", "\"8GiB\" is no number at column 6", "a version or a size stands in quotes");
  expect_refused("1. == 1", "\"1.\" is no number at column 1", "a version or a size stands in quotes");
  expect_refused("1e999 == 1", "\"1e999\" is no number at column 1", "a version or a size stands in quotes");
  expect_refused("- 1 == 1", "unexpected \"-\" at column 1; a value is");
  expect_refused("1 == 'a", "a text that is not closed at column 6", "close it with '");
  expect_refused("1 in [1, 2", "a \"[\" that is not closed at column 6", "add a \"]\"");
  expect_refused("1 in [1 2]", "unexpected \"2\" at column 9");
  expect_refused("1 in [1,]", "unexpected \"]\" at column 9; a value is");
  expect_refused("1 in [[1]]", "a list in a list at column 7; lists are flat");
  expect_refused("(true", "a \"(\" that is not closed at column 1", "add a \")\"");
  expect_refused("defined(params.x", "a \"(\" that is not closed at column 8", "add a \")\"");
}

TEST(ConditionErrors, WhatCanNeverBeTrueOrFalse) {
  const std::string hint = "compare it with ==";
  expect_refused("'a'", "a text where true or false belongs at column 1", hint);
  expect_refused("12", "a number where true or false belongs at column 1", hint);
  expect_refused("null", "null where true or false belongs at column 1", hint);
  expect_refused("[true]", "a list where true or false belongs at column 1", hint);
  expect_refused("count(params.x)", "a number where true or false belongs at column 1", hint);
  expect_refused("true and lower('A')", "a text where true or false belongs at column 10", hint);
  expect_refused("not 1", "a number where true or false belongs at column 5", hint);
  expect_refused("true or (false or 'x')", "a text where true or false belongs at column 19", hint);
}

TEST(ConditionErrors, WhatCanNeverBeCompared) {
  expect_refused("1 == true",
                 "two values that cannot be compared at column 3; left is a number, right is true or false");
  expect_refused("'a' != [1]", "two values that cannot be compared at column 5; left is a text, right is a list");
  expect_refused("true < params.x", "true or false that is compared by order at column 1; numbers and texts have one");
  expect_refused("params.x >= [1]", "a list that is compared by order at column 13; numbers and texts have one");
  expect_refused("1 in 'abc'", "no list behind \"in\" at column 6", "in a text: contains(text, part)");
  expect_refused("facts.a.os_version >= 12.10",
                 "a version that is written as a number at column 23; as a number 12.10 is 12.1",
                 "write it in quotes, such as \"12.10\"");
  expect_refused("6.1 < facts.a.kernel", "a version that is written as a number at column 1",
                 "write it in quotes, such as \"12.10\"");
}

TEST(ConditionErrors, Functions) {
  expect_refused("start_with(params.x, 'a')", "there is no function \"start_with\" at column 1",
                 "did you mean \"starts_with\"?");
  expect_refused("system('reboot')", "there is no function \"system\" at column 1",
                 "known are: defined, starts_with, ends_with, contains, matches, count, lower, any, all");
  expect_refused("defined()", "defined() with 0 values at column 1; it takes 1");
  expect_refused("starts_with(params.x)", "starts_with() with 1 value at column 1; it takes 2");
  expect_refused("true or defined('x')", "no name at column 17; defined() takes one", "defined(outputs.build.image)");
  expect_refused("starts_with(12, 'a')", "a number where starts_with() takes a text at column 13");
  expect_refused("any(params.list)", "any() without a test of one value at column 1; it takes a comparison",
                 "any(outputs.load.state == \"ready\")");
  expect_refused("all(params.a == 1, params.b == 1)", "all() without a test of one value",
                 "all(outputs.load.state == \"ready\")");
  expect_refused("any([1, true] > 0)", "true or false that is compared by order");
  expect_refused("count('abc') == 3", "a text where count() takes a list at column 7");
  expect_refused("contains(1, 2)", "a number where contains() takes a text or a list at column 10");
  expect_refused("matches(params.x, params.y)",
                 "a glob that is not written out at column 19; matches() takes it as a text in quotes",
                 "matches(facts.web-1.kernel, \"6.*\")");
  expect_refused("matches(params.x, '[a')", "a \"[\" without its \"]\" at column 19",
                 "[[] stands for the character itself");
  expect_refused("matches(params.x, '" + std::string(kMaxGlobBytes + 1, 'a') + "')",
                 "a pattern of 257 bytes; it can have 256 at column 19");
}

TEST(ConditionErrors, Limits) {
  const auto nested = [](std::size_t levels, const std::string& open, const std::string& middle,
                         const std::string& close) {
    std::string out;
    for (std::size_t i = 0; i < levels; ++i) out += open;
    out += middle;
    for (std::size_t i = 0; i < levels; ++i) out += close;
    return out;
  };
  EXPECT_TRUE(Condition::parse(nested(kMaxNesting, "(", "true", ")")));
  EXPECT_TRUE(Condition::parse(nested(kMaxNesting, "not ", "true", "")));
  EXPECT_TRUE(Condition::parse("null == " + nested(kMaxNesting, "lower(", "null", ")")));
  expect_refused(nested(kMaxNesting + 1, "(", "true", ")"), "nested too deeply at column 65; 64 levels are possible");
  expect_refused(nested(kMaxNesting + 1, "not ", "true", ""), "nested too deeply at column 257");
  expect_refused("null == " + nested(kMaxNesting + 1, "lower(", "null", ")"), "nested too deeply at column 393");
  expect_refused(std::string(kMaxSourceBytes, '['), "nested too deeply at column 65");
  expect_refused(std::string(kMaxSourceBytes + 1, '('), "the expression has 4097 bytes; it can have 4096");

  std::string list = "1 in [1";
  for (std::size_t i = 2; i < kMaxOperands - 1; ++i) list += ",1";
  EXPECT_TRUE(Condition::parse(list + "]")) << "the list counts as well";
  expect_refused(list + ",1]", "too many values at column 2003; 1000 are possible");
  std::string tight = "(1<2)";
  for (int i = 1; i < 500; ++i) tight += "and(1<2)";
  expect_refused(tight, "the expression, written out, has 4995 bytes; it can have 4096");
}

// ---- while it is evaluated
void expect_failure(std::string_view source, const Value& value, const std::string& line,
                    const std::string& hint = "") {
  const auto condition = Condition::parse(source);
  ASSERT_TRUE(condition) << source << ": " << refusal(condition);
  expect_refusal(condition->evaluate([&](const Name&) { return value; }), source, line, hint);
}

TEST(ConditionErrors, ValuesThatCannotBeComparedAreBothNamed) {
  expect_failure("outputs.build.count > 3", "many",
                 "cannot compare outputs.build.count (which is \"many\") with 3 by > at column 21");
  expect_failure("true and 3 == params.x", "x", "cannot compare 3 with params.x (which is \"x\") by == at column 12");
  expect_failure("params.x != true", "yes", "cannot compare params.x (which is \"yes\") with true by != at column 10");
  expect_failure("params.x < 'a'", true, "cannot compare params.x (which is true) with \"a\" by < at column 10");
  expect_failure("params.x == 'a'", Value::List{"a"},
                 "cannot compare params.x (which is [\"a\"]) with \"a\" by == at column 10");
  expect_failure("lower(params.x) == 3", "A",
                 "cannot compare lower(params.x) (which is \"a\") with 3 by == at column 17");
}

TEST(ConditionErrors, ValuesOfTheWrongKind) {
  expect_failure("params.x", "true", "params.x (which is \"true\") where true or false belongs at column 1",
                 "compare it with ==");
  expect_failure("true and params.x", Value(), "params.x (which is null) where true or false belongs at column 10",
                 "whether there is such a value: defined(...)");
  expect_failure("not params.x", 1, "params.x (which is 1) where true or false belongs at column 5",
                 "compare it with ==");
  expect_failure("1 in params.x", "1 2", "params.x (which is \"1 2\") behind \"in\" is no list at column 6",
                 "in a text: contains(text, part)");
  expect_failure("1 in [params.x]", Value::List{1}, "params.x (which is [1]) in a list at column 7", "lists are flat");
  expect_failure("starts_with('a', params.x)", 1,
                 "params.x (which is 1) where starts_with() takes a text at column 18");
  expect_failure("matches(params.x, '*')", 1, "params.x (which is 1) where matches() takes a text at column 9");
  expect_failure("contains(params.x, 1)", "a", "1 where contains() takes a text at column 20");
  expect_failure("count(params.x) == 1", "a", "params.x (which is \"a\") where count() takes a list at column 7");
  expect_failure("lower(params.x) == 'a'", 1, "params.x (which is 1) where lower() takes a text at column 7");
}

TEST(ConditionErrors, WhatAHostSaidIsShownShortAndHarmless) {
  const auto condition = Condition::parse("params.x > 1");
  const auto result =
      condition.value().evaluate([](const Name&) { return Value("\x1b[2J" + std::string(1 << 20, 'x')); });
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().message.size(), 250u);
  EXPECT_EQ(result.error().message.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace prov::expression
