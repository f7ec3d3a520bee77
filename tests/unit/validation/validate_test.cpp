// All mistakes in one pass, and nothing of a workspace that leads out of it.
#include "coordinator/validation/validate.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/modules/layers.h"
#include "coordinator/workspace/definition.h"
#include "tests/unit/validation/good_workspace.h"

namespace prov::validation {
namespace {

namespace fs = std::filesystem;
using test::all_of;
using test::GoodWorkspace;
using test::has;

TEST(Validate, AGoodWorkspaceHasNothingToTellAndNamesWhatWasLookedAt) {
  GoodWorkspace good;
  good.folder.write("ws/config/prod-defaults.toml", "[log]\nreserve_mib = 1\n");
  good.folder.write("ws/infra/demo/clusters/c.yaml", "cluster: {name: c, servers: [web-1], taskservs: [web]}\n");
  good.folder.write("ws/batches/b.yaml",
                    "batch_workflow: {name: b, operations: [{id: a, type: server_create, servers: [web-1]}]}\n");
  good.folder.write("ws/extensions/taskservs/own/manifest.yaml", "name: own\nkind: taskserv\nversion: 1.0.0\n");
  const Report report = good.validate();
  EXPECT_TRUE(report.fine()) << all_of(report);
  std::string files;
  for (const auto& file : report.files()) files += file.substr(good.request.root.size() + 1) + "\n";
  EXPECT_EQ(files,
            "batches/b.yaml\nconfig/prod-defaults.toml\nconfig/provisioning.yaml\n"
            "extensions/taskservs/own/manifest.yaml\ninfra/demo/clusters/c.yaml\ninfra/demo/settings.yaml\n");
}

TEST(Validate, EveryMistakeIsToldInOnePass) {
  GoodWorkspace bad;
  bad.folder.write("ws/infra/demo/settings.yaml",
                   "settings: {name: demo, provider: local}\n"
                   "servers:\n"
                   "  - {hostname: Web_1, paln: small}\n"                                            // 3: two
                   "  - {hostname: web-2, taskservs: [{name: web, params: {port: no, prot: 1}}]}\n"  // 4: two
                   "  - {hostname: web-3, provider: aws, taskservs: [db, nowhere]}\n"                // 5: three
                   "  - taskservs: [web]\n");                                                        // 6: one
  bad.folder.write("ws/infra/other/settings.toml", "servers = []\n[settings]\nname = \"another\"\n");
  bad.folder.write("ws/config/prod-defaults.toml", "[link]\nprot = 1\nport = 70000\n");
  bad.folder.write("ws/extensions/taskservs/own/manifest.yaml", "name: own\nkind: taskserv\n");
  bad.folder.write(
      "ws/batches/b.yaml",
      "batch_workflow:\n  name: b\n  operations:\n    - {id: a, type: nothing}\n    - {id: a b, type: wait}\n");
  const Report report = bad.validate();
  const std::string all = all_of(report);
  for (const char* part :
       {"demo/settings.yaml:3:16: \"Web_1\"", "demo/settings.yaml:3:23: \"paln\"",
        "demo/settings.yaml:4:62: web on web-2", "demo/settings.yaml:4:66: web on web-2 has no parameter \"prot\"",
        "there is no provider \"aws\"", "db on web-3: \"password\" (secret) must be given",
        "there is no taskserv \"nowhere\"", "demo/settings.yaml:6:5: a server needs \"hostname\"",
        "other/settings.toml:3:8: \"name\" is \"another\"", "prod-defaults.toml:2:1: ", "prod-defaults.toml:3:8: ",
        "own/manifest.yaml:1:1: ", "batches/b.yaml:4:", "batches/b.yaml:5:"}) {
    EXPECT_TRUE(has(all, part)) << part << "\nin\n" << all;
  }
  EXPECT_EQ(report.code(), Code::invalid);
}

TEST(Validate, WhatNobodyCanReadInAFolderOfBatchesIsToldAndAnyOtherFileIsNot) {
  GoodWorkspace bad;
  bad.folder.write("ws/batches/notes.yaml", "a: list\nof: {other: things}\n");
  bad.folder.write("ws/batches/README.md", "\xff");
  bad.folder.write("ws/batches/bytes.yaml", "\xff\xfe");
  bad.folder.write("ws/infra/demo/batches/open.toml", "[batch_\n");
  bad.folder.write("secret", "batch_workflow: x\n");
  std::filesystem::create_symlink(bad.folder / "secret", bad.folder / "ws/batches/out.yaml");
  bad.folder.write("ws/batches/huge.yaml", "x");
  std::filesystem::resize_file(bad.folder / "ws/batches/huge.yaml", 50 << 20);
  const std::string all = all_of(bad.validate());
  for (const char* part : {"batches/bytes.yaml:1:1: this byte is not UTF-8", "open.toml:1:", "batches/out.yaml",
                           "batches/huge.yaml: it is larger than"}) {
    EXPECT_TRUE(has(all, part)) << part << "\nin\n" << all;
  }
  for (const char* part : {"notes.yaml", "README.md"}) EXPECT_FALSE(has(all, part)) << part << "\nin\n" << all;
}

TEST(Validate, ABrokenListOrHeadHidesNothing) {
  GoodWorkspace bad;
  bad.folder.write("ws/config/provisioning.yaml", "workspace: {nam: demo}\n");
  bad.folder.write("ws/config/modules.yaml", "taskservs: [Web, web, web, {db: ^^1}]\nproviders: 7\nclustrs: []\n");
  bad.folder.write("ws/config/modules.lock.yaml", "infras: {demo: {taskservs: {web: {version: x, digest: y}}}}\n");
  bad.folder.write("ws/infra/demo/settings.yaml",
                   "settings: {name: demo, provider: local, runtime: [x]}\nservers:\n"
                   "  - {hostname: a, plan: small, taskservs: [wbe]}\n  - {plan: small, colour: red}\n");
  bad.folder.write("ws/infra/demo/clusters/c.yaml", "cluster: {nam: c, servers: [b], taskservs: []}\n");
  bad.folder.write("ws/extensions/taskservs/own/manifest.yaml", "name: own\nkind: taskserv\nversion: 1\nports: x\n");
  bad.folder.write("ws/extensions/taskservs/own@2.0.0/manifest.yaml", "name: own\nkind: taskserv\n");
  bad.folder.write("ws/batches/b.yaml",
                   "batch_workflow:\n  nam: b\n  colour: red\n  operations:\n"
                   "    - {id: a, type: script, run: x, env: {PROV_A: 1, \"B C\": 2}, timeout: 5}\n"
                   "    - {type: wait, seconds: 0}\n    - {id: c, type: nothing, when: [x]}\n");
  const std::string all = all_of(bad.validate());
  for (const char* part : {"provisioning.yaml:1:12: \"workspace\" needs \"name\"",
                           "modules.yaml:1:13: \"Web\"",
                           "modules.yaml:1:23: \"web\" is twice",
                           "modules.yaml:1:33: ",
                           "modules.yaml:2:12: \"providers\"",
                           "modules.yaml:3:1: \"clustrs\"",
                           "lock.yaml:1:44: \"x\"",
                           "lock.yaml:1:55: \"y\"",
                           "\"web\" needs \"layer\"",
                           "settings.yaml:1:50: \"runtime\"",
                           "there is no taskserv \"wbe\"",
                           "settings.yaml:4:5: a server needs \"hostname\"",
                           "settings.yaml:4:19: \"colour\"",
                           "c.yaml:1:10: \"cluster\" needs \"name\"",
                           "c.yaml:1:44: \"taskservs\" must",
                           "own/manifest.yaml:3:10: ",
                           "own/manifest.yaml:4:8: ",
                           "own@2.0.0/manifest.yaml:1:1: the manifest needs \"version\"",
                           "b.yaml:2:3: \"batch_workflow\" needs \"name\"",
                           "b.yaml:3:3: \"colour\"",
                           "b.yaml:5:34: \"run\" is a list",
                           "b.yaml:5:43: \"PROV_A\"",
                           "b.yaml:5:54: \"B C\"",
                           "b.yaml:5:65: ",
                           "b.yaml:6:7: an operation needs \"id\"",
                           "b.yaml:6:29: \"seconds\"",
                           "b.yaml:7:21: \"nothing\"",
                           "b.yaml:7:36: \"when\""}) {
    EXPECT_TRUE(has(all, part)) << part << "\nin\n" << all;
  }
}

TEST(Validate, OfOneInfraABrokenExtensionThatItDoesNotUseIsNoMatter) {
  GoodWorkspace good;
  good.folder.write("ws/extensions/taskservs/own/manifest.yaml", "name: own\nkind: taskserv\n");
  good.request.infras = {"demo"};
  EXPECT_TRUE(good.validate().fine()) << all_of(good.validate());
  good.folder.write("ws/infra/demo/extensions/taskservs/mine/manifest.yaml", "name: mine\nkind: taskserv\n");
  EXPECT_TRUE(has(all_of(good.validate()), "mine/manifest.yaml:1:1: the manifest needs \"version\""));
  EXPECT_FALSE(has(all_of(good.validate()), "own/manifest.yaml"));
}

TEST(Validate, WhatCannotBeReadSaysWhatToDo) {
  GoodWorkspace good;
  good.folder.write("ws/batch.yaml", "batch_workflow: {name: [\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/batch.yaml")), "batch.yaml:2:1: broken YAML: "));
  EXPECT_TRUE(has(all_of(good.validate("ws/batch.yaml")), "[a [ or a { is not closed, or one is closed twice]"));
  good.folder.write("ws/batch.yaml", "batch_workflow:\n\tname: x\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/batch.yaml")), "[line 2 begins with a tab: indent with spaces]"))
      << all_of(good.validate("ws/batch.yaml"));
  good.folder.write("ws/config.toml", "[log\nx = 1\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/config.toml")), "config.toml:1:5: broken TOML: "));
  EXPECT_TRUE(has(all_of(good.validate("ws/config.toml")), "[look at this line and the one before it: "));
  EXPECT_TRUE(has(all_of(good.validate("ws/bacth.yaml")), "ws/batch.yaml\"?]"));
  EXPECT_TRUE(
      has(all_of(good.validate("ws/else/x.yaml")), "[every file of the workspace: provisioning validate --all]"));
}

