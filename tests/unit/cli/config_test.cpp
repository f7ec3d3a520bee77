// `config` and what hangs on settings, through the real command line.
#include <gtest/gtest.h>

#include "coordinator/workspace/yaml_tree.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;

class ConfigVerbs : public ::testing::Test {
 protected:
  ConfigVerbs() { world_.make_demo(); }

  std::string user() const { return world_.folder / "home/config.user.toml"; }
  std::string read(const std::string& file) const { return workspace::read_file(file, 1 << 20).value_or("none"); }
  std::string get(const std::string& key) {
    EXPECT_EQ(world_.run({"config", "get", key}), 0) << world_.err;
    return world_.out;
  }

  test::FakeWorld world_;
};

TEST_F(ConfigVerbs, ShowSaysWhatHoldsAndWhereItComesFrom) {
  world_.folder.write("home/config.user.toml", "[link]\nport = 1\n");
  world_.folder.write("ws/infra/main/config.toml", "[limits]\nagent_orders = 7\n");
  world_.env["PROVISIONING_LOG_RESERVE_MIB"] = "9";
  ASSERT_EQ(world_.run({"config", "show", "--origin", "--set", "vars.a=x", "-o", "json"}), 0) << world_.err;
  const json all = world_.document();
  EXPECT_EQ(all["link.port"]["value"], 1);
  EXPECT_EQ(all["link.port"]["origin"]["layer"], "user");
  EXPECT_EQ(all["link.port"]["origin"]["at"], user() + ":2:1");
  EXPECT_EQ(all["limits.agent_orders"]["origin"]["layer"], "infra");
  EXPECT_EQ(all["log.reserve_mib"]["origin"]["at"], "PROVISIONING_LOG_RESERVE_MIB");
  EXPECT_EQ(all["vars.a"]["origin"]["at"], "--set");
  EXPECT_EQ(all["link.dead_ms"]["origin"]["layer"], "defaults");
  EXPECT_EQ(all["workspace.name"]["value"], "demo");
  ASSERT_EQ(world_.run({"config", "show", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["link"]["port"], 1);
  ASSERT_EQ(world_.run({"config", "show", "-o", "yaml"}), 0);
  EXPECT_TRUE(has(world_.out, "link:\n"));
  ASSERT_EQ(world_.run({"config", "show", "link", "--origin"}), 0);
  EXPECT_TRUE(has(world_.out, "link.port")) << world_.out;
  EXPECT_TRUE(has(world_.out, "config.user.toml:2:1"));
  EXPECT_FALSE(has(world_.out, "log.reserve_mib"));
  EXPECT_EQ(world_.run({"config", "show", "--infra", "mian"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"main\"?"));
  EXPECT_EQ(world_.run({"config", "show", "--workspace", "none"}), 4);
  EXPECT_EQ(world_.run({"config", "show", "lnik"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"link\"?"));
}

TEST_F(ConfigVerbs, GetPrintsTheValueAlone) {
  EXPECT_EQ(get("link.port"), "9091\n");
  EXPECT_EQ(get("link.addresses"), "127.0.0.1\n");
  EXPECT_EQ(get("orchestrator.data_dir"), world_.folder / "home/orchestrator/data\n");
  EXPECT_EQ(world_.run({"config", "get", "cli.extensions"}), 4);
  EXPECT_TRUE(has(world_.err, "provisioning config set cli.extensions VALUE"));
  EXPECT_EQ(world_.run({"config", "get", "link.prot"}), 4);
  ASSERT_EQ(world_.run({"config", "get", "link.port", "-o", "json"}), 0);
  EXPECT_EQ(world_.document(), 9091);
}

TEST_F(ConfigVerbs, SetWritesTheFileOfTheLayerAndUnsetTakesItOut) {
  ASSERT_EQ(world_.run({"config", "set", "link.port", "1"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "takes it up at its next start: provisioning platform stop")) << world_.err;
  ASSERT_EQ(world_.run({"config", "set", "link.port", "1"}), 0) << world_.err;
  EXPECT_FALSE(has(world_.err, "next start")) << "nothing was changed";
  EXPECT_EQ(read(user()), "[link]\nport = 1\n");
  EXPECT_EQ(std::filesystem::status(user()).permissions(), std::filesystem::perms(0600));
  ASSERT_EQ(world_.run({"config", "set", "link.port", "2", "--workspace", "demo"}), 0) << world_.err;
  EXPECT_EQ(read(world_.folder / "ws/config/provisioning.yaml"), "workspace: {name: demo}\nlink:\n  port: 2\n");
  ASSERT_EQ(world_.run({"config", "set", "link.port", "3", "--environment", "dev"}), 0) << world_.err;
  EXPECT_EQ(read(world_.folder / "ws/config/dev-defaults.toml"), "[link]\nport = 3\n");
  ASSERT_EQ(world_.run({"config", "set", "link.port", "4", "--infra", "main"}), 0) << world_.err;
  EXPECT_EQ(read(world_.folder / "ws/infra/main/config.toml"), "[link]\nport = 4\n");
  EXPECT_EQ(get("link.port"), "4\n");
  ASSERT_EQ(world_.run({"config", "set", "link.port", "5", "--user"}), 0);
  EXPECT_TRUE(has(world_.err, "note: ")) << "a stronger layer says something else";
  EXPECT_TRUE(has(world_.err, "infra/main/config.toml:2:1 is stronger than this file"));
  ASSERT_EQ(world_.run({"config", "unset", "link.port", "--infra", "main"}), 0) << world_.err;
  EXPECT_EQ(get("link.port"), "3\n");
  EXPECT_EQ(world_.run({"config", "unset", "link.port", "--infra", "main"}), 4);
}

TEST_F(ConfigVerbs, SetChoosesTheWorkspaceForWhatOnlyItCanSay) {
  ASSERT_EQ(world_.run({"config", "set", "workspace.description", "two words"}), 0) << world_.err;
  EXPECT_EQ(read(world_.folder / "ws/config/provisioning.yaml"),
            "workspace: {description: \"two words\", name: demo}\n");
  EXPECT_EQ(world_.run({"config", "set", "workspace.description", "x", "--user"}), 2);
  EXPECT_TRUE(has(world_.err, "cannot be said by ~/.provisioning/config.user.toml"));
}

TEST_F(ConfigVerbs, SetRefusesWhatWouldNotHoldAndWritesNothing) {
  world_.folder.write("home/config.user.toml", "# mine\n[link]\nport = 1 # x\n");
  const std::string before = read(user());
  const std::vector<std::string> kBad[] = {{"link.port", "x"},
                                           {"link.port", "70000"},
                                           {"link.heartbeat_ms", "20000"},
                                           {"vars.a", "{{vars.a}}"},
                                           {"vars.a", "{{no.such}}"},
                                           {"orchestrator.data_dir", "relative"},
                                           {"orchestrator.log_level", "loud"}};
  for (const auto& bad : kBad) {
    EXPECT_EQ(world_.run({"config", "set", bad[0], bad[1], "--user"}), 2) << bad[0] << " " << bad[1];
    EXPECT_EQ(read(user()), before);
  }
  EXPECT_EQ(world_.run({"config", "set", "link.prot", "1"}), 4);
  EXPECT_EQ(world_.run({"config", "set", "link.port", "1", "--infra", "none"}), 4);
  EXPECT_EQ(world_.run({"config", "set", "link.port", "1", "--infra", "../x"}), 2);
  EXPECT_EQ(world_.run({"config", "set", "link.port", "1", "--user", "--infra", "main"}), 2);
  EXPECT_EQ(read(user()), before);
  ASSERT_EQ(world_.run({"config", "set", "link.port", "2", "--user"}), 0);
  EXPECT_EQ(read(user()), "# mine\n[link]\nport = 2 # x\n");
}

TEST_F(ConfigVerbs, SetRefusesAWorkspaceThatWouldNotWork) {
  const std::string file = world_.folder / "ws/config/provisioning.yaml";
  const std::string before = read(file);
  EXPECT_EQ(world_.run({"config", "unset", "workspace.name"}), 2);
  EXPECT_TRUE(has(world_.err, "\"name\"")) << world_.err;
  EXPECT_EQ(world_.run({"config", "set", "workspace.name", "shop"}), 2);
  EXPECT_TRUE(has(world_.err, "cannot be renamed")) << world_.err;
  EXPECT_EQ(world_.run({"config", "set", "workspace.default_infra", "mian"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"main\"?")) << world_.err;
  EXPECT_EQ(read(file), before);
  EXPECT_EQ(world_.run({"config", "set", "workspace.name", "demo"}), 0) << "it says so already: " << world_.err;
  EXPECT_EQ(world_.run({"config", "set", "workspace.default_infra", "main"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"config", "unset", "workspace.default_infra"}), 0) << world_.err;

  world_.folder.write("ws/config/provisioning.yaml", "workspace: {name: Demo}\n");
  EXPECT_EQ(world_.run({"config", "set", "workspace.name", "demo"}), 0) << "what mends it is welcome: " << world_.err;
}

TEST_F(ConfigVerbs, SetRefusesWhatIsNotThere) {
  EXPECT_EQ(world_.run({"config", "set", "providers.default_provider", "lokal"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"local\"?")) << world_.err;
  EXPECT_EQ(world_.run({"config", "set", "link.addresses", "foo"}), 2);
  EXPECT_TRUE(has(world_.err, "\"link.addresses\" names \"foo\"")) << world_.err;
  EXPECT_EQ(read(user()), "none");
  EXPECT_EQ(world_.run({"config", "set", "providers.default_provider", "local"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"config", "set", "link.addresses", "127.0.0.1,::1"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workspace", "init", "y", "--path", world_.folder / "y", "--provider", "lokal"}), 4);
  EXPECT_FALSE(std::filesystem::exists(world_.folder / "y"));
}

TEST_F(ConfigVerbs, ValidateTellsEverythingThatIsWrong) {
  ASSERT_EQ(world_.run({"config", "validate", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document()["valid"], true);
  ASSERT_EQ(world_.run({"val"}), 0);
  EXPECT_TRUE(has(world_.out, "provisioning.yaml"));
  world_.env["PROVISIONING_LINK_PROT"] = "1";
  ASSERT_EQ(world_.run({"validate"}), 0);
  EXPECT_TRUE(has(world_.err, "warning: PROVISIONING_LINK_PROT"));
  world_.folder.write("home/config.user.toml", "[link]\nprot = 1\n");
  world_.folder.write("ws/infra/main/config.toml", "[limits]\nagent_orders = 0\n");
  EXPECT_EQ(world_.run({"config", "validate"}), 2);
  EXPECT_TRUE(has(world_.err, "config.user.toml:2:1: there is no setting \"link.prot\"")) << world_.err;
  std::filesystem::remove(user());
  EXPECT_EQ(world_.run({"config", "validate"}), 2);
  EXPECT_TRUE(has(world_.err, "infra/main/config.toml:2:16")) << world_.err;
}

TEST_F(ConfigVerbs, ExplainSaysWhatAKeyIsAndWhatEachLayerSays) {
  world_.folder.write("home/config.user.toml", "[link]\ndead_ms = 30000\n");
  ASSERT_EQ(world_.run({"config", "explain", "link.dead_ms"}), 0) << world_.err;
  for (const char* part : {"silence after which the other side is lost", "an integer from 200 to 600000, ms", "20000",
                           "PROVISIONING_LINK_DEAD_MS", "30000  (user  ", "config.user.toml:2:1"}) {
    EXPECT_TRUE(has(world_.out, part)) << part << "\n" << world_.out;
  }
  ASSERT_EQ(world_.run({"config", "explain", "link.dead_ms", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["claims"].size(), 2U);
  EXPECT_EQ(world_.document()["value"], 30000);
  ASSERT_EQ(world_.run({"config", "explain", "facts"}), 0);
  EXPECT_TRUE(has(world_.out, "{{git.branch}}"));
  EXPECT_EQ(world_.run({"config", "explain", "nothing"}), 4);
}

TEST_F(ConfigVerbs, WhatTheCommandLineUsesComesFromSettings) {
  world_.coordinator.answer("GET /status", {{"pid", 1}});
  world_.folder.write("home/config.user.toml", "[cli]\nendpoint = \"{{paths.base}}/from-user.sock\"\n");
  ASSERT_EQ(world_.run({"platform", "status"}), 0) << world_.err;
  EXPECT_EQ(world_.last_endpoint.unix_path, world_.folder / "home/from-user.sock");
  world_.env["PROVISIONING_ENDPOINT"] = "/from-env.sock";
  ASSERT_EQ(world_.run({"platform", "status"}), 0);
  EXPECT_EQ(world_.last_endpoint.unix_path, "/from-env.sock");
  ASSERT_EQ(world_.run({"platform", "status", "--endpoint", "/from-flag.sock"}), 0);
  EXPECT_EQ(world_.last_endpoint.unix_path, "/from-flag.sock");
}

TEST_F(ConfigVerbs, VersionAndHelpDoNotReadSettings) {
  world_.folder.write("home/config.user.toml", "broken");
  EXPECT_EQ(world_.run({"--version"}), 0);
  EXPECT_EQ(world_.run({"help"}), 0);
  EXPECT_EQ(world_.run({"config", "show"}), 2);
}

TEST_F(ConfigVerbs, AnInfraMayBeWrittenInKcl) {
  world_.folder.write("ws/infra/side/settings.k", "whatever kcl makes of it\n");
  EXPECT_EQ(world_.run({"infra", "validate", "side"}), 1) << world_.err;
  EXPECT_TRUE(has(world_.err, "there is no program kcl on PATH"));
  EXPECT_TRUE(has(world_.err, "kcl run settings.k > settings.yaml"));
  world_.folder.write("bin/kcl",
                      "#!/bin/sh\n[ \"$1\" = run ] || exit 9\n"
                      "echo 'settings: {name: side, provider: local}'\necho 'servers: [{hostname: k-1}]'\n",
                      true);
  world_.env["PATH"] = world_.folder / "bin";
  ASSERT_EQ(world_.run({"infra", "validate", "side"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "side: 1 server, 0 taskservs\n"));
}

}  // namespace
}  // namespace prov::cli
