// Plans: what is shown of them, what is saved, and what `apply` does with a saved one.
#include <gtest/gtest.h>

#include "common/hash.h"
#include "coordinator/cli/verbs/infra_plan.h"
#include "coordinator/cli/verbs/saved_plan.h"
#include "coordinator/cli/views/plan_view.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::kWorkflow;

using test::has;
using test::json;

const std::string kDigest(64, 'd');

json line(const std::string& sign, const std::string& action, const std::string& name, const std::string& server,
          const std::string& reason = "asked for", const std::string& operation = "") {
  return {{"sign", sign},     {"action", action}, {"name", name},
          {"server", server}, {"reason", reason}, {"operation", operation}};
}

const Console& console() {
  static const Console plain([](std::string_view) {}, [](std::string_view) {}, {});
  return plain;
}

TEST(PlanView, EachLineHasItsSignAndItsReason) {
  const json answer{{"plan",
                     {line("+", "install", "redis", "db-1", "not installed yet"),
                      line("~", "install", "os", "db-1", "version 1 -> 2"), line("-", "delete", "web-9", "web-9"),
                      line("-/+", "install", "pg", "db-1")}},
                    {"plan_total", 4},
                    {"unchanged", {{{"name", "x"}}}},
                    {"untouched", 3},
                    {"notes", {"a note"}},
                    {"estimate", {{"expected_ms", 90'000}, {"unknown_steps", 2}}}};
  EXPECT_EQ(plan_text(answer, console()),
            "+ install redis on db-1  (not installed yet)\n"
            "~ install os on db-1  (version 1 -> 2)\n"
            "- delete web-9  (asked for)\n"
            "-/+ install pg on db-1  (asked for)\n"
            "note: a note\n"
            "1 unchanged, 3 hosts untouched\n"
            "about 1m30s, and what 2 steps of a kind never timed will take\n");
  EXPECT_TRUE(removes_something(answer));
  EXPECT_FALSE(removes_something({{"plan", {line("+", "create", "a", "a")}}}));
}

TEST(PlanView, LinesOfABatchStandUnderTheirOperations) {
  const json answer{{"plan", {line(">", "run", "ls", "a", "", "one"), line(">", "run", "ls", "b", "", "two")}},
                    {"plan_total", 2},
                    {"operations", {{{"id", "one"}}, {{"id", "two"}}}}};
  EXPECT_EQ(plan_text(answer, console()), "one:\n  > run ls on a\ntwo:\n  > run ls on b\n");
}

TEST(PlanView, WhatMovedIsSaidLineByLine) {
  const json saved{
      {"plan", {line("+", "install", "redis", "a", "not installed yet"), line("~", "install", "os", "a", "x")}},
      {"plan_total", 2}};
  const json now{{"plan", {line("~", "install", "os", "a", "y"), line("-", "delete", "b", "b")}}, {"plan_total", 3}};
  EXPECT_EQ(
      plan_differences(saved, now),
      (std::vector<std::string>{
          "not any more:  + install redis on a  (it was: not installed yet)", "new:           - delete b  (asked for)",
          "for another reason: ~ install os on a  (it was: x; it is: y)", "steps: 2 then, 3 now"}));
  EXPECT_TRUE(plan_differences(saved, saved).empty());
}

TEST(DesiredBatch, MakesWhatIsMissingAndRemovesWhatIsNotWantedAnyMore) {
  workspace::ResolvedServers servers;
  servers.infra = "main";
  servers.servers = {{"db-1", "local", "", "", {}, {}, {}}};
  workspace::ResolvedTaskservs taskservs;
  taskservs.infra = "main";
  taskservs.taskservs.push_back({"db-1", "redis", "1", {}, {}, {}, false, 0, {}});
  const json actual_servers{{{"hostname", "db-1"}}, {{"hostname", "old-1"}}};
  const json actual_taskservs{{{"server", "db-1"}, {"name", "redis"}, {"version", "1"}},
                              {{"server", "db-1"},
                               {"name", "old"},
                               {"version", "3"},
                               {"bundle", std::string(64, 'a')},
                               {"params", {{"b", "2"}}},
                               {"timeout_s", 9}},
                              {{"server", "old-1"}, {"name", "redis"}, {"version", "1"}}};
  const auto batch = desired_batch(servers, taskservs, actual_servers, actual_taskservs);
  ASSERT_EQ(batch.operations.size(), 4U);
  EXPECT_EQ(batch.infra, "main");
  const auto& gone = batch.operations[1];
  EXPECT_EQ(gone.id, "remove-taskservs");
  ASSERT_EQ(gone.taskservs.size(), 1U) << "what is on a host that goes, goes with it";
  EXPECT_EQ(gone.taskservs[0].name, "old");
  EXPECT_EQ(to_text(gone.taskservs[0].bundle), std::string(64, 'a'));
  EXPECT_EQ(gone.taskservs[0].params, (workspace::Pairs{{"b", "2"}}));
  EXPECT_EQ(gone.taskservs[0].timeout_s, 9U);
  const std::vector<batch::OperationDependency> wanted{{"servers", true}, {"remove-taskservs", false}};
  EXPECT_EQ(batch.operations[2].dependencies, wanted);
  EXPECT_EQ(batch.operations[3].hostnames, std::vector<std::string>{"old-1"});
}

TEST(DesiredBatch, OfNothingHasNoOperations) {
  EXPECT_TRUE(desired_batch({}, {}, json::array(), json::array()).operations.empty());
  const auto batch = desired_batch({}, {}, {{{"hostname", "old-1"}}}, json::array());
  ASSERT_EQ(batch.operations.size(), 1U);
  EXPECT_TRUE(batch.operations[0].dependencies.empty()) << "only on what is there";
}

class SavedPlans : public testing::Test {
 protected:
  SavedPlans() {
    world_.make_demo();
    world_.coordinator.answer("GET /servers", {{"items", json::array()}, {"total", 0}});
    world_.coordinator.answer("GET /taskservs", {{"items", json::array()}, {"total", 0}});
    world_.coordinator.answer("POST /workflows/batch/submit", kAnswer);
  }
  std::string read(const std::string& name) const {
    std::ifstream in(world_.folder / name, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), {});
  }
  int save() { return world_.run({"plan", "--out", "main.plan"}); }
  void accept_everything() {
    world_.coordinator.answer("POST /workspaces", {{"changed", false}});
    const json file = json::parse(read("main.plan"));
    for (const auto& bundle : file["bundles"]) {
      const std::string digest = bundle["digest"];
      world_.coordinator.answers["HEAD /blobs/" + digest] = {{404, {}, ""}};
      world_.coordinator.answer("PUT /blobs/" + digest, {{"changed", true}});
    }
  }
  std::string last_target() const { return world_.coordinator.requests.back().target; }

  const json kAnswer{{"workflow", nullptr},
                     {"plan", {line("+", "create", "db-1", "db-1", "not there yet")}},
                     {"plan_total", 1},
                     {"digest", kDigest},
                     {"position", {{"log_id", "x"}, {"sequence", 7}}}};
  test::FakeWorld world_;
};

TEST_F(SavedPlans, APlanAsksAndShowsAndChangesNothing) {
  EXPECT_EQ(world_.run({"plan"}), 0) << world_.err;
  EXPECT_EQ(world_.out, "+ create db-1  (not there yet)\n");
  EXPECT_EQ(last_target(), "/workflows/batch/submit?workspace=demo&check=true");
  for (const auto& request : world_.coordinator.requests) {
    EXPECT_TRUE(request.method == "GET" || has(request.target, "check=true")) << request.target;
  }
  const json body = json::parse(world_.coordinator.requests.back().body);
  ASSERT_EQ(body["operations"].size(), 2U);
  EXPECT_EQ(body["operations"][0]["id"], "servers");
  EXPECT_EQ(world_.run({"plan", "-o", "json"}), 0);
  EXPECT_EQ(world_.document(), kAnswer);
}

TEST_F(SavedPlans, WhatTheSettingsDoNotNameAnyMoreSaysSo) {
  json answer = kAnswer;
  answer["plan"] = {line("-", "delete", "old", "old", "asked for"),
                    line("+", "create", "db-1", "db-1", "not there yet")};
  answer["plan"][0]["operation"] = "remove-servers";
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", answer);
  EXPECT_EQ(world_.run({"plan"}), 0) << world_.err;
  EXPECT_TRUE(has(world_.out, "- delete old  (not in the settings any more)")) << world_.out;
  EXPECT_TRUE(has(world_.out, "+ create db-1  (not there yet)")) << world_.out;
}

TEST_F(SavedPlans, ASavedPlanIsCarriedOutExactly) {
  ASSERT_EQ(save(), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "carry it out: provisioning apply main.plan"));
  const json sent = json::parse(world_.coordinator.requests.back().body);
  accept_everything();
  world_.folder.write("ws/infra/main/settings.yaml", "settings: {name: main, provider: local}\nservers: []\n");
  json done = kAnswer;
  done["workflow"] = kWorkflow;
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", done);
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 0) << world_.err;
  EXPECT_EQ(last_target(), "/workflows/batch/submit?workspace=demo&plan=" + kDigest);
  EXPECT_EQ(json::parse(world_.coordinator.requests.back().body), sent) << "whatever the workspace says by now";
  EXPECT_TRUE(has(world_.out, "workflow " + kWorkflow));
  const auto lines = world_.coordinator.lines();
  const auto put =
      std::find_if(lines.begin(), lines.end(), [](const auto& l) { return l.rfind("PUT /blobs/", 0) == 0; });
  EXPECT_NE(put, lines.end()) << "its bundles come with it";
}

TEST_F(SavedPlans, WhatASavedPlanRemovesIsAskedAbout) {
  json removes = kAnswer;
  removes["plan"].push_back(line("-", "delete", "old-1", "old-1"));
  removes["plan_total"] = 2;
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", removes);
  ASSERT_EQ(save(), 0) << world_.err;
  accept_everything();
  world_.coordinator.requests.clear();
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 2) << "nobody can be asked";
  EXPECT_TRUE(has(world_.err, "- delete old-1")) << world_.err;
  EXPECT_TRUE(has(world_.err, "add --yes"));
  world_.world().in_is_terminal = world_.world().err_is_terminal = true;
  world_.typed = "n";
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 1);
  EXPECT_TRUE(world_.coordinator.requests.empty());
  world_.typed = "y";
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 0) << world_.err;
  world_.world().in_is_terminal = false;
  EXPECT_EQ(world_.run({"apply", "main.plan", "--yes"}), 0) << world_.err;
  EXPECT_FALSE(has(world_.err, "Do this?"));
}