TEST(Validate, OneFileIsKnownByItsNameOrByWhatItSays) {
  GoodWorkspace good;
  good.folder.write("ws/any.yaml", "batch_workflow: {name: b, operations: [{id: a, type: wait, seconds: 0}]}\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/any.yaml")), "any.yaml:1:"));
  good.folder.write("ws/c.yaml", "cluster: {name: c, servers: [], taskservs: [web]}\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/c.yaml")), "c.yaml:1:"));
  good.folder.write("ws/x/config.toml", "[log]\nx = 1\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/x/config.toml")), "there is no setting \"log.x\""));
  good.folder.write("ws/what.yaml", "a: 1\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/what.yaml")), "it is not clear what this file is"));
  EXPECT_TRUE(has(all_of(good.validate("ws/nowhere.yaml")), "No such file"));
  EXPECT_TRUE(has(all_of(good.validate("ws")), "/ws: it is a folder, a workspace [provisioning workspace validate "));
  EXPECT_TRUE(has(all_of(good.validate("ws/config")), "/ws/config: it is a folder [name its files; "));
  good.folder.write("ws/nothing.yaml", "\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/nothing.yaml")), "/ws/nothing.yaml: it is empty ["));
  good.folder.write("ws/x/dev-defaults.toml", "");
  EXPECT_TRUE(good.validate("ws/x/dev-defaults.toml").fine()) << "settings that say nothing";
  EXPECT_TRUE(good.validate("ws/infra/demo/settings.yaml").fine());
  EXPECT_TRUE(good.validate("core/taskservs/web/manifest.yaml").fine());
  EXPECT_TRUE(good.validate("ws/config/provisioning.yaml").fine());
  good.folder.write("ws/infra/demo/settings.yaml",
                    "settings: {name: demo, provider: local}\nservers:\n  - {hostname: a, taskservs: [wbe]}\n");
  EXPECT_TRUE(has(all_of(good.validate("ws/infra/demo/settings.yaml")), "did you mean \"web\"?"))
      << "in its workspace, what it names is looked up";
}

