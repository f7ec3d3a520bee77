#include "coordinator/cli/parse.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/cli/http_transport.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

Invocation good(const std::vector<std::string>& words) {
  auto parsed = parse(words);
  EXPECT_TRUE(parsed.has_value()) << parsed.error().message;
  return parsed ? *parsed : Invocation{};
}

TEST(Parse, FlagsStandAnywhereBeforeTheDashes) {
  const auto parsed = good({"-o", "json", "s", "create", "db-1", "--wait", "db-2", "--infra=main", "--timeout", "5"});
  EXPECT_EQ(parsed.command->verb, "create");
  EXPECT_EQ(parsed.args, (std::vector<std::string>{"db-1", "db-2"}));
  EXPECT_EQ(parsed.value("out"), "json");
  EXPECT_EQ(parsed.value("infra"), "main");
  EXPECT_EQ(parsed.value("timeout"), "5");
  EXPECT_TRUE(parsed.has("wait"));
  EXPECT_FALSE(parsed.has("check"));
}

TEST(Parse, WhatStandsAfterTheDashesIsLeftAlone) {
  const auto parsed = good({"server", "ssh", "db-1", "--", "ls", "--help", "-o", "--", "x y"});
  EXPECT_EQ(parsed.after_dashes, (std::vector<std::string>{"ls", "--help", "-o", "--", "x y"}));
  EXPECT_FALSE(parsed.has("help"));
}

TEST(Parse, AliasesAndRepeatedFlags) {
  EXPECT_EQ(good({"ws", "switch", "demo"}).command->verb, "activate");
  EXPECT_EQ(good({"task", "ls"}).command->verb, "list");
  EXPECT_EQ(good({"t", "list", "--server", "a", "--server", "b"}).values("server"),
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(good({"--version"}).command->noun, "version");
}

TEST(Parse, WrongLinesSayWhatIsWrongAndWhatIsNear) {
  struct Case {
    std::vector<std::string> words;
    const char* message;
    const char* hint;
  };
  const Case cases[] = {
      {{"srever", "list"}, "there is no command \"srever\"", "did you mean \"server\"?"},
      {{"server", "crate"}, "there is no command \"server crate\"", "did you mean \"create\"?"},
      {{"server", "--infra", "demo"}, "\"provisioning server\" lacks its verb", "create, list, delete, ssh"},
      {{"server", "list", "--otu", "json"}, "there is no flag --otu", "did you mean --out?"},
      {{"server", "list", "--wait"}, "takes no --wait", "provisioning help server list"},
      {{"server", "list", "--out", "xml"}, "--out cannot be \"xml\"", "table"},
      {{"server", "list", "--out"}, "--out needs a value", ""},
      {{"server", "list", "--quiet=no"}, "--quiet takes no value", ""},
      {{"server", "list", "x"}, "\"x\" is too much", ""},
      {{"server", "ssh", "db-1", "uptime"}, "\"uptime\" is too much", "a command to run stands after --"},
      {{"server", "ssh", "db-1", "--"}, "there is no command after \"--\"", ""},
      {{"server", "list", "--", "x"}, "\"--\" means nothing", ""},
      {{"agent", "show"}, "something is missing: provisioning agent show HOST|KEY", "for example: "},
      {{"server", "list", "--infra="}, "--infra cannot be \"\"", ""},
      {{"server", "list", "-x"}, "there is no flag -x", "provisioning help"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.message);
    const auto parsed = parse(one.words);
    ASSERT_FALSE(parsed.has_value());
    EXPECT_EQ(parsed.error().code, Code::invalid);
    EXPECT_TRUE(test::has(parsed.error().message, one.message)) << parsed.error().message;
    EXPECT_TRUE(test::has(parsed.error().hint, one.hint)) << parsed.error().hint;
  }
}

TEST(Parse, AnyWordsAreParsedOrRefused) {
  const char* kWords[] = {"server", "create", "help", "--help", "-h",  "--out", "json", "--", "",      "-",  "---",
                          "--=",    "-oo",    "--x=", "list",   "ssh", "\xff",  "ws",   "h",  "--yes", "-y", "version"};
  const std::uint64_t seed = 20260131;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::string> words(random() % 6);
    for (auto& word : words) word = kWords[random() % std::size(kWords)];
    const auto parsed = parse(words);
    if (parsed) {
      ASSERT_NE(parsed->command, nullptr);
    } else {
      ASSERT_FALSE(parsed.error().message.empty());
    }
  }
}

TEST(Endpoint, SocketsAndUrls) {
  EXPECT_EQ(parse_endpoint("/run/x.sock")->unix_path, "/run/x.sock");
  EXPECT_EQ(parse_endpoint("unix:/run/x.sock")->unix_path, "/run/x.sock");
  EXPECT_EQ(parse_endpoint("http://127.0.0.1:9000")->port, 9000);
  EXPECT_EQ(parse_endpoint("http://127.0.0.1")->port, 8080);
  EXPECT_EQ(parse_endpoint("http://[::1]:81/")->host, "::1");
  for (const char* wrong : {"", "x", "https://a", "http://", "http://a:0", "http://a:99999", "http://a:b", "http://a/b",
                            "http://u@a", "ftp://a"}) {
    EXPECT_FALSE(parse_endpoint(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace prov::cli
