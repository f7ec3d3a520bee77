// Each verb as an operator meets it: what it asks the coordinator, what it prints where, and its exit code.
#include <gtest/gtest.h>

#include <filesystem>

#include "common/ids.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::kWorkflow;

using test::has;
using test::json;

class Verbs : public testing::Test {
 protected:
  Verbs() { world_.make_demo(); }

  void expect_submission(const std::string& path, const json& answer) {
    world_.coordinator.answer("POST /workspaces", {{"name", "demo"}, {"changed", false}});
    world_.coordinator.answer("POST " + path, answer);
  }
  const Request& last() const { return world_.coordinator.requests.back(); }
  json body() const { return json::parse(last().body); }
  // Answers every HEAD with `status`, and every PUT.
  void blobs(int status, const std::vector<std::string>& digests) {
    for (const auto& digest : digests) {
      world_.coordinator.answers["HEAD /blobs/" + digest] = {{status, {}, ""}};
      world_.coordinator.answer("PUT /blobs/" + digest, {{"changed", true}});
    }
  }
  std::vector<std::string> digests_of_infra() {
    EXPECT_EQ(world_.run({"infra", "validate", "--out", "json"}), 0) << world_.err;
    std::vector<std::string> out;
    const json document = world_.document();
    for (const auto& one : document["items"][0]["servers"]) out.push_back(one["provider_bundle"]);
    for (const auto& one : document["items"][0]["taskservs"]) out.push_back(one["bundle"]);
    return out;
  }
  const json kPlan{
      {"workflow", kWorkflow},
      {"plan", {{{"sign", "+"}, {"action", "create"}, {"name", "db-1"}, {"server", "db-1"}, {"reason", "it is new"}}}},
      {"unchanged", json::array()},
      {"plan_total", 1}};

  test::FakeWorld world_;
};

TEST_F(Verbs, ServerCreateBringsTheBundleThenSubmits) {
  blobs(404, digests_of_infra());
  expect_submission("/workflows/servers/create", kPlan);
  EXPECT_EQ(world_.run({"server", "create", "db-1"}), 0) << world_.err;
  const auto lines = world_.coordinator.lines();
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0], "POST /workspaces");
  EXPECT_EQ(lines[1].rfind("HEAD /blobs/", 0), 0U);
  EXPECT_EQ(lines[2].rfind("PUT /blobs/", 0), 0U);
  EXPECT_TRUE(has(lines[2], "workspace=demo&kind=provider&name=local"));
  EXPECT_EQ(lines[3], "POST /workflows/servers/create?workspace=demo");
  ASSERT_EQ(body()["servers"].size(), 1U);
  EXPECT_EQ(body()["servers"][0]["hostname"], "db-1");
  EXPECT_EQ(body()["infra"], "main");
  EXPECT_EQ(world_.out, "+ create db-1  (it is new)\nworkflow " + kWorkflow + "\n");
  EXPECT_TRUE(has(world_.err, "provisioning workflow monitor " + kWorkflow));
}

TEST_F(Verbs, ATimeLimitNeedsSomethingToWaitFor) {
  EXPECT_EQ(world_.run({"server", "create", "--timeout", "5"}), 2);
  EXPECT_TRUE(has(world_.err, "add --wait"));
  EXPECT_TRUE(world_.coordinator.requests.empty());
}

