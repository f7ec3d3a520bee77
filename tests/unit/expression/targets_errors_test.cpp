#include <gtest/gtest.h>

#include "coordinator/expression/glob.h"
#include "coordinator/expression/source.h"
#include "coordinator/expression/targets.h"
#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

// WHAT at column N, then MORE.
void expect_targets_refused(std::string_view source, const std::string& line, const std::string& hint = "") {
  const auto targets = Targets::parse(source);
  ASSERT_FALSE(targets) << source;
  EXPECT_EQ(targets.error().code, Code::invalid);
  EXPECT_TRUE(refusal_line(targets).starts_with(line)) << source << "\n" << refusal(targets) << "\nexpected: " << line;
  EXPECT_EQ(targets.error().hint, hint) << source;
}

TEST(TargetsErrors, ThePlaceIsShown) {
  EXPECT_EQ(refusal(Targets::parse("web-* and lable:env=prod")),
            "unknown word \"lable\" at column 11; a term is a name, a glob, all, or begins with role:, infra:, "
            "provider:, status:, label: or fact:\n"
            "  web-* and lable:env=prod\n"
            "            ^\n"
            "  hint: did you mean \"label\"?");
}

TEST(TargetsErrors, Terms) {
  expect_targets_refused("", "the expression is empty", "for every host write: all");
  expect_targets_refused("web and", "a term is missing at column 8");
  expect_targets_refused("web or )", "unexpected \")\" at column 8; a term is");
  expect_targets_refused("and web", "unexpected \"and\" at column 1; a term is");
  expect_targets_refused("web or or db", "unexpected \"or\" at column 8; a term is");
  expect_targets_refused("not", "a term is missing at column 4");
  expect_targets_refused("!web", "unexpected \"!\" at column 1", "write \"not\"");
  expect_targets_refused("NOT web", "unexpected \"NOT\" at column 1", "did you mean \"not\"?");
  expect_targets_refused("web@x", "unexpected \"@\" at column 4; behind a term stands and, or, or nothing");
  expect_targets_refused("@x", "unexpected \"@\" at column 1", "a name with other characters stands in quotes");
  expect_targets_refused("x or gr\xc3\xbcn", "unexpected \"\xc3\xbc\" at column 8");
  expect_targets_refused("colour:red", "unknown word \"colour\" at column 1");
  expect_targets_refused(":x", "unknown word \"\" at column 1");
  expect_targets_refused("roles:x", "unknown word \"roles\" at column 1", "did you mean \"role\"?");
  expect_targets_refused("Label:x", "unknown word \"Label\" at column 1", "did you mean \"label\"?");
}

TEST(TargetsErrors, BetweenTerms) {
  expect_targets_refused("web db", "unexpected \"db\" at column 5; behind a term stands and, or, or nothing");
  expect_targets_refused("web AND db", "unexpected \"AND\" at column 5", "did you mean \"and\"?");
  expect_targets_refused("web,db", "unexpected \",\" at column 4", "for one or the other write \"or\" between them");
  expect_targets_refused("web && db", "unexpected \"&\" at column 5", "write \"and\"");
  expect_targets_refused("web | db", "unexpected \"|\" at column 5", "write \"or\"");
  expect_targets_refused("web=1", "unexpected \"=\" at column 4");
  expect_targets_refused("web)", "unexpected \")\" at column 4");
}

TEST(TargetsErrors, Parentheses) {
  expect_targets_refused("a and (b or c", "a \"(\" that is not closed at column 7", "add a \")\"");
  expect_targets_refused("()", "unexpected \")\" at column 2");
  expect_targets_refused("(a b)", "unexpected \"b\" at column 4");
}

TEST(TargetsErrors, NamesBehindPrefixes) {
  expect_targets_refused("role:", "a name or glob is missing at column 6; it stands right behind role:");
  expect_targets_refused("role: web", "a name or glob is missing at column 6; it stands right behind role:");
  expect_targets_refused("label:", "the name of a label is missing at column 7");
  expect_targets_refused("label: env", "the name of a label is missing at column 7");
  expect_targets_refused("label:''", "the name of a label is missing at column 7");
  expect_targets_refused("label:env*=x", "a glob for the name of a label at column 7; only its value can be one");
  expect_targets_refused("a or fact:", "the name of a fact is missing at column 11");
  expect_targets_refused("fact:core=4", "there is no fact \"core\" at column 6", "did you mean \"cores\"?");
  expect_targets_refused(
      "fact:boot_id=x", "there is no fact \"boot_id\" at column 6",
      "known are: hostname, os, os_version, kernel, arch, cores, memory_bytes, disk_bytes, address, init, "
      "interpreter, agent_version");
}

