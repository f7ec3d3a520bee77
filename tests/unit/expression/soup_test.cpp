// Properties over random expressions: nothing crashes, what is accepted is written out and read back as the same, and
// every evaluation ends with an answer or an error that says where.
#include <gtest/gtest.h>

#include <random>

#include "coordinator/expression/condition.h"
#include "coordinator/expression/source.h"
#include "coordinator/expression/targets.h"
#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::size_t below(std::size_t n) { return random_() % n; }
  const std::string& of(const std::vector<std::string>& list) { return list[below(list.size())]; }

 private:
  std::mt19937_64 random_;
};

std::string soup(Dice& dice, const std::vector<std::string>& tokens) {
  std::string out;
  for (auto n = dice.below(14); n > 0; --n) out += dice.of(tokens) + (dice.below(2) == 0 ? " " : "");
  return out;
}

const std::vector<std::string> kTargetTerms{"web-*",           "all",          "\"db 1\"",     "role:db",
                                            "infra:d?mo",      "label:env",    "label:env!=x", "label:\"a b\" = 'c'",
                                            "fact:cores >= 4", "fact:os=deb*", "status:[a-r]*"};

std::string targets_of(Dice& dice, std::size_t depth) {
  switch (depth == 0 ? 0 : dice.below(5)) {
    case 1: return "not " + targets_of(dice, depth - 1);
    case 2: return "(" + targets_of(dice, depth - 1) + ")";
    case 3: return targets_of(dice, depth - 1) + " and " + targets_of(dice, depth - 1);
    case 4: return targets_of(dice, depth - 1) + " or " + targets_of(dice, depth - 1);
    default: return dice.of(kTargetTerms);
  }
}

HostView random_host(Dice& dice) {
  HostView host;
  host.name = dice.of({"web-1", "db 1", "x"});
  host.infra = dice.of({"demo", "prod"});
  host.status = dice.of({"ready", "declared"});
  if (dice.below(2) == 0) host.labels = {{"a b", dice.of({"c", "d"})}, {"env", dice.of({"x", "y"})}, {"role", "db"}};
  host.has_facts = dice.below(2) == 0;
  host.facts = {{"cores", dice.of({"2", "4", "16"})}, {"os", dice.of({"debian", "alpine"})}};
  return host;
}

void check_targets(Dice& dice, const std::string& source, std::size_t& accepted) {
  const auto targets = Targets::parse(source);
  if (!targets) {
    ASSERT_FALSE(targets.error().message.empty());
    return;
  }
  ++accepted;
  const auto again = Targets::parse(targets->text());
  ASSERT_TRUE(again) << targets->text() << ": " << refusal(again);
  ASSERT_EQ(again->text(), targets->text());
  const HostView host = random_host(dice);
  ASSERT_EQ(targets->matches(host), targets->explain(host).matched);
  ASSERT_EQ(targets->matches(host), again->matches(host)) << targets->text();
}

TEST(Soup, Targets) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  std::vector<std::string> tokens = kTargetTerms;
  for (const char* token :
       {"and", "or", "not",    "(",     ")", "=",        "!=",   "<",  "\"",        "'",         "[",
        "]",   "*",  "label:", "fact:", ":", "\xc3\xbc", "\xff", "\n", "role:\"\"", "fact:cores"}) {
    tokens.emplace_back(token);
  }
  std::size_t accepted = 0, grown = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string source = soup(dice, tokens);
    ASSERT_NO_FATAL_FAILURE(check_targets(dice, source, accepted)) << source;
  }
  for (int i = 0; i < 5'000; ++i) {
    const std::string source = targets_of(dice, 5);
    ASSERT_NO_FATAL_FAILURE(check_targets(dice, source, grown)) << source;
  }
  EXPECT_GT(accepted, 100u);
  EXPECT_EQ(grown, 5'000u) << "what follows the grammar is accepted";
}

// "not", "and" and "or" mean what they mean, whatever stands in them.
TEST(Soup, TargetsFollowTheLawsOfLogic) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  for (int i = 0; i < 3'000; ++i) {
    const std::string a = "(" + targets_of(dice, 3) + ")", b = "(" + targets_of(dice, 3) + ")";
    const HostView host = random_host(dice);
    const auto holds = [&](const std::string& source) { return Targets::parse(source).value().matches(host); };
    ASSERT_EQ(holds("not " + a), !holds(a)) << a;
    ASSERT_EQ(holds(a + " and " + b), holds(a) && holds(b)) << a << b;
    ASSERT_EQ(holds(a + " or " + b), holds(a) || holds(b)) << a << b;
  }
}

