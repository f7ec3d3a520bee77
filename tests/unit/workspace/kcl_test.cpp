// Infras in KCL, made by a program on PATH; here by small scripts that stand in for it.
#include "coordinator/workspace/kcl.h"

#include <gtest/gtest.h>

#include "tests/unit/workspace/temp_folder.h"

namespace prov::workspace {
namespace {

class Kcl : public ::testing::Test {
 protected:
  Kcl() {
    folder_.write("ws/config/provisioning.yaml", "workspace: {name: demo}\n");
    file_ = folder_.write("ws/infra/main/settings.k", "settings = {}\n");
  }
  void program(const std::string& script) { folder_.write("bin/kcl", "#!/bin/sh\n" + script, true); }
  Result<Infra> load(KclLimits limits = {}) {
    const auto workspace = load_workspace(folder_ / "ws");
    EXPECT_TRUE(workspace.has_value());
    return load_infra(*workspace, "", KclProgram("relative:" + (folder_ / "bin") + ":/nowhere", limits));
  }
  bool says(const Result<Infra>& infra, const std::string& part) {
    return !infra && (infra.error().message + infra.error().hint).find(part) != std::string::npos;
  }

  test::TempFolder folder_;
  std::string file_;
};

TEST_F(Kcl, WhatItPrintsIsTheInfra) {
  program("[ \"$#\" = 2 ] && [ \"$1\" = run ] && [ \"$2\" = '" + file_ + "' ] && [ \"$PWD\" = '" +
          (folder_ / "ws/infra/main") +
          "' ] || exit 9\nread line && exit 8\n"
          "echo 'settings: {name: main, provider: local}'\necho 'servers: [{hostname: k-1}]'\n");
  const auto infra = load();
  ASSERT_TRUE(infra.has_value()) << infra.error().message;
  EXPECT_EQ(infra->servers.at(0).hostname, "k-1");
  EXPECT_EQ(infra->file, file_);
  EXPECT_EQ(infra->folder, folder_ / "ws/infra/main");
}

TEST_F(Kcl, WithoutTheProgramTheWayOutIsTold) {
  const auto infra = load();
  ASSERT_FALSE(infra.has_value());
  EXPECT_EQ(infra.error().code, Code::unsupported);
  EXPECT_TRUE(says(infra, file_ + ": it is written in KCL"));
  EXPECT_TRUE(says(infra, "kcl run settings.k > settings.yaml"));
}

TEST_F(Kcl, WhatItSaysOfAMistakeIsPassedOn) {
  program("echo 'settings.k:1: expected an expression' >&2\nexit 3\n");
  const auto infra = load();
  EXPECT_TRUE(says(infra, "ended with 3: settings.k:1: expected an expression")) << infra.error().message;
  program("kill -9 $$\n");
  EXPECT_TRUE(says(load(), "ended with 137: it says nothing"));
}

TEST_F(Kcl, WhatItPrintsIsHeldToTheSameRules) {
  program("echo 'settings: {name: other}'\necho 'servers: []'\n");
  EXPECT_TRUE(says(load(), "settings.k (as kcl makes it):1:"));
  program("echo 'a: ['\n");
  EXPECT_TRUE(says(load(), "broken YAML"));
}

TEST_F(Kcl, OneThatDoesNotEndIsEndedWithAllItStarted) {
  program("sleep 1000 &\necho $! > '" + (folder_ / "child") + "'\nwait\n");
  const auto infra = load({std::chrono::milliseconds(200), 1000});
  ASSERT_FALSE(infra.has_value());
  EXPECT_EQ(infra.error().code, Code::unavailable);
  EXPECT_TRUE(says(infra, "has not ended after 200 ms")) << infra.error().message;
}

TEST_F(Kcl, OneThatPrintsWithoutEndIsEnded) {
  program("while :; do echo 'a text that is repeated without end'; done\n");
  const auto infra = load({std::chrono::milliseconds(30'000), 4096});
  ASSERT_FALSE(infra.has_value());
  EXPECT_EQ(infra.error().code, Code::exhausted);
  EXPECT_TRUE(says(infra, "prints more than the 4096 bytes"));
}

TEST_F(Kcl, BothFormsAtOnceAreRefused) {
  folder_.write("ws/infra/main/settings.yaml", "settings: {name: main, provider: local}\nservers: []\n");
  EXPECT_TRUE(says(load(), "has both settings.yaml and settings.k"));
  std::filesystem::remove(file_);
  EXPECT_TRUE(load().has_value());
}

}  // namespace
}  // namespace prov::workspace
