// The folders of steps on a real file system: made once, used again only when nothing tells them from a new one.
#include "agent/executor/step_folders.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "agent/executor/step_dir.h"

namespace prov::agent {
namespace {

namespace fs = std::filesystem;

StepId step_number(std::uint8_t n) {
  StepId out;
  out.task.bytes.fill(n);
  out.attempt = 1;
  return out;
}

struct Clearing final : Executor {
  void post(std::function<void()> work) override { at_once ? work() : waiting.push_back(std::move(work)); }
  void catch_up() {
    for (const auto& work : std::exchange(waiting, {})) work();
  }
  bool at_once = true;
  std::vector<std::function<void()>> waiting;
};

struct StepFoldersTest : ::testing::Test {
  void SetUp() override {
    char path[] = "/tmp/prov-folders-XXXXXX";
    ASSERT_NE(mkdtemp(path), nullptr);
    dir = path;
    open();
  }
  void TearDown() override { fs::remove_all(dir); }
  void open() {
    folders.reset();
    auto opened = StepFolders::open(dir + "/steps", clearing);
    ASSERT_TRUE(opened);
    folders.emplace(std::move(*opened));
  }

  // As a step leaves it.
  std::string use(const StepId& which) {
    auto made = folders->make(which);
    EXPECT_TRUE(made) << made.error().message;
    const std::string path = folders->path_of(which);
    for (const char* name : {"/step", "/output"}) {
      std::ofstream(path + name) << "what the step before had";
      chmod((path + name).c_str(), 0600);
    }
    std::ofstream(path + "/stdin") << "x";
    fs::create_directories(path + "/work/deep/er");
    std::ofstream(path + "/work/deep/er/file") << "x";
    return path;
  }
  void give_back(const StepId& which, bool clean = true) {
    if (clean) folders->left_nothing(which);
    folders->remove(which);
    EXPECT_FALSE(fs::exists(folders->path_of(which)));
  }
  static ino_t inode(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_ino;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(dir + "/steps"), {}));
  }

  std::string dir;
  Clearing clearing;
  std::optional<StepFolders> folders;
  const StepId step = step_number(1), other = step_number(2);
};

TEST_F(StepFoldersTest, OneThatNothingWasLeftInIsTheNextSteps) {
  const std::string path = use(step);
  const ino_t folder = inode(path), file = inode(path + "/step");
  give_back(step);
  ASSERT_TRUE(folders->make(other));
  const std::string next = folders->path_of(other);
  EXPECT_EQ(inode(next), folder);
  EXPECT_EQ(inode(next + "/step"), file);
  EXPECT_EQ(fs::file_size(next + "/step"), 0U);
  EXPECT_EQ(fs::file_size(next + "/output"), 0U);
  EXPECT_TRUE(fs::is_empty(next + "/work"));
  EXPECT_EQ(std::distance(fs::directory_iterator(next), {}), 3);
}

// So that each has its own part of the disk's inodes, where the file system takes such a hint.
TEST_F(StepFoldersTest, TheyLieApart) {
  const auto flags_of = [](const std::string& path) {
    int flags = 0;
    const io::Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) == 0 ? flags : -1;
  };
  int wanted = flags_of(dir) | FS_TOPDIR_FL;
  const io::Fd fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (flags_of(dir) < 0 || ioctl(fd.get(), FS_IOC_SETFLAGS, &wanted) != 0) GTEST_SKIP() << "no such hint here";
  EXPECT_NE(flags_of(dir + "/steps") & FS_TOPDIR_FL, 0);
}

TEST_F(StepFoldersTest, AnAttemptIsBegunOnceWhetherThereAreSparesOrNot) {
  use(step);
  for (const bool spare : {false, true}) {
    if (spare) {
      use(other);
      give_back(other);
    }
    const auto again = folders->make(step);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::conflict);
    EXPECT_EQ(fs::file_size(folders->path_of(step) + "/output"), 24U) << "it is as it was";
  }
  EXPECT_TRUE(folders->make(other)) << "the spare is still to be had";
  EXPECT_EQ(entries(), 2U);
}

TEST_F(StepFoldersTest, OneOfWhichNobodySaidThatNothingIsLeftGoes) {
  use(step);
  give_back(step, false);
  EXPECT_EQ(entries(), 0U);
}