const std::vector<std::string> kValues{"facts.web-1.os",
                                       "facts[\"a b\"].cores",
                                       "params.x",
                                       "item",
                                       "12",
                                       "-3.5",
                                       "'a'",
                                       "\"b\\n\"",
                                       "true",
                                       "null",
                                       "[1, 'a']",
                                       "[]",
                                       "result.up"};

std::string condition_of(Dice& dice, std::size_t depth) {
  const auto value = [&] { return dice.of(kValues); };
  switch (depth == 0 ? dice.below(3) : dice.below(8)) {
    case 0: return value() + dice.of({" == ", "!=", " < ", ">=", " in "}) + value();
    case 1: return dice.of({"starts_with(", "contains(", "ends_with("}) + value() + ", " + value() + ")";
    case 2: return dice.of({"defined(params.x)", "matches(params.x, 'a*')", "count(item) > 1", "lower(key) == 'a'"});
    case 3: return "not " + condition_of(dice, depth - 1);
    case 4: return "(" + condition_of(dice, depth - 1) + ")";
    case 5: return "(" + condition_of(dice, depth - 1) + ") == true";
    case 6: return condition_of(dice, depth - 1) + " and " + condition_of(dice, depth - 1);
    default: return condition_of(dice, depth - 1) + " or " + condition_of(dice, depth - 1);
  }
}

// The same name has the same value as long as `salt` is the same.
Value value_of(const Name& name, std::uint64_t salt) {
  static const std::vector<Value> values{
      Value(), true, false, 12, -3.5, "a", "12", "true", "b\n", Value::List{1, "a"}, Value::List{Value::List{1}},
      "\xff"};
  return values[(std::hash<std::string>{}(name.text()) + salt) % values.size()];
}

void check_condition(std::uint64_t salt, const std::string& source, std::size_t& accepted, std::size_t& answered) {
  const auto condition = Condition::parse(source);
  if (!condition) {
    ASSERT_FALSE(condition.error().message.empty());
    return;
  }
  ++accepted;
  const auto again = Condition::parse(condition->text());
  ASSERT_TRUE(again) << condition->text() << ": " << refusal(again);
  ASSERT_EQ(again->text(), condition->text());
  const Scope scope = [&](const Name& name) { return value_of(name, salt); };
  const auto result = condition->evaluate(scope), same = again->evaluate(scope);
  ASSERT_EQ(result.has_value(), same.has_value()) << condition->text();
  if (result) {
    ++answered;
    ASSERT_EQ(*result, *same) << condition->text();
  } else {
    ASSERT_NE(result.error().message.find(" at column "), std::string::npos) << result.error().message;
  }
}

TEST(Soup, Conditions) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Dice dice(seed);
  std::vector<std::string> tokens = kValues;
  for (const char* token :
       {"and", "or", "not", "in", "(",        ")",        "[",      "]",      ",",  "==",       "<",    "!=", "=",
        "\"",  "'",  "\\",  ".",  "defined(", "matches(", "count(", "lower(", "1e", "\xc3\xbc", "\xff", "\t"}) {
    tokens.emplace_back(token);
  }
  std::size_t accepted = 0, grown = 0, answered = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string source = soup(dice, tokens);
    ASSERT_NO_FATAL_FAILURE(check_condition(dice.below(1000), source, accepted, answered)) << source;
  }
  for (int i = 0; i < 10'000; ++i) {
    const std::string source = condition_of(dice, 4);
    ASSERT_NO_FATAL_FAILURE(check_condition(dice.below(1000), source, grown, answered)) << source;
  }
  EXPECT_GT(accepted, 50u);
  EXPECT_GT(grown, 1000u);
  EXPECT_GT(answered, 500u);
}

// Every beginning and every hole of something that is right.
TEST(Soup, WhatWasCutOff) {
  const std::string targets = "web-* and not (role:db or label:\"a b\"!='c') and fact:cores>=4";
  const std::string condition =
      "facts[\"a b\"].os in [\"x\", 'y\\n'] and not (count(item) >= 2 or matches(params.x, '[a-c]*'))";
  std::size_t accepted = 0, answered = 0;
  Dice dice(1);
  for (std::size_t begin = 0; begin < targets.size(); ++begin) {
    for (std::size_t length = 0; length <= 3; ++length) {
      check_targets(dice, targets.substr(0, begin), accepted);
      check_targets(dice, std::string(targets).erase(begin, length), accepted);
    }
  }
  for (std::size_t begin = 0; begin < condition.size(); ++begin) {
    for (std::size_t length = 0; length <= 3; ++length) {
      check_condition(1, condition.substr(0, begin), accepted, answered);
      check_condition(1, std::string(condition).erase(begin, length), accepted, answered);
    }
  }
  EXPECT_GT(accepted, 20u);
}

}  // namespace
}  // namespace prov::expression
