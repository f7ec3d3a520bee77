#include "common/io/posix/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "common/io/posix/claim.h"
#include "common/io/posix/durable_file.h"
#include "common/io/posix/processes.h"

namespace prov::io {
namespace {

namespace fs = std::filesystem;

struct Files : ::testing::Test {
  std::string dir;
  Fd fd;
  void SetUp() override {
    char path[] = "/tmp/prov-files-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    fs::create_directory(dir + "/inside");
    chmod((dir + "/inside").c_str(), 0700);
    fd = std::move(*open_private_dir(dir + "/inside"));
  }
  void TearDown() override { fs::remove_all(dir); }
};

TEST_F(Files, CreatesBeneathAndNowhereElse) {
  ASSERT_TRUE(create_beneath(fd.get(), "a/b/c.txt", "text", 0600));
  EXPECT_EQ(*read_file(dir + "/inside/a/b/c.txt", 100), "text");
  EXPECT_EQ(fs::status(dir + "/inside/a").permissions(), fs::perms(0700));
  EXPECT_EQ(fs::status(dir + "/inside/a/b/c.txt").permissions(), fs::perms(0600));
}

// As a program that was killed between fork and exec leaves its lock to the child.
TEST_F(Files, AClaimWaitsForTheLastBreathOfAKilledHolder) {
  const std::string path = dir + "/lock";
  Fd held(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_EQ(flock(held.get(), LOCK_EX), 0);
  const pid_t child = fork();
  if (child == 0) {
    usleep(100'000);
    _exit(0);
  }
  held.reset();
  const Fd next(open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(flock(next.get(), LOCK_EX | LOCK_NB), 0) << "the child does not hold it";
  EXPECT_TRUE(claim(next.get()));
  const Fd third(open(path.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(claim(third.get())) << "who lives and holds it keeps it";
  waitpid(child, nullptr, 0);
}

TEST_F(Files, FollowsNoLinkThatSomebodyPutThere) {
  fs::create_directory(dir + "/outside");
  fs::create_directory_symlink(dir + "/outside", dir + "/inside/folder");
  fs::create_symlink(dir + "/outside/target", dir + "/inside/file");
  EXPECT_FALSE(create_beneath(fd.get(), "folder/x", "escaped", 0600));
  auto refused = create_beneath(fd.get(), "file", "escaped", 0600);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_FALSE(read_file_at(fd.get(), "file", 100));
  EXPECT_TRUE(fs::is_empty(dir + "/outside"));
  ASSERT_TRUE(remove_tree_at(fd.get(), "folder"));
  EXPECT_TRUE(fs::exists(dir + "/outside")) << "the link goes, not what it names";
}

TEST_F(Files, RemovesNothingOfWhatIsMountedWithin) {
  fs::create_directories(dir + "/outside");
  fs::create_directories(dir + "/inside/folder/mounted");
  std::ofstream(dir + "/outside/precious") << "x";
  const std::string at = dir + "/inside/folder/mounted";
  if (mount((dir + "/outside").c_str(), at.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "this process may not mount";
  }
  EXPECT_FALSE(remove_tree_at(fd.get(), "folder"));
  EXPECT_FALSE(open_dir_at(fd.get(), "folder/mounted"));
  EXPECT_EQ(umount2(at.c_str(), MNT_DETACH), 0);
  EXPECT_TRUE(fs::exists(dir + "/outside/precious"));
  EXPECT_TRUE(remove_tree_at(fd.get(), "folder"));
}

TEST_F(Files, ReplacesNothing) {
  ASSERT_TRUE(create_beneath(fd.get(), "x", "first", 0600));
  EXPECT_FALSE(create_beneath(fd.get(), "x", "second", 0600));
  EXPECT_EQ(*read_file(dir + "/inside/x", 100), "first");
  auto again = make_new_dir_at(fd.get(), "x");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::conflict);
}

TEST_F(Files, RefusesAFolderThatOthersCanWriteTo) {
  chmod((dir + "/inside").c_str(), 0770);
  EXPECT_FALSE(open_private_dir(dir + "/inside"));
  fs::create_directory_symlink(dir + "/inside", dir + "/link");
  EXPECT_FALSE(open_private_dir(dir + "/link"));
}

TEST_F(Files, WritesDurablyOrNotAtAll) {
  const std::string path = dir + "/inside/value";
  ASSERT_TRUE(write_durably(path, "one", 0600));
  ASSERT_TRUE(write_durably(path, "two", 0600));
  EXPECT_EQ(*read_file(path, 100), "two");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0600));
  EXPECT_EQ(std::distance(fs::directory_iterator(dir + "/inside"), fs::directory_iterator()), 1) << "no temporary file";
  EXPECT_FALSE(write_durably(dir + "/nowhere/value", "x", 0600));
}

TEST_F(Files, WhatCouldNotBeWrittenWholeLeavesNothing) {
  const std::string path = dir + "/inside/value";
  ASSERT_TRUE(write_durably(path, "one", 0600));
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{1'000, before.rlim_max};
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_durably(path, std::string(10'000, 'x'), 0600);
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, handler);
  EXPECT_FALSE(written);
  EXPECT_EQ(*read_file(path, 100), "one");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir + "/inside"), fs::directory_iterator()), 1) << "no temporary file";
}

TEST_F(Files, ReadsNoMoreThanItMay) {
  ASSERT_TRUE(write_durably(dir + "/inside/big", std::string(1'000, 'x'), 0600));
  auto refused = read_file(dir + "/inside/big", 999);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_EQ(read_file(dir + "/inside/none", 10).error().code, Code::not_found);
}

TEST_F(Files, AnAppendThatFailsLeavesNoHalfRecord) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  DurableFile full("/dev/full");
  auto refused = full.append("x");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().code == Code::exhausted || refused.error().code == Code::io);
}

TEST(Processes, AreToldApartByGroupAndSession) {
  Spawn request{{"/bin/sleep", "1000"}, {}, true, -1};
  auto pid = spawn(request);
  ASSERT_TRUE(pid);
  const auto stat = process_stat(*pid);
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->session, *pid);
  EXPECT_EQ(stat->parent, getpid());
  EXPECT_TRUE(group_alive(*pid, *pid));
  EXPECT_FALSE(group_alive(*pid, *pid + 1)) << "a group of another session that got the same number";
  auto pidfd = open_pidfd(*pid);
  ASSERT_TRUE(pidfd);
  signal_pidfd(*pidfd, 9);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(*pid), &info, WEXITED | WNOWAIT), 0);
  EXPECT_FALSE(group_alive(*pid, *pid)) << "a zombie does not count";
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(*pid), &info, WEXITED), 0);
  EXPECT_FALSE(process_stat(*pid));
}

}  // namespace
}  // namespace prov::io