// Whatever a step may do to its folder that emptying does not undo.
TEST_F(StepFoldersTest, OneThatCanBeToldFromANewOneGoes) {
  const std::vector<std::pair<const char*, std::function<void(const std::string&)>>> deeds = {
      {"the folder's mode", [](const std::string& path) { chmod(path.c_str(), 0755); }},
      {"the folder has an attribute",
       [](const std::string& path) {
         if (setxattr(path.c_str(), "user.note", "x", 1, 0) != 0) chmod(path.c_str(), 0755);  // there are none here
       }},
      {"work/ is a link",
       [](const std::string& path) {
         fs::remove_all(path + "/work");
         fs::create_directory_symlink("/tmp", path + "/work");
       }},
      {"work/ is gone", [](const std::string& path) { fs::remove_all(path + "/work"); }},
      {"its file has a second name",
       [](const std::string& path) { fs::create_hard_link(path + "/step", path + "/../../kept"); }},
      {"its output is a pipe",
       [](const std::string& path) {
         fs::remove(path + "/output");
         ASSERT_EQ(mkfifo((path + "/output").c_str(), 0600), 0);
       }},
      {"its output is a link",
       [](const std::string& path) {
         fs::remove(path + "/output");
         fs::create_symlink(path + "/../../precious", path + "/output");
       }},
      {"its output is for all to read", [](const std::string& path) { chmod((path + "/output").c_str(), 0644); }},
  };
  std::ofstream(dir + "/precious") << "precious";
  for (const auto& [what, deed] : deeds) {
    deed(use(step));
    give_back(step);
    EXPECT_EQ(entries(), 0U) << what;
    fs::remove(dir + "/kept");
  }
  EXPECT_EQ(fs::file_size(dir + "/precious"), 8U);
}

