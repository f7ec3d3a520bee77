// Every wrong tag is told, with its place, whatever branch it stands in.
#include <gtest/gtest.h>

#include "coordinator/templates/template.h"

namespace prov::templates {
namespace {

TemplateScope tag_scope() {
  TemplateScope s;
  s.params = {{"port", "8080"}, {"title", ""}};
  s.secrets = {"password"};
  return s;
}

std::string problems(const std::string& text) {
  std::string out;
  for (const auto& one : check_tags(text, tag_scope())) {
    out += std::to_string(one.line) + ":" + std::to_string(one.column) + " " + one.message + "\n";
  }
  return out;
}

TEST(Tags, WhatRenderingKnowsIsKnown) {
  EXPECT_EQ(problems("{{params.port}} {{{params.title}}} {{& secret.password }} {{host.address}} {{workspace}}"
                     "{{! {{ a comment }}{{#hosts.redis}}{{hostname}} {{address}} {{params.port}}{{/hosts.redis}}"
                     "{{^hosts.redis}}nobody{{/hosts.redis}}{{#host}}{{hostname}}{{/host}}"),
            "");
}

TEST(Tags, EachMissingNameIsToldAlsoInABranchThatIsNotTaken) {
  EXPECT_EQ(problems("a {{params.prot}}\n{{^hosts.x}}\n  {{nobody}}\n{{/hosts.x}}{{hostname}}\n"),
            "1:3 there is no \"params.prot\"\n3:3 there is no \"nobody\"\n4:13 there is no \"hostname\"\n");
  EXPECT_EQ(check_tags("{{params.prot}}", tag_scope())[0].hint, "did you mean \"params.port\"?");
}

TEST(Tags, SectionsThatDoNotMatchAreTold) {
  EXPECT_EQ(problems("{{#params.port}}\n{{/params.title}}"),
            "1:1 the section \"params.port\" does not end\n"
            "2:1 the section \"params.title\" ends here but is not the one that is open\n");
  EXPECT_EQ(problems("x {{params.port"), "1:3 this {{ is not closed\n");
  EXPECT_EQ(problems("{{> other}}{{=<% %>=}}"),
            "1:1 a template cannot include another\n1:12 other delimiters cannot be set here\n");
}

// Whatever is found wrong here is refused by rendering, and whatever is found right renders.
TEST(Tags, AgreesWithRendering) {
  const char* const right[] = {"", "{{", "text }} text", "{{params.port}}", "{{#hosts.a}}{{address}}{{/hosts.a}}"};
  for (const std::string text : right) {
    EXPECT_EQ(check_tags(text, tag_scope()).empty(), render_template("t", text, tag_scope()).has_value()) << text;
  }
  const char* const wrong[] = {"{{x}}", "{{#params.port}}", "{{/a}}", "{{> a}}", "{{params.port"};
  for (const std::string text : wrong) {
    EXPECT_FALSE(check_tags(text, tag_scope()).empty()) << text;
    EXPECT_FALSE(render_template("t", text, tag_scope()).has_value()) << text;
  }
}

TEST(Tags, HostsByTaskServiceAreListed) {
  EXPECT_EQ(hosts_in("{{#hosts.b}}{{/hosts.b}}{{^hosts.a}}{{/hosts.a}}{{host.address}}{{"),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace prov::templates
