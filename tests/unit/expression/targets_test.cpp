#include "coordinator/expression/targets.h"

#include <gtest/gtest.h>

#include "tests/unit/expression/messages.h"

namespace prov::expression {
namespace {

HostView web() {
  HostView host;
  host.name = "web-1";
  host.infra = "demo";
  host.provider = "local";
  host.status = "ready";
  host.labels = {{"app.example/tier", "front"}, {"env", "prod"}, {"role", "edge, proxy"}};
  host.roles = {"nginx", "os"};
  host.has_facts = true;
  host.facts = {{"address", "10.0.0.3"},
                {"address", "10.1.0.3"},
                {"agent_version", "1.2.0-rc1"},
                {"arch", "x86_64"},
                {"cores", "4"},
                {"hostname", "web-1"},
                {"init", "systemd"},
                {"kernel", "6.1.0-18-amd64"},
                {"os", "debian"},
                {"memory_bytes", "8589934592"},
                {"os_version", "12.5"}};
  return host;
}

HostView unseen() {
  HostView host;
  host.name = "db-1";
  host.infra = "demo";
  host.provider = "local";
  host.status = "declared";
  return host;
}

bool matches(std::string_view source, const HostView& host = web()) {
  const auto targets = Targets::parse(source);
  EXPECT_TRUE(targets) << source << ": " << refusal(targets);
  return targets && targets->matches(host);
}

TEST(Targets, NamesAndGlobs) {
  EXPECT_TRUE(matches("web-1"));
  EXPECT_FALSE(matches("web-10"));
  EXPECT_FALSE(matches("web"));
  EXPECT_TRUE(matches("web-*"));
  EXPECT_TRUE(matches("web-[123]"));
  EXPECT_FALSE(matches("web-[!123]"));
  EXPECT_TRUE(matches("w?b-?"));
  EXPECT_TRUE(matches("\"web-1\""));
  EXPECT_TRUE(matches("'web-*'"));
  EXPECT_FALSE(matches("web.1")) << "a dot is a dot";
}

TEST(Targets, AllMatchesAll) {
  EXPECT_TRUE(matches("all"));
  EXPECT_TRUE(matches("all", unseen()));
  EXPECT_TRUE(matches("all", HostView{}));
  EXPECT_FALSE(matches("\"all\"")) << "in quotes it is a name";
}

TEST(Targets, RolesAreTaskServicesAndTheLabel) {
  EXPECT_TRUE(matches("role:nginx"));
  EXPECT_TRUE(matches("role:ng*"));
  EXPECT_TRUE(matches("role:edge"));
  EXPECT_TRUE(matches("role:proxy")) << "each of the values between commas";
  EXPECT_FALSE(matches("role:\"edge, proxy\""));
  EXPECT_FALSE(matches("role:db"));
  EXPECT_FALSE(matches("role:*", unseen()));
}

TEST(Targets, InfraProviderStatus) {
  EXPECT_TRUE(matches("infra:demo and provider:loc* and status:ready"));
  EXPECT_FALSE(matches("infra:prod"));
  EXPECT_FALSE(matches("provider:hetzner"));
  EXPECT_FALSE(matches("status:ready", unseen()));
}

TEST(Targets, Labels) {
  EXPECT_TRUE(matches("label:env"));
  EXPECT_FALSE(matches("label:team"));
  EXPECT_TRUE(matches("label:env=prod"));
  EXPECT_TRUE(matches("label:env = pro*"));
  EXPECT_FALSE(matches("label:env=test"));
  EXPECT_TRUE(matches("label:env!=test"));
  EXPECT_FALSE(matches("label:env != p*"));
  EXPECT_TRUE(matches("label:app.example/tier=front"));
  EXPECT_TRUE(matches("label:\"app.example/tier\" = \"front\""));
  EXPECT_FALSE(matches("label:env=\"\""));
}

TEST(Targets, AHostWithoutTheLabelHasNotThatValue) {
  EXPECT_FALSE(matches("label:team=core"));
  EXPECT_FALSE(matches("label:team=*"));
  EXPECT_TRUE(matches("label:team!=core"));
  EXPECT_FALSE(matches("label:team and label:team!=core"));
}

TEST(Targets, FactsAsTextsNumbersAndVersions) {
  EXPECT_TRUE(matches("fact:os=debian"));
  EXPECT_TRUE(matches("fact:os=deb*"));
  EXPECT_TRUE(matches("fact:os!=alpine"));
  EXPECT_TRUE(matches("fact:cores=4"));
  EXPECT_TRUE(matches("fact:cores=04"));
  EXPECT_FALSE(matches("fact:cores!=04"));
  EXPECT_TRUE(matches("fact:cores < 10"));
  EXPECT_FALSE(matches("fact:cores < 4"));
  EXPECT_TRUE(matches("fact:cores <= 4 and fact:cores >= 4"));
  EXPECT_TRUE(matches("fact:memory_bytes>8000000000"));
  EXPECT_TRUE(matches("fact:os_version<12.10"));
  EXPECT_TRUE(matches("fact:os_version>=12"));
  EXPECT_TRUE(matches("fact:kernel > 6.1.0-9"));
  EXPECT_TRUE(matches("fact:agent_version < 1.2.0"));
  EXPECT_TRUE(matches("fact:os > alpine"));
}

TEST(Targets, OneAddressIsEnoughAndNoneIsMeantByNotEqual) {
  EXPECT_TRUE(matches("fact:address=10.1.*"));
  EXPECT_FALSE(matches("fact:address=10.2.*"));
  EXPECT_FALSE(matches("fact:address!=10.1.*"));
  EXPECT_TRUE(matches("fact:address!=10.2.*"));
}

TEST(Targets, OfAHostWhoseAgentWasNeverSeenNoFactIsKnown) {
  for (const char* source : {"fact:os=debian", "fact:os!=debian", "fact:cores<10", "fact:cores>=0", "fact:os=*"}) {
    EXPECT_FALSE(matches(source, unseen())) << source;
  }
  HostView stale = web();
  stale.has_facts = false;
  EXPECT_FALSE(matches("fact:os=debian", stale));
  HostView partly = web();
  partly.facts = {{"os", "debian"}};
  EXPECT_FALSE(matches("fact:init!=none", partly));
  EXPECT_TRUE(matches("not fact:init=none", partly)) << "\"not\" is about the answer, not about the value";
}

TEST(Targets, NotBindsStrongerThanAndThanOr) {
  EXPECT_TRUE(matches("web-1 or db-1 and x"));
  EXPECT_FALSE(matches("(web-1 or db-1) and x"));
  EXPECT_FALSE(matches("not web-1 and x"));
  EXPECT_TRUE(matches("not (web-1 and x)"));
  EXPECT_TRUE(matches("not not web-1"));
  EXPECT_TRUE(matches("x or y or web-1"));
  EXPECT_FALSE(matches("web-1 and all and x"));
}

TEST(Targets, ParenthesesAndOperatorsNeedNoSpaces) {
  EXPECT_TRUE(matches("(web-1)and(not(db-1))"));
  EXPECT_TRUE(matches("not(db-*)"));
  EXPECT_TRUE(matches("label:env=prod and(fact:cores>=4)"));
  EXPECT_TRUE(matches("  web-1\n  and\tall\r\n"));
  EXPECT_FALSE(matches("notweb")) << "a name that only begins like a keyword";
  EXPECT_FALSE(matches("or-1 or and-1 or all-1"));
}

TEST(Targets, AreWrittenOutInOneWay) {
  const std::vector<std::pair<std::string, std::string>> same{
      {"web-*", "web-*"},
      {"  web-1   or(db-1 )", "web-1 or db-1"},
      {"((a)) and (b or c)", "a and (b or c)"},
      {"(a and b) or c", "a and b or c"},
      {"(a and b) and c", "(a and b) and c"},
      {"not(not(a or b))", "not not (a or b)"},
      {"'web-1'", "web-1"},
      {"'and' or 'All'", "\"and\" or \"All\""},
      {"'role:x'", "\"role:x\""},
      {"role:\"a b\"", "role:\"a b\""},
      {"label:'env' = 'prod'", "label:env=prod"},
      {"label:env != \"\"", "label:env!=\"\""},
      {"label:env='or'", "label:env=\"or\""},
      {"fact:cores >= 4", "fact:cores>=4"},
      {"fact:address = fe80::1", "fact:address=fe80::1"},
      {"'say \"x\"'", "\"say \\\"x\\\"\""},
      {"'[a b]'", "\"[a b]\""},
  };
  for (const auto& [source, text] : same) {
    const auto targets = Targets::parse(source);
    ASSERT_TRUE(targets) << source << ": " << refusal(targets);
    EXPECT_EQ(targets->text(), text);
    EXPECT_EQ(Targets::parse(targets->text()).value().text(), text);
  }
}

std::string explained(std::string_view source, const HostView& host = web()) {
  const auto targets = Targets::parse(source);
  if (!targets) return refusal(targets);
  const Explanation explanation = targets->explain(host);
  EXPECT_EQ(explanation.matched, targets->matches(host)) << source;
  std::string out = explanation.matched ? "matches" : "does not match";
  for (const Reason& reason : explanation.reasons) out += "\n" + reason.text();
  return out;
}

TEST(Targets, ExplainWhyForEveryTerm) {
  EXPECT_EQ(explained("web-* and not role:db and label:env=test"),
            "does not match\n"
            "web-*: yes, it is \"web-1\"\n"
            "role:db: no, it has \"nginx\", \"os\", \"edge\", \"proxy\"\n"
            "label:env=test: no, it is \"prod\"");
  EXPECT_EQ(explained("all or infra:x or provider:local or status:failed"),
            "matches\n"
            "all: yes, it is a host\n"
            "infra:x: no, it is \"demo\"\n"
            "provider:local: yes, it is \"local\"\n"
            "status:failed: no, it is \"ready\"")
      << "also those that decide nothing";
  EXPECT_EQ(explained("label:env or label:team or label:team!=x"),
            "matches\n"
            "label:env: yes, it is \"prod\"\n"
            "label:team: no, it has no such label\n"
            "label:team!=x: yes, it has no such label");
  EXPECT_EQ(explained("fact:cores>=8 or fact:address=10.1.*"),
            "matches\n"
            "fact:cores>=8: no, it is \"4\"\n"
            "fact:address=10.1.*: yes, it is \"10.0.0.3\", \"10.1.0.3\"");
}

TEST(Targets, ExplainWhatIsNotKnown) {
  EXPECT_EQ(explained("fact:cores>=8 and role:x", unseen()),
            "does not match\n"
            "fact:cores>=8: no, its agent has not told any facts yet\n"
            "role:x: no, it has none");
  HostView partly = unseen();
  partly.has_facts = true;
  EXPECT_EQ(explained("fact:init=none", partly), "does not match\nfact:init=none: no, its agent does not know it");
}

TEST(Targets, ExplanationsAreShortAndHarmless) {
  HostView host = web();
  host.labels = {{"env", "a\x1b[31m" + std::string(10'000, 'x')}};
  host.roles.assign(1000, "r");
  const std::string text = explained("label:env=b and role:x", host);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_LT(text.size(), 300u);
  EXPECT_NE(text.find("and 988 more"), std::string::npos) << text;
}

// What a host says is compared, and is never part of the expression.
TEST(Targets, WhatAHostSaysIsData) {
  HostView host = unseen();
  host.labels = {{"env", "x or all"}};
  host.roles = {"*", "db) or (all"};
  EXPECT_FALSE(matches("label:env=x", host));
  EXPECT_FALSE(matches("role:db", host));
  EXPECT_TRUE(matches("label:env=\"x or all\"", host));
}

}  // namespace
}  // namespace prov::expression