// Its working directory is not handed on.
TEST_F(StepFoldersTest, WhatAStepDidToItsWorkIsNotTheNextSteps) {
  const std::vector<std::function<void(const std::string&)>> deeds = {
      [](const std::string& work) { chmod(work.c_str(), 01755); },
      [](const std::string& work) { ASSERT_EQ(chown(work.c_str(), 1234, 1234), 0); },
      [](const std::string& work) { setxattr(work.c_str(), "user.note", "x", 1, 0); },
  };
  for (const auto& deed : deeds) {
    deed(use(step) + "/work");
    give_back(step);
    EXPECT_EQ(entries(), 1U) << "it is a spare";
    ASSERT_TRUE(folders->make(other));
    struct stat info {};
    ASSERT_EQ(stat((folders->path_of(other) + "/work").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode, S_IFDIR | 0700U);
    EXPECT_EQ(info.st_uid, geteuid());
    EXPECT_LE(listxattr((folders->path_of(other) + "/work").c_str(), nullptr, 0), 17) << "the system's label, if any";
    give_back(other, false);
  }
}

// A container, or a mount, that a step leaves keeps what it has: it is no child of the step's supervisor.
TEST_F(StepFoldersTest, WhoHasAStepsWorkMountedSeesNothingOfTheNextSteps) {
  const std::string elsewhere = dir + "/elsewhere";
  fs::create_directory(elsewhere);
  const std::string path = use(step);
  if (mount((path + "/work").c_str(), elsewhere.c_str(), nullptr, MS_BIND, nullptr) != 0) {
    GTEST_SKIP() << "this process may not mount";
  }
  give_back(step);
  EXPECT_TRUE(folders->make(other));
  std::ofstream(folders->path_of(other) + "/work/secret") << "x";
  EXPECT_TRUE(fs::exists(folders->path_of(other) + "/work/secret"));
  EXPECT_TRUE(fs::is_empty(elsewhere));
  EXPECT_EQ(umount2(elsewhere.c_str(), MNT_DETACH), 0);
}

TEST_F(StepFoldersTest, WhatAStepLeftMountedInItsFolderIsLeftAlone) {
  const std::string data = dir + "/data";
  fs::create_directory(data);
  std::ofstream(data + "/precious") << "x";
  std::uint8_t n = 20;
  for (const std::string at : {"/work", "/work/data", "/data"}) {
    for (const bool clean : {true, false}) {
      const StepId each = step_number(++n);
      const std::string place = use(each) + at;
      fs::create_directories(place);
      if (mount(data.c_str(), place.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        GTEST_SKIP() << "this process may not mount";
      }
      if (clean) folders->left_nothing(each);
      folders->remove(each);
      EXPECT_TRUE(fs::exists(data + "/precious")) << at;
      ASSERT_TRUE(folders->make(other));
      EXPECT_TRUE(fs::is_empty(folders->path_of(other) + "/work")) << at;
      std::ofstream(folders->path_of(other) + "/work/mine") << "x";
      EXPECT_FALSE(fs::exists(data + "/mine")) << at;
      folders->remove(other);
      for (const auto& left : fs::directory_iterator(dir + "/steps"))
        umount2((left.path().string() + at).c_str(), MNT_DETACH);
    }
  }
  folders->sweep([](const std::string&) { return false; });
  EXPECT_EQ(entries(), 0U) << "once nothing is mounted there any more";
}

TEST_F(StepFoldersTest, OneWhoseFileIsLockedGoes) {
  const std::string path = use(step);
  const io::Fd held(::open((path + "/step").c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(flock(held.get(), LOCK_EX | LOCK_NB), 0);
  give_back(step);
  EXPECT_EQ(entries(), 0U);
}

TEST_F(StepFoldersTest, SparesAreFewAndDoNotOutliveTheAgent) {
  for (std::uint8_t n = 10; n < 110; ++n) use(step_number(n));
  for (std::uint8_t n = 10; n < 110; ++n) {
    folders->left_nothing(step_number(n));
    folders->remove(step_number(n));
  }
  EXPECT_EQ(entries(), 64U);
  open();
  EXPECT_EQ(entries(), 0U);
}

TEST_F(StepFoldersTest, NobodyWaitsForTheClearing) {
  clearing.at_once = false;
  const std::string path = use(step), path_of_other = use(other);
  folders->left_nothing(step);
  folders->remove(step);
  folders->remove(other);
  EXPECT_FALSE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path_of_other));
  EXPECT_EQ(entries(), 2U) << "under other names";
  folders->sweep([](const std::string&) { return false; });
  EXPECT_EQ(entries(), 2U) << "which are not swept from under whoever clears them";
  ASSERT_TRUE(folders->make(step)) << "the same step again, in a new folder";
  EXPECT_TRUE(fs::is_empty(path + "/work"));
  EXPECT_EQ(entries(), 3U);
  EXPECT_EQ(clearing.waiting.size(), 1U) << "for both";
  clearing.catch_up();
  EXPECT_EQ(entries(), 2U);
  ASSERT_TRUE(folders->make(other));
  EXPECT_EQ(entries(), 2U) << "of the spare";
}

TEST_F(StepFoldersTest, WhatWasNotClearedGoesAtTheNextStart) {
  clearing.at_once = false;
  use(step);
  use(other);
  folders->left_nothing(step);
  folders->remove(step);
  folders->remove(other);
  folders.reset();
  clearing.catch_up();
  EXPECT_EQ(entries(), 2U) << "whoever it was for is gone";
  open();
  EXPECT_EQ(entries(), 0U);
}

TEST_F(StepFoldersTest, ASpareThatSomebodyTookAwayIsNotMissed) {
  use(step);
  give_back(step);
  fs::remove_all(dir + "/steps/spare-0");
  EXPECT_TRUE(folders->make(other));
  EXPECT_TRUE(fs::is_empty(folders->path_of(other) + "/work"));
}

TEST_F(StepFoldersTest, SweepingLeavesSparesAndWhatIsWanted) {
  use(step);
  give_back(step);
  use(step);
  use(other);
  fs::create_directories(dir + "/steps/what-is-this/here");
  use(step_number(3));
  give_back(step_number(3));
  folders->sweep([&](const std::string& name) { return name == step_dir_name(step); });
  EXPECT_TRUE(fs::exists(folders->path_of(step)));
  EXPECT_FALSE(folders->contains(other));
  EXPECT_EQ(entries(), 2U);
  EXPECT_TRUE(folders->make(other));
  EXPECT_EQ(entries(), 2U) << "of the spare";
}

}  // namespace
}  // namespace prov::agent
