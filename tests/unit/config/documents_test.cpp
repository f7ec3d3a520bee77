// The files made from the table say what the table says, and the table says what is right.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "common/json/json.h"
#include "coordinator/workspace/definition.h"
#include "coordinator/workspace/toml_tree.h"
#include "tests/unit/config/made_files.h"

namespace prov::config {
namespace {

TEST(Documents, TheFilesInTheTreeAreThoseMadeFromTheTable) {
  for (const auto& made : test::made_files()) {
    const auto there = workspace::read_file(std::string(PROV_SOURCE) + "/" + made.path, kMaxFile);
    ASSERT_TRUE(there.has_value()) << made.path;
    EXPECT_EQ(*there, made.text()) << made.path << " is out of date: build and run config_documents SOURCE_FOLDER";
  }
}

TEST(Documents, TheDefaultsFileSaysWhatIsBuiltInAndNothingElse) {
  const auto tree = workspace::parse_toml(defaults_document(), "config.defaults.toml");
  ASSERT_TRUE(tree.has_value()) << tree.error().message;
  workspace::Problems problems;
  const Tree read = read_tree(*tree, "config.defaults.toml", Layer::defaults, problems);
  ASSERT_FALSE(problems.any()) << problems.error().message;
  const Tree own = built_in();
  ASSERT_EQ(read.size(), own.size());
  for (const auto& [key, claims] : own) EXPECT_EQ(read.at(key).back().value, claims.back().value) << key;
  for (const auto& key : key_names()) {
    const std::string last = key.substr(key.rfind('.') + 1);
    if (!may_stand_in(*find_key(key), Layer::defaults)) continue;
    EXPECT_NE(defaults_document().find(last + " ="), std::string::npos) << key;
  }
}

TEST(Documents, TheSchemaHasEveryKeyWithItsBounds) {
  const auto schema = nlohmann::json::parse(schema_document());
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const Key& key : keys()) {
    const std::string name(key.name), section = name.substr(0, name.rfind('.')),
                                      last = name.substr(name.rfind('.') + 1);
    const auto& of_section = schema["properties"][section];
    const auto& one = last == "*" ? of_section["additionalProperties"] : of_section["properties"][last];
    ASSERT_TRUE(one.contains("description")) << name;
    if (key.type != Type::integer) continue;
    EXPECT_EQ(one["anyOf"][0]["minimum"], key.low) << name;
    EXPECT_EQ(one["anyOf"][0]["maximum"], key.high) << name;
    EXPECT_EQ(one.contains("default") ? one["default"].dump() : "", key.otherwise) << name;
  }
}

TEST(Keys, AreWholeAndTheirNamesUnique) {
  std::set<std::string> names, variables;
  const auto sections = section_names();
  for (const Key& key : keys()) {
    SCOPED_TRACE(key.name);
    EXPECT_TRUE(names.emplace(key.name).second);
    EXPECT_TRUE(variables.insert(variable_of(key.name)).second);
    EXPECT_TRUE(key.variable.empty() || variables.emplace(key.variable).second);
    EXPECT_GT(key.help.size(), 10U);
    EXPECT_NE(key.help.back(), '.');
    const std::string section(key.name.substr(0, key.name.rfind('.')));
    EXPECT_EQ(std::count(sections.begin(), sections.end(), section), 1);
    EXPECT_FALSE(section_help(section).empty());
    EXPECT_EQ(key.type == Type::choice, !key.choices.empty());
    EXPECT_EQ(key.type == Type::integer || key.type == Type::integer_list, key.high > 0);
    if (key.otherwise.empty() || key.otherwise.find("{{") != std::string_view::npos) continue;
    EXPECT_TRUE(value_of(key, key.otherwise).has_value()) << "the default fits";
  }
}

TEST(Keys, SectionsAreThoseThatAWorkspaceFileMayHave) {
  for (const auto& section : section_names()) {
    const auto tree = workspace::parse_yaml(
        "workspace: {name: demo}\n" + (section == "workspace" ? std::string() : section + ": {}\n"), "f");
    ASSERT_TRUE(tree.has_value());
    EXPECT_TRUE(workspace::parse_workspace(*tree, "f").has_value()) << section;
  }
}

TEST(Keys, EveryUnitStandsInTheNameOrIsACount) {
  const std::pair<std::string_view, std::string_view> kEnds[] = {
      {"ms", "_ms"}, {"MiB", "_mib"}, {"KiB", "_kib"}, {"days", "_days"}};
  for (const Key& key : keys()) {
    for (const auto& [unit, end] : kEnds) EXPECT_EQ(key.unit == unit, key.name.ends_with(end)) << key.name;
  }
}

}  // namespace
}  // namespace prov::config
