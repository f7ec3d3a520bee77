// Names that try to be commands, options or paths, through the real program, REST and workspace files, to a real agent:
// refused with a reason, or carried as the one value that they are. The command within them never runs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "common/io/http_client/http_client.h"
#include "common/json/json.h"
#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct HostileNames : testing::Test {
  HostileNames() {
    const std::string touch = "touch " + rig.path("canary");
    values = {"$(" + touch + ")",
              "`" + touch + "`",
              "; " + touch + " #",
              "| " + touch,
              "&& " + touch,
              "' ; " + touch + " ; '",
              "\" ; " + touch + " ; \"",
              "a\n" + touch,
              "a\r\n" + touch,
              "\\",
              "'",
              "\"",
              "$HOME",
              "${IFS}",
              "*",
              "~root",
              "%s%n%x",
              "{{params.value}}",
              "{{#hosts.os}}",
              "@@secret:value@@",
              "../../../../etc/passwd",
              "/etc/passwd",
              "..",
              "-rf",
              "--help",
              "--",
              "a b",
              "a\tb",
              "\xe2\x80\xae"
              "txt.exe",
              "a\xe2\x80\x8b"
              "b",
              "\xef\xbc\xa1",
              "\x1b[2J\x1b]0;x\x07",
              std::string(300, 'a')};
  }
  void TearDown() override { EXPECT_FALSE(fs::exists(rig.path("canary"))) << "a name was run as a command"; }

  void expect_refused(const Ran& ran, const std::string& what) {
    EXPECT_TRUE(ran.status > 0 && ran.status < 128) << what << ": exit " << ran.status << ran.out;
    EXPECT_FALSE(ran.err.empty()) << what << ": no reason";
    EXPECT_EQ((ran.out + ran.err).find('\x1b'), std::string::npos) << what << ": drives the terminal";
    ++refused;
  }

  Rig rig;
  std::vector<std::string> values;
  int refused = 0, carried = 0;
};

TEST_F(HostileNames, AsHostsAgentsWorkspacesAndInfras) {
  rig.start();
  for (const std::string& value : values) {
    SCOPED_TRACE(value);
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"agent", "token", value},
                                               {"agent", "show", value},
                                               {"agent", "drain", value},
                                               {"agent", "remove", value, "--yes"},
                                               {"server", "create", value},
                                               {"server", "delete", value, "--yes"},
                                               {"server", "ssh", value, "--", "true"},
                                               {"taskserv", "create", value},
                                               {"taskserv", "delete", value, "--yes"},
                                               {"infra", "validate", value},
                                               {"workflow", "status", value},
                                               {"workflow", "cancel", value, "--yes"},
                                               {"workspace", "activate", value},
                                               {"workspace", "init", value},
                                               {"audit", "log", "--type", value}}) {
      if (value == "--help") continue;  // is an option, and answered as one
      if (value == "--" && words.size() > 2) continue;
      const bool may_be_empty = value == "--";  // nothing is named then, which some verbs take for everything
      const Ran ran = rig.run(words);
      if (may_be_empty) continue;
      expect_refused(ran, words[0] + " " + words[1]);
    }
  }
  EXPECT_EQ(rig.run({"agent", "list", "-o", "json"}).out.find("touch"), std::string::npos);
  std::printf("%d commands refused\n", refused);
}

TEST_F(HostileNames, OverRest) {
  rig.start();
  const json status = json::parse(rig.run({"platform", "status", "-o", "json"}).out);
  io::HttpClient client({rig.path("home/services/state/orchestrator.sock"), "", 0, ""});
  const std::string digest(64, 'a');
  for (const std::string& value : values) {
    SCOPED_TRACE(value);
    const std::vector<std::pair<std::string, json>> bodies{
        {"/agents/token?workspace=demo", {{"server", value}, {"valid_s", 60}}},
        {"/agents/token?workspace=" + io::encode_query(value), {{"server", "host-a"}, {"valid_s", 60}}},
        {"/workflows/exec?workspace=demo", {{"servers", {value}}, {"argv", {"true"}}, {"stdin", ""}, {"timeout_s", 9}}},
        {"/workflows/servers/create?workspace=demo",
         {{"infra", value}, {"servers", {{{"hostname", "a"}, {"provider", "local"}, {"provider_bundle", digest}}}}}},
        {"/workflows/servers/create?workspace=demo",
         {{"infra", "main"}, {"servers", {{{"hostname", value}, {"provider", "local"}, {"provider_bundle", digest}}}}}},
        {"/workflows/servers/create?workspace=demo",
         {{"infra", "main"}, {"servers", {{{"hostname", "a"}, {"provider", value}, {"provider_bundle", digest}}}}}},
        {"/workflows/taskservs/create?workspace=demo",
         {{"infra", "main"}, {"taskservs", {{{"server", "a"}, {"name", value}, {"bundle", digest}}}}}}};
    for (const auto& [target, body] : bodies) {
      const auto answer = client.request("POST", target, {{"Content-Type", "application/json"}},
                                         body.dump(-1, ' ', false, json::error_handler_t::replace));
      ASSERT_TRUE(answer) << target << ": " << answer.error().message;
      EXPECT_TRUE(answer->status >= 400 && answer->status < 500) << target << ": " << answer->status << answer->body;
      const json error = json::parse(answer->body, nullptr, false);
      EXPECT_FALSE(error["error"]["message"].get<std::string>().empty());
      ++refused;
    }
  }
  EXPECT_EQ(rig.run({"platform", "health"}).status, 0);
  std::printf("%d requests refused\n", refused);
}