TEST(Isolation, NothingOfAWorkspaceLeadsOutOfIt) {
  const std::pair<const char*, const char*> kLinks[] = {
      {"ws/infra/stolen", "two/infra/demo"},
      {"ws/infra/demo/settings.toml", "two/infra/demo/settings.toml"},
      {"ws/config/dev-defaults.toml", "two/config/dev-defaults.toml"},
      {"ws/infra/demo/config.toml", "two/infra/demo/config.toml"},
      {"ws/config/modules.yaml", "two/config/modules.yaml"},
      {"ws/extensions", "two/extensions"},
      {"ws/extensions/taskservs", "two/extensions/taskservs"},
      {"ws/extensions/taskservs/own", "two/extensions/taskservs/own"},
      {"ws/infra/demo/extensions/taskservs/own", "two/extensions/taskservs/own"},
      {"ws/infra/demo/clusters/c.yaml", "two/infra/demo/clusters/c.yaml"}};
  for (const auto& [link, target] : kLinks) {
    SCOPED_TRACE(link);
    GoodWorkspace good;
    for (const char* file : {"two/config/dev-defaults.toml", "two/infra/demo/config.toml", "two/config/modules.yaml"}) {
      good.folder.write(file, "");
    }
    const std::string settings = "[settings]\nname = \"demo\"\nprovider = \"local\"\n";
    good.folder.write("two/infra/demo/settings.toml", "servers = []\n" + settings);
    good.folder.write("two/extensions/taskservs/own/manifest.yaml", "name: own\nkind: taskserv\nversion: 1.0.0\n");
    good.folder.write("two/infra/demo/clusters/c.yaml", "cluster: {name: c, servers: [web-1], taskservs: [web]}\n");
    fs::create_directories(fs::path(good.folder / link).parent_path());
    if (std::string(link).ends_with("settings.toml")) fs::remove(good.folder / "ws/infra/demo/settings.yaml");
    fs::create_symlink(good.folder / target, good.folder / link);
    const Report report = good.validate();
    ASSERT_FALSE(report.fine());
    EXPECT_TRUE(has(all_of(report), "a link out of the workspace, to " + (good.folder / "two"))) << all_of(report);
  }
}

