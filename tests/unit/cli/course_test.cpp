// The verbs that steer what is there: pause, resume, retry, rollback, approve; exec and targets.
#include <gtest/gtest.h>

#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::kWorkflow;

using test::has;
using test::json;

const std::string kOther = "22222222-2222-4222-8222-222200000000";

class Course : public testing::Test {
 protected:
  Course() { world_.make_demo(); }
  std::string course(const std::string& verb) const { return "POST /workflows/" + kWorkflow + "/" + verb; }
  json body() const { return json::parse(world_.coordinator.requests.back().body); }
  std::string target() const { return world_.coordinator.requests.back().target; }
  json plan(const json& workflow) const {
    return {
        {"workflow", workflow},
        {"plan", {{{"sign", "-"}, {"action", "uninstall"}, {"name", "redis"}, {"server", "db-1"}, {"reason", "x"}}}},
        {"plan_total", 1},
        {"digest", std::string(64, 'e')}};
  }
  test::FakeWorld world_;
};

TEST_F(Course, PauseAndResumeSayWhatComesNext) {
  world_.coordinator.answer(course("pause"), {{"changed", true}});
  EXPECT_EQ(world_.run({"workflow", "pause", kWorkflow, "--reason", "lunch"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"reason", "lunch"}}));
  EXPECT_EQ(world_.out, "workflow " + kWorkflow + " is paused: what is out goes on, nothing new begins\n");
  EXPECT_EQ(world_.err, "let it go on: provisioning workflow resume " + kWorkflow + "\n");
  world_.coordinator.answer(course("resume"), {{"changed", false}});
  EXPECT_EQ(world_.run({"workflow", "resume", kWorkflow}), 0);
  EXPECT_TRUE(has(world_.out, "was not paused"));
}

TEST_F(Course, OfABatchTheNewestBatchIsMeant) {
  const json newest{{"id", kOther}, {"kind", "exec"}}, batch{{"id", kWorkflow}, {"kind", "batch"}};
  world_.coordinator.answer("GET /workflows/history", {{"items", {newest, batch}}, {"total", 2}, {"next_before", 7}});
  world_.coordinator.answer(course("pause"), {{"changed", true}});
  world_.coordinator.answer("POST /workflows/" + kOther + "/pause", {{"changed", true}});
  world_.coordinator.answer("POST /workflows/" + kOther + "/pause", {{"changed", true}});
  EXPECT_EQ(world_.run({"workflow", "pause"}), 0) << world_.err;
  EXPECT_EQ(target(), "/workflows/" + kOther + "/pause");
  world_.coordinator.answers["GET /workflows/history"] = {};
  world_.coordinator.answer("GET /workflows/history",
                            {{"items", {newest, batch}}, {"total", 2}, {"next_before", nullptr}});
  EXPECT_EQ(world_.run({"batch", "pause"}), 0) << world_.err;
  EXPECT_EQ(target(), "/workflows/" + kWorkflow + "/pause");
}

