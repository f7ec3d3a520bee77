#include "coordinator/kit/sample.h"

#include <gtest/gtest.h>

namespace prov::kit {
namespace {

workspace::Manifest manifest() {
  const auto tree = workspace::parse_yaml(
      "name: try\nkind: taskserv\nversion: 1.0.0\nparameters:\n  port: {type: int, default: 80}\n  title: {type: "
      "string}\n"
      "  names: {type: list}\n  on: {type: bool}\n  password: {type: secret}\n",
      "m");
  return *workspace::parse_manifest(*tree, "m");
}

std::string shown(const templates::TemplateScope& scope) {
  std::string text;
  for (const auto& [name, value] : scope.params) text += name + "=" + value + ";";
  for (const auto& name : scope.secrets) text += "secret " + name + ";";
  return text;
}

TEST(Sample, DefaultsAndValuesMadeOfTypes) {
  EXPECT_EQ(shown(*sample_scope(manifest())), "names=sample;on=true;port=80;title=sample;secret password;");
  EXPECT_EQ(shown(*sample_scope(manifest(), {{"port", "81"}, {"names", " a  b "}, {"title", "x y"}, {"on", "false"}})),
            "names=a b;on=false;port=81;title=x y;secret password;");
}

TEST(Sample, WhatIsGivenMustFit) {
  EXPECT_EQ(sample_scope(manifest(), {{"prot", "1"}}).error().hint, "did you mean \"port\"?");
  EXPECT_NE(sample_scope(manifest(), {{"port", "high"}}).error().message.find("whole number"), std::string::npos);
  EXPECT_NE(sample_scope(manifest(), {{"password", "hunter2"}}).error().message.find("is a secret"), std::string::npos);
}

TEST(Sample, HostsOfEveryTaskServiceThatIsNamed) {
  auto scope = *sample_scope(manifest());
  add_sample_hosts(scope, "{{#hosts.redis}}{{/hosts.redis}}");
  EXPECT_EQ(scope.hosts.at("redis").size(), 2U);
}

}  // namespace
}  // namespace prov::kit
