// The coordinator as a process, and the log of a stopped one.
#include <gtest/gtest.h>

#include "coordinator/workspace/yaml_tree.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;

class Platform : public testing::Test {
 protected:
  Platform() {
    world_.folder.write("provisioning-coordinator", "#!/bin/sh\n", true);
    world_.coordinator.up = false;
    world_.coordinator.answer("GET /status", {{"pid", 700}, {"version", "0.1.0"}, {"sequence", 5}});
  }
  void runs() {
    world_.coordinator.up = true;
    world_.processes.running[700] = "provisioning-coordinator";
    world_.folder.write("home/services/pids/orchestrator.pid", "700\n");
  }
  bool argument(const std::string& flag, const std::string& value) const {
    const auto& argv = world_.processes.started;
    const auto found = std::find(argv.begin(), argv.end(), flag);
    return found != argv.end() && found + 1 != argv.end() && *(found + 1) == value;
  }
  test::FakeWorld world_;
};

TEST_F(Platform, StartRunsTheSiblingAndWaitsUntilItAnswers) {
  world_.on_sleep = [this] { world_.coordinator.up = world_.now_ms > 1'002'000; };
  EXPECT_EQ(world_.run({"platform", "start", "orchestrator"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "orchestrator is running (process 700)\n");
  EXPECT_EQ(world_.processes.started[0], world_.folder / "provisioning-coordinator");
  EXPECT_EQ(world_.processes.started[1], "serve");
  EXPECT_TRUE(argument("--data", world_.folder / "home/orchestrator/data"));
  EXPECT_TRUE(argument("--socket", world_.folder / "home/services/state/orchestrator.sock"));
  EXPECT_TRUE(argument("--pid-file", world_.folder / "home/services/pids/orchestrator.pid"));
  EXPECT_TRUE(argument("--log-file", world_.folder / "home/services/logs/orchestrator.log"));
  const auto mode = std::filesystem::status(world_.folder / "home/orchestrator/data").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_all);
}

TEST_F(Platform, StartPassesOnWhatAllLayersSay) {
  world_.folder.write("home/config.user.toml",
                      "[link]\nport = 7001\n[orchestrator]\ndata_dir = \"{{paths.base}}/other\"\n");
  world_.folder.write("home/config/orchestrator.toml", "[link]\nenrol_port = 7002\n");
  world_.env["PROVISIONING_LIMITS_AGENT_ORDERS"] = "9";
  world_.on_sleep = [this] { world_.coordinator.up = true; };
  ASSERT_EQ(world_.run({"platform", "start", "--set", "log.reserve_mib=3"}), 0) << world_.err;
  const std::string file = world_.folder / "home/services/state/orchestrator.toml";
  EXPECT_TRUE(argument("--config", file));
  EXPECT_TRUE(argument("--data", world_.folder / "home/other"));
  const std::string text = workspace::read_file(file, 1 << 20).value_or("none");
  for (const char* part : {"port = 7001", "enrol_port = 7002", "agent_orders = 9", "reserve_mib = 3"}) {
    EXPECT_TRUE(has(text, part)) << text;
  }
  EXPECT_FALSE(has(text, "{{"));
  EXPECT_TRUE(std::filesystem::is_directory(world_.folder / "home/other"));
}

TEST_F(Platform, StartAgainChangesNothing) {
  runs();
  EXPECT_EQ(world_.run({"orch", "start", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["changed"], false);
  EXPECT_TRUE(world_.processes.started.empty());
}

TEST_F(Platform, AStartThatFailsShowsTheEndOfTheLog) {
  world_.processes.dies_at_once = true;
  world_.processes.exit_code = 5;
  world_.processes.on_start = [this] {
    world_.folder.write("home/services/logs/orchestrator.log", "starting\nanother coordinator has the data\n");
  };
  EXPECT_EQ(world_.run({"platform", "start"}), 1);
  EXPECT_TRUE(has(world_.err, "  another coordinator has the data"));
  EXPECT_TRUE(has(world_.err, "ended while it started (exit 5)"));
}

TEST_F(Platform, OneThatIsStartingIsWaitedForNotStartedTwice) {
  runs();
  world_.coordinator.up = false;
  world_.on_sleep = [this] { world_.coordinator.up = true; };
  EXPECT_EQ(world_.run({"platform", "start"}), 0) << world_.err;
  EXPECT_TRUE(world_.processes.started.empty());
}

TEST_F(Platform, StartNeedsTheProgramTheServiceAndTheConfiguration) {
  EXPECT_EQ(world_.run({"platform", "start", "orchestartor"}), 4);
  EXPECT_TRUE(has(world_.err, "did you mean \"orchestrator\"?"));
  EXPECT_EQ(world_.run({"platform", "start", "--config", "none.toml"}), 4);
  std::filesystem::remove(world_.folder / "provisioning-coordinator");
  EXPECT_EQ(world_.run({"platform", "start"}), 4);
  EXPECT_TRUE(has(world_.err, "PROVISIONING_COORDINATOR"));
}

TEST_F(Platform, ASlowStartEndsWithTheTimeout) {
  EXPECT_EQ(world_.run({"platform", "start", "--timeout", "3"}), 7);
  EXPECT_TRUE(has(world_.err, "does not answer after 3 s"));
}

TEST_F(Platform, StopAsksThenWaits) {
  runs();
  world_.coordinator.answer("POST /platform/stop", {{"stopping", true}});
  world_.on_sleep = [this] { world_.processes.running.clear(); };
  EXPECT_EQ(world_.run({"platform", "stop"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.requests.back().method, "POST");
  EXPECT_TRUE(world_.coordinator.requests.back().body.empty());
  EXPECT_EQ(world_.processes.terminated, 0);
}

TEST_F(Platform, StopOfOneThatDoesNotAnswerSendsASignalToThatVeryProcess) {
  runs();
  world_.coordinator.up = false;
  EXPECT_EQ(world_.run({"platform", "stop"}), 0) << world_.err;
  EXPECT_EQ(world_.processes.terminated, 700);
}

TEST_F(Platform, ANumberThatBelongsToAnotherProcessIsLeftAlone) {
  runs();
  world_.coordinator.up = false;
  world_.processes.running[700] = "postgres";
  EXPECT_EQ(world_.run({"platform", "stop"}), 0);
  EXPECT_EQ(world_.out, "orchestrator is not running\n");
  world_.processes.running[700] = "provisioning-coordinator";  // of somebody else, with our number
  world_.folder.write("home/services/state/orchestrator.started", "700 41\n");
  EXPECT_EQ(world_.run({"platform", "stop"}), 0);
  EXPECT_EQ(world_.out, "orchestrator is not running\n");
  EXPECT_EQ(world_.processes.terminated, 0);
}

TEST_F(Platform, StatusSaysStoppedWithItsOwnExitCode) {
  EXPECT_EQ(world_.run({"platform", "status", "-o", "json"}), 7);
  EXPECT_EQ(world_.document()["running"], false);
  runs();
  EXPECT_EQ(world_.run({"platform", "status", "-o", "json"}), 0);
  EXPECT_EQ(world_.document()["running"], true);
  world_.coordinator.answer("GET /health", "Orchestrator is healthy");
  EXPECT_EQ(world_.run({"platform", "health"}), 0);
  EXPECT_EQ(world_.out, "Orchestrator is healthy\n");
}

TEST_F(Platform, LogsShowTheLastLinesAndFollow) {
  EXPECT_EQ(world_.run({"platform", "logs"}), 4);
  const std::string file = world_.folder.write("home/services/logs/orchestrator.log", "one\ntwo\nthree\n");
  EXPECT_EQ(world_.run({"platform", "logs", "--lines", "2"}), 0);
  EXPECT_EQ(world_.out, "two\nthree\n");
  int naps = 0;
  world_.on_sleep = [&] {
    ++naps;
    if (naps == 1) std::ofstream(file, std::ios::app) << "four\n";
    if (naps == 2) {  // replaced, as by logrotate
      std::filesystem::remove(file);
      std::ofstream(file) << "five\n";
    }
    world_.interrupted = naps == 4;
  };
  EXPECT_EQ(world_.run({"platform", "logs", "--lines", "1", "--follow"}), 0);
  EXPECT_EQ(world_.out, "three\nfour\nfive\n");
  EXPECT_EQ(world_.run({"platform", "logs", "--follow", "-o", "json"}), 2);
}

TEST_F(Platform, BackupRestoreAndAccept) {
  EXPECT_EQ(world_.run({"platform", "restore", "b", "--yes"}), 1) << "become() of the fake returns";
  EXPECT_EQ(world_.processes.became,
            (std::vector<std::string>{world_.folder / "provisioning-coordinator", "restore", world_.folder / "b",
                                      "--data", world_.folder / "home/orchestrator/data"}));
  runs();
  EXPECT_EQ(world_.run({"platform", "restore", "b", "--yes"}), 5);
  world_.coordinator.answer("POST /platform/backup", {{"folder", "/x/b"}, {"sequence", 9}, {"bytes", 2048}});
  EXPECT_EQ(world_.run({"platform", "backup", "b"}), 0);
  EXPECT_EQ(json::parse(world_.coordinator.requests.back().body)["folder"], world_.folder / "b");
  EXPECT_EQ(world_.out, "backup up to event 9, 2.0 KiB: /x/b\n");
  EXPECT_EQ(world_.run({"platform", "accept", "--yes"}), 2);
  world_.coordinator.answer("POST /platform/accept", {{"changed", true}});
  EXPECT_EQ(world_.run({"platform", "accept", "--yes", "--reason", "disk"}), 0) << world_.err;
}

TEST_F(Platform, AuditOfAStoppedPlatformOrACopyIsTheSiblingsWork) {
  const auto reader = [&](std::vector<std::string> rest) {
    rest.insert(rest.begin(), {world_.folder / "provisioning-coordinator", "audit"});
    return rest;
  };
  world_.processes.finishes = {0, R"({"whole": true, "events": 3})", "no --public-key was given\n"};
  EXPECT_EQ(world_.run({"audit", "verify"}), 0) << world_.err;
  EXPECT_EQ(world_.processes.finished,
            reader({"verify", "--data", world_.folder / "home/orchestrator/data", "--out", "json"}));
  EXPECT_EQ(world_.out, "whole:   true\nevents:  3\n") << "the same form as over REST";
  EXPECT_TRUE(has(world_.err, "no --public-key was given\n"));
  EXPECT_EQ(world_.run({"audit", "verify", "--data", "copy", "--out", "yaml"}), 0);
  EXPECT_EQ(world_.out, "events: 3\nwhole: true\n");
  runs();
  EXPECT_EQ(world_.run({"audit", "export", "--data", "copy", "--from", "3", "--type", "TaskEnded"}), 1);
  EXPECT_EQ(world_.processes.became,
            reader({"export", "--data", world_.folder / "copy", "--from", "3", "--type", "TaskEnded"}));
  EXPECT_EQ(world_.run({"audit", "export", "--data", "copy", "--out", "yaml"}), 2);
}

TEST_F(Platform, EventsOfACopyComeAsThePageThatRestGives) {
  world_.processes.finishes = {0, R"([{"sequence": 7, "type": "TaskEnded"}])", ""};
  EXPECT_EQ(world_.run({"audit", "log", "--data", "/copy", "--workspace", "theirs", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document(),
            (json{{"items", {{{"sequence", 7}, {"type", "TaskEnded"}}}}, {"next_from", nullptr}, {"total", 1}}));
  EXPECT_EQ(world_.processes.finished,
            (std::vector<std::string>{world_.folder / "provisioning-coordinator", "audit", "log", "--data", "/copy",
                                      "--workspace", "theirs", "--limit", "50", "--out", "json"}));
  EXPECT_EQ(world_.run({"audit", "log", "--data", "/copy", "--from", "7", "--limit", "1"}), 0);
  EXPECT_EQ(world_.processes.finished[2], "export") << "the first ones from there on, not the last";
  EXPECT_TRUE(has(world_.err, "--from 8"));
}

TEST_F(Platform, WhatIsWrongWithACopyHasItsExitCode) {
  world_.processes.finishes = {4, "", "error: there is no log in /copy\n  hint: name a data folder\n"};
  EXPECT_EQ(world_.run({"audit", "replay", "--data", "/copy", "-o", "json"}), 4);
  EXPECT_EQ(world_.document()["error"]["hint"], "name a data folder");
  EXPECT_TRUE(has(world_.err, "error: there is no log in /copy\n  hint: name a data folder\n"));
  world_.processes.finishes = {3, R"({"whole": false})", ""};
  EXPECT_EQ(world_.run({"audit", "verify", "--data", "/copy"}), 3);
  world_.processes.finishes = {3, R"([{"sequence": 1}])", "error: commit 2 is damaged\n"};
  EXPECT_EQ(world_.run({"audit", "log", "--data", "/copy", "-o", "json"}), 3);
  EXPECT_EQ(world_.out.rfind("{\n  \"items\"", 0), 0U) << "what could be read is shown";
  world_.processes.finishes = {139, "", ""};
  EXPECT_EQ(world_.run({"audit", "verify", "--data", "/copy"}), 1);
}

TEST_F(Platform, ADifferenceIsShownAsWhatCameAndWent) {
  runs();
  world_.coordinator.answer("GET /audit/state",
                            {{"from", 1},
                             {"to", 9},
                             {"changes",
                              {{{"change", "changed"}, {"path", "a/x"}, {"before", false}, {"after", true}},
                               {{"change", "added"}, {"path", "b"}, {"before", nullptr}, {"after", {{"k", 1}}}},
                               {{"change", "removed"}, {"path", "c"}, {"before", "old"}, {"after", nullptr}}}}});
  EXPECT_EQ(world_.run({"audit", "replay", "--at", "1", "--to", "9"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "~ a/x: false -> true\n+ b: {\"k\":1}\n- c: old\n");
  EXPECT_EQ(world_.coordinator.lines().back(), "GET /audit/state?at=1&to=9");
}

TEST_F(Platform, FiltersNameTheWorkspaceAndTakeTheBeginningOfAnId) {
  runs();
  world_.coordinator.answer("GET /events", {{"items", json::array()}, {"next_from", nullptr}});
  world_.coordinator.answer("GET /workflows",
                            {{"items", {{{"id", "11111111-1111-4111-8111-111100000000"}}}}, {"total", 1}});
  EXPECT_EQ(world_.run({"audit", "log", "--workspace", "theirs"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines().back(), "GET /events?workspace=theirs&limit=50&newest=true");
  EXPECT_EQ(world_.run({"audit", "log", "--workflow", "1111"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines().back(),
            "GET /events?workflow=11111111-1111-4111-8111-111100000000&limit=50&newest=true");
}

TEST_F(Platform, AuditOfARunningPlatformGoesOverRest) {
  runs();
  world_.coordinator.answer("GET /audit/verify", {{"whole", true}, {"commits", 3}});
  EXPECT_EQ(world_.run({"audit", "verify"}), 0);
  world_.coordinator.answers["GET /audit/verify"] = {};
  world_.coordinator.answer("GET /audit/verify", {{"whole", false}, {"damage", "commit 2"}});
  EXPECT_EQ(world_.run({"audit", "verify"}), 3);
  EXPECT_TRUE(world_.processes.became.empty());
}

TEST_F(Platform, ExportGoesOnUntilTheEndAndKeepsTheOrderOfFields) {
  runs();
  const auto page = [](const char* items, const char* next) {
    return Response{
        200, {}, std::string(R"({"success":true,"data":{"items":[)") + items + R"(],"next_from":)" + next + "}}"};
  };
  world_.coordinator.answers["GET /events"] = {page(R"({"z":1,"a":2})", "8"), page(R"({"z":3,"a":4})", "null")};
  EXPECT_EQ(world_.run({"audit", "export", "--type", "TaskEnded"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "{\"z\":1,\"a\":2}\n{\"z\":3,\"a\":4}\n");
  EXPECT_EQ(world_.coordinator.lines().back(), "GET /events?from=8&type=TaskEnded&limit=1000");
}

TEST_F(Platform, ReplayTakesATimeAsWell) {
  runs();
  world_.coordinator.answer("GET /events", {{"items", {{{"sequence", 77}}}}});
  world_.coordinator.answer("GET /audit/state", {{"sequence", 77}, {"servers", json::array()}});
  EXPECT_EQ(world_.run({"audit", "replay", "--at", "2026-01-31T23:59:59Z"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines().back(), "GET /audit/state?at=77");
  EXPECT_EQ(world_.run({"audit", "replay", "--at", "yesterday"}), 2);
  EXPECT_EQ(world_.run({"audit", "replay", "--to", "5"}), 2);
}

TEST_F(Platform, TcpNeedsATokenFromAFile) {
  world_.coordinator.up = true;
  EXPECT_EQ(world_.run({"platform", "status", "--endpoint", "http://127.0.0.1:9"}), 6);
  world_.folder.write("home/tokens/orchestrator.token", "secret\n");
  EXPECT_EQ(world_.run({"platform", "status", "--endpoint", "http://127.0.0.1:9"}), 0) << world_.err;
  EXPECT_EQ(world_.last_endpoint.token, "secret");
  EXPECT_EQ(world_.run({"platform", "status", "--endpoint", "nonsense"}), 2);
}

}  // namespace
}  // namespace prov::cli