TEST_F(Verbs, CheckOnlyAsks) {
  world_.coordinator.answer("POST /workflows/taskservs/create",
                            {{"workflow", nullptr}, {"plan", json::array()}, {"unchanged", {{{"name", "os"}}}}});
  EXPECT_EQ(world_.run({"t", "create", "--check"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines(),
            std::vector<std::string>{"POST /workflows/taskservs/create?workspace=demo&check=true"});
  EXPECT_EQ(world_.out, "nothing to do: 1 unchanged\n");
}

TEST_F(Verbs, WhoNamesAThingIsToldWhyNothingIsDone) {
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  world_.coordinator.answer(
      "POST /workflows/servers/delete",
      {{"workflow", nullptr},
       {"plan", json::array()},
       {"unchanged", {{{"name", "db-9"}, {"server", "db-9"}, {"reason", "there is no such server"}}}}});
  EXPECT_EQ(world_.run({"server", "delete", "db-9", "--yes"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "= db-9  (there is no such server)\nnothing to do: 1 unchanged\n");
}

TEST_F(Verbs, TaskservsComeInOrderAndDeleteTurnsItRound) {
  blobs(200, digests_of_infra());
  expect_submission("/workflows/taskservs/create", kPlan);
  ASSERT_EQ(world_.run({"t", "create", "redis"}), 0) << world_.err;
  ASSERT_EQ(body()["taskservs"].size(), 2U);
  EXPECT_EQ(body()["taskservs"][0]["name"], "os");
  EXPECT_EQ(body()["taskservs"][1]["after"], json::array({0}));
  expect_submission("/workflows/taskservs/delete", kPlan);
  const auto installed = [](const char* name) {
    return json{{"server", "db-1"}, {"name", name}, {"status", "installed"}};
  };
  const json items{installed("os"), installed("redis"), installed("of-another-time")};
  world_.coordinator.answer("GET /taskservs", {{"items", items}, {"total", 3}});
  ASSERT_EQ(world_.run({"t", "delete", "redis", "--yes"}), 0) << world_.err;
  ASSERT_EQ(body()["taskservs"].size(), 1U) << "what it requires stays";
  EXPECT_FALSE(has(world_.err, "needs")) << world_.err;
  ASSERT_EQ(world_.run({"t", "rm", "os", "redis", "--yes"}), 0) << world_.err;
  EXPECT_EQ(body()["taskservs"][0]["name"], "redis");
  EXPECT_FALSE(has(world_.err, "needs")) << "it goes, too: " << world_.err;
  ASSERT_EQ(world_.run({"t", "rm", "os", "--check"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "note: redis on db-1 needs os, and stays")) << world_.err;
  expect_submission("/workflows/taskservs/check", kPlan);
  ASSERT_EQ(world_.run({"t", "check", "--server", "db-1"}), 0) << world_.err;
  EXPECT_EQ(body()["taskservs"].size(), 2U);
}

TEST_F(Verbs, DestructiveCommandsWantAYes) {
  json plan = kPlan;
  plan["workflow"] = nullptr;
  plan["digest"] = std::string(64, 'd');
  expect_submission("/workflows/servers/delete", plan);
  EXPECT_EQ(world_.run({"server", "delete", "db-1"}), 2);
  EXPECT_TRUE(has(world_.err, "add --yes"));
  world_.world().in_is_terminal = world_.world().err_is_terminal = true;
  world_.typed = "n";
  EXPECT_EQ(world_.run({"server", "delete", "db-1"}), 1);
  EXPECT_TRUE(has(world_.err, "Delete db-1 with everything on it? [y/N]"));
  world_.typed = "n";
  EXPECT_EQ(world_.run({"server", "delete", "db-1", "web-1"}), 1);
  EXPECT_TRUE(has(world_.err, "Delete db-1, web-1 with everything on them? [y/N]"));
  EXPECT_EQ(world_.run({"workflow", "cancel", kWorkflow}), 1) << "end of input is no";
  for (const auto& request : world_.coordinator.requests) EXPECT_TRUE(has(request.target, "check=true"));
  expect_submission("/workflows/servers/delete", kPlan);
  world_.typed = "y";
  EXPECT_EQ(world_.run({"server", "delete", "db-1"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"hostnames", {"db-1"}}}));
  EXPECT_TRUE(has(last().target, "plan=" + std::string(64, 'd'))) << "what was said yes to is what is done";
}

TEST_F(Verbs, WhatIsNotThereIsNotAskedAbout) {
  world_.world().in_is_terminal = world_.world().err_is_terminal = true;
  const json nothing{{"workflow", nullptr},
                     {"plan", json::array()},
                     {"plan_total", 0},
                     {"unchanged", {{{"name", "x"}, {"server", "x"}, {"reason", "there is no such server"}}}}};
  expect_submission("/workflows/servers/delete", nothing);
  EXPECT_EQ(world_.run({"server", "delete", "db-1"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "= x  (there is no such server)\nnothing to do: 1 unchanged\n");
  EXPECT_EQ(world_.err, "");
  world_.coordinator.answer("GET /taskservs", {{"items", json::array()}, {"total", 0}});
  blobs(200, digests_of_infra());
  expect_submission("/workflows/taskservs/delete", nothing);
  EXPECT_EQ(world_.run({"taskserv", "delete", "redis"}), 0) << world_.err;
  EXPECT_EQ(world_.err, "");
}

TEST_F(Verbs, AnEmptyListOfAMistypedInfraIsAMistake) {
  world_.coordinator.answer("GET /servers", {{"items", json::array()}, {"total", 0}});
  world_.coordinator.answer("GET /taskservs", {{"items", json::array()}, {"total", 0}});
  for (const char* noun : {"server", "taskserv"}) {
    EXPECT_EQ(world_.run({noun, "list", "--infra", "mian"}), 4);
    EXPECT_TRUE(has(world_.err, "has no infra \"mian\"")) << world_.err;
    EXPECT_TRUE(has(world_.err, "did you mean \"main\"?")) << world_.err;
    EXPECT_EQ(world_.run({noun, "list", "--infra", "main"}), 0) << world_.err;
    EXPECT_EQ(world_.run({noun, "list", "--infra", "mian", "--all"}), noun[0] == 's' ? 0 : 2) << world_.err;
  }
}

TEST_F(Verbs, WhereThereIsNoInfraValidateSaysHowToMakeOne) {
  EXPECT_EQ(world_.run({"infra", "validate"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "main: 2 servers, 2 taskservs, in this order:\n"));
  world_.folder.write("empty/config/provisioning.yaml", "workspace: {name: empty}\n");
  EXPECT_EQ(world_.run({"infra", "validate", "--workspace", "empty"}), 0) << world_.err;
  EXPECT_EQ(world_.err,
            "workspace \"empty\" has no infra yet: make " + world_.folder.path() + "/empty/infra/NAME/settings.yaml\n");
}

TEST_F(Verbs, AStepThatIsNotThereIsToldHowManyThereAre) {
  const std::string task = "11111111-1111-4111-8111-111100000063";
  world_.coordinator.refuse("GET /tasks/" + task + "/output", 404, "not_found", "there is no task " + task);
  world_.coordinator.answer("GET /workflows/history",
                            {{"items", {{{"id", kWorkflow}}}}, {"total", 1}, {"next_before", nullptr}});
  world_.coordinator.answer("GET /workflows/" + kWorkflow, {{"id", kWorkflow}, {"counts", {{"total", 3}}}});
  EXPECT_EQ(world_.run({"workflow", "output", "99"}), 4);
  EXPECT_EQ(world_.err, "error: there is no step 99: workflow " + kWorkflow + " has 3 steps\n" +
                            "  hint: provisioning workflow status " + kWorkflow + "\n");
  EXPECT_EQ(world_.run({"workflow", "output", task}), 4);
  EXPECT_TRUE(has(world_.err, "there is no task " + task));
}

TEST_F(Verbs, AnActiveWorkspaceThatWasMovedIsNamed) {
  std::filesystem::rename(world_.folder / "ws", world_.folder / "moved");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"server", "list"}, {"infra", "list"}, {"server", "delete", "db-1", "--yes"}}) {
    EXPECT_EQ(world_.run(words), 4);
    EXPECT_TRUE(has(world_.err, "the active workspace \"demo\" is not there any more: " + (world_.folder / "ws")))
        << world_.err;
    EXPECT_TRUE(has(world_.err, "provisioning workspace register demo FOLDER")) << world_.err;
  }
  EXPECT_TRUE(world_.coordinator.requests.empty());
  EXPECT_EQ(world_.run({"env"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "trouble: the active workspace \"demo\""));
  EXPECT_EQ(world_.run({"workspace", "register", "demo", world_.folder / "moved"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"infra", "list"}), 0) << world_.err;
}

TEST_F(Verbs, ARefusedTokenIsNamedByItsFile) {
  world_.folder.write("home/tokens/orchestrator.token", "abc\n");
  world_.coordinator.refuse("GET /workflows", 401, "unauthenticated", "this needs a valid bearer token",
                            "send \"Authorization: Bearer TOKEN\", or use the Unix socket");
  EXPECT_EQ(world_.run({"workflow", "list", "--endpoint", "http://127.0.0.1:9"}), 6);
  EXPECT_TRUE(has(world_.err, "hint: it is not the one in " + (world_.folder / "home/tokens/orchestrator.token") +
                                  "; name the coordinator's with PROVISIONING_TOKEN_FILE"))
      << world_.err;
  world_.folder.write("home/tokens/orchestrator.token", "\n");
  EXPECT_EQ(world_.run({"workflow", "list", "--endpoint", "http://127.0.0.1:9"}), 6);
  EXPECT_TRUE(has(world_.err, "hint: there is no token in ")) << world_.err;
}

TEST_F(Verbs, WhereThePlatformsExtensionsAreNotFoundThatIsSaid) {
  std::filesystem::rename(world_.folder / "extensions", world_.folder / "elsewhere");
  EXPECT_EQ(world_.run({"infra", "validate"}), 2);
  EXPECT_TRUE(has(world_.err, "name their folder with PROVISIONING_EXTENSIONS")) << world_.err;
  EXPECT_EQ(world_.run({"env"}), 0);
  EXPECT_TRUE(has(world_.err, "trouble: the platform's own extensions were not found")) << world_.err;
  world_.env["PROVISIONING_EXTENSIONS"] = world_.folder / "elsewhere";
  EXPECT_EQ(world_.run({"infra", "validate"}), 0) << world_.err;
}

TEST_F(Verbs, AnInfrasBrokenSettingsDoNotHideTheRest) {
  world_.folder.write("ws/infra/main/config.toml", "[link\n");
  world_.coordinator.answer("GET /servers", {{"items", json::array()}, {"total", 0}});
  world_.coordinator.answer("POST /workflows/" + kWorkflow + "/cancel", {{"changed", true}});
  EXPECT_EQ(world_.run({"env"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "trouble: " + (world_.folder / "ws/infra/main/config.toml:1:"))) << world_.err;
  EXPECT_EQ(world_.run({"server", "list"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "note: without the settings of infra \"main\", where something is wrong:")) << world_.err;
  EXPECT_EQ(world_.run({"workflow", "cancel", kWorkflow, "--yes"}), 0) << world_.err;
  world_.folder.write("ws/infra/main/config.toml", "[cli\nendpoint = \"/other.sock\"\n");
  EXPECT_EQ(world_.run({"workflow", "cancel", kWorkflow, "--yes"}), 2) << "it may name another coordinator";
  EXPECT_EQ(world_.run({"env"}), 0) << world_.err;
  world_.folder.write("home/user_config.yaml", "");
  EXPECT_EQ(world_.run({"env"}), 0) << world_.err;
}

TEST_F(Verbs, DeleteAllAsksTheCoordinatorWhatThereIs) {
  world_.coordinator.answer("GET /servers",
                            {{"items", {{{"hostname", "old-1"}}, {{"hostname", "db-1"}}}}, {"total", 2}});
  expect_submission("/workflows/servers/delete", kPlan);
  EXPECT_EQ(world_.run({"server", "delete", "--all", "--yes", "--infra", "main"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"hostnames", {"old-1", "db-1"}}, {"infra", "main"}}));
  EXPECT_EQ(world_.run({"server", "delete", "--yes"}), 2);
}

TEST_F(Verbs, ListsAsTableJsonAndYaml) {
  const json items{{{"hostname", "db-1"},
                    {"infra", "main"},
                    {"status", "ready"},
                    {"address", "10.0.0.2"},
                    {"agent", {{"reachable", true}}},
                    {"provider", "local"},
                    {"runtime", "namespace"},
                    {"plan", "small"}}};
  world_.coordinator.answer("GET /servers", {{"items", items}, {"total", 1}});
  EXPECT_EQ(world_.run({"s", "ls"}), 0);
  EXPECT_EQ(world_.out,
            "HOST  INFRA  STATUS  ADDRESS   AGENT  PROVIDER  RUNTIME    PLAN\n"
            "db-1  main   ready   10.0.0.2  ready  local     namespace  small\n");
  EXPECT_EQ(last().target, "/servers?workspace=demo&limit=1000&offset=0");
  EXPECT_EQ(world_.run({"s", "ls", "-o", "json"}), 0);
  EXPECT_EQ(world_.document(), (json{{"items", items}, {"total", 1}}));
  EXPECT_EQ(world_.run({"s", "ls", "-o", "yaml"}), 0);
  EXPECT_TRUE(has(world_.out, "items:\n- address: 10.0.0.2\n") || has(world_.out, "items:\n- address: \"10.0.0.2\"\n"));
}

TEST_F(Verbs, AnErrorMayShowItsPlaceOnLinesOfItsOwn) {
  world_.coordinator.refuse("GET /agents/db-9", 400, "invalid",
                            "unknown word at column 3\n  a b\x1b[2J\n    ^\nerror: forged", "write x\n  or y");
  EXPECT_EQ(world_.run({"agent", "show", "db-9"}), 2);
  EXPECT_EQ(world_.err, "error: unknown word at column 3\n  a b?[2J\n    ^ error: forged\n  hint: write x   or y\n");
}

TEST_F(Verbs, ErrorsAreOneDocumentForProgramsAndAConversationForPeople) {
  world_.coordinator.refuse("GET /agents/db-9", 404, "not_found", "there is no agent of db-9",
                            "provisioning agent list");
  EXPECT_EQ(world_.run({"agent", "show", "db-9", "-o", "json"}), 4);
  EXPECT_EQ(world_.document()["success"], false);
  EXPECT_EQ(world_.document()["error"]["code"], "not_found");
  EXPECT_EQ(world_.err, "error: there is no agent of db-9\n  hint: provisioning agent list\n");
  EXPECT_EQ(world_.run({"agent", "show", "db-9"}), 4);
  EXPECT_TRUE(world_.out.empty());
  EXPECT_EQ(world_.run({"agnt", "show", "--out", "json"}), 2);
  EXPECT_EQ(world_.document()["error"]["code"], "invalid");
}

TEST_F(Verbs, EveryKindOfErrorHasItsExitCode) {
  const std::tuple<int, const char*, int> kCases[] = {
      {400, "invalid", 2},   {401, "unauthenticated", 6}, {403, "denied", 6},
      {404, "not_found", 4}, {409, "conflict", 5},        {503, "unavailable", 7},
      {507, "exhausted", 7}, {500, "corrupt", 3},         {500, "internal", 1}};
  for (const auto& [status, code, exit] : kCases) {
    world_.coordinator.answers.clear();
    world_.coordinator.refuse("GET /workflows", status, code, "because");
    EXPECT_EQ(world_.run({"workflow", "list"}), exit) << code;
  }
  world_.coordinator.up = false;
  EXPECT_EQ(world_.run({"workflow", "list"}), 7);
  EXPECT_TRUE(has(world_.err, "hint: provisioning platform start orchestrator"));
}

TEST_F(Verbs, HostNamesAreCheckedBeforeAnythingIsAsked) {
  for (const char* name : {"../x", "a;b", "-x-", "A", ""}) {
    EXPECT_EQ(world_.run({"server", "delete", "--yes", name}), 2) << name;
    EXPECT_EQ(world_.run({"server", "ssh", name, "--", "true"}), 2) << name;
    EXPECT_EQ(world_.run({"agent", "token", name}), 2) << name;
  }
  EXPECT_TRUE(world_.coordinator.requests.empty());
}

TEST_F(Verbs, AgentsByNameOrKey) {
  world_.coordinator.answer("POST /agents/db-1/drain", {{"changed", true}});
  EXPECT_EQ(world_.run({"agent", "drain", "db-1"}), 0) << world_.err;
  EXPECT_EQ(last().target, "/agents/db-1/drain?workspace=demo");
  EXPECT_EQ(body(), (json{{"undo", false}}));
  world_.coordinator.answer("DELETE /agents/db-1", {{"changed", true}});
  EXPECT_EQ(world_.run({"agent", "remove", "db-1", "--yes", "--reason", "gone"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"reason", "gone"}}));
}

TEST_F(Verbs, ATokenGoesToStandardOutputAlone) {
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  world_.coordinator.answer("POST /agents/token",
                            {{"id", "i"}, {"token", "PJT1.x"}, {"expires_ms", 1'769'903'999'000}});
  EXPECT_EQ(world_.run({"agent", "token", "db-2", "--valid", "600", "--address", "10.0.0.1"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "PJT1.x\n");
  EXPECT_FALSE(has(world_.err, "PJT1"));
  EXPECT_TRUE(has(world_.err, "provisioning-agent run --state-dir /var/lib/provisioning-agent"));
  EXPECT_EQ(body(), (json{{"server", "db-2"}, {"valid_s", 600}, {"address", "10.0.0.1"}}));
  EXPECT_EQ(world_.run({"agent", "token", "db-2", "--valid", "forever"}), 2);
}

TEST_F(Verbs, ARemoteCommandEndsWithItsOwnExitCode) {
  const auto run = [&](const std::string& outcome, int exit_code) {
    world_.coordinator.answer("POST /workflows/exec", {{"workflow", kWorkflow}});
    world_.coordinator.streams.push_back(
        {{{Stream::Kind::binary, "out\n"},
          {Stream::Kind::text, json{{"kind", "end"}, {"outcome", outcome}, {"exit_code", exit_code}}.dump()}},
         true,
         {}});
    return world_.run({"server", "ssh", "db-1", "--timeout", "9", "--", "ls", "-l"});
  };
  EXPECT_EQ(run("done", 0), 0);
  EXPECT_EQ(world_.out, "out\n");
  EXPECT_EQ(body(), (json{{"servers", {"db-1"}}, {"argv", {"ls", "-l"}}, {"timeout_s", 9}}));
  EXPECT_EQ(world_.coordinator.streams_opened[0], "/ws/output?task=11111111-1111-4111-8111-111100000001&offset=0");
  EXPECT_EQ(run("failed", 42), 42);
  EXPECT_EQ(run("failed", -9), 137);
  const std::string task = "GET /tasks/11111111-1111-4111-8111-111100000001";
  world_.coordinator.answer(task, {{"message", "its agent is away"}});
  EXPECT_EQ(run("in_doubt", 0), 9);
  EXPECT_EQ(world_.err, "in doubt: nobody knows whether the command was done on db-1: its agent is away\n");
  EXPECT_EQ(run("not delivered", 0), 7);
  world_.coordinator.answers.erase(task);
  world_.coordinator.answer(task, {{"message", "stopped after 9 s"}});
  EXPECT_EQ(run("timed_out", -15), 1);
  EXPECT_TRUE(has(world_.err, "error: the command on db-1: timed out: stopped after 9 s\n")) << world_.err;
  EXPECT_EQ(world_.run({"server", "ssh", "db-1"}), 2) << "no terminal";
}

TEST_F(Verbs, WhoWaitsForAHostIsToldWhatItWaitsFor) {
  const auto told = [&](const json& agent) {
    world_.interrupted = false;
    world_.coordinator.answers.clear();
    world_.coordinator.answer("POST /workflows/exec", {{"workflow", kWorkflow}});
    world_.coordinator.answer("GET /agents/db-1", agent);
    world_.coordinator.answer("POST /workflows/" + kWorkflow + "/cancel", {{"changed", true}});
    world_.coordinator.streams.push_back({{}, false, {}});
    int looks = 0;
    world_.on_clock = [&] {
      world_.now_ms += 1'000;
      world_.interrupted = ++looks > 8;
    };
    EXPECT_EQ(world_.run({"server", "ssh", "db-1", "--", "ls"}), 130);
    world_.on_clock = {};
    return world_.err.substr(0, world_.err.find('\n'));
  };
  EXPECT_EQ(told({{"draining", false}, {"reachable", true}}), "waiting for db-1 (Ctrl-C gives up)");
  EXPECT_EQ(told({{"draining", false}, {"reachable", false}}),
            "waiting for db-1, which cannot be reached now (Ctrl-C gives up)");
  EXPECT_EQ(told({{"draining", true}, {"reachable", true}}),
            "waiting for db-1, which is drained and gets no new work (provisioning agent drain db-1 --undo; Ctrl-C "
            "gives up)");
}

TEST_F(Verbs, OutputResumesAtItsOffset) {
  const std::string task = "11111111-1111-4111-8111-111100000002";
  world_.coordinator.streams.push_back({{{Stream::Kind::binary, "abc"}}, true, {}});
  world_.coordinator.streams.push_back(
      {{{Stream::Kind::binary, "def"}, {Stream::Kind::text, R"({"kind":"end","outcome":"done","exit_code":0})"}},
       true,
       {}});
  EXPECT_EQ(world_.run({"workflow", "output", task, "--follow"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "abcdef");
  EXPECT_TRUE(has(world_.coordinator.streams_opened[1], "offset=3"));
}

TEST_F(Verbs, LeavingAStepsOutputLeavesTheStep) {
  const std::string task = "11111111-1111-4111-8111-111100000002";
  world_.coordinator.streams.push_back({{{Stream::Kind::binary, "abc"}}, false, [this] { world_.interrupted = true; }});
  EXPECT_EQ(world_.run({"workflow", "output", task, "--follow"}), 130);
  EXPECT_TRUE(has(world_.err, "the step goes on\ncome back: provisioning workflow output " + task + " --follow"));
  world_.interrupted = false;
  world_.coordinator.streams.push_back(
      {{{Stream::Kind::text, R"({"kind":"end","outcome":"timed_out","exit_code":-15})"}}, true, {}});
  EXPECT_EQ(world_.run({"workflow", "output", task, "--follow"}), 1);
  EXPECT_EQ(world_.err, "the step ended: timed out, signal 15\n");
  EXPECT_EQ(world_.run({"workflow", "output", task, "--follow", "--attempt", "1"}), 2);
}

TEST_F(Verbs, StoredOutputComesInPieces) {
  const std::string task = "11111111-1111-4111-8111-111100000002", route = "GET /tasks/" + task + "/output";
  world_.coordinator.answers[route] = {{200, {{"x-output-total", "6"}, {"x-output-complete", "false"}}, "abc"},
                                       {200, {{"x-output-total", "6"}, {"x-output-complete", "true"}}, "def"}};
  EXPECT_EQ(world_.run({"workflow", "output", task}), 0) << world_.err;
  EXPECT_EQ(world_.out, "abcdef");
  EXPECT_EQ(world_.coordinator.lines()[1], "GET /tasks/" + task + "/output?offset=3");
}

TEST_F(Verbs, StepsCanBeNamedByTheirNumber) {
  world_.coordinator.answer("GET /workflows/history",
                            {{"items", {{{"id", kWorkflow}}}}, {"total", 1}, {"next_before", nullptr}});
  world_.coordinator.answer("GET /workflows", {{"items", {{{"id", kWorkflow}}}}, {"total", 1}});
  world_.coordinator.answers["GET /tasks/11111111-1111-4111-8111-111100000003/output"] = {
      {200, {{"x-output-complete", "true"}}, ""}};
  EXPECT_EQ(world_.run({"workflow", "output", "3"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workflow", "output", "1111/3"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workflow", "output", "nonsense"}), 2);
  EXPECT_EQ(world_.run({"workflow", "output", kWorkflow}), 2) << "a workflow is no step";
}

TEST_F(Verbs, HistoryGoesOnBeforeThePageThatWasRead) {
  const json one{{"id", kWorkflow},
                 {"kind", "exec"},
                 {"status", "ended"},
                 {"outcome", "done"},
                 {"submitted_ms", 1000},
                 {"ended_ms", 3000},
                 {"counts", {{"done", 2}, {"total", 2}}}};
  world_.coordinator.answer("GET /workflows/history", {{"items", {one, one}}, {"total", 2}, {"next_before", 70}});
  world_.coordinator.answer("GET /workflows/history", {{"items", {one}}, {"total", 1}, {"next_before", 40}});
  EXPECT_EQ(world_.run({"workflow", "history", "--limit", "3", "--before", "2026-01-31T00:00:00Z"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines(),
            (std::vector<std::string>{"GET /workflows/history?workspace=demo&before_ms=1769817600000&limit=3",
                                      "GET /workflows/history?workspace=demo&before=70&limit=1"}));
  EXPECT_TRUE(has(world_.out, kWorkflow + "  exec  -      done    2/2")) << world_.out;
  EXPECT_TRUE(has(world_.err, "older ones: provisioning workflow history --before 40 --limit 3\n")) << world_.err;

  world_.coordinator.answers.clear();
  world_.coordinator.answer("GET /workflows/history",
                            {{"items", json::array()}, {"total", 0}, {"next_before", nullptr}});
  EXPECT_EQ(world_.run({"wf", "history", "--before", "40", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document(), json({{"items", json::array()}, {"total", 0}, {"next_before", nullptr}}));
  EXPECT_EQ(world_.run({"wf", "history", "--before", "yesterday"}), 2);
  EXPECT_TRUE(has(world_.err, "a time such as"));
}

TEST_F(Verbs, StatsAreATableByKind) {
  const json kind{{"kind", "exec"},      {"total", 4},       {"running", 1}, {"outcomes", {{"done", 2}, {"failed", 1}}},
                  {"median_ms", 12'000}, {"longest_ms", 400}};
  world_.coordinator.answer("GET /workflows/stats", {{"total", 4},
                                                     {"running", 1},
                                                     {"since_ms", 1000},
                                                     {"until_ms", 2000},
                                                     {"outcomes", kind["outcomes"]},
                                                     {"kinds", {kind}}});
  EXPECT_EQ(world_.run({"workflow", "stats", "--limit", "4"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines()[0], "GET /workflows/stats?workspace=demo&newest=4");
  EXPECT_TRUE(has(world_.out, "exec  4     1        2     1       0          0         12s     0.4s")) << world_.out;
  EXPECT_TRUE(has(world_.out, "1970-01-01 00:00:01 UTC to 1970-01-01 00:00:02 UTC"));
}

TEST_F(Verbs, AStepThatWaitsForALostAgentSaysSo) {
  const auto step = [](const char* server, const char* state, const char* command) {
    return json{{"name", std::string(server) + ": x"}, {"server", server}, {"state", state}, {"command", command}};
  };
  world_.coordinator.answer("GET /workflows/" + kWorkflow,
                            {{"id", kWorkflow},
                             {"workspace", "demo"},
                             {"tasks",
                              {step("away", "ready", "taskserv install"), step("near", "ready", "uptime"),
                               step("away", "pending", "uptime"), step("away", "ready", "server delete")}}});
  world_.coordinator.answer("GET /agents", {{"items",
                                             {{{"server", "away"}, {"reachable", false}},
                                              {{"server", "near"}, {"reachable", false}},
                                              {{"server", "near"}, {"reachable", true}}}},
                                            {"total", 3}});
  EXPECT_EQ(world_.run({"workflow", "status", kWorkflow, "--out", "json"}), 0) << world_.err;
  const json tasks = world_.document()["tasks"];
  EXPECT_EQ(tasks[0]["message"], "waits for its agent, which is lost: provisioning agent show away");
  for (const std::size_t other : {1U, 2U, 3U}) EXPECT_FALSE(tasks[other].contains("message")) << other;
}

TEST_F(Verbs, ThePrefixOfAWorkflowIsLookedUpInHistoryToo) {
  world_.coordinator.answer("GET /workflows", {{"items", json::array()}, {"total", 0}});
  world_.coordinator.answer("GET /workflows/history",
                            {{"items", {{{"id", kWorkflow}}}}, {"total", 1}, {"next_before", nullptr}});
  world_.coordinator.answer("GET /workflows/" + kWorkflow, {{"id", kWorkflow}, {"outcome", "done"}});
  EXPECT_EQ(world_.run({"workflow", "status", "1111"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workflow", "status", "2222"}), 4);
  EXPECT_TRUE(has(world_.err, "none of the newest 1000 workflows begins with"));
}

TEST_F(Verbs, WorkspaceCommands) {
  EXPECT_EQ(world_.run({"workspace", "init", "second", "--path", "w2"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workspace", "init", "second", "--path", "w2"}), 0) << "again changes nothing";
  EXPECT_EQ(world_.run({"workspace", "init", "second", "--path", "w3"}), 5);
  EXPECT_EQ(world_.run({"workspace", "init", "third", "--path", "w2"}), 5);
  EXPECT_EQ(world_.run({"workspace", "init", "../x"}), 2);
  EXPECT_EQ(world_.run({"workspace", "active", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["name"], "demo");
  EXPECT_EQ(world_.run({"ws", "switch", "second"}), 0);
  EXPECT_EQ(world_.run({"infra", "list", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document()["items"][0]["name"], "second");
  EXPECT_EQ(world_.run({"infra", "validate"}), 0) << world_.err;
  EXPECT_EQ(world_.run({"workspace", "info", "demo", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document()["taskservs"], (json{"os", "redis"}));
  EXPECT_EQ(world_.run({"workspace", "list", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["total"], 2);
  EXPECT_EQ(world_.run({"server", "create", "--workspace", "nowhere"}), 4);
}

TEST_F(Verbs, ABrokenFileIsToldWithItsPlaceAndNothingIsAsked) {
  world_.folder.write("ws/infra/main/settings.yaml", "settings: {name: main, provider: local}\nservres: []\n");
  EXPECT_EQ(world_.run({"server", "create"}), 2);
  EXPECT_TRUE(has(world_.err, "/ws/infra/main/settings.yaml:1:1: the file needs \"servers\""));
  EXPECT_TRUE(world_.coordinator.requests.empty());
}

TEST_F(Verbs, VersionAndEnvNeedNothing) {
  world_.coordinator.up = false;
  EXPECT_EQ(world_.run({"--version"}), 0);
  EXPECT_EQ(world_.out.rfind("provisioning ", 0), 0U);
  EXPECT_EQ(world_.run({"env", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["home"], world_.folder / "home");
}

}  // namespace
}  // namespace prov::cli
