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