TEST_F(Course, WhereTheLogCannotSayYetTheNewestOfThoseAtHandIsMeant) {
  world_.coordinator.answers["GET /workflows/history"] = {
      {503, {}, R"({"success":false,"error":{"code":"unavailable","message":"the index is being made"}})"}};
  world_.coordinator.answer("GET /workflows/batch", {{"items", {{{"id", kWorkflow}}}}, {"total", 1}});
  world_.coordinator.answer(course("pause"), {{"changed", true}});
  EXPECT_EQ(world_.run({"batch", "pause"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.lines()[1], "GET /workflows/batch?workspace=demo&limit=1&offset=0");
}

TEST_F(Course, ARetryNamesItsOperationsAndIsFollowed) {
  world_.coordinator.answer(course("retry"), plan(kWorkflow));
  EXPECT_EQ(world_.run({"workflow", "retry", kWorkflow, "--failed", "--step", "db", "--step", "web", "--in-doubt"}), 0)
      << world_.err;
  EXPECT_EQ(body(), (json{{"in_doubt", true}, {"operations", {"db", "web"}}}));
  EXPECT_TRUE(has(world_.err, "follow it: provisioning workflow monitor " + kWorkflow));
  EXPECT_EQ(world_.run({"workflow", "retry", kWorkflow, "--check"}), 0);
  EXPECT_EQ(target(), "/workflows/" + kWorkflow + "/retry?check=true");
  EXPECT_EQ(body(), (json{{"in_doubt", false}}));
}

TEST_F(Course, ARollbackShowsItsPlanAndAsks) {
  world_.coordinator.answer(course("rollback"), plan(nullptr));
  EXPECT_EQ(world_.run({"workflow", "rollback", kWorkflow}), 2) << "nobody can be asked";
  EXPECT_TRUE(has(world_.err, "- uninstall redis on db-1"));
  EXPECT_EQ(target(), "/workflows/" + kWorkflow + "/rollback?check=true");
  world_.world().in_is_terminal = world_.world().err_is_terminal = true;
  world_.typed = "n";
  EXPECT_EQ(world_.run({"workflow", "rollback", kWorkflow}), 1);
  EXPECT_EQ(target(), "/workflows/" + kWorkflow + "/rollback?check=true") << "no is no";
  world_.typed = "y";
  world_.coordinator.answer(course("rollback"), plan(kOther));
  EXPECT_EQ(world_.run({"workflow", "rollback", kWorkflow, "--to", "half"}), 0) << world_.err;
  EXPECT_EQ(target(), "/workflows/" + kWorkflow + "/rollback?plan=" + std::string(64, 'e'));
  EXPECT_EQ(body(), (json{{"checkpoint", "half"}}));
  EXPECT_TRUE(has(world_.out, "workflow " + kOther));
}

TEST_F(Course, ApprovalsAreGivenToAWorkflowOrToOneOfItsSteps) {
  world_.coordinator.answer(course("approve"), {{"changed", true}});
  EXPECT_EQ(world_.run({"workflow", "approve", kWorkflow, "--comment", "fine"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"reject", false}, {"comment", "fine"}}));
  EXPECT_EQ(world_.run({"batch", "approve", "11111111-1111-4111-8111-111100000003", "--reject"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"reject", true}, {"comment", ""}, {"task", "11111111-1111-4111-8111-111100000003"}}));
  EXPECT_TRUE(has(world_.out, "was told no"));
}

TEST_F(Course, ExecSaysWhichHostsAndHowManyAtOnce) {
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  world_.coordinator.answer("POST /workflows/exec", {{"workflow", nullptr}, {"plan", json::array()}});
  EXPECT_EQ(world_.run({"exec", "--target",     "role:web", "--batch",  "10", "--batch-sleep",  "30", "--limit",
                        "10%",  "--limit-seed", "42",       "--canary", "1",  "--max-failures", "2",  "--timeout",
                        "9",    "--",           "ls",       "-l"}),
            0)
      << world_.err;
  EXPECT_EQ(body(), (json{{"targets", "role:web"},
                          {"argv", {"ls", "-l"}},
                          {"batch", "10"},
                          {"batch_pause_s", 30},
                          {"limit", "10%"},
                          {"seed", 42},
                          {"canary", 1},
                          {"max_failures", "2"},
                          {"timeout_s", 9}}));
  EXPECT_EQ(world_.run({"exec", "--", "ls"}), 2) << "never on all hosts without a word";
  EXPECT_EQ(world_.run({"exec", "--target", "all"}), 2);
  EXPECT_EQ(world_.run({"exec", "--target", "all", "--batch-sleep", "x", "--", "ls"}), 2);
}

TEST_F(Course, ExecSaysWhichFlagIsWrong) {
  const std::pair<const char*, const char*> kWrong[] = {{"limit", "0"}, {"batch", "0"}, {"max-failures", "200%"}};
  for (const auto& [flag, value] : kWrong) {
    EXPECT_EQ(world_.run({"exec", "--target", "all", std::string("--") + flag, value, "--", "ls"}), 2);
    EXPECT_TRUE(has(world_.err, std::string("error: --") + flag + ": \"" + value + "\" is no number of hosts"))
        << world_.err;
  }
  EXPECT_EQ(world_.run({"targets", "explain", "all", "--limit", "x"}), 2);
  EXPECT_TRUE(has(world_.err, "error: --limit: ")) << world_.err;
}

