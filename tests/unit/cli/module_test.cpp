// The verbs of modules, layers and versions, as an operator meets them. None of them asks the coordinator.
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;

class Modules : public testing::Test {
 protected:
  Modules() {
    world_.make_demo();
    taskserv("kubernetes", "1.28.0", "requires: [os, {containerd: ^1.7}]\nconflicts: [docker]\n");
    taskserv("containerd", "1.6.0", "requires: [os]\n");
    taskserv("containerd@1.7.2", "1.7.2", "requires: [os]\n");
    taskserv("docker", "24.0.0", "requires: [os]\nconflicts: [containerd]\n");
  }
  ~Modules() override { EXPECT_TRUE(world_.coordinator.requests.empty()); }

  void taskserv(const std::string& folder, const std::string& version, const std::string& more,
                const std::string& layer = "extensions") {
    const std::string name = folder.substr(0, folder.find('@'));
    world_.folder.write(layer + "/taskservs/" + folder + "/manifest.yaml",
                        "name: " + name + "\nkind: taskserv\nversion: " + version + "\n" + more);
  }
  void settings(const std::string& taskservs) {
    world_.folder.write(
        "ws/infra/main/settings.yaml",
        "settings: {name: main, provider: local}\nservers:\n  - {hostname: a, taskservs: [" + taskservs + "]}\n");
  }
  int run(const std::vector<std::string>& words) { return world_.run(words); }
  json document(std::vector<std::string> words, int exit = 0) {
    words.insert(words.end(), {"--out", "json"});
    EXPECT_EQ(run(words), exit) << world_.err;
    return world_.document();
  }
  std::string file(const std::string& below) const {
    std::ifstream in(world_.folder / below);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }

  test::FakeWorld world_;
};

TEST_F(Modules, DiscoverListsEveryVersionOfEveryLayer) {
  taskserv("own", "0.1.0", "", "ws/extensions");
  const json found = document({"module", "discover", "taskservs"});
  std::string all;
  for (const auto& one : found["items"]) {
    all += one["name"].get<std::string>() + " " + one["version"].get<std::string>() + " " +
           one["layer"].get<std::string>() + "\n";
  }
  EXPECT_EQ(all,
            "containerd 1.7.2 core\ncontainerd 1.6.0 core\ndocker 24.0.0 core\nkubernetes 1.28.0 core\nos 1.0.0 core\n"
            "own 0.1.0 workspace\nredis 1.0.0 core\n");
  EXPECT_EQ(run({"module", "discover", "providers"}), 0);
  EXPECT_TRUE(has(world_.out, "local"));
  EXPECT_EQ(run({"module", "discover", "taskserve"}), 2);
  EXPECT_TRUE(has(world_.err, "did you mean \"taskservs\"?")) << world_.err;
}

