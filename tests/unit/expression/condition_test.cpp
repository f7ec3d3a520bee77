#include "coordinator/expression/condition.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

using List = Value::List;

Value known(const Name& name) {
  static const std::map<std::string, Value> values{
      {"facts.web-1.os", "debian"},
      {"facts.web-1.os_version", "12.5"},
      {"facts.web-1.cores", 4},
      {"facts.web-1.address", List{"10.0.0.3", "10.1.0.3"}},
      {"facts[\"db.example\"].os", "alpine"},
      {"params.count", "12"},
      {"params.enabled", "true"},
      {"params.title", "Hello, World"},
      {"outputs.build.image", "app:1.4"},
      {"outputs.build.bytes", "1048576"},
      {"result.migrate", "done"},
      {"result.backup", "in_doubt"},
      {"host.hostname", "web-1"},
      {"item", "a"},
      {"item.size", 3},
      {"key", "k1"},
  };
  const auto found = values.find(name.text());
  return found == values.end() ? Value() : found->second;
}

bool holds(std::string_view source) {
  const auto condition = Condition::parse(source);
  EXPECT_TRUE(condition) << source << ": " << refusal(condition);
  if (!condition) return false;
  const auto result = condition->evaluate(known);
  EXPECT_TRUE(result) << source << ": " << refusal(result);
  return result && *result;
}

TEST(Condition, NamesOfEveryKind) {
  EXPECT_TRUE(holds("facts.web-1.os == \"debian\""));
  EXPECT_TRUE(holds("facts[\"web-1\"].os == 'debian'"));
  EXPECT_TRUE(holds("facts[\"db.example\"].os == 'alpine'"));
  EXPECT_TRUE(holds("params.title != ''"));
  EXPECT_TRUE(holds("outputs.build.image == \"app:1.4\""));
  EXPECT_TRUE(holds("outputs['build']['image'] == \"app:1.4\""));
  EXPECT_TRUE(holds("result.migrate == \"done\""));
  EXPECT_TRUE(holds("host.hostname == 'web-1'"));
  EXPECT_TRUE(holds("item == 'a' and item.size == 3 and key == 'k1'"));
}

TEST(Condition, LiteralsOfEveryKind) {
  EXPECT_TRUE(holds("true"));
  EXPECT_FALSE(holds("false"));
  EXPECT_TRUE(holds("null == null"));
  EXPECT_TRUE(holds("12 == 12.0 and 3.5 == 35e-1 and -1 < 0"));
  EXPECT_TRUE(holds("'it\\'s' == \"it's\""));
  EXPECT_TRUE(holds("[1, 'a', true, null] == [1, 'a', true, null]"));
  EXPECT_TRUE(holds("[] == []"));
  EXPECT_FALSE(holds("[1] == []"));
  EXPECT_TRUE(holds("[params.count, 1] == [12, 1]"));
}

TEST(Condition, Comparisons) {
  EXPECT_TRUE(holds("facts.web-1.cores >= 4 and facts.web-1.cores <= 4"));
  EXPECT_FALSE(holds("facts.web-1.cores > 4 or facts.web-1.cores < 4"));
  EXPECT_TRUE(holds("params.count == 12")) << "a text that reads as a number";
  EXPECT_TRUE(holds("params.count > 2"));
  EXPECT_TRUE(holds("params.count > '2'")) << "texts of digits have the order of numbers";
  EXPECT_TRUE(holds("outputs.build.bytes >= 1048576"));
  EXPECT_TRUE(holds("facts.web-1.os_version < '12.10'"));
  EXPECT_TRUE(holds("params.enabled == true"));
  EXPECT_TRUE(holds("params.enabled != false"));
  EXPECT_TRUE(holds("'a' < 'b'"));
  EXPECT_TRUE(holds("(1 < 2) == true")) << "a comparison is a value, in parentheses";
  EXPECT_TRUE(holds("(1 < 2) != (2 < 1)"));
}

