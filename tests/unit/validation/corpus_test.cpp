// Bad files, each put into a workspace in which all else is right, with the one message that it must give: corpus/* say
// in their heads where they stand and what is said of them; what is large or no text at all is made here.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/documents/bad_file.h"
#include "tests/unit/validation/good_workspace.h"

namespace prov::validation {
namespace {

namespace fs = std::filesystem;
using test::all_of;
using test::GoodWorkspace;
using test::has;
using test::head_line;

std::string put(GoodWorkspace& good, const std::string& place, const std::string& text) {
  if (place == "infra/demo/settings.toml") fs::remove(good.folder / "ws/infra/demo/settings.yaml");
  return good.folder.write(place.starts_with("home/") ? place : "ws/" + place, text);
}

TEST(Corpus, EachBadFileGivesOneClearMessageWithItsPlace) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(PROV_CORPUS)) {
    ++files;
    SCOPED_TRACE(entry.path().filename().string());
    const auto text = workspace::read_file(entry.path().string(), 1 << 20);
    ASSERT_TRUE(text.has_value());
    GoodWorkspace good;
    const std::string file = put(good, head_line(*text, "at"), *text);
    const Report report = good.validate();
    ASSERT_EQ(report.count(), 1U) << all_of(report);
    const Finding& one = report.findings().front();
    EXPECT_TRUE(has(text_of(one), head_line(*text, "expect"))) << text_of(one);
    EXPECT_TRUE(has(text_of(one), fs::path(file).parent_path().filename().string())) << text_of(one);
    EXPECT_TRUE(has(one.hint, head_line(*text, "hint"))) << one.hint;
    for (std::size_t end = one.message.find('\n'); end != std::string::npos; end = one.message.find('\n', end + 1)) {
      EXPECT_EQ(one.message.compare(end, 3, "\n  "), 0) << "it goes on: " << one.message;
    }
    EXPECT_LT(one.message.size(), 300U);
  }
  EXPECT_GT(files, 25);
}

TEST(Corpus, WhatIsNoTextOrFarTooMuchIsRefusedAtOnceWhereverItStands) {
  const std::string deep(50'000, '['), wide = "a: [" + std::string(10 << 20, 'x') + "]\n";
  std::string tables;
  for (int i = 0; i < 60; ++i) tables += "[a" + std::string(static_cast<std::size_t>(i) * 2, 'x') + "]\n";
  const std::pair<const char*, const std::string> kBad[] = {
      {"not text", "a: \xff\xfe\n"},
      {"an overlong character", "a = \"\xc0\xaf\"\n"},
      {"a NUL", std::string("a: b\0c\n", 7)},
      {"ten megabytes", wide},
      {"deep", deep},
      {"deep in TOML", "a = " + deep},
      {"a second document", "a: 1\n---\nb: 2\n"},
      {"an alias bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"}};
  for (const char* place :
       {"config/provisioning.yaml", "config/dev-defaults.toml", "infra/demo/settings.yaml", "infra/demo/config.toml",
        "infra/demo/clusters/c.yaml", "config/modules.yaml", "config/modules.lock.yaml",
        "extensions/taskservs/own/manifest.yaml", "home/config/user_config.yaml", "home/config/active-mode.yaml"}) {
    for (const auto& [what, text] : kBad) {
      SCOPED_TRACE(std::string(place) + ": " + what);
      GoodWorkspace good;
      const std::string file = put(good, place, text);
      const Report report = good.validate();
      ASSERT_FALSE(report.fine());
      EXPECT_TRUE(has(text_of(report.findings().front()), fs::path(file).filename().string())) << all_of(report);
      EXPECT_LT(report.count(), 4U) << all_of(report).substr(0, 2000);
      EXPECT_LT(report.findings().front().message.size(), 400U);
    }
  }
}

TEST(Corpus, FoldersFifosAndDeadLinksAreNoFiles) {
  for (const char* place : {"ws/config/dev-defaults.toml", "ws/infra/demo/settings.yaml", "ws/config/modules.yaml"}) {
    GoodWorkspace good;
    fs::remove(good.folder / place);
    fs::create_directories(good.folder / place);
    EXPECT_TRUE(has(all_of(good.validate()), "it is not a regular file")) << place;
  }
  GoodWorkspace good;
  fs::remove(good.folder / "ws/infra/demo/settings.yaml");
  fs::create_symlink("nowhere", good.folder / "ws/infra/demo/settings.yaml");
  EXPECT_EQ(good.validate().count(), 1U);
}

}  // namespace
}  // namespace prov::validation
