// A workspace's file as the original platform wrote it, brought to today's format.
#include "coordinator/config/migrate.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/yaml_tree.h"

namespace prov::config {
namespace {

const std::string kOriginal = R"(# our production workspace
workspace:
  name: "shop"
  version: "1.0.0"
  created: "2025-10-06T10:00:00Z"

# where things are
paths:
  base: "/opt/shop"
  infra: "/opt/shop/infra"

core:
  version: "1.0.0"

debug:
  enabled: false
  log_level: "warn"   # quiet

providers:
  active: ["local"]
  default: "upcloud"

infra:
  current: "main"

# the last word
cache: {enabled: true, path: ".cache"}
)";

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Migrate, WhatTheOriginalWroteBecomesTodaysFormat) {
  const auto migrated = migrate_workspace_file(kOriginal, "f.yaml");
  ASSERT_TRUE(migrated.has_value()) << migrated.error().message;
  EXPECT_EQ(migrated->from, 0);
  EXPECT_EQ(migrated->to, 1);
  const auto tree = workspace::parse_yaml(migrated->text, "f.yaml");
  ASSERT_TRUE(tree.has_value());
  const auto read = workspace::parse_workspace(*tree, "f.yaml");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(read->name, "shop");
  EXPECT_EQ(read->version, "1.0.0");
  EXPECT_EQ(read->default_infra, "main");
  EXPECT_EQ(tree->find("workspace")->find("format")->text, "1");
  EXPECT_EQ(tree->find("orchestrator")->find("log_level")->text, "warn");
  EXPECT_EQ(tree->find("providers")->find("default_provider")->text, "upcloud");
  EXPECT_EQ(tree->find("paths"), nullptr);
  const std::string steps = [&] {
    std::string all;
    for (const auto& step : migrated->steps) all += step + "\n";
    return all;
  }();
  for (const char* part :
       {"workspace.created is a comment now", "paths is a comment now: they follow from where",
        "debug.log_level is orchestrator.log_level now", "infra.current is workspace.default_infra"}) {
    EXPECT_TRUE(holds(steps, part)) << part << "\nin\n" << steps;
  }
}

TEST(Migrate, NothingThatSomebodyWroteIsLost) {
  const auto migrated = migrate_workspace_file(kOriginal, "f.yaml");
  ASSERT_TRUE(migrated.has_value());
  for (std::size_t begin = 0; begin < kOriginal.size();) {
    const std::size_t end = kOriginal.find('\n', begin);
    EXPECT_TRUE(holds(migrated->text, kOriginal.substr(begin, end - begin))) << kOriginal.substr(begin, end - begin);
    begin = end + 1;
  }
  EXPECT_TRUE(holds(migrated->text, "\n# paths:\n#   base: ")) << migrated->text;
  EXPECT_TRUE(holds(migrated->text, "\n# the last word\n# cache: {"));
}

TEST(Migrate, AgainChangesNothing) {
  const auto once = migrate_workspace_file(kOriginal, "f.yaml");
  ASSERT_TRUE(once.has_value());
  const auto twice = migrate_workspace_file(once->text, "f.yaml");
  ASSERT_TRUE(twice.has_value());
  EXPECT_TRUE(twice->steps.empty());
  EXPECT_EQ(twice->text, once->text);
}

TEST(Migrate, AFileOfTodayStaysAsItIsWithOrWithoutItsFormat) {
  for (const char* text : {"workspace: {name: a}\n", "workspace: {name: a, format: 1}\nlink: {port: 1}\n"}) {
    const auto migrated = migrate_workspace_file(text, "f.yaml");
    ASSERT_TRUE(migrated.has_value());
    EXPECT_TRUE(migrated->steps.empty());
    EXPECT_EQ(migrated->text, text);
  }
}

TEST(Migrate, WhatItCannotDoIsToldWithItsPlace) {
  const std::pair<const char*, const char*> kCases[] = {
      {"workspace: {name: a, format: 9}\n", "f.yaml:1:30: it is written in format 9"},
      {"workspace: {name: a, format: 1}\npaths: {}\n", "f.yaml:2:1: \"paths\" is not known"},
      {"workspace: {name: a, created: b}\n", "f.yaml:1:22: \"workspace.created\" means nothing any more"},
      {"workspace:\n  name: A b\n  created: c\n", "f.yaml:"},
      {"paths: {base: /}\n", "f.yaml:1:1: the file needs \"workspace\""},
      {"workspace: [\n", "broken YAML"},
      {"", "f.yaml"},
      {"- a\n", "f.yaml"}};
  for (const auto& [text, expected] : kCases) {
    const auto migrated = migrate_workspace_file(text, "f.yaml");
    ASSERT_FALSE(migrated.has_value()) << text;
    EXPECT_TRUE(holds(migrated.error().message, expected)) << migrated.error().message;
  }
}

TEST(Migrate, AValueThatDoesNotFitIsLeftOutAndToldOf) {
  const auto migrated = migrate_workspace_file("workspace:\n  name: a\ndebug:\n  log_level: chatty\n", "f.yaml");
  ASSERT_TRUE(migrated.has_value()) << migrated.error().message;
  EXPECT_TRUE(
      holds(migrated->steps.front(), "debug.log_level is left out: orchestrator.log_level cannot be \"chatty\""));
}

TEST(Migrate, EveryPrefixOfAFileIsMigratedOrRefused) {
  for (std::size_t length = 0; length < kOriginal.size(); ++length) {
    const auto migrated = migrate_workspace_file(kOriginal.substr(0, length), "f.yaml");
    if (migrated) continue;
    EXPECT_EQ(migrated.error().message.rfind("f.yaml", 0), 0U) << migrated.error().message;
  }
}

}  // namespace
}  // namespace prov::config