TEST(Condition, InAList) {
  EXPECT_TRUE(holds("result.backup in [\"failed\", \"in_doubt\"]"));
  EXPECT_FALSE(holds("result.migrate in [\"failed\", \"in_doubt\"]"));
  EXPECT_TRUE(holds("\"10.1.0.3\" in facts.web-1.address"));
  EXPECT_TRUE(holds("params.count in [1, 12]"));
  EXPECT_FALSE(holds("'debian' in [1, true, null]")) << "elements of other kinds are only different";
  EXPECT_TRUE(holds("params.absent in [1, null]"));
  EXPECT_FALSE(holds("1 in params.absent"));
  EXPECT_TRUE(holds("not 1 in [2]"));
  EXPECT_TRUE(holds("1 in[1]"));
}

TEST(Condition, WhatIsAbsentIsNull) {
  EXPECT_TRUE(holds("params.absent == null"));
  EXPECT_FALSE(holds("params.absent == ''"));
  EXPECT_TRUE(holds("params.absent != 'x'"));
  EXPECT_FALSE(holds("params.count == null"));
  EXPECT_FALSE(holds("params.absent < 1 or params.absent >= 1 or 'a' > params.absent"));
  EXPECT_FALSE(holds("params.absent == false"));
  EXPECT_TRUE(holds("params.absent == outputs.build.absent"));
}

TEST(Condition, Functions) {
  EXPECT_TRUE(holds("defined(params.count) and not defined(params.absent)"));
  EXPECT_TRUE(holds("starts_with(params.title, 'Hello') and not starts_with(params.title, 'World')"));
  EXPECT_TRUE(holds("ends_with(params.title, 'World') and not ends_with(params.title, 'Hello')"));
  EXPECT_TRUE(holds("contains(params.title, ', ') and not contains(params.title, 'x')"));
  EXPECT_TRUE(holds("contains(params.title, '')"));
  EXPECT_TRUE(holds("contains(facts.web-1.address, '10.0.0.3') and contains([1, 2], 2)"));
  EXPECT_TRUE(holds("matches(outputs.build.image, 'app:1.[0-9]') and not matches(outputs.build.image, 'app')"));
  EXPECT_TRUE(holds("count(facts.web-1.address) == 2 and count([]) == 0"));
  EXPECT_TRUE(holds("lower(params.title) == 'hello, world'"));
  EXPECT_TRUE(holds("starts_with ( lower( params.title ),'hello' )"));
  EXPECT_TRUE(holds("any([1, 2] == 2) and not all([1, 2] == 2) and all([1, 2] < 3)"));
  EXPECT_TRUE(holds("any(matches(['ab', 'cd'], 'c*')) and all(['a', 'b'] in ['b', 'a', 'c'])"));
  EXPECT_TRUE(holds("any(params.count == 12) and all(params.count == 12)")) << "a value alone is a list of one";
  EXPECT_FALSE(holds("any([] == 1) or all([] == 1) or any(params.absent == null) or all(params.absent == null)"))
      << "nothing is said of nothing";
}

TEST(Condition, FunctionsOfWhatIsAbsent) {
  for (const char* source :
       {"starts_with(params.absent, 'a')", "ends_with(params.absent, '')", "contains(params.absent, 'a')",
        "matches(params.absent, '*')", "starts_with(params.title, params.absent)"}) {
    EXPECT_FALSE(holds(source)) << source;
  }
  EXPECT_TRUE(holds("count(params.absent) == 0 and lower(params.absent) == null"));
}

TEST(Condition, NotBindsStrongerThanAndThanOr) {
  EXPECT_TRUE(holds("true or false and false"));
  EXPECT_FALSE(holds("(true or false) and false"));
  EXPECT_TRUE(holds("not false and true"));
  EXPECT_FALSE(holds("not (false or true)"));
  EXPECT_TRUE(holds("not 1 == 2")) << "not is of the comparison";
  EXPECT_TRUE(holds("not(false)and(true)"));
  EXPECT_TRUE(holds("not not true"));
}

TEST(Condition, WhatDecidesNothingIsNotLookedAt) {
  EXPECT_FALSE(holds("defined(params.absent) and params.title > 3"));
  EXPECT_TRUE(holds("true or params.title > 3"));
  std::vector<std::string> asked;
  const auto condition = Condition::parse("params.a == 1 and params.b == 2 or params.c == 3");
  const auto result = condition.value().evaluate([&](const Name& name) {
    asked.push_back(name.text());
    return Value(3);
  });
  EXPECT_EQ(result.value_or(false), true);
  EXPECT_EQ(asked, (std::vector<std::string>{"params.a", "params.c"}));
}

