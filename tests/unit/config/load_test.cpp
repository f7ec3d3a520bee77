// The six layers from real files.
#include "coordinator/config/load.h"

#include <gtest/gtest.h>

#include "coordinator/config/documents.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/unit/config/world.h"

namespace prov::config {
namespace {

using test::has;
using test::SettingsWorld;

std::string origin_of(const Config& config, const char* key) { return text_of(config.find(key)->origin()); }

TEST(Load, WithoutAnyFileTheDefaultsHold) {
  SettingsWorld world;
  const Config config = world.must_load();
  EXPECT_EQ(config.integer("link.port"), 9091);
  EXPECT_TRUE(config.boolean("orchestrator.tcp"));
  EXPECT_EQ(config.texts("link.addresses"), std::vector<std::string>{"127.0.0.1"});
  EXPECT_EQ(config.text("orchestrator.data_dir"), world.folder / "home/orchestrator/data");
  EXPECT_EQ(config.text("cli.endpoint"), world.folder / "home/services/state/orchestrator.sock");
  EXPECT_EQ(config.text("cli.extensions"), "");
  EXPECT_EQ(config.find("cli.extensions"), nullptr);
  EXPECT_EQ(origin_of(config, "link.port"), "built in");
  EXPECT_EQ(config.text("workspace.name"), "demo");
}

// Each layer in turn says the same key; the strongest so far wins, and its origin names it.
TEST(Load, EachLayerIsStrongerThanTheOneBefore) {
  SettingsWorld world;
  const auto expect = [&](const std::string& value, Layer layer, const std::string& origin) {
    const Config config = world.must_load();
    ASSERT_NE(config.find("vars.a"), nullptr) << origin;
    EXPECT_EQ(config.text("vars.a"), value);
    EXPECT_EQ(config.find("vars.a")->origin().layer, layer);
    EXPECT_EQ(origin_of(config, "vars.a"), origin);
  };
  world.request.defaults_file = world.folder.write("share/config.defaults.toml", "[vars]\na = \"0\"\n");
  expect("0", Layer::defaults, world.folder / "share/config.defaults.toml:2:1");
  expect("0", Layer::defaults, world.request.defaults_file + ":2:1");
  expect("1", Layer::user, world.user("[vars]\n  a = \"1\"\n") + ":2:3");
  world.folder.write("home/config/orchestrator.toml", "vars.a = \"1b\"\n");
  expect("1b", Layer::user, world.folder / "home/config/orchestrator.toml:1:6");
  expect("2", Layer::workspace, world.workspace("vars:\n  a: \"2\"\n") + ":3:3");
  world.environment("dev", "[vars]\na = \"3\"\n");
  expect("3", Layer::environment, world.folder / "ws/config/dev-defaults.toml:2:1");
  world.infra("main", "[vars]\na = \"4\"\n");
  expect("4", Layer::infra, world.folder / "ws/infra/main/config.toml:2:1");
  world.env["PROVISIONING_VARS_A"] = "5";
  expect("5", Layer::variable, "PROVISIONING_VARS_A");
  world.request.flags = {{"vars.a", "6", "--set"}};
  expect("6", Layer::flag, "--set");
  EXPECT_EQ(world.must_load().find("vars.a")->claims.size(), 8U);
}

TEST(Load, TheEnvironmentIsSaidByAnyLayerBeforeItsOwn) {
  SettingsWorld world;
  world.environment("dev", "[link]\nport = 1\n");
  world.environment("prod", "[link]\nport = 2\n");
  EXPECT_EQ(world.must_load().integer("link.port"), 1);
  world.workspace("general: {environment: prod}\n");
  EXPECT_EQ(world.must_load().integer("link.port"), 2);
  world.env["PROVISIONING_ENV"] = "dev";
  EXPECT_EQ(world.must_load().integer("link.port"), 1);
  world.env["PROVISIONING_ENV"] = "prdo";
  const Error refused = world.refused();
  EXPECT_EQ(refused.code, Code::not_found);
  EXPECT_TRUE(has(refused.message, "PROVISIONING_ENV: there is no environment \"prdo\"")) << refused.message;
  EXPECT_EQ(refused.hint, "did you mean \"prod\"?");
  world.env["PROVISIONING_ENV"] = "../../etc";
  EXPECT_EQ(world.refused().code, Code::invalid);
}

TEST(Load, AnEnvironmentNeedsNoFileWhereNobodyHasOne) {
  SettingsWorld world;
  world.env["PROVISIONING_ENV"] = "prod";
  EXPECT_EQ(world.must_load().text("general.environment"), "prod");
}

TEST(Load, TheInfraIsTheOneAskedForElseTheDefaultElseTheOnlyOne) {
  SettingsWorld world;
  EXPECT_EQ(world.must_load().infra(), "");
  world.infra("one", "[link]\nport = 1\n");
  EXPECT_EQ(world.must_load().infra(), "one");
  world.infra("two", "[link]\nport = 2\n[vars]\nwhere = \"{{paths.infra}} of {{infra.name}}\"\n");
  EXPECT_EQ(world.must_load().integer("link.port"), 9091) << "two, and nobody says which";
  world.user("[workspace]\ndefault_infra = \"one\"\n");
  EXPECT_EQ(world.must_load().integer("link.port"), 1);
  world.request.infra = "two";
  EXPECT_EQ(world.must_load().integer("link.port"), 2);
  EXPECT_EQ(world.must_load().text("vars.where"), world.folder / "ws/infra/two of two");
  world.request.infra = "../../etc";
  EXPECT_TRUE(has(world.refused().message, "is not a name"));
}

TEST(Load, FactsAreThoseOfNowAndHere) {
  SettingsWorld world;
  world.env["PLACE"] = "north";
  world.user(
      "[vars]\nday = \"{{now.date}}\"\nsecond = \"{{now.iso}}\"\nbase = \"{{paths.base}}\"\nplace = \"{{env.PLACE}}\"\n"
      "name = \"{{workspace.name}}\"\nroot = \"{{paths.workspace}}\"\n");
  const Config config = world.must_load();
  EXPECT_EQ(config.text("vars.day"), "2025-12-31");
  EXPECT_EQ(config.text("vars.second"), "2025-12-31T23:59:59Z");
  EXPECT_EQ(config.text("vars.base"), world.folder / "home");
  EXPECT_EQ(config.text("vars.place"), "north");
  EXPECT_EQ(config.text("vars.name"), "demo");
  EXPECT_EQ(config.text("vars.root"), world.folder / "ws");
}

TEST(Load, WithoutAWorkspaceItsFactsSayWhyTheyAreMissing) {
  SettingsWorld world;
  world.request.workspace_root.clear();
  world.request.no_workspace = "no workspace is active";
  EXPECT_EQ(world.must_load().sources().size(), 2U);
  const std::string file = world.user("[vars]\na = \"{{paths.workspace}}\"\n");
  EXPECT_EQ(world.refused().message, file + ":2:5: {{paths.workspace}}: no workspace is active");
}

TEST(Load, TheBranchIsReadFromTheRepository) {
  SettingsWorld world;
  const std::string file = world.user("[vars]\na = \"{{git.branch}}\"\n");
  world.folder.write("ws/.git/HEAD", "ref: refs/heads/feature/x\n");
  EXPECT_EQ(world.must_load().text("vars.a"), "feature/x");
  world.folder.write("ws/.git/HEAD", "0123456789012345678901234567890123456789\n");
  EXPECT_EQ(world.must_load().text("vars.a"), "HEAD");
  std::filesystem::remove_all(world.folder / "ws/.git");
  world.folder.write("git/worktrees/ws/HEAD", "ref: refs/heads/side\n");
  world.folder.write("ws/.git", "gitdir: ../git/worktrees/ws\n");
  EXPECT_EQ(world.must_load().text("vars.a"), "side") << "a worktree's .git is a file that says where";
}

TEST(Load, PathsFromTheEnvironmentBeginWhereOneIs) {
  SettingsWorld world;
  world.env["PROVISIONING_TOKEN_FILE"] = "token";
  EXPECT_EQ(world.must_load().text("cli.token_file"), world.folder / "token");
}

TEST(Load, ValuesThatDoNotGoTogetherAreRefusedWithBothPlaces) {
  SettingsWorld world;
  const std::string user = world.user("[link]\nheartbeat_ms = 12000\n");
  const Error refused = world.refused();
  EXPECT_TRUE(has(refused.message, "\"link.dead_ms\" is 20000, less than twice \"link.heartbeat_ms\""))
      << refused.message;
  EXPECT_TRUE(has(refused.message, user + ":2:1"));
  EXPECT_EQ(refused.hint, "give link.dead_ms at least 24000");
}

TEST(Load, ACoordinatorFileThatIsNamedHasToBeThere) {
  SettingsWorld world;
  world.folder.write("home/config/orchestrator.toml", "[link]\nport = 1\n");
  world.request.coordinator_file = world.folder / "other.toml";
  EXPECT_EQ(world.refused().code, Code::not_found);
  world.folder.write("other.toml", "[link]\nenrol_port = 2\n");
  EXPECT_EQ(world.must_load().integer("link.enrol_port"), 2);
  EXPECT_EQ(world.must_load().integer("link.port"), 9091) << "it stands in place of the other one";
}

TEST(Load, WhatTheCoordinatorIsToldReadsBackTheSame) {
  SettingsWorld world;
  world.user("[orchestrator]\nowners = [0, 7]\nlog_level = \"debug\"\n[vars]\na = \"not for it\"\n");
  const Config config = world.must_load();
  const auto tree = workspace::parse_toml(coordinator_document(config), "f");
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  workspace::Problems problems;
  const Tree read = read_tree(*tree, "f", Layer::user, problems);
  ASSERT_FALSE(problems.any()) << problems.error().message;
  std::size_t own = 0;
  for (const auto& [name, setting] : config.all()) {
    if (!is_for_coordinator(name)) continue;
    ++own;
    EXPECT_EQ(read.at(name).back().value, setting.value) << name;
  }
  EXPECT_EQ(read.size(), own);
}

}  // namespace
}  // namespace prov::config
