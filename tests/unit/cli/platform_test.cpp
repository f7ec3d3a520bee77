// The coordinator as a process, and the log of a stopped one.
#include <gtest/gtest.h>

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
  EXPECT_EQ(world_.run({"audit", "verify"}), 1);
  EXPECT_EQ(world_.processes.became,
            (std::vector<std::string>{world_.folder / "provisioning-coordinator", "audit", "verify", "--data",
                                      world_.folder / "home/orchestrator/data"}));
  runs();
  EXPECT_EQ(world_.run({"audit", "export", "--data", "copy", "--from", "3", "--type", "TaskEnded"}), 1);
  EXPECT_EQ(world_.processes.became,
            (std::vector<std::string>{world_.folder / "provisioning-coordinator", "audit", "export", "--data",
                                      world_.folder / "copy", "--from", "3", "--type", "TaskEnded"}));
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