TEST_F(HostileNames, InWorkspaceFiles) {
  const auto settings = [&](const char* what, const std::string& value) {
    json host{{"hostname", "host-a"}, {"taskservs", {"os"}}};
    json head{{"name", "main"}, {"provider", "local"}};
    if (what == std::string("hostname")) host["hostname"] = value;
    if (what == std::string("taskserv")) host["taskservs"] = {value};
    if (what == std::string("provider")) head["provider"] = value;
    if (what == std::string("infra")) head["name"] = value;
    if (what == std::string("parameter")) host["taskservs"] = {{{"name", "os"}, {"params", {{value, "x"}}}}};
    // JSON is YAML
    rig.write("ws/infra/main/settings.yaml", json{{"settings", head}, {"servers", {host}}}.dump());
  };
  for (const char* what : {"hostname", "taskserv", "provider", "infra", "parameter"}) {
    for (const std::string& value : values) {
      settings(what, value);
      expect_refused(rig.run({"infra", "validate", "main"}), std::string(what) + " " + value);
    }
  }
  for (const std::string& value : values) {
    rig.write("ws/config/provisioning.yaml", json{{"workspace", {{"name", value}}}}.dump());
    expect_refused(rig.run({"infra", "validate", "main"}), "workspace " + value);
  }
  std::printf("%d workspaces refused\n", refused);
}

// What may hold any text arrives as that text: in argv, in the environment, in a rendered file.
TEST_F(HostileNames, AsValuesTheyStayWhatTheyAre) {
  fs::copy(PROV_EXTENSIONS, rig.path("ext"), fs::copy_options::recursive);
  rig.write("ext/taskservs/probe/manifest.yaml",
            "name: probe\nkind: taskserv\nversion: 1.0.0\ndescription: shows what it is given\nlicence: Apache-2.0\n"
            "timeout_s: 60\nparameters:\n  value: {type: string, default: \"\", description: anything}\n");
  rig.write("ext/taskservs/probe/templates/file.mustache", "[{{params.value}}]");
  for (const char* verb : {"install", "check", "uninstall"}) {
    rig.write("ext/taskservs/probe/scripts/" + std::string(verb),
              "#!/bin/sh\nset -eu\nprintf '%s' \"$PROV_PARAM_VALUE\" >" + rig.path("environment") +
                  "\ncat \"$PROV_RENDERED/file\" >" + rig.path("rendered") + "\n");
    fs::permissions(rig.path("ext/taskservs/probe/scripts/" + std::string(verb)), fs::perms(0755));
  }
  rig.env["PROVISIONING_EXTENSIONS"] = rig.path("ext");
  rig.start();
  rig.start_agent("host-a");
  for (const std::string& value : values) {
    SCOPED_TRACE(value);
    const Ran ran = rig.run({"server", "ssh", "host-a", "--", "printf", "[%s]", value, "end"});
    EXPECT_EQ(ran.status, 0) << ran.err;
    EXPECT_EQ(ran.out, "[" + value + "][end]");
    ++carried;
  }
  for (const std::string& value : values) {
    SCOPED_TRACE(value);
    json taskserv{{"name", "probe"}, {"params", {{"value", value}}}};
    json host{{"hostname", "host-a"}, {"labels", {{"note", value.substr(0, 255)}}}, {"taskservs", {taskserv}}};
    rig.write("ws/infra/main/settings.yaml",
              json{{"settings", {{"name", "main"}, {"provider", "local"}}}, {"servers", {host}}}.dump());
    const Ran ran = rig.run({"taskserv", "create", "--infra", "main", "--wait"});
    EXPECT_EQ(ran.out.find('\x1b'), std::string::npos);
    if (ran.status != 0 &&
        value.starts_with("@@secret")) {  // names a secret that it does not have: said, not filled in
      EXPECT_NE((ran.out + ran.err).find("secret"), std::string::npos) << ran.err;
      ++refused;
      continue;
    }
    ASSERT_EQ(ran.status, 0) << ran.out << ran.err;
    EXPECT_EQ(bytes_of(rig.path("environment")), value);
    EXPECT_EQ(bytes_of(rig.path("rendered")), "[" + value + "]");
    ++carried;
  }
  std::printf("%d values carried as they are, %d refused\n", carried, refused);
}

}  // namespace
}  // namespace prov::test