TEST(Condition, SaysWhatItReadsAndWhere) {
  const auto condition =
      Condition::parse("outputs.build.image == 'a' and\n 'gr\xc3\xbcn' in [item, facts[\"x.y\"].os] or defined(key)");
  ASSERT_TRUE(condition) << refusal(condition);
  EXPECT_EQ(condition->names(),
            (std::vector<Name>{
                {{"outputs", "build", "image"}, 1}, {{"item"}, 44}, {{"facts", "x.y", "os"}, 50}, {{"key"}, 78}}));
  EXPECT_EQ(condition->names()[2].text(), "facts[\"x.y\"].os");
  const Error error = condition->error_at(condition->names()[1], "there is no loop around it", "add for_each");
  EXPECT_EQ(error.message,
            "there is no loop around it at column 44\n"
            "  outputs.build.image == 'a' and  'gr\xc3\xbcn' in [item, facts[\"x.y\"].os] or de...\n"
            "                                             ^");
  EXPECT_EQ(error.hint, "add for_each");
  EXPECT_EQ(error.code, Code::invalid);
}

TEST(Condition, IsWrittenOutInOneWay) {
  const std::vector<std::pair<std::string, std::string>> same{
      {"true", "true"},
      {"facts[\"web-1\"].os=='debian'", "facts.web-1.os == \"debian\""},
      {"facts['a.b']['os'] == \"x\"", "facts[\"a.b\"].os == \"x\""},
      {"not(a_b)", ""},
      {"(1==1)and((2<3))", "1 == 1 and 2 < 3"},
      {"(true or false)and true", "(true or false) and true"},
      {"true and(true and true)", "true and (true and true)"},
      {"not(1==2)", "not 1 == 2"},
      {"(not true)==false", "(not true) == false"},
      {"(1<2)==true", "(1 < 2) == true"},
      {"1.50 in[1.5,'a',[ ]]", ""},
      {"1.50 in[1.5,'a',null]", "1.5 in [1.5, \"a\", null]"},
      {"8000000000<1e300", "8000000000 < 1e+300"},
      {"-0.0==0", "-0 == 0"},
      {"defined ( item.x )", "defined(item.x)"},
      {"contains( 'a\\n\\t' , \"\\\"\" )", "contains(\"a\\n\\t\", \"\\\"\")"},
      {"(lower('A'))=='a'", "lower(\"A\") == \"a\""},
      {"not not(true or false)", "not not (true or false)"},
  };
  for (const auto& [source, text] : same) {
    const auto condition = Condition::parse(source);
    ASSERT_EQ(condition.has_value(), !text.empty()) << source << ": " << refusal(condition);
    if (!condition) continue;
    EXPECT_EQ(condition->text(), text);
    EXPECT_EQ(Condition::parse(condition->text()).value().text(), text);
  }
}

// What comes from a host is compared, and is never read as a condition, a name or a glob.
TEST(Condition, ValuesAreData) {
  const Scope hostile = [](const Name&) { return Value("true or facts.x.os == \"*\""); };
  const auto evaluate = [&](std::string_view source) { return Condition::parse(source).value().evaluate(hostile); };
  EXPECT_EQ(evaluate("params.x == 'debian'").value_or(true), false);
  EXPECT_EQ(evaluate("matches(params.x, 'debian*')").value_or(true), false);
  EXPECT_EQ(evaluate("params.x in ['a']").value_or(true), false);
  EXPECT_FALSE(evaluate("params.x")) << "a text is not true or false, whatever it says";
}

// A search that starts again at each place needs 10^10 steps here.
TEST(Condition, LongTextsThatWereMadeToBeSlow) {
  const std::string text(200'000, 'a'), part = std::string(100'000, 'a') + "b";
  const Scope scope = [&](const Name& name) { return name.parts[1] == "text" ? Value(text) : Value(part); };
  const auto condition = Condition::parse("contains(params.text, params.part) or matches(params.text, '*a*a*a*b')");
  EXPECT_EQ(condition.value().evaluate(scope).value_or(true), false);
}

}  // namespace
}  // namespace prov::expression
