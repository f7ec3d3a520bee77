#include "agent/sandbox/mount_table.h"

#include <gtest/gtest.h>

namespace prov::agent {
namespace {

TEST(MountTable, ReadsWhatTheKernelWrites) {
  const auto mounts = parse_mounts(
      "23 28 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "28 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/root rw,errors=remount-ro\n"
      "40 28 8:2 /data /srv/my\\040files rw - xfs /dev/sdb ro,attr2\n"
      "41 28 0:40 / /mnt/ro ro,nodev - vfat /dev/sdc rw\n");
  ASSERT_EQ(mounts.size(), 4U);
  EXPECT_EQ(mounts[0].point, "/sys");
  EXPECT_EQ(mounts[0].type, "sysfs");
  EXPECT_EQ(mounts[1].id, 28U);
  EXPECT_EQ(mounts[1].point, "/");
  EXPECT_FALSE(mounts[1].read_only) << "remount-ro is another option";
  EXPECT_EQ(mounts[2].point, "/srv/my files");
  EXPECT_TRUE(mounts[2].read_only) << "the file system is";
  EXPECT_TRUE(mounts[3].read_only) << "the mount is";
}

TEST(MountTable, LeavesOutWhatMakesNoSense) {
  EXPECT_TRUE(parse_mounts("").empty());
  EXPECT_TRUE(
      parse_mounts("nonsense\n1 2 3\n40 28 8:2 /data relative rw - xfs a rw\n40 28 0:1 / /x rw - tmpfs\n").empty());
}

TEST(MountTable, EscapesThatAreNoneStay) {
  const auto mounts = parse_mounts("1 1 0:1 / /a\\9b\\011c\\ rw - tmpfs tmpfs rw\n");
  ASSERT_EQ(mounts.size(), 1U);
  EXPECT_EQ(mounts[0].point, "/a\\9b\tc\\");
}

TEST(MountTable, BeneathIsByWholeNames) {
  EXPECT_TRUE(is_beneath("/run", "/run"));
  EXPECT_TRUE(is_beneath("/run/lock", "/run"));
  EXPECT_FALSE(is_beneath("/running", "/run"));
  EXPECT_FALSE(is_beneath("/", "/run"));
  EXPECT_TRUE(is_beneath("/anything", "/"));
}

TEST(MountTable, OnlyFilesOfThisMachineAreCopied) {
  const auto of_type = [](const char* type) { return treatment_of(Mount{1, "/x", type, false}); };
  for (const char* type : {"ext4", "xfs", "btrfs", "overlay", "tmpfs"}) EXPECT_EQ(of_type(type), Treatment::layer);
  for (const char* type : {"proc", "cgroup2", "devpts"}) EXPECT_EQ(of_type(type), Treatment::nothing);
  // Touching these may wait for another machine for ever, or run somebody's program.
  for (const char* type : {"nfs4", "cifs", "fuse.sshfs", "autofs", "9p", "unheard-of"}) {
    EXPECT_EQ(of_type(type), Treatment::left_out) << type;
  }
}

}  // namespace
}  // namespace prov::agent
