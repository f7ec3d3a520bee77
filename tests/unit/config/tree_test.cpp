#include "coordinator/config/tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "coordinator/workspace/toml_tree.h"
#include "tests/unit/config/world.h"

namespace prov::config {
namespace {

using test::has;

Tree toml(const std::string& text, Layer layer, workspace::Problems& problems) {
  const auto tree = workspace::parse_toml(text, "f.toml");
  EXPECT_TRUE(tree.has_value()) << tree.error().message;
  return tree ? read_tree(*tree, "f.toml", layer, problems) : Tree();
}

std::string refusal(const std::string& text, Layer layer = Layer::user) {
  workspace::Problems problems;
  toml(text, layer, problems);
  if (!problems.any()) return "nothing";
  return problems.error().message + " / " + problems.error().hint;
}

TEST(Tree, KeepsThePlaceOfEveryKey) {
  workspace::Problems problems;
  const Tree tree = toml("[link]\nport = 1\n  dead_ms = 5000\n", Layer::user, problems);
  EXPECT_FALSE(problems.any());
  EXPECT_EQ(text_of(tree.at("link.port").back().origin), "f.toml:2:1");
  EXPECT_EQ(text_of(tree.at("link.dead_ms").back().origin), "f.toml:3:3");
}

TEST(Tree, RefusesWhatItDoesNotKnowWithTheNearest) {
  EXPECT_EQ(refusal("[link]\nprot = 1"), "f.toml:2:1: there is no setting \"link.prot\" / did you mean \"link.port\"?");
  EXPECT_TRUE(has(refusal("[lnik]\nport = 1"), "f.toml:1:2: there is no setting \"lnik\" / did you mean \"link\"?"));
  EXPECT_TRUE(has(refusal("\"link.port\" = 1"), "there is no setting")) << "a name in quotes is one name";
  EXPECT_TRUE(has(refusal("link = 3"), "\"link\" must be a section with keys, it is a single value"));
  EXPECT_EQ(unknown_key("link").message, "\"link\" is a section of settings, and no setting");
  EXPECT_EQ(unknown_key("link").hint, "what is in it: provisioning config show link");
  EXPECT_TRUE(has(refusal("[link.port]\nx = 1"), "must be an integer"));
  EXPECT_TRUE(has(refusal("[vars]\nBig = 1"), "vars. and then lower-case letters"));
}

TEST(Tree, RefusesAKeyInALayerWhereItCannotStand) {
  const std::string name = refusal("[workspace]\nname = \"x\"", Layer::user);
  EXPECT_TRUE(has(name, "\"workspace.name\" cannot be said by ~/.provisioning/config.user.toml")) << name;
  EXPECT_TRUE(has(name, "it can stand in: config/provisioning.yaml of the workspace"));
  EXPECT_EQ(refusal("[workspace]\nname = \"x\"", Layer::workspace), "nothing");
  EXPECT_EQ(refusal("[workspace]\ndefault_infra = \"x\"", Layer::environment), "nothing");
  EXPECT_NE(refusal("[workspace]\ndefault_infra = \"x\"", Layer::infra), "nothing");
  EXPECT_NE(refusal("[general]\nenvironment = \"x\"", Layer::environment), "nothing");
  EXPECT_EQ(refusal("[general]\nenvironment = \"x\"", Layer::workspace), "nothing");
}

TEST(Tree, TellsAllProblemsAtOnce) {
  const std::string all = refusal("[link]\nport = -1\nprot = 2\n[log]\nreserve_mib = \"x\"\n");
  for (const char* place : {"f.toml:2:8", "f.toml:3:1", "f.toml:5:15"}) EXPECT_TRUE(has(all, place)) << all;
}

TEST(Variables, TheLongNameIsStrongerThanTheShortOne) {
  workspace::Problems problems;
  std::vector<std::string> warnings;
  const Tree tree = read_variables({{"PROVISIONING_CLI_ENDPOINT", "/long"},
                                    {"PROVISIONING_ENDPOINT", "/short"},
                                    {"PROVISIONING_VARS_REGION", "north"},
                                    {"PROVISIONING_LINK_PORT", ""},
                                    {"LINK_PORT", "1"}},
                                   problems, warnings);
  EXPECT_FALSE(problems.any());
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(tree.size(), 2U) << "an empty variable says nothing";
  EXPECT_EQ(tree.at("cli.endpoint").back().value.text, "/long");
  EXPECT_EQ(tree.at("cli.endpoint").front().value.text, "/short");
  EXPECT_EQ(text_of(tree.at("vars.region").back().origin), "PROVISIONING_VARS_REGION");
}

TEST(Variables, UnknownOnesBelowASectionAreWarnedOfAndOthersAreNotOurs) {
  workspace::Problems problems;
  std::vector<std::string> warnings;
  read_variables({{"PROVISIONING_LINK_PROT", "1"}, {"PROVISIONING_DEBUG", "1"}, {"PROVISIONING_WORKSPACE", "w"}},
                 problems, warnings);
  EXPECT_FALSE(problems.any());
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_TRUE(has(warnings[0], "did you mean PROVISIONING_LINK_PORT?")) << warnings[0];
  read_variables({{"PROVISIONING_LINK_PORT", "many"}, {"PROVISIONING_WORKSPACE_NAME", "x"}}, problems, warnings);
  ASSERT_TRUE(problems.any());
  EXPECT_TRUE(has(problems.error().message, "PROVISIONING_LINK_PORT: \"link.port\" must be"));
  EXPECT_TRUE(has(problems.error().message, "PROVISIONING_WORKSPACE_NAME: \"workspace.name\" cannot be said"));
}

TEST(Assignments, SayAKeyOnceOrMoreAndTheLastOneWins) {
  EXPECT_EQ(parse_assignment("vars.a=b=c")->value, "b=c");
  EXPECT_FALSE(parse_assignment("link.port").has_value());
  EXPECT_FALSE(parse_assignment("=1").has_value());
  workspace::Problems problems;
  const Tree tree = read_assignments({{"link.port", "1", "--set"}, {"link.port", "2", "--set"}}, problems);
  EXPECT_EQ(tree.at("link.port").back().value.text, "2");
  EXPECT_FALSE(problems.any());
  for (const char* bad : {"link.prot", "vars.*", "link", "workspace.name"}) {
    workspace::Problems own;
    read_assignments({{bad, "1", "--set"}}, own);
    ASSERT_TRUE(own.any()) << bad;
    EXPECT_EQ(own.error().message.rfind("--set: ", 0), 0U) << own.error().message;
  }
}

// ---- properties of merging, over random trees

Tree random_tree(std::mt19937& random, Layer layer) {
  static const char* const kNames[] = {"vars.a", "vars.b", "vars.c", "link.port", "log.reserve_mib"};
  Tree tree;
  for (const char* name : kNames) {
    if (random() % 2 == 0) continue;
    const std::string value = std::to_string(random() % 1000);
    tree[name] = {{{value, {}}, {layer, std::string(name_of(layer)) + std::to_string(random() % 3), {1, 2}}, {}}};
  }
  return tree;
}

TEST(Merge, IsAssociativeAndAnEmptyTreeChangesNothing) {
  std::mt19937 random(7);
  for (int run = 0; run < 300; ++run) {
    const Tree a = random_tree(random, Layer::user), b = random_tree(random, Layer::workspace),
               c = random_tree(random, Layer::infra);
    EXPECT_EQ(merge(merge(a, b), c), merge(a, merge(b, c)));
    EXPECT_EQ(merge(a, {}), a);
    EXPECT_EQ(merge({}, a), a);
  }
}

TEST(Merge, TheStrongestWinsAndItsOriginNamesIt) {
  std::mt19937 random(8);
  for (int run = 0; run < 300; ++run) {
    std::vector<Tree> layers;
    Tree merged;
    for (const Layer layer : kLayers) {
      layers.push_back(random_tree(random, layer));
      merged = merge(std::move(merged), layers.back());
    }
    std::size_t keys = 0;
    for (const auto& [name, claims] : merged) {
      const auto strongest = std::find_if(layers.rbegin(), layers.rend(),
                                          [&, &key = name](const Tree& tree) { return tree.count(key) > 0; });
      ASSERT_NE(strongest, layers.rend());
      EXPECT_EQ(claims.back(), strongest->at(name).back());
      EXPECT_TRUE(std::is_sorted(claims.begin(), claims.end(),
                                 [](const Claim& x, const Claim& y) { return x.origin.layer < y.origin.layer; }));
      keys += claims.size();
    }
    std::size_t said = 0;
    for (const Tree& tree : layers) said += tree.size();
    EXPECT_EQ(keys, said) << "nothing that was said is lost";
  }
}

}  // namespace
}  // namespace prov::config