TEST(TargetsErrors, Comparisons) {
  expect_targets_refused(
      "fact:cores",
      "a comparison is missing at column 11; a fact is compared with = != < <= > or >=", "fact:cores=...");
  expect_targets_refused("fact:cores and web", "a comparison is missing at column 11", "fact:cores=...");
  expect_targets_refused("label:env < prod",
                         "a label that is compared by order at column 11; labels have = and != alone");
  expect_targets_refused("label:env == prod", "unknown operator at column 11; equal is written =");
  const std::string hint = "a value with other characters than letters, digits and _.:/*?- stands in quotes";
  expect_targets_refused("label:env=", "a value is missing at column 11", hint);
  expect_targets_refused("label:env= and web", "a value is missing at column 12", hint);
  expect_targets_refused("label:env=~prod", "a value is missing at column 11", hint);
  expect_targets_refused("(label:env=)", "a value is missing at column 12", hint);
  expect_targets_refused("fact:os_version>=12.*",
                         "a glob that is compared by order at column 18; globs go with = and != alone");
  expect_targets_refused("fact:cores>=four", "\"four\" is no whole number at column 13; cores is one");
  expect_targets_refused("fact:cores=4.5", "\"4.5\" is no whole number at column 12; cores is one");
  expect_targets_refused("fact:memory_bytes>8GiB", "\"8GiB\" is no whole number at column 19; memory_bytes is one");
}

TEST(TargetsErrors, GlobsAndTexts) {
  expect_targets_refused("a or web-[12", "unexpected \"[\" at column 10");
  expect_targets_refused("[12", "unexpected \"[\" at column 1",
                         "a [...] is closed, and holds letters, digits and _.:/*?-!^; others stand in quotes");
  expect_targets_refused("'web-[12'", "a \"[\" without its \"]\" at column 1", "[[] stands for the character itself");
  expect_targets_refused("label:env='[z-a]'", "a range that runs backwards in [...] at column 11");
  expect_targets_refused("a or 'web", "a text that is not closed at column 6", "close it with '");
  expect_targets_refused(std::string(kMaxGlobBytes + 1, 'a'), "a pattern of 257 bytes; it can have 256 at column 1");
}

std::string nested(std::size_t levels, const std::string& open, const std::string& close) {
  std::string out;
  for (std::size_t i = 0; i < levels; ++i) out += open;
  out += "a";
  for (std::size_t i = 0; i < levels; ++i) out += close;
  return out;
}

TEST(TargetsErrors, NestingHasALimit) {
  EXPECT_TRUE(Targets::parse(nested(kMaxNesting, "(", ")")));
  EXPECT_TRUE(Targets::parse(nested(kMaxNesting, "not ", "")));
  expect_targets_refused(nested(kMaxNesting + 1, "(", ")"), "nested too deeply at column 65; 64 levels are possible");
  expect_targets_refused(nested(kMaxNesting + 1, "not ", ""), "nested too deeply at column 257");
  expect_targets_refused(std::string(kMaxSourceBytes, '('), "nested too deeply at column 65");
}

TEST(TargetsErrors, LengthHasALimitAlsoWhenWrittenOut) {
  std::string long_one = "a";
  while (long_one.size() + 5 <= kMaxSourceBytes) long_one += " or a";
  const auto targets = Targets::parse(long_one);
  ASSERT_TRUE(targets) << refusal(targets);
  EXPECT_EQ(targets->explain(HostView{}).reasons.size(), 820u);
  expect_targets_refused(long_one + " or a", "the expression has 4101 bytes; it can have 4096");

  std::string tight = "a";
  while (tight.size() + 12 <= kMaxSourceBytes) tight += " or(a and b)";  // stays as it is
  EXPECT_TRUE(Targets::parse(tight));
  std::string quotes = "'" + std::string(200, '"') + "'";
  std::string grows = quotes;
  while (grows.size() + quotes.size() + 4 <= kMaxSourceBytes) grows += " or " + quotes;
  expect_targets_refused(grows, "the expression, written out, has 7710 bytes; it can have 4096");
}

}  // namespace
}  // namespace prov::expression
