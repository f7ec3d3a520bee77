// The extension kit on the command line: generate, validate, template, and what completion offers for them.
#include <gtest/gtest.h>

#include "coordinator/cli/completion.h"
#include "coordinator/cli/names.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;
namespace fs = std::filesystem;

class Kit : public ::testing::Test {
 protected:
  Kit() { world_.make_demo(); }
  int run(const std::vector<std::string>& words) { return world_.run(words); }
  json document(std::vector<std::string> words, int exit = 0) {
    words.insert(words.end(), {"--out", "json"});
    EXPECT_EQ(run(words), exit) << world_.err;
    return world_.document();
  }
  bool is_there(const std::string& below) const { return fs::exists(world_.folder / below); }

  test::FakeWorld world_;
};

TEST_F(Kit, GenerateWritesAnExtensionOfEachKindAndNeverOverOne) {
  EXPECT_EQ(run({"taskserv", "generate", "greeter"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "taskserv validate greeter"));
  EXPECT_TRUE(is_there("ws/extensions/taskservs/greeter/scripts/install"));
  EXPECT_EQ(run({"t", "gen", "greeter"}), 5);
  EXPECT_TRUE(has(world_.err, "is there already, and nothing is overwritten")) << world_.err;
  EXPECT_EQ(document({"pr", "new", "metal"})["kind"], "provider");
  EXPECT_EQ(run({"cl", "gen", "web", "--into", world_.folder / "ws/infra/main/extensions"}), 0) << world_.err;
  EXPECT_TRUE(is_there("ws/infra/main/extensions/clusters/web/manifest.yaml"));
  EXPECT_EQ(run({"taskserv", "generate", "os"}), 5) << "the platform's own would be hidden";
  EXPECT_TRUE(has(world_.err, "--into FOLDER")) << world_.err;
  EXPECT_FALSE(is_there("ws/extensions/taskservs/os"));
  EXPECT_EQ(run({"cluster", "generate", "os"}), 0) << "another kind hides nothing: " << world_.err;
  EXPECT_EQ(run({"taskserv", "generate", "os", "--into", world_.folder / "ws/extensions"}), 0) << world_.err;
  EXPECT_EQ(run({"taskserv", "generate", "Greeter"}), 2);
  EXPECT_EQ(run({"taskserv", "generate", "../x"}), 2);
  EXPECT_TRUE(has(world_.err, "cannot be the name of a taskserv")) << world_.err;
}

TEST_F(Kit, WhatIsGeneratedIsValidAndIsOfferedAtOnce) {
  for (const char* noun : {"taskserv", "provider", "cluster"}) {
    EXPECT_EQ(run({noun, "generate", "mine"}), 0) << world_.err;
    const json report = document({noun, "validate", "mine"});
    EXPECT_EQ(report["items"][0]["problems"], json::array()) << report.dump(2);
    EXPECT_EQ(report["errors"], 0);
  }
  EXPECT_EQ(run({"layer", "test", "taskserv/mine", "provider/mine", "cluster/mine"}), 0) << world_.out;
}

TEST_F(Kit, ValidateSaysEverythingAndItsExitCodeTells) {
  EXPECT_EQ(run({"taskserv", "validate"}), 2) << "the demo's task services have no scripts";
  EXPECT_TRUE(has(world_.out, "scripts/install: error: it is not there\n    hint: see: taskserv generate NAME\n"))
      << world_.out;
  EXPECT_TRUE(has(world_.out, "taskserv redis 1.0.0: 2 errors, 2 warnings\n2 looked at, 4 errors, 4 warnings\n"))
      << world_.out;
  EXPECT_EQ(run({"taskserv", "validate", "--level", "dependencies"}), 0);
  EXPECT_EQ(world_.out, "taskserv os 1.0.0: ok\ntaskserv redis 1.0.0: ok\n2 looked at, nothing wrong\n");
  world_.folder.write("extensions/taskservs/os/manifest.yaml", "name: os\nkind: taskserv\nversion: 1.0.0\nports: 1\n");
  const json report = document({"taskserv", "validate", "os", "--level", "dependencies"}, 2);
  const json& problem = report["items"][0]["problems"][0];
  EXPECT_EQ(problem["line"], 4);
  EXPECT_EQ(problem["column"], 8);
  EXPECT_EQ(problem["severity"], "error");
  EXPECT_EQ(problem["file"], world_.folder / "extensions/taskservs/os/manifest.yaml");
  EXPECT_EQ(run({"taskserv", "validate", "radis"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"redis\"?")) << world_.err;
  EXPECT_EQ(run({"taskserv", "validate", "--level", "some"}), 2);
}

TEST_F(Kit, TemplatesAreListedShownAndValidated) {
  ASSERT_EQ(run({"taskserv", "generate", "greeter"}), 0);
  EXPECT_EQ(document({"template", "list"})["items"][0]["name"], "greeter.conf");
  EXPECT_EQ(run({"tpl", "show", "greeter", "--param", "port=99", "--param", "names=a b"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "listen 192.0.2.1:99\nnames a b\n")) << world_.out;
  for (const char* file : {"greeter.conf", "greeter.conf.mustache", "templates/greeter.conf.mustache"}) {
    EXPECT_EQ(run({"template", "show", "taskserv/greeter", file}), 0) << file;
  }
  EXPECT_EQ(run({"template", "show", "greeter", "greter.conf"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"greeter.conf\"?"));
  EXPECT_EQ(run({"template", "show", "greeter", "--param", "prot=1"}), 2);
  EXPECT_TRUE(has(world_.err, "did you mean \"port\"?")) << world_.err;
  EXPECT_EQ(run({"template", "show", "redis"}), 4);
  EXPECT_EQ(run({"template", "validate"}), 0);
  // What a nearer layer lays over it is what is looked at.
  world_.folder.write("ws/infra/main/extensions/taskservs/greeter/templates/greeter.conf.mustache",
                      "{{params.prot}}\n");
  EXPECT_EQ(run({"template", "validate", "greeter", "--infra", "main"}), 2);
  EXPECT_TRUE(has(world_.out,
                  "infra/main/extensions/taskservs/greeter/templates/greeter.conf.mustache:1:1: error: "
                  "there is no \"params.prot\"\n    hint: did you mean \"params.port\"?\n"))
      << world_.out;
  EXPECT_EQ(run({"template", "show", "greeter", "--infra", "main"}), 2);
}

TEST_F(Kit, AHostThatATaskServiceIsNotForIsRefusedBeforeAnythingIsAsked) {
  world_.folder.write("extensions/taskservs/redis/manifest.yaml",
                      "name: redis\nkind: taskserv\nversion: 1.0.0\nrequires: [os]\n"
                      "supported: {os: [debian-12], arch: [arm64]}\nresources: {cpus: 4, memory_mb: 1024}\n");
  json agent{{"server", "db-1"}, {"os", "debian"}, {"os_version", "12"}, {"arch", "x86_64"}};
  agent["cores"] = 2;
  agent["memory_bytes"] = 8ULL << 30;
  world_.coordinator.answer("GET /agents", {{"items", {agent}}, {"total", 1}});
  EXPECT_EQ(run({"taskserv", "create"}), 5);
  EXPECT_TRUE(has(world_.err,
                  "redis cannot be on db-1: it is amd64, and only arm64 is supported; it has 2 CPUs, and 4 "
                  "are the least"))
      << world_.err;
  EXPECT_EQ(run({"taskserv", "create", "--check"}), 5);
  const std::string file = world_.folder.write(
      "install.yaml",
      "batch_workflow:\n  name: x\n  operations:\n    - {id: a, type: taskserv_create, taskservs: [redis]}\n");
  EXPECT_EQ(run({"batch", "submit", file, "--infra", "main"}), 5) << world_.err;
  EXPECT_TRUE(has(world_.err, "redis cannot be on db-1")) << world_.err;
  for (const auto& line : world_.coordinator.lines()) EXPECT_TRUE(has(line, "GET /agents")) << line;
}

// redis needs ruby, os goes before it, and db-1 says this of itself.
struct Interpreters : Kit {
  int check(json agent, json taskservs) {
    world_.folder.write("extensions/taskservs/redis/manifest.yaml",
                        "name: redis\nkind: taskserv\nversion: 1.0.0\nrequires: [os]\ninterpreters: [ruby, bash]\n");
    agent["server"] = "db-1";
    world_.coordinator.answer("GET /agents", {{"items", {agent}}, {"total", 1}});
    world_.coordinator.answer("GET /taskservs", {{"items", taskservs}, {"total", taskservs.size()}});
    world_.coordinator.answer("POST /workflows/taskservs/create", {{"plan", json::array()}, {"plan_total", 0}});
    return run({"taskserv", "create", "--check"});
  }
  const json without_ruby_{{"interpreters", {"bash"}}, {"missing_interpreters", {"ruby"}}};
};

TEST_F(Interpreters, AMissingOneMayBeBroughtByWhatIsInstalledBefore) {
  EXPECT_EQ(check(without_ruby_, json::array()), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "note: db-1: it has no ruby, which redis needs: taken that os brings it")) << world_.err;
}

TEST_F(Interpreters, WhatIsThereAlreadyBringsNothingMore) {
  const json os{{"server", "db-1"}, {"name", "os"}, {"installed_version", "1.0.0"}};
  EXPECT_EQ(check(without_ruby_, json::array({os})), 5);
  EXPECT_TRUE(has(world_.err, "redis cannot be on db-1: it has no ruby\n")) << world_.err;
}

TEST_F(Interpreters, AnAgentThatDoesNotTellIsRefusedNothing) {
  EXPECT_EQ(check(json::object(), json::array()), 0) << world_.err;
  EXPECT_FALSE(has(world_.err, "ruby")) << world_.err;
}

TEST_F(Kit, OfAHostThatIsNotKnownYetItOnlySaysSo) {
  world_.folder.write("extensions/taskservs/redis/manifest.yaml",
                      "name: redis\nkind: taskserv\nversion: 1.0.0\nrequires: [os]\nsupported: {arch: [arm64]}\n");
  world_.coordinator.answer("GET /agents", {{"items", json::array()}, {"total", 0}});
  world_.coordinator.answer("POST /workflows/taskservs/create", {{"plan", json::array()}, {"plan_total", 0}});
  EXPECT_EQ(run({"taskserv", "create", "--check"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "note: not known yet, so not looked at whether they suit what they get: db-1"))
      << world_.err;
}

TEST_F(Kit, AFirstLockIsSaidToBeOne) {
  world_.folder.write("ws/infra/main/settings.yaml", "settings: {name: main, provider: local}\nservers: []\n");
  EXPECT_EQ(run({"module", "lock", "--check"}), 11) << "there is no lock yet";
  EXPECT_EQ(run({"module", "lock"}), 0) << world_.err;
  EXPECT_FALSE(has(world_.out, "as it was")) << world_.out;
  EXPECT_EQ(run({"module", "lock"}), 0);
  EXPECT_EQ(world_.out, "the lock is as it was\n");
  EXPECT_EQ(run({"module", "lock", "--check"}), 0);
}

TEST_F(Kit, CompletionOffersExtensionsWhereACommandTakesThem) {
  ASSERT_EQ(run({"provider", "generate", "metal"}), 0);
  const auto offered = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"__complete", "--"});
    EXPECT_EQ(run(words), 0);
    return world_.out;
  };
  EXPECT_EQ(offered({"taskserv", "validate", ""}), "os\nredis\n");
  EXPECT_EQ(offered({"provider", "validate", "m"}), "metal\n");
  EXPECT_EQ(offered({"layer", "explain", ""}), "local\nmetal\nos\nredis\n");
  EXPECT_EQ(offered({"module", "discover", ""}), "taskservs\nproviders\nclusters\n");
  EXPECT_EQ(offered({"module", "load", "provider", ""}), "demo\n");
  EXPECT_EQ(offered({"module", "load", "provider", "demo", ""}), "local\nmetal\n");
  EXPECT_EQ(offered({"template", "show", "r"}), "redis\n");
  EXPECT_EQ(offered({"workspace", "init", "x", "--provider", "l"}), "local\n");
  EXPECT_TRUE(has(offered({"guide", "u"}), "update\t"));
}

}  // namespace
}  // namespace prov::cli
