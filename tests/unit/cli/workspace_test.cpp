// Workspaces, infras, validation and schemas, as an operator meets them.
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/cli/views/line_diff.h"
#include "coordinator/schemas/schemas.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

namespace fs = std::filesystem;
using test::has;
using test::json;

class Workspaces : public testing::Test {
 protected:
  Workspaces() { world_.make_demo(); }

  int run(const std::vector<std::string>& words) { return world_.run(words); }
  json document(std::vector<std::string> words, int exit = 0) {
    words.insert(words.end(), {"--out", "json"});
    EXPECT_EQ(run(words), exit) << world_.err << world_.out;
    return world_.document();
  }
  std::string file(const std::string& below) const {
    std::ifstream in(world_.folder / below);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  bool there(const std::string& below) const { return fs::exists(world_.folder / below); }

  test::FakeWorld world_;
};

TEST_F(Workspaces, WhatInitMakesPassesValidateAll) {
  EXPECT_EQ(run({"workspace", "init", "second", "--activate"}), 0) << world_.err;
  for (const char* below : {"config/provisioning.yaml", "config/dev-defaults.toml", "infra/second/settings.yaml",
                            "batches/look-around.yaml", "extensions/README.md", "README.md", ".gitignore"}) {
    EXPECT_TRUE(there(std::string("second/") + below)) << below;
    EXPECT_FALSE(file(std::string("second/") + below).empty());
  }
  const json all = document({"validate", "--all"});
  EXPECT_TRUE(all["valid"].get<bool>());
  EXPECT_GE(all["files"].size(), 4U);
}

TEST_F(Workspaces, InitWithoutANameMakesOneOfThisFolder) {
  fs::create_directories(world_.folder / "here");
  world_.world().cwd = world_.folder / "here";
  EXPECT_EQ(run({"workspace", "init"}), 0) << world_.err;
  EXPECT_TRUE(has(file("here/config/provisioning.yaml"), "name: here"));
  EXPECT_EQ(run({"workspace", "init"}), 0) << "again changes nothing";
  EXPECT_EQ(run({"workspace", "init", "below/third"}), 2);
  EXPECT_TRUE(has(world_.err, "--path FOLDER")) << world_.err;
  fs::create_directories(world_.folder / "My Folder");
  world_.world().cwd = world_.folder / "My Folder";
  EXPECT_EQ(run({"workspace", "init"}), 2);
  EXPECT_TRUE(has(world_.err, "provisioning workspace init NAME")) << world_.err;
}

TEST_F(Workspaces, ANewOneHasNothingOfTheOneInUseNeitherItsSettingsNorItsMistakes) {
  world_.folder.write("ws/config/dev-defaults.toml", "[providers]\ndefault_provider = \"theirs\"\n");
  EXPECT_EQ(run({"config", "get", "providers.default_provider"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "theirs\n");
  EXPECT_EQ(run({"workspace", "init", "second"}), 0) << world_.err;
  EXPECT_TRUE(has(file("second/infra/second/settings.yaml"), "provider: local"));
  world_.folder.write("ws/config/dev-defaults.toml", "[nonsense]\n");
  EXPECT_EQ(run({"workspace", "info"}), 2) << "it is read";
  EXPECT_EQ(run({"workspace", "init", "third"}), 0) << world_.err;
}

TEST_F(Workspaces, RegisterAndRemoveAreAboutTheListAlone) {
  world_.folder.write("other/config/provisioning.yaml", "workspace: {name: other}\n");
  EXPECT_EQ(run({"workspace", "register", "another", "other"}), 5);
  EXPECT_TRUE(has(world_.err, "provisioning workspace register other other")) << world_.err;
  EXPECT_EQ(run({"workspace", "register", "other", "other/"}), 0) << world_.err;
  EXPECT_EQ(run({"workspace", "register", "other", "nowhere"}), 4);
  EXPECT_EQ(document({"workspace", "list"})["total"], 2);
  EXPECT_EQ(run({"workspace", "remove", "othre"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"other\"?"));
  EXPECT_EQ(run({"workspace", "remove", "demo"}), 5) << "it is the active one";
  EXPECT_EQ(run({"workspace", "remove", "other"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "its files stay: " + (world_.folder / "other"))) << world_.out;
  EXPECT_TRUE(has(world_.err, "provisioning server list --all")) << world_.err;
  world_.coordinator.answer("GET /servers", {{"items", json::array()}, {"total", 0}});
  EXPECT_EQ(world_.run({"server", "list", "--all"}), 0) << "and that can be typed: " << world_.err;
  EXPECT_TRUE(there("other/config/provisioning.yaml"));
  EXPECT_EQ(run({"workspace", "remove", "demo", "--force"}), 0) << world_.err;
  EXPECT_EQ(document({"workspace", "list"})["total"], 0);
}

TEST_F(Workspaces, FilesGoOnlyWithFilesAndAYesAndOnlyThoseOfAWorkspace) {
  EXPECT_EQ(run({"workspace", "init", "second"}), 0) << world_.err;
  EXPECT_EQ(run({"workspace", "remove", "second", "--files"}), 2) << "nobody can be asked";
  EXPECT_TRUE(there("second/README.md"));
  EXPECT_EQ(run({"workspace", "remove", "second", "--files", "--yes"}), 0) << world_.err;
  EXPECT_FALSE(there("second"));
  EXPECT_EQ(run({"workspace", "init", "around", "--path", "."}), 0) << world_.err;
  EXPECT_EQ(run({"workspace", "remove", "around", "--files", "--yes"}), 5) << "the platform's home is in it";
  EXPECT_TRUE(there("ws/config/provisioning.yaml"));
  EXPECT_EQ(run({"workspace", "init", "third"}), 0) << world_.err;
  world_.folder.write("third/precious", "x");
  fs::remove(world_.folder / "third/config/provisioning.yaml");
  EXPECT_EQ(run({"workspace", "remove", "third", "--files", "--yes"}), 5);
  EXPECT_TRUE(there("third/precious"));
}

TEST_F(Workspaces, PreferencesHoldWhereTheCommandLineDoesNotSay) {
  EXPECT_EQ(document({"workspace", "preferences"})["output_format"], "table");
  EXPECT_EQ(run({"workspace", "set-preference", "output_format", "xml"}), 2);
  EXPECT_EQ(run({"workspace", "set-preference", "output_fromat", "json"}), 4);
  EXPECT_EQ(run({"workspace", "set-preference", "output_format", "json"}), 0) << world_.err;
  EXPECT_EQ(run({"workspace", "active"}), 0);
  EXPECT_EQ(world_.document()["name"], "demo") << world_.out;
  EXPECT_EQ(run({"workspace", "get-preference", "output_format", "--out", "table"}), 0);
  EXPECT_EQ(world_.out, "json\n");
  EXPECT_EQ(run({"workspace", "set-preference", "preferred_provider", "aws"}), 0);
  EXPECT_EQ(run({"workspace", "init", "second"}), 0);
  EXPECT_TRUE(has(file("second/infra/second/settings.yaml"), "provider: aws"));
  EXPECT_EQ(document({"workspace", "list"})["total"], 2) << "the list is still there";
}

TEST_F(Workspaces, MigrateShowsADiffThenKeepsWhatWasThere) {
  const std::string before = "workspace:\n  name: demo\n  created: then\npaths:\n  base: /x\n";
  world_.folder.write("ws/config/provisioning.yaml", before);
  EXPECT_EQ(run({"server", "create"}), 2) << "it does not read";
  EXPECT_EQ(run({"workspace", "migrate", "--check", world_.folder / "ws"}), 11) << world_.err;
  EXPECT_TRUE(has(world_.out,
                  "- paths:\n- "
                  "  base: /x\n"))
      << world_.out;
  EXPECT_TRUE(has(world_.out, "+ # paths:\n"));
  EXPECT_EQ(file("ws/config/provisioning.yaml"), before);
  const json done = document({"workspace", "migrate"});
  EXPECT_EQ(done["to"], 1);
  EXPECT_EQ(file("ws/config/provisioning.yaml.format-0.bak"), before);
  EXPECT_EQ(run({"validate", "--all"}), 0) << world_.out;
  EXPECT_EQ(document({"workspace", "migrate"})["changed"], false);
}

TEST_F(Workspaces, CleanupTakesWhatThePlatformMadeAndNothingElse) {
  world_.now_ms = 4'000'000'000'000;  // long after these files were written
  world_.folder.write("ws/.cache/kcl/a", "12345");
  world_.folder.write("ws/config/provisioning.yaml.tmp-aB3dE6", "half");
  world_.folder.write("ws/config/notes.backup", "mine");
  world_.folder.write("ws/infra/main/settings.yaml.orig12.md", "mine");
  world_.folder.write("ws/generated.x", "mine");
  world_.folder.write("ws/config/provisioning.yaml.backup", "mine");
  world_.folder.write("home/cache/oci/blob", "1");
  world_.folder.write("home/cache/base-image", "hosts stand on it");
  fs::create_symlink(world_.folder / "ws/infra", world_.folder / "ws/infra/loop");
  const json look = document({"workspace", "cleanup", "--check"});
  EXPECT_EQ(look["total"], 3) << look.dump();
  EXPECT_TRUE(there("ws/.cache/kcl/a"));
  EXPECT_EQ(run({"workspace", "cleanup"}), 0) << world_.err;
  EXPECT_FALSE(there("ws/.cache"));
  EXPECT_FALSE(there("ws/config/provisioning.yaml.tmp-aB3dE6"));
  EXPECT_FALSE(there("home/cache/oci"));
  for (const char* mine :
       {"ws/config/notes.backup", "ws/infra/main/settings.yaml.orig12.md", "ws/generated.x",
        "ws/config/provisioning.yaml.backup", "home/cache/base-image", "ws/infra/main/settings.yaml"}) {
    EXPECT_TRUE(there(mine)) << mine;
  }
  EXPECT_EQ(run({"workspace", "cleanup"}), 0);
  EXPECT_TRUE(has(world_.out, "nothing to clean up"));
  world_.now_ms = 1;
  world_.folder.write("ws/config/provisioning.yaml.tmp-aB3dE6", "somebody writes just now");
  EXPECT_EQ(document({"workspace", "cleanup"})["total"], 0);
}

TEST_F(Workspaces, ValidateAllTellsEveryMistakeInEachForm) {
  world_.folder.write(
      "ws/infra/main/settings.yaml",
      "settings: {name: main, provider: local}\nservers:\n  - {hostname: A}\n  - {hostname: b, paln: x}\n");
  world_.folder.write("ws/config/dev-defaults.toml", "[link]\nprot = 1\n");
  EXPECT_EQ(run({"validate", "--all"}), 2);
  EXPECT_TRUE(has(world_.out, "/settings.yaml:3:16: \"A\" is not a host name")) << world_.out;
  EXPECT_TRUE(has(world_.out, "/settings.yaml:4:19: \"paln\" is not known in a server")) << world_.out;
  EXPECT_TRUE(has(world_.out, "/dev-defaults.toml:2:1: ")) << world_.out;
  EXPECT_TRUE(has(world_.out, "3 mistakes"));
  const json all = document({"validate", "--all"}, 2);
  ASSERT_EQ(all["total"], 3);
  EXPECT_FALSE(all["valid"].get<bool>());
  EXPECT_EQ(all["findings"][0]["line"], 2);
  EXPECT_EQ(all["findings"][0]["column"], 1);
  EXPECT_TRUE(has(all["findings"][2]["hint"].get<std::string>(), "plan"));
  EXPECT_EQ(document({"workspace", "validate", "demo"}, 2)["total"], 3);
  EXPECT_EQ(document({"validate", "ws/infra/main/settings.yaml"}, 2)["total"], 2);
  EXPECT_EQ(run({"validate", "ws/config/provisioning.yaml", "extensions/taskservs/os/manifest.yaml"}), 0) << world_.out;
  EXPECT_EQ(run({"validate", "--all", "x"}), 2);
}

TEST_F(Workspaces, InfraValidateTellsAllOfThemAndANameThatIsNotThere) {
  world_.folder.write(
      "ws/infra/main/settings.yaml",
      "settings: {name: main, provider: local}\nservers:\n  - {hostname: A}\n  - {hostname: b, paln: x}\n");
  EXPECT_EQ(run({"infra", "validate"}), 2);
  EXPECT_TRUE(has(world_.err, "\"A\" is not a host name") && has(world_.err, "\"paln\" is not known")) << world_.err;
  EXPECT_EQ(run({"infra", "validate", "mian"}), 4);
  EXPECT_EQ(run({"infra", "validate", "../main"}), 4);
}

TEST_F(Workspaces, SchemasAreListedShownAndThoseOfTheTree) {
  EXPECT_EQ(document({"schema", "list"})["total"], schemas::schemas().size());
  for (const auto& schema : schemas::schemas()) {
    EXPECT_EQ(run({"schema", "show", std::string(schema.name)}), 0);
    EXPECT_TRUE(world_.document().contains("$schema")) << schema.name;
    std::ifstream in(std::string(PROV_SOURCE) + "/schema/json/" + std::string(schema.name) + ".schema.json");
    EXPECT_EQ(world_.out, std::string(std::istreambuf_iterator<char>(in), {})) << schema.name;
  }
  EXPECT_EQ(run({"schema", "show", "setings"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"settings\"?"));
  EXPECT_EQ(run({"schema", "show", "settings", "--out", "yaml"}), 0);
  EXPECT_FALSE(has(world_.out, "{\"")) << world_.out.substr(0, 200);
}

class Infras : public Workspaces {
 protected:
  Infras() {
    auto& answers = world_.coordinator.answers;
    for (const char* path : {"PUT /blobs/", "HEAD /blobs/"}) answers[path] = {{200, {}, "{}"}};
    plan(R"({"success":true,"data":{"plan":[],"plan_total":0,"digest":"aa"}})");
  }
  void plan(const std::string& body) { world_.coordinator.answers["POST /workflows/batch/submit"] = {{200, {}, body}}; }
  void there_is(const std::string& servers, const std::string& taskservs) {
    const auto page = [](const std::string& items) {
      return R"({"success":true,"data":{"items":)" + items + R"(,"total":1,"next":null}})";
    };
    world_.coordinator.answers["GET /servers"] = {{200, {}, page(servers)}};
    world_.coordinator.answers["GET /taskservs"] = {{200, {}, page(taskservs)}};
  }
  json submitted() { return json::parse(world_.coordinator.requests.back().body, nullptr, false); }
};

TEST_F(Infras, CreateIsOneBatchOfServersThenTaskservs) {
  EXPECT_EQ(run({"infra", "create", "--check"}), 0) << world_.err;
  const json body = submitted();
  ASSERT_EQ(body["operations"].size(), 2U) << body.dump();
  EXPECT_EQ(body["operations"][0]["id"], "servers");
  EXPECT_EQ(body["operations"][0]["servers"].size(), 2U);
  EXPECT_EQ(body["operations"][1]["id"], "taskservs");
  EXPECT_EQ(body["operations"][1]["taskservs"][0]["name"], "os");
  EXPECT_EQ(body["operations"][1]["taskservs"][1]["name"], "redis");
  EXPECT_TRUE(has(world_.coordinator.requests.back().target, "check=true"));
  EXPECT_EQ(world_.coordinator.requests.size(), 1U) << "a check writes nothing";
  EXPECT_EQ(run({"infra", "create", "nowhere"}), 4);
  EXPECT_EQ(run({"infra", "create", "../main"}), 4);
}

TEST_F(Infras, DeleteIsTheReverseAndAsks) {
  const auto taskserv = [](const char* server, const char* name) {
    return std::string(R"({"server":")") + server + R"(","name":")" + name + R"(","version":"1.0.0","bundle":")" +
           std::string(64, 'a') + R"(","params":{},"secrets":{},"retry_safe":true,"timeout_s":600})";
  };
  there_is(R"([{"hostname":"db-1","status":"ready"},{"hostname":"old-1","status":"ready"},)"
           R"({"hostname":"web-1","status":"failed"}])",
           "[" + taskserv("db-1", "os") + "," + taskserv("db-1", "redis") + "," + taskserv("old-1", "left") + "," +
               taskserv("web-1", "never") + "]");
  EXPECT_EQ(run({"infra", "delete", "main", "--check"}), 0) << world_.err;
  const json body = submitted();
  ASSERT_EQ(body["operations"].size(), 2U) << body.dump();
  std::string order;
  for (const auto& one : body["operations"][0]["taskservs"]) order += one["name"].get<std::string>() + " ";
  EXPECT_EQ(order, "left redis os ");
  EXPECT_EQ(body["operations"][1]["hostnames"], (json{"db-1", "old-1", "web-1"}));
  plan(
      R"({"success":true,"data":{"plan":[{"action":"delete","kind":"server","name":"db-1"}],"plan_total":1,"digest":"aa"}})");
  EXPECT_EQ(run({"infra", "delete", "main"}), 2) << "nobody can be asked";
  EXPECT_TRUE(has(world_.err, "--yes")) << world_.err;
  EXPECT_EQ(run({"infra", "delete"}), 2);
  EXPECT_EQ(run({"infra", "delete", "../main"}), 2);
  there_is("[]", "[]");
  EXPECT_EQ(run({"infra", "delete", "main"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "nothing of infra main is there"));
  EXPECT_EQ(run({"infra", "delete", "mian"}), 4);
}

TEST(LineDiff, ShowsWhatGoesAndWhatComes) {
  EXPECT_EQ(line_diff("a\n", "a\n"), "");
  EXPECT_EQ(line_diff("a\nb\n", "a\nc\n"), "  a\n- b\n+ c\n");
  EXPECT_EQ(line_diff("", "a\n"), "+ a\n");
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n8\n", "1\n2\n3\n4\n5\n6\n7\n9\n"), "  ...\n  6\n  7\n- 8\n+ 9\n");
  std::string many;
  for (int i = 0; i < 5000; ++i) many += "x\n";
  EXPECT_EQ(line_diff(many, "y\n").size(), 5001U * 4);
}

}  // namespace
}  // namespace prov::cli
