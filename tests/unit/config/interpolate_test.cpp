#include "coordinator/config/interpolate.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/config/world.h"

namespace prov::config {
namespace {

using test::has;

class Interpolate : public ::testing::Test {
 protected:
  Interpolate() {
    facts_.known["paths.base"] = "/base";
    facts_.missing["paths.workspace"] = "no workspace is in use";
    facts_.variable = [](const std::string& name) {
      return name == "HOME"     ? std::string("/home/me")
             : name == "TRICKY" ? std::string("{{paths.base}}")
                                : std::string();
    };
    facts_.git_branch = [] { return Result<std::string>("main"); };
  }
  void say(const std::string& key, const std::string& value, Layer layer = Layer::user) {
    tree_ = merge(std::move(tree_), {{key, {{{value, {}}, {layer, "f.toml", {7, 1}}, {7, 9}}}}});
  }
  std::string value(const std::string& key) {
    workspace::Problems problems;
    const Settings all = interpolate(tree_, facts_, problems);
    EXPECT_FALSE(problems.any()) << problems.error().message;
    return all.count(key) > 0 ? all.at(key).value.text : "";
  }
  std::string refusal() {
    workspace::Problems problems;
    interpolate(tree_, facts_, problems);
    return problems.any() ? problems.error().message + " / " + problems.error().hint : "nothing";
  }

  Tree tree_;
  Facts facts_;
};

TEST_F(Interpolate, PutsInSettingsFactsAndTheEnvironment) {
  say("vars.a", "{{paths.base}}/{{ env.HOME }}/{{git.branch}}-{{vars.b}}");
  say("vars.b", "{{link.port}}");
  say("link.port", "9091");
  EXPECT_EQ(value("vars.a"), "/base//home/me/main-9091");
  say("link.dead_ms", "{{link.port}}");
  EXPECT_EQ(value("link.dead_ms"), "9091") << "a number can be put together too";
}

TEST_F(Interpolate, WhatIsPutInIsNeverLookedAtAgain) {
  say("vars.a", "{{env.TRICKY}}");
  EXPECT_EQ(value("vars.a"), "{{paths.base}}");
  say("vars.b", "{{vars.a}}");
  EXPECT_EQ(value("vars.b"), "{{paths.base}}");
}

TEST_F(Interpolate, WhatTheEnvironmentAndFlagsSayIsTakenAsItIs) {
  say("vars.a", "{{paths.base}}", Layer::variable);
  say("vars.b", "{{nonsense", Layer::flag);
  say("vars.c", "{{vars.a}} {{vars.b}}");
  EXPECT_EQ(value("vars.a"), "{{paths.base}}");
  EXPECT_EQ(value("vars.b"), "{{nonsense");
  EXPECT_EQ(value("vars.c"), "{{paths.base}} {{nonsense");
}

TEST_F(Interpolate, OnlyTheWinnerIsPutTogether) {
  say("vars.a", "{{no.such}}");
  say("vars.a", "plain", Layer::infra);
  EXPECT_EQ(value("vars.a"), "plain");
}

TEST_F(Interpolate, ACircleIsToldOnceWithItsWay) {
  say("vars.a", "{{vars.b}}");
  say("vars.b", "{{vars.c}}");
  say("vars.c", "x{{vars.a}}");
  say("vars.d", "{{vars.a}}");
  EXPECT_EQ(refusal(),
            "f.toml:7:9: a circle: vars.a -> vars.b -> vars.c -> vars.a / give one of them a value without {{...}}");
  tree_.clear();
  say("vars.a", "{{vars.a}}");
  EXPECT_TRUE(has(refusal(), "a circle: vars.a -> vars.a"));
}

TEST_F(Interpolate, SaysWhatIsNotKnownAndWhatWouldBe) {
  const std::pair<const char*, const char*> kBad[] = {
      {"{{paths.bsae}}",
       "f.toml:7:9: {{paths.bsae}}: there is no setting and no fact of that name / did you mean "
       "{{paths.base}}?"},
      {"{{env.NOPE}}", "NOPE is not set in the environment"},
      {"{{paths.workspace}}", "no workspace is in use"},
      {"{{link.port}}", "that setting has no value / provisioning config set link.port VALUE"},
      {"{{link.port", "\"{{\" is not closed"},
      {"{{}}", "is no name"},
      {"{{a b}}", "is no name"}};
  for (const auto& [text, expected] : kBad) {
    tree_.clear();
    say("vars.a", text);
    EXPECT_TRUE(has(refusal(), expected)) << refusal();
  }
}

TEST_F(Interpolate, WhatComesOutIsHeldToItsType) {
  say("link.port", "{{vars.p}}");
  say("vars.p", "eighty");
  EXPECT_TRUE(has(refusal(), "f.toml:7:9: \"link.port\" must be an integer from 0 to 65535, it is \"eighty\""));
  tree_.clear();
  say("orchestrator.data_dir", "data");
  EXPECT_TRUE(has(refusal(), "must be an absolute path"));
}

TEST_F(Interpolate, GrowthAndDepthAreBounded) {
  say("vars.v0", std::string(100, 'x'));
  for (int i = 1; i < 20; ++i) {
    const std::string before = "{{vars.v" + std::to_string(i - 1) + "}}";
    say("vars.v" + std::to_string(i), before + before + before + before);
  }
  EXPECT_TRUE(has(refusal(), "becomes longer than the 65536 bytes"));
  tree_.clear();
  for (int i = 0; i < 1000; ++i) say("vars.n" + std::to_string(i), "{{vars.n" + std::to_string(i + 1) + "}}");
  say("vars.n1000", "end");
  EXPECT_TRUE(has(refusal(), "more than 32 settings"));
}

// Property: it ends, whatever refers to whatever; and what holds has nothing left to put in.
TEST_F(Interpolate, EndsForAnyReferences) {
  std::mt19937 random(11);
  for (int run = 0; run < 500; ++run) {
    tree_.clear();
    const auto count = 1 + random() % 12;
    for (unsigned i = 0; i < count; ++i) {
      std::string text = "t";
      for (unsigned k = random() % 4; k > 0; --k) text += "{{vars.n" + std::to_string(random() % count) + "}}";
      say("vars.n" + std::to_string(i), text);
    }
    workspace::Problems problems;
    const Settings all = interpolate(tree_, facts_, problems);
    EXPECT_EQ(all.size() == tree_.size(), !problems.any());
    for (const auto& [name, setting] : all) {
      EXPECT_FALSE(has_placeholder(setting.value)) << name;
      EXPECT_EQ(setting.value.text.find_first_not_of('t'), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace prov::config