TEST_F(SavedPlans, APlanWithMoreStepsThanItListsIsAskedAbout) {
  json more = kAnswer;
  more["plan_total"] = 1001;
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", more);
  ASSERT_EQ(save(), 0) << world_.err;
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 2) << world_.err;
}

TEST_F(SavedPlans, OneWithNothingToDoDoesNotAskToBeCarriedOut) {
  json nothing = kAnswer;
  nothing["plan"] = json::array();
  nothing["plan_total"] = 0;
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", nothing);
  ASSERT_EQ(save(), 0) << world_.err;
  EXPECT_EQ(world_.err, "main.plan is written; there is nothing to carry out\n");
}

TEST_F(SavedPlans, OneThatDoesNotHoldStopsAndSaysWhatMoved) {
  ASSERT_EQ(save(), 0) << world_.err;
  accept_everything();
  json now = kAnswer;
  now["plan"] = {line("~", "create", "db-1", "db-1", "its definition changed")};
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.refuse("POST /workflows/batch/submit", 409, "conflict", "the plan does not hold any more: ...");
  world_.coordinator.answer("POST /workflows/batch/submit", now);
  EXPECT_EQ(world_.run({"apply", "main.plan"}), 5);
  EXPECT_TRUE(has(world_.err, "not any more:  + create db-1")) << world_.err;
  EXPECT_TRUE(has(world_.err, "new:           ~ create db-1  (its definition changed)"));
  EXPECT_TRUE(has(world_.err, "hint: make a new plan and look at it: provisioning plan --infra main --out main.plan"));
}