TEST(Isolation, ALinkWithinTheWorkspaceAndOneToTheWorkspaceAreFine) {
  GoodWorkspace good;
  good.folder.write("ws/shared/c.yaml", "cluster: {name: c, servers: [web-1], taskservs: [web]}\n");
  fs::create_directories(good.folder / "ws/infra/demo/clusters");
  fs::create_symlink("../../../shared/c.yaml", good.folder / "ws/infra/demo/clusters/c.yaml");
  fs::create_symlink("ws", good.folder / "link");
  good.request.root = good.request.settings.workspace_root = good.folder / "link";
  const Report report = good.validate();
  EXPECT_TRUE(report.fine()) << all_of(report);
}

TEST(Isolation, NamesArePlainSoNoPathHidesInOne) {
  GoodWorkspace good;
  auto workspace = workspace::load_workspace(good.request.root);
  ASSERT_TRUE(workspace.has_value());
  for (const char* name : {"..", "../two", "/etc", "demo/../../two", "demo/", ".", "DEMO", ""}) {
    const auto infra = workspace::load_infra(*workspace, name);
    EXPECT_EQ(infra.has_value(), std::string(name).empty()) << name;
    workspace::Infra demo = *workspace::load_infra(*workspace, "demo");
    const auto finder = workspace::open_layers(good.request.root, demo.folder, good.request.core);
    ASSERT_TRUE(finder.has_value());
    EXPECT_FALSE(finder->find(workspace::ExtensionKind::taskserv, name).has_value()) << name;
  }
}

}  // namespace
}  // namespace prov::validation
