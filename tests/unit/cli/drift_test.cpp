// What checks and rehearsals say, read from what they printed; and the verbs that show it.
#include "coordinator/cli/views/drift.h"

#include <gtest/gtest.h>

#include "coordinator/cli/views/rehearsal.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::kWorkflow;

using test::has;
using test::json;

TEST(Drift, ReadsOneLinePerAttribute) {
  const std::string output =
      "checking\n"
      "drift: port expected \"5432\" found \"5433\"\r\n"
      "drift: user app expected \"yes\" found nothing\n"
      "drift: motd expected \"a \\\"b\\\" \\\\ c\" found \"\"\n";
  EXPECT_EQ(differences_in(output),
            (std::vector<Difference>{
                {"port", "5432", "5433"}, {"user app", "yes", std::nullopt}, {"motd", "a \"b\" \\ c", ""}}));
}

TEST(Drift, WhatIsNotQuiteSuchALineIsNone) {
  for (const char* text : {"drift: port", "drift: port expected 5 found 6", "drift: port expected \"5\" found \"6",
                           "drift: expected \"5\" found \"6\"", " drift: port expected \"5\" found \"6\"",
                           "drift: port expected \"5\" found \"6\" or so", "drift: port expected \"5\" found"}) {
    EXPECT_TRUE(differences_in(text).empty()) << text;
  }
}

TEST(Drift, SaysWhatBringsItBack) {
  const auto one = [](const char* infra, const char* server, const char* name, Drift::Verdict verdict) {
    Drift drift;
    drift.infra = infra;
    drift.server = server;
    drift.name = name;
    drift.verdict = verdict;
    return drift;
  };
  std::vector<Drift> drifts{
      one("b", "h", "pg", Drift::Verdict::differs), one("a", "web-2", "os", Drift::Verdict::differs),
      one("a", "web-1", "nginx", Drift::Verdict::differs), one("a", "web-3", "redis", Drift::Verdict::same),
      one("c", "x", "y", Drift::Verdict::unknown)};
  EXPECT_EQ(ways_back(drifts),
            (std::vector<std::string>{
                "provisioning taskserv create nginx os --infra a --server web-1 --server web-2 --again --check",
                "provisioning taskserv create pg --infra b --server h --again --check"}));
  for (int i = 0; i < 9; ++i) drifts.push_back(one("b", std::to_string(i).c_str(), "pg", Drift::Verdict::differs));
  EXPECT_EQ(ways_back(drifts)[1], "provisioning taskserv create pg --infra b --again --check") << "too many to name";
}

json taskserv(const std::string& name) {
  return {{"server", "db-1"},        {"name", name},
          {"status", "installed"},   {"installed_version", "15.0.0"},
          {"version", "15.0.0"},     {"bundle", std::string(64, 'a')},
          {"params", json::object()}};
}
json check_task(const std::string& outcome, int exit_code, const std::string& message = "") {
  return {{"outcome", outcome}, {"exit_code", exit_code}, {"message", message}};
}

TEST(Drift, OnlyACheckThatSaysSoIsNoDrift) {
  using Verdict = Drift::Verdict;
  const auto verdict = [](const json& task) { return drift_of(taskserv("pg"), task, "").verdict; };
  EXPECT_EQ(verdict(check_task("done", 0)), Verdict::same);
  EXPECT_EQ(verdict(check_task("unchanged", 10)), Verdict::same);
  EXPECT_EQ(verdict(check_task("failed", 21)), Verdict::differs);
  EXPECT_EQ(verdict(check_task("failed", 20)), Verdict::differs);
  EXPECT_EQ(verdict(check_task("failed", 1)), Verdict::unknown);
  EXPECT_EQ(verdict(check_task("failed", 75)), Verdict::unknown) << "it cannot tell now";
  for (const char* outcome : {"refused", "not delivered", "timed out", "in doubt", "interrupted", "skipped"}) {
    EXPECT_EQ(verdict(check_task(outcome, 0)), Verdict::unknown) << outcome;
  }
  const Drift missing =
      drift_of(taskserv("pg"), check_task("failed", 0, "task service \"pg\" has no scripts/check"), "");
  EXPECT_EQ(missing.verdict, Verdict::unknown) << "one without a check is never \"no change\"";
  EXPECT_TRUE(has(missing.message, "has no scripts/check"));
  EXPECT_EQ(drift_of(taskserv("pg"), json::object(), "").message, "it was not checked");
}

