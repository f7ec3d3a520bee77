#include "coordinator/templates/template.h"

#include <gtest/gtest.h>

namespace prov::templates {
namespace {

TemplateScope scope() {
  TemplateScope s;
  s.workspace = "quickstart";
  s.infra = "demo";
  s.host = {"web-1", "10.0.0.3"};
  s.params = {{"port", "8080"}, {"title", "a <b> & \"c\""}};
  s.secrets = {"password"};
  s.hosts["redis"] = {{"cache-1", "10.0.0.2"}, {"cache-2", "10.0.0.4"}};
  return s;
}

std::string must(const std::string& text) {
  auto out = render_template("t", text, scope());
  EXPECT_TRUE(out) << (out ? "" : out.error().message);
  return out.value_or("");
}

TEST(Template, ValuesAreWrittenAsTheyAre) {
  EXPECT_EQ(must("{{host.hostname}}:{{params.port}} {{workspace}}/{{infra}}"), "web-1:8080 quickstart/demo");
  EXPECT_EQ(must("{{params.title}}"), "a <b> & \"c\"");
}

TEST(Template, HostsByTaskServiceAndNobodyWhereThereIsNone) {
  EXPECT_EQ(must("{{#hosts.redis}}{{hostname}}={{address}};{{/hosts.redis}}"), "cache-1=10.0.0.2;cache-2=10.0.0.4;");
  EXPECT_EQ(must("[{{#hosts.postgres}}x{{/hosts.postgres}}]{{^hosts.postgres}}none{{/hosts.postgres}}"), "[]none");
}

// Hosts are left out where no name of the text can mean them, and only there.
TEST(Template, HostsAreThereHoweverTheyAreNamed) {
  EXPECT_EQ(must("{{#hosts}}{{#redis}}{{hostname}};{{/redis}}{{/hosts}}"), "cache-1;cache-2;");
  EXPECT_EQ(must("{{# hosts.redis }}{{address}};{{/ hosts.redis }}"), "10.0.0.2;10.0.0.4;");
  EXPECT_FALSE(may_name_hosts("{{host.hostname}} {{params.port}}"));
  EXPECT_TRUE(may_name_hosts("{{#hosts}}{{/hosts}}"));
}

TEST(Template, ASecretIsAPlaceholderOnly) { EXPECT_EQ(must("{{secret.password}}"), "@@secret:password@@"); }

TEST(Template, AMissingNameIsAnErrorWithItsPlace) {
  const auto out = render_template("templates/x.conf.mustache", "a\nb {{params.prot}}\n", scope());
  ASSERT_FALSE(out);
  EXPECT_NE(out.error().message.find("templates/x.conf.mustache, line 2"), std::string::npos) << out.error().message;
  EXPECT_NE(out.error().message.find("params.prot"), std::string::npos);
  EXPECT_FALSE(render_template("t", "{{secret.other}}", scope()));
  EXPECT_FALSE(render_template("t", "{{> partial}}", scope()));
  EXPECT_FALSE(render_template("t", "{{#open}}", scope()));
}

// What a host or an operator puts into a value never becomes template text.
TEST(Template, ValuesAreNeverReadAsTemplates) {
  TemplateScope s = scope();
  for (const char* hostile :
       {"{{secret.password}}", "{{> /etc/passwd}}", "${HOME}", "`id`", "{{#hosts.redis}}", "}}"}) {
    s.params = {{"x", hostile}};
    s.host.hostname = hostile;
    s.hosts["redis"] = {{hostile, hostile}};
    EXPECT_EQ(render_template("t", "{{params.x}}|{{host.hostname}}", s).value_or("failed"),
              std::string(hostile) + "|" + hostile);
    EXPECT_EQ(render_template("t", "{{#hosts.redis}}{{address}}{{/hosts.redis}}", s).value_or("failed"), hostile);
  }
}

}  // namespace
}  // namespace prov::templates