TEST_F(Modules, LoadListUnload) {
  EXPECT_EQ(run({"module", "list", "taskserv", "demo"}), 0);
  EXPECT_TRUE(has(world_.err, "any may be used"));
  EXPECT_EQ(run({"module", "load", "taskserv", "demo", "kubernetes", "containerd@^1.7"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "kubernetes 1.28.0 is loaded\ncontainerd 1.7.2 is loaded\n");
  EXPECT_TRUE(has(file("ws/config/modules.yaml"), "taskservs:\n  - containerd: \"^1.7\"\n  - kubernetes\n"));
  EXPECT_FALSE(document({"module", "load", "taskserv", "demo", "kubernetes"})["changed"].get<bool>());
  const json list = document({"module", "list", "taskserv", "demo"});
  ASSERT_EQ(list["total"], 2);
  EXPECT_EQ(list["items"][0]["version"], "1.7.2");

  EXPECT_EQ(run({"infra", "validate"}), 2);
  EXPECT_TRUE(has(world_.err, "taskserv \"redis\" is not loaded")) << world_.err;
  settings("os, containerd, kubernetes");
  EXPECT_EQ(run({"infra", "validate"}), 0) << world_.err;

  EXPECT_EQ(run({"module", "unload", "taskserv", "demo", "kubernets"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"kubernetes\"?"));
  EXPECT_EQ(run({"module", "unload", "taskserv", "demo", "kubernetes", "containerd"}), 0) << world_.err;
  EXPECT_EQ(file("ws/config/modules.yaml"), "");
}

TEST_F(Modules, WhatCannotBeHadIsNotLoaded) {
  EXPECT_EQ(run({"module", "load", "taskserv", "demo", "kubernetes@^2"}), 2);
  EXPECT_TRUE(has(world_.err, "kubernetes ^2 is wanted, of which there is only 1.28.0")) << world_.err;
  taskserv("kubernetes", "1.28.0", "requires: [os, etcd]\n");
  EXPECT_EQ(run({"module", "load", "taskserv", "demo", "kubernetes"}), 2);
  EXPECT_TRUE(has(world_.err, "kubernetes 1.28.0 requires etcd, and there is no etcd")) << world_.err;
  EXPECT_EQ(run({"module", "load", "taskserv", "demo", "kubernete"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"kubernetes\"?"));
  EXPECT_EQ(run({"module", "load", "taskserv", "nowhere", "kubernetes"}), 4);
  EXPECT_TRUE(has(world_.err, "\"nowhere\" is neither a known workspace")) << world_.err;
  EXPECT_EQ(file("ws/config/modules.yaml"), "");
}

TEST_F(Modules, TheLockHoldsUntilItIsWrittenAgain) {
  settings("os, containerd");
  EXPECT_EQ(run({"module", "lock", "--check"}), 11);
  EXPECT_EQ(file("ws/config/modules.lock.yaml"), "");
  EXPECT_EQ(document({"module", "lock"})["changes"].size(), 3U);
  EXPECT_TRUE(has(file("ws/config/modules.lock.yaml"), "containerd: {version: \"1.7.2\", layer: core"));
  EXPECT_EQ(run({"module", "lock", "--check"}), 0) << world_.out;
  EXPECT_EQ(run({"version", "check"}), 0) << world_.err;

  taskserv("containerd@1.8.0", "1.8.0", "requires: [os]\n");
  EXPECT_EQ(document({"infra", "validate"})["items"][0]["taskservs"][1]["version"], "1.7.2");
  const json states = document({"version", "check"});
  EXPECT_EQ(states["items"][1]["state"], "newer there");
  EXPECT_EQ(states["items"][1]["newest"], "1.8.0");

  world_.folder.write("extensions/taskservs/os/scripts/install", "#!/bin/sh\n", true);
  EXPECT_EQ(run({"infra", "validate"}), 5);
  EXPECT_TRUE(has(world_.err, "is not what config/modules.lock.yaml holds")) << world_.err;
  EXPECT_TRUE(has(world_.err, "provisioning module lock"));
  EXPECT_EQ(run({"version", "check"}), 11);
  EXPECT_TRUE(has(world_.out, "differs from the lock"));
  EXPECT_EQ(run({"module", "lock"}), 0) << world_.err;
  EXPECT_EQ(document({"infra", "validate"})["items"][0]["taskservs"][1]["version"], "1.8.0");
}

TEST_F(Modules, TheGraphInThreeForms) {
  settings("os, containerd, kubernetes");
  EXPECT_EQ(run({"module", "graph"}), 0) << world_.err;
  EXPECT_EQ(world_.out,
            "containerd 1.7.2 (core)\n  requires os\nkubernetes 1.28.0 (core)\n  requires os\n"
            "  requires containerd ^1.7\nos 1.0.0 (core)\n");
  EXPECT_EQ(run({"module", "graph", "--format", "dot"}), 0);
  EXPECT_TRUE(has(world_.out, "\"kubernetes\" -> \"containerd\" [label=\"^1.7\"];")) << world_.out;
  EXPECT_EQ(run({"module", "graph", "--format", "json"}), 0);
  EXPECT_EQ(world_.document()["edges"].size(), 3U);
  settings("os, containerd, docker");
  EXPECT_EQ(run({"module", "graph"}), 0);
  EXPECT_TRUE(has(world_.out, "never with containerd"));
  EXPECT_TRUE(has(world_.err, "docker 24.0.0 conflicts with containerd (both are on a)")) << world_.err;
}

TEST_F(Modules, CheckDepsSaysWhatIsAndWhatIsMissing) {
  settings("os, containerd, kubernetes");
  const json fine = document({"taskserv", "check-deps", "kubernetes", "--infra", "main"});
  EXPECT_TRUE(fine["ok"].get<bool>());
  ASSERT_EQ(fine["items"].size(), 3U);
  EXPECT_EQ(fine["items"][1]["found"], "1.7.2");
  settings("os, kubernetes");
  EXPECT_EQ(run({"taskserv", "check-deps", "kubernetes"}), 2);
  EXPECT_TRUE(has(world_.out, "no"));
  EXPECT_TRUE(has(world_.err, "kubernetes on a requires containerd ^1.7, which is not on that host")) << world_.err;
  EXPECT_TRUE(has(world_.err, "add \"- name: containerd\" to the taskservs of a"));
  settings("os, docker, containerd");
  EXPECT_EQ(run({"taskserv", "check-deps", "docker"}), 2);
  EXPECT_TRUE(has(world_.err, "conflicts with containerd (both are on a)")) << world_.err;
  EXPECT_EQ(run({"taskserv", "check-deps", "redis"}), 4);
}

TEST_F(Modules, LayersSayWhoWinsAndWhy) {
  world_.folder.write("extensions/taskservs/redis/templates/a.mustache", "core");
  taskserv("redis", "1.0.0", "requires: [os]\nparameters:\n  port: {type: int, default: 6379}\n");
  world_.folder.write("ws/infra/main/extensions/taskservs/redis/templates/a.mustache", "infra");
  world_.folder.write("ws/infra/main/extensions/taskservs/redis/overlay.yaml", "parameters: {port: 7000}\n");
  taskserv("os", "2.0.0", "", "ws/extensions");

  const json redis = document({"layer", "explain", "redis", "--infra", "main"});
  EXPECT_EQ(redis["layer"], "core");
  EXPECT_EQ(redis["keys"][0]["key"], "parameters.port");
  EXPECT_EQ(redis["keys"][0]["before"], "6379");
  const json one = document({"layer", "explain", "redis", "templates/a.mustache", "--infra", "main"});
  ASSERT_EQ(one["files"].size(), 1U);
  EXPECT_EQ(one["files"][0]["layer"], "infra");
  EXPECT_EQ(one["files"][0]["why"], "nearer than core");
  EXPECT_TRUE(document({"layer", "explain", "redis"})["keys"].empty()) << "the infra was not asked for";
  EXPECT_EQ(document({"layer", "explain", "os"})["why"], "nearer than core");
  EXPECT_EQ(document({"layer", "explain", "provider/local"})["kind"], "provider");
  EXPECT_EQ(run({"layer", "explain", "redis", "templates/b.mustache"}), 4);
  EXPECT_EQ(run({"layer", "explain", "redis", "--infra", "main"}), 0);
  EXPECT_TRUE(has(world_.out, "infra is nearer than core")) << world_.out;

  const json shown = document({"layer", "show", "--infra", "main"});
  ASSERT_EQ(shown["total"], 3);
  EXPECT_EQ(shown["items"][0]["overlays"][0], "taskserv/redis");
  EXPECT_EQ(shown["items"][1]["taskservs"][0], "os");
  EXPECT_EQ(run({"layer", "show"}), 0) << world_.err;

  const json stats = document({"layer", "stats", "--infra", "main"});
  EXPECT_EQ(stats["items"][0]["keys"], 1);
  EXPECT_EQ(stats["items"][0]["overlays"], 1);
  EXPECT_EQ(stats["items"][2]["hidden"], 1) << "os of core";
}

TEST_F(Modules, LayerTestNamesEveryProblem) {
  EXPECT_EQ(run({"layer", "test"}), 0) << world_.out;
  EXPECT_TRUE(has(world_.out, " looked at, 0 failed"));
  taskserv("broken", "1.0.0", "timeout: 5\n");
  taskserv("lonely", "1.0.0", "requires: [os@^9]\n");
  EXPECT_EQ(run({"layer", "test"}), 1);
  EXPECT_TRUE(has(world_.out, "\"timeout\" is not known in the manifest")) << world_.out;
  EXPECT_TRUE(has(world_.out, "lonely 1.0.0 requires os ^9, which no layer has")) << world_.out;
  EXPECT_TRUE(has(world_.out, "2 failed"));
  EXPECT_EQ(run({"layer", "test", "redis"}), 0);
}

TEST_F(Modules, VersionAloneIsThatOfTheProgram) {
  EXPECT_EQ(run({"version"}), 0);
  const std::string alone = world_.out;
  EXPECT_EQ(run({"version", "show"}), 0);
  EXPECT_EQ(world_.out, alone);
  EXPECT_EQ(run({"--version"}), 0);
  EXPECT_EQ(world_.out, alone);
}

}  // namespace
}  // namespace prov::cli
