// What an agent says of its host: that it is looked at anew, and that what is remembered of it is never old.
#include "agent/host/host_facts.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>

namespace prov::agent {
namespace {

namespace fs = std::filesystem;

struct HostFactsTest : ::testing::Test {
  void SetUp() override {
    char path[] = "/tmp/prov-facts-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    fs::create_directories(dir + "/first");
    fs::create_directories(dir + "/second");
  }
  void TearDown() override { fs::remove_all(dir); }

  void install(const std::string& name, mode_t mode = 0755) {
    const std::string path = dir + "/" + name;
    std::ofstream(path) << "#!/bin/sh\n";
    chmod(path.c_str(), mode);
  }
  bool finds(HostFacts& facts, const std::string& name) {
    const Facts now = facts();
    const auto in = [&](const auto& names) { return std::find(names.begin(), names.end(), name) != names.end(); };
    EXPECT_NE(in(now.interpreters), in(now.missing_interpreters)) << "every name is in one of the two";
    return in(now.interpreters);
  }
  HostFacts facts() const { return HostFacts(dir + "/first:" + dir + "/second:" + dir + "/none"); }

  std::string dir;
};

TEST_F(HostFactsTest, AnInterpreterIsFoundInAnyFolderAsLongAsItCanBeExecuted) {
  HostFacts host = facts();
  install("second/nu");
  install("first/perl", 0644);
  EXPECT_TRUE(finds(host, "nu"));
  EXPECT_FALSE(finds(host, "perl"));
  EXPECT_FALSE(finds(host, "bash"));
}

// As steps do: several changes within one tick of the clock that files are stamped by, a look after each.
TEST_F(HostFactsTest, NoChangeIsMissedHoweverSoonItFollowsTheLast) {
  HostFacts host = facts();
  for (int round = 0; round < 200; ++round) {
    install("first/ruby");
    ASSERT_TRUE(finds(host, "ruby")) << round;
    fs::remove(dir + "/first/ruby");
    ASSERT_FALSE(finds(host, "ruby")) << round;
  }
}

// What does not change the folder that it is looked for in, however long that has been still.
TEST_F(HostFactsTest, WhatBecomesOfAFileOrBehindALinkIsSeen) {
  install("first/ruby");
  fs::create_symlink(dir + "/elsewhere/node", dir + "/second/node");
  HostFacts host = facts();
  const auto still = std::chrono::steady_clock::now() + std::chrono::milliseconds(250);  // by the system's own clock
  while (std::chrono::steady_clock::now() < still) {
    ASSERT_TRUE(finds(host, "ruby"));
    ASSERT_FALSE(finds(host, "node")) << "the link leads nowhere";
  }
  chmod((dir + "/first/ruby").c_str(), 0644);
  EXPECT_FALSE(finds(host, "ruby"));
  fs::create_directories(dir + "/elsewhere");
  install("elsewhere/node");
  EXPECT_TRUE(finds(host, "node"));
  fs::remove(dir + "/elsewhere/node");
  EXPECT_FALSE(finds(host, "node"));
  install("second/lua");
  EXPECT_TRUE(finds(host, "lua"));
}

TEST_F(HostFactsTest, ThePathOfStepsIsWhatCountsOnAHost) {
  HostFacts host;
  EXPECT_TRUE(finds(host, "sh"));
  EXPECT_EQ(host().boot_id, host_boot_id());
}

}  // namespace
}  // namespace prov::agent