TEST_F(Course, ExecSaysWhomItWaitsFor) {
  const auto task = [](int n, const std::string& host, const std::string& outcome) {
    json out{{"id", "11111111-1111-4111-8111-11110000000" + std::to_string(n)}, {"server", host}, {"name", host}};
    if (!outcome.empty()) out["outcome"] = outcome;
    return out;
  };
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  world_.coordinator.answer("POST /workflows/exec", {{"workflow", kWorkflow}});
  world_.coordinator.answer("GET /status", {{"sequence", 1}});
  world_.coordinator.answer("GET /workflows/" + kWorkflow,
                            {{"id", kWorkflow},
                             {"tasks",
                              {task(1, "near", ""), task(2, "away", ""), task(3, "idle", ""), task(4, "unheard", ""),
                               task(5, "gone", "done")}}});
  world_.coordinator.answer("GET /workflows/" + kWorkflow,
                            {{"id", kWorkflow}, {"status", "ended"}, {"outcome", "done"}, {"tasks", json::array()}});
  world_.coordinator.answer("GET /agents", {{"items",
                                             {{{"server", "near"}, {"reachable", true}},
                                              {{"server", "away"}, {"reachable", false}},
                                              {{"server", "idle"}, {"reachable", true}, {"draining", true}}}},
                                            {"total", 3}});
  EXPECT_EQ(world_.run({"exec", "--target", "all", "--", "ls"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "waiting for away, unheard, which cannot be reached now (Ctrl-C lets go)\n"))
      << world_.err;
  EXPECT_TRUE(has(world_.err, "waiting for idle, drained: no new work")) << world_.err;
}

TEST_F(Course, ExecShowsWhatEachHostPrinted) {
  const auto task = [](int n, const std::string& host, const std::string& outcome, int exit_code, int printed) {
    return json{{"id", "11111111-1111-4111-8111-11110000000" + std::to_string(n)},
                {"output_bytes", printed},
                {"server", host},
                {"name", host + ": ls"},
                {"state", "ended"},
                {"outcome", outcome},
                {"exit_code", exit_code},
                {"attempt", 1},
                {"message", ""}};
  };
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  world_.coordinator.answer("POST /workflows/exec", {{"workflow", kWorkflow}});
  world_.coordinator.answer("GET /status", {{"sequence", 1}});
  world_.coordinator.answer(
      "GET /workflows/" + kWorkflow,
      {{"id", kWorkflow},
       {"status", "ended"},
       {"outcome", "failed"},
       {"counts", {{"total", 3}}},
       {"tasks", {task(1, "web-1", "done", 0, 4), task(2, "web-2", "failed", 3, 7), task(3, "web-3", "done", 0, 0)}}});
  for (int n : {1, 2}) {  // what printed nothing is not asked for: there is no answer for it
    const std::string path = "GET /tasks/11111111-1111-4111-8111-11110000000" + std::to_string(n);
    world_.coordinator.answers[path + "/output"] = {
        {200, {{"x-output-complete", "true"}}, n == 1 ? "a\nb\n" : "no\033[2J\n"}};
    world_.coordinator.answer(path, {{"attempt", 1}, {"output", ""}});
  }
  EXPECT_EQ(world_.run({"exec", "--target", "all", "--", "ls"}), 8) << world_.err;
  EXPECT_EQ(world_.out, "web-1: done\n  a\n  b\nweb-2: failed, exit 3\n  no?[2J\nweb-3: done\n");
  EXPECT_TRUE(has(world_.err, "2 of 3 done, 1 failed"));
  EXPECT_TRUE(has(world_.err, "next: provisioning workflow retry " + kWorkflow + " --failed"));
  EXPECT_EQ(world_.run({"exec", "--target", "all", "-o", "json", "--", "ls"}), 8);
  EXPECT_EQ(world_.document()["tasks"][0]["output"], "a\nb\n");
}

TEST_F(Course, TargetsAreExplainedHostByHost) {
  world_.coordinator.answer(
      "POST /targets/explain",
      {{"total", 3},
       {"matched", 2},
       {"chosen", 1},
       {"items",
        {{{"name", "a"}, {"matched", true}, {"chosen", true}, {"reasons", {"role:web: yes, it has web"}}},
         {{"name", "b"}, {"matched", true}, {"chosen", false}, {"reasons", {"role:web: yes, it has web"}}},
         {{"name", "c"}, {"matched", false}, {"chosen", false}, {"reasons", {"role:web: no, it has db"}}}}}});
  EXPECT_EQ(world_.run({"targets", "explain", "role:web", "--limit", "1", "--limit-seed", "7"}), 0) << world_.err;
  EXPECT_EQ(body(), (json{{"expression", "role:web"}, {"limit", "1"}, {"seed", 7}}));
  EXPECT_EQ(world_.out,
            "HOST  MEANT       WHY\n"
            "a     yes         role:web: yes, it has web\n"
            "b     not chosen  role:web: yes, it has web\n"
            "c     no          role:web: no, it has db\n"
            "1 of 3 hosts\n");
}

TEST_F(Course, StatusShowsOperationsAndWhatWaits) {
  world_.coordinator.answer("GET /workflows/" + kWorkflow,
                            {{"id", kWorkflow},
                             {"kind", "batch"},
                             {"name", "rollout"},
                             {"status", "running"},
                             {"paused", true},
                             {"initiator", "uid:0"},
                             {"submitted_ms", 1000},
                             {"counts", {{"done", 1}, {"total", 3}}},
                             {"tasks", json::array()},
                             {"checkpoints", {{{"name", "half"}, {"sequence", 9}}}},
                             {"notes", {"soft \"x\" is not there"}},
                             {"awaiting_approval", {{{"task", "t"}, {"operation", "ask"}, {"prompt", "ship it?"}}}},
                             {"operations",
                              {{{"id", "one"},
                                {"kind", "script"},
                                {"status", "ended"},
                                {"outcome", "done"},
                                {"counts", {{"done", 1}, {"total", 1}}}},
                               {{"id", "two"},
                                {"kind", "script"},
                                {"status", "open"},
                                {"counts", {{"done", 0}, {"total", 2}, {"failed", 1}}},
                                {"waves", {{"opened", 1}, {"total", 2}}}}}}});
  EXPECT_EQ(world_.run({"workflow", "status", kWorkflow}), 0) << world_.err;
  for (const char* part :
       {"status:       paused", "name:         rollout", "checkpoints:  half", "note: soft \"x\" is not there",
        "waits for a yes: ask: ship it?  (provisioning workflow approve t)",
        "two        script  open   0/2    1 failed  1/2    -"}) {
    EXPECT_TRUE(has(world_.out, part)) << part << "\n" << world_.out;
  }
}

TEST_F(Course, BatchesAreCounted) {
  const auto item = [](const std::string& outcome, int took_ms) {
    return json{{"outcome", outcome},
                {"submitted_ms", 1000},
                {"ended_ms", 1000 + took_ms},
                {"counts", {{"total", 5}}},
                {"rollbacks", outcome == "failed" ? 1 : 0}};
  };
  world_.coordinator.answer("GET /workflows/batch",
                            {{"items", {item("done", 1000), item("done", 3000), item("failed", 9000)}}, {"total", 3}});
  EXPECT_EQ(world_.run({"batch", "stats", "-o", "json"}), 0) << world_.err;
  EXPECT_EQ(world_.document(), (json{{"batches", 3},
                                     {"outcomes", {{"done", 2}, {"failed", 1}}},
                                     {"steps", 15},
                                     {"rolled_back", 1},
                                     {"median_ms", 3000}}));
}

}  // namespace
}  // namespace prov::cli