TEST(Drift, WhatIsGoneIsADifferenceInItself) {
  const Drift gone = drift_of(taskserv("pg"), check_task("failed", 20), "");
  EXPECT_EQ(gone.differences, (std::vector<Difference>{{"installed", "15.0.0", std::nullopt}}));
}

class DriftVerb : public testing::Test {
 protected:
  DriftVerb() {
    world_.make_demo();
    world_.coordinator.answer("POST /workspaces", {{"changed", false}});
    world_.coordinator.answer("GET /status", {{"sequence", 1}});
    world_.coordinator.answer("POST /workflows/batch/submit", {{"workflow", kWorkflow}, {"plan_total", 2}});
    world_.coordinator.answer("GET /taskservs", {{"items", {taskserv("pg"), taskserv("redis")}}, {"total", 2}});
  }
  void checks_end(const json& pg, const std::string& pg_output, const json& redis) {
    json tasks = json::array();
    int n = 0;
    for (const auto& [name, task] : {std::pair("pg", pg), std::pair("redis", redis)}) {
      json one = task;
      one["id"] = "11111111-1111-4111-8111-11110000000" + std::to_string(++n);
      one["server"] = "db-1";
      one["args"] = {name, "15.0.0"};
      one["attempt"] = 1;
      one["state"] = "ended";
      tasks.push_back(one);
      world_.coordinator.answers["GET /tasks/" + one["id"].get<std::string>() + "/output"] = {
          {200, {{"x-output-complete", "true"}}, name == std::string("pg") ? pg_output : ""}};
      world_.coordinator.answer("GET /tasks/" + one["id"].get<std::string>(), {{"attempt", 1}, {"output", ""}});
    }
    world_.coordinator.answer(
        "GET /workflows/" + kWorkflow,
        {{"id", kWorkflow}, {"status", "ended"}, {"outcome", "failed"}, {"counts", {{"total", 2}}}, {"tasks", tasks}});
  }
  test::FakeWorld world_;
};

TEST_F(DriftVerb, AsksTheChecksInCheckModeAndReportsPerAttribute) {
  checks_end(check_task("failed", 21), "drift: port expected \"5432\" found \"5433\"\n", check_task("done", 0));
  EXPECT_EQ(world_.run({"drift"}), 11) << world_.err;
  EXPECT_EQ(world_.out,
            "differs  pg on db-1\n"
            "  ~ port: it should be \"5432\", there is \"5433\"\n"
            "1 as they should be, 1 differ, 0 unknown\n");
  for (const auto& request : world_.coordinator.requests) {
    if (request.target.rfind("/workflows/batch/submit", 0) != 0) continue;
    const json body = json::parse(request.body);
    ASSERT_EQ(body["operations"].size(), 1U);
    EXPECT_EQ(body["operations"][0]["mode"], "check");
    EXPECT_EQ(body["operations"][0]["taskservs"].size(), 2U);
  }
  EXPECT_EQ(world_.run({"drift", "-o", "json"}), 11);
  EXPECT_EQ(world_.document()["items"][0]["attributes"],
            json::array({{{"attribute", "port"}, {"expected", "5432"}, {"found", "5433"}}}));
  EXPECT_EQ(world_.document()["same"], 1);
}

TEST_F(DriftVerb, NoDriftIsZeroAndUnknownIsNot) {
  checks_end(check_task("done", 0), "", check_task("done", 0));
  EXPECT_EQ(world_.run({"drift"}), 0) << world_.err;
  world_.coordinator.answers["GET /workflows/" + kWorkflow] = {};
  checks_end(check_task("done", 0), "", check_task("refused", 0, "no"));
  EXPECT_EQ(world_.run({"drift"}), 1);
  EXPECT_TRUE(has(world_.out, "unknown  redis on db-1  no\n")) << world_.out;
}

