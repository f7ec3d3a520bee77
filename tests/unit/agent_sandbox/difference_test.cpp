// Upper folders as overlayfs writes them, made by hand: no mount is needed to read one. Whiteouts need root to make.
#include "agent/sandbox/difference.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace prov::agent {
namespace {

namespace fs = std::filesystem;

class Difference : public ::testing::Test {
 protected:
  Difference() {
    char path[] = "/tmp/prov-difference-XXXXXX";
    PROV_ASSERT(mkdtemp(path) != nullptr);
    dir = path;
    fs::create_directories(before());
    fs::create_directories(upper());
  }
  ~Difference() override { fs::remove_all(dir); }

  fs::path before() const { return dir / "before"; }
  fs::path upper() const { return dir / "upper"; }
  static void write(const fs::path& path, const std::string& text, unsigned mode = 0644) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
    fs::permissions(path, fs::perms(mode));
  }
  void whiteout(const char* name) {
    fs::create_directories((upper() / name).parent_path());
    if (mknod((upper() / name).c_str(), S_IFCHR, makedev(0, 0)) != 0) GTEST_SKIP() << "a whiteout takes root to make";
  }
  std::set<std::string> found(const std::string& point = "/") {
    Layer layer{point, io::Fd(open(before().c_str(), O_RDONLY | O_DIRECTORY)),
                io::Fd(open(upper().c_str(), O_RDONLY | O_DIRECTORY))};
    RehearsalReport report;
    add_difference(layer, report);
    EXPECT_TRUE(report.incomplete.empty());
    std::set<std::string> out;
    for (const FileChange& each : report.files.listed()) {
      const char* const marks = "+~-";
      EXPECT_TRUE(
          out.insert(std::string(1, marks[static_cast<int>(each.change)]) + each.kind + " " + each.path).second);
    }
    return out;
  }
  fs::path dir;
};

using Found = std::set<std::string>;

TEST_F(Difference, WhatIsNew) {
  write(upper() / "etc/app/conf", "x", 0600);
  fs::create_symlink("conf", upper() / "etc/app/link");
  fs::create_directory(before() / "etc");
  EXPECT_EQ(found(), (Found{"+d /etc/app", "+f /etc/app/conf", "+l /etc/app/link"}));
  EXPECT_EQ(found("/srv"), (Found{"+d /srv/etc/app", "+f /srv/etc/app/conf", "+l /srv/etc/app/link"}));
}

TEST_F(Difference, WhatWasWrittenAnewWithWhatItHadIsNone) {
  const std::string large(200'000, 'l');
  for (const fs::path& side : {before(), upper()}) {
    write(side / "same", "text");
    write(side / "large", side == upper() ? large.substr(1) + "x" : large);
    write(side / "longer", side == upper() ? "text and" : "text");
    write(side / "mode", "text", side == upper() ? 0600 : 0644);
    fs::create_symlink("target", side / "link");
    fs::create_symlink(side == upper() ? "b" : "a", side / "other_link");
  }
  EXPECT_EQ(found(), (Found{"~f /large", "~f /longer", "~f /mode", "~l /other_link"}));
}

TEST_F(Difference, WhatIsGoneWithAllThatWasInIt) {
  write(before() / "file", "x");
  write(before() / "folder/sub/deep", "x");
  write(before() / "kept", "x");
  whiteout("file");
  if (IsSkipped()) return;
  whiteout("folder");
  whiteout("never_was");
  EXPECT_EQ(found(), (Found{"-f /file", "-d /folder", "-d /folder/sub", "-f /folder/sub/deep"}));
}

TEST_F(Difference, AFolderThatWasMadeAnew) {
  write(before() / "folder/old", "x");
  write(before() / "folder/same", "x");
  write(upper() / "folder/same", "x");
  write(upper() / "folder/new", "x");
  const std::string path = upper() / "folder";
  if (setxattr(path.c_str(), "trusted.overlay.opaque", "y", 1, 0) != 0 &&
      setxattr(path.c_str(), "user.overlay.opaque", "y", 1, 0) != 0) {
    GTEST_SKIP() << "this file system keeps no such attribute";
  }
  EXPECT_EQ(found(), (Found{"-f /folder/old", "+f /folder/new"}));
}

TEST_F(Difference, OneKindThatBecameAnother) {
  write(before() / "was_folder/file", "x");
  write(upper() / "was_folder", "x");
  write(before() / "was_file", "x");
  write(upper() / "was_file/inside", "x");
  EXPECT_EQ(found(), (Found{"~f /was_folder", "-f /was_folder/file", "~d /was_file", "+f /was_file/inside"}));
}

TEST_F(Difference, TheFolderItselfMayChange) {
  fs::permissions(upper(), fs::perms(0700));
  EXPECT_EQ(found("/srv"), Found{"~d /srv"});
}

TEST_F(Difference, ALinkIsNeverFollowed) {
  write(dir / "outside", "x");
  fs::create_symlink(dir / "outside", before() / "name");
  write(upper() / "name", "x");
  fs::create_directory_symlink(dir, upper() / "folder");
  EXPECT_EQ(found(), (Found{"~f /name", "+l /folder"}));
}

}  // namespace
}  // namespace prov::agent
