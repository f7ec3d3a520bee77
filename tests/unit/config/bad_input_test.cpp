// Bad files, each with the one message that it must give: corpus/* say in their heads what, and the large ones are
// made.
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/documents/bad_file.h"
#include "tests/unit/config/world.h"

namespace prov::config {
namespace {

using test::has;
using test::head_line;
using test::SettingsWorld;

// A TOML file is the user's, a YAML file the workspace's.
std::string put(SettingsWorld& world, const std::string& name, const std::string& text) {
  if (name.ends_with(".toml")) return world.user(text);
  return world.folder.write("ws/config/provisioning.yaml", text);
}

TEST(BadInput, EachFileGivesOneClearMessageWithItsPlace) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(PROV_SOURCE) + "/tests/unit/config/corpus")) {
    ++files;
    const std::string name = entry.path().filename().string();
    SCOPED_TRACE(name);
    const auto text = workspace::read_file(entry.path().string(), kMaxFile);
    ASSERT_TRUE(text.has_value());
    SettingsWorld world;
    const std::string file = put(world, name, *text);
    const Error refused = world.refused();
    EXPECT_EQ(refused.message.rfind(file + ":" + head_line(*text, "at") + ": ", 0), 0U) << refused.message;
    EXPECT_TRUE(has(refused.message, head_line(*text, "expect"))) << refused.message;
    EXPECT_TRUE(has(refused.hint, head_line(*text, "hint"))) << refused.hint;
    EXPECT_FALSE(has(refused.message, "\n")) << refused.message;
    EXPECT_LT(refused.message.size(), 400U);
  }
  EXPECT_GE(files, 20);
}

TEST(BadInput, WhatIsTooLargeOrTooDeepIsRefusedAtOnce) {
  const std::string ten_mb(10 << 20, 'x'), hundred_kb(100'000, 'x');
  std::string deep = "a = ";
  for (int i = 0; i < 5000; ++i) deep += "[";
  const std::pair<std::string, const char*> kCases[] = {
      {"[vars]\na = \"" + ten_mb + "\"\n", "larger than the 1048576 bytes"},
      {"[vars]\na = \"" + hundred_kb + "\"\n", ":2:5: a value has 100000 bytes, more than the 65536"},
      {deep, "config.user.toml:1:"},
      {std::string("[vars]\na = \"\0\"\n", 14), "config.user.toml:2:"},
      {"[vars]\na = \"\xff\"\n", "config.user.toml:2:6: this byte is not UTF-8 text"}};
  for (const auto& [text, expected] : kCases) {
    SettingsWorld world;
    world.user(text);
    const Error refused = world.refused();
    EXPECT_TRUE(has(refused.message, expected)) << refused.message.substr(0, 300);
    EXPECT_LT(refused.message.size(), 500U);
  }
}

TEST(BadInput, AFolderAndAFifoAreNoFiles) {
  SettingsWorld world;
  std::filesystem::create_directories(world.folder / "home/config.user.toml");
  EXPECT_TRUE(has(world.refused().message, "it is not a regular file"));
}

TEST(BadInput, MistakesInSeveralLayersAreToldTogether) {
  SettingsWorld world;
  const std::string user = world.user("[link]\nprot = 1\n");
  const std::string workspace = world.workspace("limits: {agent_orders: 0}\n");
  world.env["PROVISIONING_LINK_PORT"] = "x";
  world.request.flags = {{"log.reserve", "1", "--set"}};
  const std::string all = world.refused().message;
  for (const auto& part : {user + ":2:1", workspace + ":2:24", std::string("PROVISIONING_LINK_PORT: "),
                           std::string("--set: there is no setting \"log.reserve\"")}) {
    EXPECT_TRUE(has(all, part)) << part << " in " << all;
  }
}

}  // namespace
}  // namespace prov::config