TEST_F(DriftVerb, NothingInstalledNeedsNoWorkflow) {
  world_.coordinator.answers["GET /taskservs"] = {};
  world_.coordinator.answer("GET /taskservs", {{"items", json::array()}, {"total", 0}});
  EXPECT_EQ(world_.run({"drift", "--infra", "main"}), 0) << world_.err;
  EXPECT_EQ(world_.coordinator.requests.size(), 1U);
}

TEST(Rehearsal, TheReportIsTheLastMarkedLine) {
  const auto report = rehearsal_in("hello\nprov-rehearsal {\"version\":0}\nx\nprov-rehearsal {\"version\":1}\n");
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ((*report)["version"], 1);
  EXPECT_FALSE(rehearsal_in("hello\n"));
  EXPECT_FALSE(rehearsal_in(""));
  EXPECT_FALSE(rehearsal_in("prov-rehearsal {broken\n"));
  EXPECT_FALSE(rehearsal_in("echo prov-rehearsal {}\n"));
}

TEST(Rehearsal, SaysWhatWouldBeAddedChangedAndRemoved) {
  const json report = {
      {"files",
       {{"added", 1},
        {"changed", 0},
        {"removed", 1},
        {"list",
         {{{"path", "/etc/x"}, {"change", "added"}, {"kind", "file"}, {"mode", "0644"}, {"size", 12}},
          {{"path", "/etc/y"}, {"change", "removed"}, {"kind", "file"}, {"mode", "0644"}, {"size", 3}}}}}},
      {"packages",
       {{"added", 0},
        {"changed", 1},
        {"removed", 0},
        {"list", {{{"name", "redis"}, {"change", "changed"}, {"from", "6"}, {"to", "7"}}}}}},
      {"incomplete", {"/boot was not there"}}};
  const Console console([](std::string_view) {}, [](std::string_view) {}, {});
  const std::string text = rehearsals_text({{"db-1", "redis", "done", "rehearsed", report}}, console);
  EXPECT_EQ(text,
            "redis on db-1: done, rehearsed\n"
            "  packages: 0 added, 1 changed, 0 removed\n"
            "    ~ redis 6 -> 7\n"
            "  files: 1 added, 0 changed, 1 removed\n"
            "    + /etc/x  0644 12 B\n"
            "    - /etc/y  0644 3 B\n"
            "  not rehearsed: /boot was not there\n");
}

TEST_F(DriftVerb, ARehearsalRunsInAThrowAwayCopyAndIsAWayToCheck) {
  EXPECT_EQ(world_.run({"taskserv", "create", "--rehearse"}), 2);
  EXPECT_TRUE(has(world_.err, "add --check"));
  EXPECT_EQ(world_.run({"infra", "validate", "--out", "json"}), 0);
  const json known = world_.document();
  for (const auto& one : known["items"][0]["taskservs"]) {
    world_.coordinator.answers["HEAD /blobs/" + one["bundle"].get<std::string>()] = {{200, {}, ""}};
  }
  checks_end(check_task("done", 0), "work\nprov-rehearsal {\"packages\":{\"added\":1,\"list\":[]}}\n",
             check_task("done", 0));
  EXPECT_EQ(world_.run({"taskserv", "create", "--check", "--rehearse", "-o", "json"}), 8) << "as the workflow ended";
  EXPECT_EQ(world_.document()["items"][0]["report"]["packages"]["added"], 1);
  EXPECT_TRUE(world_.document()["items"][1]["report"].is_null());
  for (const auto& request : world_.coordinator.requests) {
    if (request.target.rfind("/workflows/batch/submit", 0) != 0) continue;
    EXPECT_EQ(json::parse(request.body)["operations"][0]["mode"], "rehearse");
  }
}

}  // namespace
}  // namespace prov::cli
