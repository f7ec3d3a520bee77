#include "coordinator/workspace/home.h"
#include "common/nearest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "coordinator/workspace/definition.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::workspace {
namespace {

class HomeTest : public testing::Test {
 protected:
  HomeTest() {
    for (const char* name : {"one", "two"}) {
      folder_.write(std::string(name) + "/config/provisioning.yaml", std::string("workspace: {name: ") + name + "}\n");
    }
    std::filesystem::create_directories(folder_ / "two/infra/demo/deep");
  }
  test::TempFolder folder_;
  Home home_{folder_ / "home"};
};

TEST_F(HomeTest, TheFirstThatSaysSomethingWins) {
  UserConfig config;
  config.remember("one", folder_ / "one");
  EXPECT_EQ(find_workspace({"", "", folder_ / "two/infra/demo/deep"}, config)->root, folder_ / "two");
  config.active = "one";
  const auto active = find_workspace({"", "", folder_ / "two"}, config);
  EXPECT_EQ(active->root, folder_ / "one");
  EXPECT_NE(active->note.find("not the one in " + (folder_ / "two")), std::string::npos);
  EXPECT_TRUE(find_workspace({"", "", folder_ / "one"}, config)->note.empty());
  EXPECT_EQ(find_workspace({"", folder_ / "two", "/"}, config)->by, "PROVISIONING_WORKSPACE");
  EXPECT_EQ(find_workspace({"one", folder_ / "two", "/"}, config)->root, folder_ / "one");
  EXPECT_EQ(find_workspace({"two", "", folder_.path()}, config)->root, folder_ / "two");
}

TEST_F(HomeTest, NothingFoundSaysWhatToType) {
  UserConfig config;
  EXPECT_EQ(find_workspace({"", "", "/"}, config).error().hint, "provisioning workspace init NAME");
  config.remember("one", folder_ / "one");
  EXPECT_EQ(find_workspace({"", "", "/"}, config).error().hint, "provisioning workspace activate one");
  EXPECT_EQ(find_workspace({"onne", "", "/"}, config).error().hint, "did you mean \"one\"?");
}

TEST_F(HomeTest, UserConfigComesBackAsItWasSaved) {
  EXPECT_TRUE(load_user_config(home_)->workspaces.empty());
  UserConfig config;
  config.active = "one";
  config.remember("two", "/a \"b\"\\c: d # e");
  config.remember("one", "/old");
  config.remember("one", "/new");
  ASSERT_TRUE(save_user_config(home_, config).has_value());
  const auto loaded = load_user_config(home_);
  ASSERT_TRUE(loaded.has_value()) << loaded.error().message;
  EXPECT_EQ(loaded->active, "one");
  ASSERT_EQ(loaded->workspaces.size(), 2U);
  EXPECT_EQ(loaded->find("one")->path, "/new");
  EXPECT_EQ(loaded->find("two")->path, "/a \"b\"\\c: d # e");
  struct stat about {};
  ASSERT_EQ(::stat(home_.user_config().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(HomeTest, InfrasAreListedAndChosen) {
  auto workspace = load_workspace(folder_ / "two");
  ASSERT_TRUE(workspace.has_value());
  EXPECT_NE(load_infra(*workspace, "").error().message.find("has no infra yet"), std::string::npos);
  folder_.write("two/infra/demo/settings.yaml", "settings: {name: demo, provider: local}\nservers: []\n");
  EXPECT_EQ(load_infra(*workspace, "")->name, "demo");
  folder_.write("two/infra/prod/settings.yaml", "settings: {name: prod, provider: local}\nservers: []\n");
  EXPECT_EQ(load_infra(*workspace, "").error().hint, "say which: --infra demo");
  EXPECT_EQ(load_infra(*workspace, "prdo").error().hint, "did you mean \"prod\"?");
  EXPECT_EQ(load_infra(*workspace, "../two").error().code, Code::not_found);
  workspace->default_infra = "prod";
  EXPECT_EQ(load_infra(*workspace, "")->name, "prod");
}

TEST(Nearest, FindsTypingErrorsAndNothingElse) {
  const std::vector<std::string> known{"servers", "settings", "taskservs", "plan"};
  EXPECT_EQ(nearest("servres", known), "servers");
  EXPECT_EQ(nearest("pln", known), "plan");
  EXPECT_EQ(nearest("taskserv", known), "taskservs");
  EXPECT_EQ(nearest("zzz", known), "");
  EXPECT_EQ(nearest("", known), "");
  EXPECT_EQ(did_you_mean("zzz", known), "known are: servers, settings, taskservs, plan");
}

TEST_F(HomeTest, PreferencesAreKeptAlsoThoseOfAnotherRelease) {
  folder_.write("home/config/user_config.yaml",
                "active_workspace: one\nworkspaces: [{name: one, path: /one, last_used: x}]\n"
                "preferences: {output_format: json, editor: vi}\n");
  auto config = load_user_config(home_);
  ASSERT_TRUE(config.has_value()) << config.error().message;
  config->remember("one", "/one");
  EXPECT_EQ(config->find("one")->last_used, "x");
  config->activate("one", "2026-01-31T00:00:00Z");
  config->preferences["color"] = "never";
  ASSERT_TRUE(save_user_config(home_, *config).has_value());
  const auto again = load_user_config(home_);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->preferences,
            (std::map<std::string, std::string>{{"color", "never"}, {"editor", "vi"}, {"output_format", "json"}}));
  EXPECT_EQ(again->find("one")->last_used, "2026-01-31T00:00:00Z");
}

TEST_F(HomeTest, ForgettingTheActiveOneLeavesNoneActive) {
  UserConfig config;
  config.remember("one", "/one");
  config.remember("two", "/two");
  config.activate("one", "now");
  EXPECT_FALSE(config.forget("three"));
  EXPECT_TRUE(config.forget("two"));
  EXPECT_EQ(config.active, "one");
  EXPECT_TRUE(config.forget("one"));
  EXPECT_EQ(config.active, "");
  EXPECT_TRUE(config.workspaces.empty());
}

TEST_F(HomeTest, PreferencesAreHeldToWhatTheyCanBe) {
  EXPECT_TRUE(check_preference("output_format", "yaml").has_value());
  EXPECT_EQ(check_preference("output_format", "xml").error().code, Code::invalid);
  EXPECT_EQ(check_preference("output_fromat", "yaml").error().hint, "did you mean \"output_format\"?");
  EXPECT_EQ(check_preference("preferred_provider", "../x").error().code, Code::invalid);
}

TEST_F(HomeTest, TheModeIsTheVariablesElseTheFilesElseSolo) {
  EXPECT_EQ(load_active_mode(home_)->name, "solo");
  folder_.write("home/config/active-mode.yaml", "active_mode: multi-user\n");
  EXPECT_EQ(load_active_mode(home_)->name, "multi-user");
  EXPECT_EQ(load_active_mode(home_, "cicd")->by, "PROVISIONING_MODE");
  EXPECT_EQ(load_active_mode(home_, "cidc").error().hint, "did you mean \"cicd\"?");
}

TEST_F(HomeTest, AFileOfTheOriginalPlatformIsToldHowToGoOn) {
  folder_.write("two/config/provisioning.yaml", "workspace: {name: two}\npaths: {base: /x}\n");
  const auto refused = load_workspace(folder_ / "two");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().message.find(":2:1: \"paths\" is of an older format"), std::string::npos);
  EXPECT_EQ(refused.error().hint, "provisioning workspace migrate --check");
}

TEST_F(HomeTest, SettingsAreInOneOfThreeForms) {
  const auto workspace = load_workspace(folder_ / "two");
  folder_.write("two/infra/demo/settings.toml",
                "[settings]\nname = \"demo\"\nprovider = \"local\"\n[[servers]]\nhostname = \"a\"\nzone = \"north\"\n");
  const auto infra = load_infra(*workspace, "demo");
  ASSERT_TRUE(infra.has_value()) << infra.error().message;
  EXPECT_EQ(infra->file, folder_ / "two/infra/demo/settings.toml");
  ASSERT_EQ(infra->servers.size(), 1U);
  ASSERT_EQ(infra->servers[0].params.size(), 1U);
  EXPECT_EQ(infra->servers[0].params[0].first.text, "zone");
  folder_.write("two/infra/demo/settings.yaml", "settings: {name: demo}\nservers: []\n");
  EXPECT_NE(load_infra(*workspace, "demo").error().message.find("has both settings.yaml and settings.toml"),
            std::string::npos);
}

}  // namespace
}  // namespace prov::workspace