TEST_F(SavedPlans, WhatIsNoPlanIsRefusedBeforeAnythingIsAsked) {
  ASSERT_EQ(save(), 0) << world_.err;
  const json good = json::parse(read("main.plan"));
  const auto refused = [&](const json& document, int exit) {
    world_.folder.write("bad.plan", document.dump());
    world_.coordinator.requests.clear();
    EXPECT_EQ(world_.run({"apply", "bad.plan"}), exit) << world_.err;
    EXPECT_TRUE(world_.coordinator.requests.empty());
  };
  refused(json::array(), 2);
  json other = good;
  other["version"] = 99;
  refused(other, 2);
  other = good;
  other.erase("digest");
  refused(other, 2);
  other = good;
  other["path"] = "/platform/stop";
  refused(other, 2);
  other = good;
  ASSERT_FALSE(other["bundles"].empty());
  other["bundles"][0]["bytes"] = "00";
  refused(other, 3);
  EXPECT_EQ(world_.run({"apply", "nowhere.plan"}), 4);
}

TEST_F(SavedPlans, ADestructiveSubmissionIsBoundToWhatWasSaidYesTo) {
  world_.folder.write(
      "ws/rm.yaml",
      "batch_workflow:\n  name: rm\n  operations:\n    - {id: rm, type: server_delete, servers: [web-1]}\n");
  json plan = kAnswer;
  plan["plan"] = {line("-", "delete", "web-1", "web-1")};
  world_.coordinator.answers["POST /workflows/batch/submit"] = {};
  world_.coordinator.answer("POST /workflows/batch/submit", plan);
  EXPECT_EQ(world_.run({"batch", "submit", "ws/rm.yaml"}), 2) << "nobody can be asked";
  EXPECT_TRUE(has(world_.err, "- delete web-1")) << world_.err;
  world_.world().in_is_terminal = world_.world().err_is_terminal = true;
  world_.typed = "y";
  json done = plan;
  done["workflow"] = kWorkflow;
  world_.coordinator.answer("POST /workflows/batch/submit", done);
  world_.coordinator.answer("POST /workspaces", {{"changed", false}});
  EXPECT_EQ(world_.run({"batch", "submit", "ws/rm.yaml"}), 0) << world_.err;
  EXPECT_EQ(last_target(), "/workflows/batch/submit?workspace=demo&plan=" + kDigest);
}

}  // namespace
}  // namespace prov::cli
