// A new extension of each kind: it passes its own validation, and nothing is overwritten.
#include "coordinator/kit/skeleton.h"

#include <gtest/gtest.h>

#include "coordinator/kit/check.h"
#include "tests/unit/workspace/temp_folder.h"

namespace prov::kit {
namespace {

namespace fs = std::filesystem;
using workspace::ExtensionKind;

TEST(Skeleton, OfEachKindIsRightInEveryPointFromTheFirstDay) {
  const test::TempFolder folder;
  folder.write("taskservs/os/manifest.yaml", "name: os\nkind: taskserv\nversion: 1.0.0\n");
  const workspace::ExtensionFinder finder({{"workspace", folder.path()}});
  for (const auto kind : workspace::kExtensionKinds) {
    const std::string at = folder / (std::string(workspace::name_of(kind)) + "s/my-own");
    ASSERT_TRUE(write_skeleton(at, skeleton_of(kind, "my-own")).has_value());
    const auto subjects = subjects_named(finder, kind, "my-own");
    ASSERT_TRUE(subjects.has_value());
    const Report report = check_extensions(finder, *subjects, Level::all, "/usr/bin:/bin");
    ASSERT_EQ(report.items.size(), 1U);
    for (const auto& one : report.items[0].findings) ADD_FAILURE() << place_text(one) << ": " << one.message;
    EXPECT_EQ(report.items[0].version, "0.1.0");
  }
}

TEST(Skeleton, ItsNameIsEverywhereAndItsProgramsCanBeRun) {
  const auto files = skeleton_of(ExtensionKind::taskserv, "greeter");
  std::string programs;
  for (const auto& file : files) {
    EXPECT_EQ(file.path.find('@'), std::string::npos) << file.path;
    EXPECT_EQ(file.text.find("@NAME@"), std::string::npos) << file.path;
    if (file.executable) programs += file.path + " ";
  }
  EXPECT_EQ(programs, "scripts/install scripts/check scripts/uninstall tests/run ");
}

TEST(Skeleton, NothingIsOverwrittenAndNothingHalfIsLeft) {
  const test::TempFolder folder;
  folder.write("taskservs/mine/notes", "precious");
  const auto refused = write_skeleton(folder / "taskservs/mine", skeleton_of(ExtensionKind::taskserv, "mine"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_FALSE(fs::exists(folder / "taskservs/mine/manifest.yaml"));
  fs::create_symlink("nowhere", folder / "taskservs/link");
  EXPECT_FALSE(write_skeleton(folder / "taskservs/link", skeleton_of(ExtensionKind::taskserv, "link")).has_value());
  folder.write("file", "no folder");
  EXPECT_FALSE(write_skeleton(folder / "file/taskservs/x", skeleton_of(ExtensionKind::taskserv, "x")).has_value());
  std::size_t left = 0;
  for (const auto& entry : fs::directory_iterator(folder / "taskservs")) {
    static_cast<void>(entry);
    ++left;
  }
  EXPECT_EQ(left, 2U);
}

}  // namespace
}  // namespace prov::kit
