#include "coordinator/event_log/disk_guard.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::event_log {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;

class DiskGuardTest : public testing::Test {
 protected:
  // A disk of which we say how full it is; the ballast takes its part.
  DiskGuard make() {
    return DiskGuard(
        {ballast_, 4 * kMiB, 2 * kMiB},
        [this]() -> Result<std::uint64_t> {
          ++asked_;
          if (broken_) return fail(Code::io, "no answer");
          return room_ - ballast_size();
        },
        clock_);
  }
  std::uint64_t ballast_size() const {
    struct stat info {};
    return ::stat(ballast_.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
  }
  DiskGuard::State later(DiskGuard& guard) {
    clock_.advance(1000);
    return guard.state();
  }

  test::TempFolder folder_;
  std::string ballast_ = folder_ / "ballast";
  test::ManualClock clock_;
  std::uint64_t room_ = 100 * kMiB;  // free, were there no ballast
  int asked_ = 0;
  bool broken_ = false;
};

using State = DiskGuard::State;

TEST_F(DiskGuardTest, WhatCanBeDoneWithoutIsWrittenOnlyWhereMuchIsLeft) {
  room_ = 4 * kMiB + 2 * kMiB + 40 * kMiB;
  DiskGuard guard = make();
  ASSERT_EQ(guard.state(), DiskGuard::State::ok);
  EXPECT_TRUE(guard.has_room_for(10 * kMiB)) << "four times, beside ballast and margin";
  EXPECT_FALSE(guard.has_room_for(10 * kMiB + 1));
  broken_ = true;
  EXPECT_FALSE(guard.has_room_for(1));
}

TEST_F(DiskGuardTest, TheBallastIsRealAndKept) {
  {
    DiskGuard guard = make();
    EXPECT_EQ(guard.state(), State::ok);
    EXPECT_TRUE(guard.admit());
  }
  struct stat first {
  }, second{};
  ASSERT_EQ(::stat(ballast_.c_str(), &first), 0);
  EXPECT_GE(first.st_blocks * 512, 4 * static_cast<blkcnt_t>(kMiB)) << "a file with holes would keep nothing";
  EXPECT_EQ(first.st_mode & 0777, 0600U);
  DiskGuard again = make();
  ASSERT_EQ(::stat(ballast_.c_str(), &second), 0);
  EXPECT_EQ(first.st_ino, second.st_ino);
}

TEST_F(DiskGuardTest, LowGivesUpTheBallastRefusesOperatorsAndRecoversByItself) {
  DiskGuard guard = make();
  room_ = 4 * kMiB + 2 * kMiB;  // exactly the margin beside the ballast
  EXPECT_EQ(later(guard), State::ok);
  room_ -= 1;
  EXPECT_EQ(later(guard), State::low);
  EXPECT_EQ(ballast_size(), 0U);
  EXPECT_GE(guard.free_bytes(), 4 * kMiB) << "what is left for the agents' reports";
  const auto refused = guard.admit();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_NE(refused.error().hint.find("8 MiB"), std::string::npos) << refused.error().hint;

  room_ = 8 * kMiB - 1;
  EXPECT_EQ(later(guard), State::low) << "no swinging to and fro";
  room_ = 8 * kMiB;
  EXPECT_EQ(later(guard), State::ok);
  EXPECT_EQ(ballast_size(), 4 * kMiB);
  EXPECT_TRUE(guard.admit());
}

TEST_F(DiskGuardTest, TheDiskIsAskedOnceASecondOrPerBytesAppended) {
  DiskGuard guard = make();
  asked_ = 0;
  for (int i = 0; i < 100; ++i) guard.state();
  EXPECT_EQ(asked_, 0);
  guard.appended(255 << 10);
  guard.state();
  EXPECT_EQ(asked_, 0);
  guard.appended(1 << 10);
  guard.state();
  EXPECT_EQ(asked_, 1);
  clock_.advance(999);
  guard.state();
  EXPECT_EQ(asked_, 1);
  clock_.advance(1);
  guard.state();
  EXPECT_EQ(asked_, 2);
}

TEST_F(DiskGuardTest, WhatIsAppendedIsReasonToLookWhoeverAsks) {
  DiskGuard guard = make();
  std::vector<State> heard;
  guard.on_change([&heard](State state) { heard.push_back(state); });
  room_ = 5 * kMiB;
  guard.appended(255 << 10);
  EXPECT_EQ(ballast_size(), 4 * kMiB);
  guard.appended(1 << 10);
  EXPECT_EQ(ballast_size(), 0U);
  room_ = 100 * kMiB;
  clock_.advance(1000);
  guard.appended(1);
  EXPECT_EQ(ballast_size(), 4 * kMiB);
  EXPECT_EQ(heard, (std::vector<State>{State::low, State::ok}));
}

TEST_F(DiskGuardTest, GivesWayToACommitThatFindsNoRoom) {
  DiskGuard guard = make();
  room_ = 6 * kMiB;  // the margin is kept, but one commit may be larger than that
  EXPECT_EQ(later(guard), State::ok);
  EXPECT_TRUE(guard.give_way());
  EXPECT_EQ(ballast_size(), 0U);
  EXPECT_FALSE(guard.admit());
  EXPECT_FALSE(guard.give_way()) << "there is no more to give";
  EXPECT_EQ(later(guard), State::low);
}

TEST_F(DiskGuardTest, ADiskThatDoesNotAnswerChangesNothing) {
  DiskGuard guard = make();
  broken_ = true;
  EXPECT_EQ(later(guard), State::ok);
}

TEST_F(DiskGuardTest, ABallastOfAnotherSizeIsMadeAgain) {
  std::ofstream(ballast_) << "cut off";
  DiskGuard guard = make();
  EXPECT_EQ(guard.state(), State::ok);
  EXPECT_EQ(ballast_size(), 4 * kMiB);
}

TEST_F(DiskGuardTest, AFullDiskAtTheStartGivesItsBallastUp) {
  { make(); }
  room_ = 4 * kMiB + kMiB;
  DiskGuard guard = make();
  EXPECT_EQ(guard.state(), State::low);
  EXPECT_EQ(ballast_size(), 0U);
}

TEST_F(DiskGuardTest, OnARealSmallDisk) {
  const std::string disk = folder_ / "disk";
  ::mkdir(disk.c_str(), 0700);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=16m") != 0) GTEST_SKIP() << "this process may not mount a tmpfs";
  {
    DiskGuard guard({disk + "/ballast", 4 * kMiB, 2 * kMiB}, free_bytes_at(disk), clock_);
    EXPECT_EQ(guard.state(), State::ok);
    std::ofstream(disk + "/others") << std::string(11 * kMiB, 'x');
    EXPECT_EQ(later(guard), State::low);
    std::ofstream(disk + "/reports") << std::string(4 * kMiB, 'x');
    EXPECT_EQ(std::filesystem::file_size(disk + "/reports"), 4 * kMiB) << "the reserve is there to be used";
    std::filesystem::remove(disk + "/others");
    EXPECT_EQ(later(guard), State::ok);
  }
  ::umount2(disk.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace prov::event_log
