// Following a workflow: the model against overlapping news, and the whole of it over a scripted feed.
#include <gtest/gtest.h>

#include <random>
#include <sstream>

#include "common/ids.h"
#include "coordinator/cli/views/monitor_model.h"
#include "coordinator/cli/views/monitor_view.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::kWorkflow;

using test::has;
using test::json;

const std::string kTask = "11111111-1111-4111-8111-111100000001";

json workflow(const std::string& state, const json& outcome = nullptr, int attempt = 1) {
  const bool ended = state == "ended";
  return {{"id", kWorkflow},
          {"status", ended ? "ended" : "running"},
          {"outcome", ended ? outcome : json()},
          {"counts", {{"total", 1}}},
          {"tasks",
           {{{"id", kTask},
             {"name", "db-1: install redis"},
             {"server", "db-1"},
             {"state", state},
             {"attempt", attempt},
             {"outcome", ended ? outcome : json()},
             {"exit_code", ended ? json(outcome == "done" ? 0 : 1) : json()},
             {"message", ""},
             {"started_at", state == "ready" ? json() : json("2026-01-31T10:00:00.000Z")},
             {"completed_at", ended ? json("2026-01-31T10:00:05.000Z") : json()}}}}};
}

json event(std::uint64_t sequence, const std::string& type, json body) {
  if (!body.contains("task") && type != "WorkflowEnded") body["task"] = kTask;
  return {{"sequence", sequence}, {"type", type}, {"log_time_ms", 1'769'853'600'000 + sequence * 1000}, {"body", body}};
}
Stream::Message frame(std::uint64_t sequence, const std::string& type, const json& body) {
  return {Stream::Kind::text,
          json{{"kind", "event"}, {"sequence", sequence}, {"event", event(sequence, type, body)}}.dump()};
}

TEST(MonitorModel, TellsEachChangeOnceWhateverComesTwice) {
  MonitorModel model;
  EXPECT_TRUE(model.load(workflow("ready", nullptr, 0)).empty());
  const json sent = event(1, "TaskDispatched", {{"attempt", 1}}), started = event(2, "TaskStarted", {{"attempt", 1}});
  const json again =
      event(3, "TaskEnded", {{"attempt", 1}, {"outcome", "failed"}, {"exit_code", 75}, {"retry_at_ms", 9}});
  const json second = event(5, "TaskStarted", {{"attempt", 2}});
  const json ended =
      event(6, "TaskEnded", {{"attempt", 2}, {"outcome", "timed_out"}, {"exit_code", -9}, {"retry_at_ms", 0}});
  EXPECT_TRUE(model.apply(sent).empty());
  ASSERT_EQ(model.apply(started).size(), 1U);
  EXPECT_EQ(model.counts().running, 1U);
  EXPECT_TRUE(model.apply(started).empty());
  EXPECT_TRUE(model.apply(sent).empty());
  ASSERT_EQ(model.apply(again).size(), 1U);
  EXPECT_EQ(model.counts().waiting, 1U);
  EXPECT_TRUE(model.apply(started).empty());
  ASSERT_EQ(model.apply(second).size(), 1U);
  ASSERT_EQ(model.apply(ended).size(), 1U);
  EXPECT_TRUE(model.apply(second).empty());
  EXPECT_TRUE(model.load(workflow("running", nullptr, 2)).empty());
  EXPECT_EQ(model.steps()[0].outcome, "timed out");
  EXPECT_EQ(model.counts().failed, 1U);
}

TEST(MonitorModel, ALateVerdictReplacesDoubt) {
  MonitorModel model;
  model.load(workflow("running"));
  ASSERT_EQ(model.apply(event(4, "TaskInDoubt", {{"attempt", 1}, {"reason", "no word"}})).size(), 1U);
  EXPECT_EQ(model.counts().in_doubt, 1U);
  ASSERT_EQ(model.apply(event(5, "TaskEnded", {{"attempt", 1}, {"outcome", "done"}})).size(), 1U);
  EXPECT_EQ(model.counts().done, 1U);
  EXPECT_TRUE(model.apply(event(6, "TaskInDoubt", {{"attempt", 1}})).empty());
}

TEST(MonitorModel, AnyOrderOfNewsEndsInTheSameState) {
  std::vector<json> news{event(1, "TaskDispatched", {{"attempt", 1}}),
                         event(2, "TaskStarted", {{"attempt", 1}}),
                         event(3, "TaskEnded", {{"attempt", 1}, {"outcome", "failed"}, {"retry_at_ms", 5}}),
                         event(4, "TaskDispatched", {{"attempt", 2}}),
                         event(5, "TaskStarted", {{"attempt", 2}}),
                         event(6, "TaskEnded", {{"attempt", 2}, {"outcome", "done"}, {"retry_at_ms", 0}})};
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    std::shuffle(news.begin(), news.end(), random);
    MonitorModel model;
    model.load(workflow("ready", nullptr, 0));
    std::size_t ends = 0;
    for (const auto& one : news) {
      for (const auto& change : model.apply(one)) ends += change.what == StepChange::What::ended ? 1 : 0;
    }
    ASSERT_EQ(model.counts().done, 1U) << "seed " << seed;
    ASSERT_EQ(ends, 1U) << "seed " << seed;
  }
}

TEST(MonitorModel, StrangeNewsChangeNothing) {
  MonitorModel model;
  model.load(workflow("running"));
  for (const char* text : {"null", "[]", "{}", R"({"type":"TaskEnded"})", R"({"type":7,"body":[]})",
                           R"({"type":"TaskStarted","body":{"task":"nobody"}})"}) {
    EXPECT_TRUE(model.apply(json::parse(text)).empty()) << text;
  }
  EXPECT_EQ(model.counts().running, 1U);
}

TEST(MonitorModel, KeepsTheLastLineOfOutput) {
  MonitorModel model;
  model.load(workflow("running"));
  model.add_output(kTask, 1, "one\ntwo\r\n\n");
  EXPECT_EQ(model.steps()[0].last_line, "two");
  model.add_output(kTask, 1, " \n");
  EXPECT_EQ(model.steps()[0].last_line, "two");
  model.add_output("other", 1, "x");
  model.add_output(kTask, 1, "a\033]0;title\x07");
  EXPECT_EQ(model.steps()[0].last_line, "a?]0;title?");
}

class Follow : public testing::Test {
 protected:
  Follow() {
    world_.make_demo();
    world_.coordinator.answer("GET /status", {{"sequence", 40}});
    world_.coordinator.answer("GET /tasks/" + kTask, {{"attempt", 1}, {"output", ""}});
  }
  int monitor(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words{"workflow", "monitor", kWorkflow};
    words.insert(words.end(), more.begin(), more.end());
    return world_.run(words);
  }
  std::string route() const { return "GET /workflows/" + kWorkflow; }
  void script(std::vector<Stream::Message> messages) {
    world_.coordinator.streams.push_back({std::move(messages), true, {}});
  }

  test::FakeWorld world_;
};

TEST_F(Follow, PlainLinesOnePerChangeThenTheSummary) {
  world_.coordinator.answer(route(), workflow("ready", nullptr, 0));
  world_.coordinator.answer(route(), workflow("ended", "done"));
  script({frame(41, "TaskDispatched", {{"attempt", 1}}),
          frame(42, "TaskStarted", {{"attempt", 1}}),
          {Stream::Kind::text, json{{"kind", "output"}, {"task", kTask}, {"attempt", 1}, {"data", "x\n"}}.dump()},
          frame(47, "TaskEnded", {{"attempt", 1}, {"outcome", "done"}, {"exit_code", 0}}),
          frame(48, "WorkflowEnded", {{"outcome", "done"}})});
  EXPECT_EQ(monitor(), 0) << world_.err;
  EXPECT_EQ(world_.err,
            "  started       db-1: install redis\n"
            "  done          db-1: install redis  5.0s\n");
  EXPECT_EQ(world_.out, "workflow " + kWorkflow + ": done\ndone 1, failed 0, skipped 0, not delivered 0, in doubt 0\n");
  EXPECT_EQ(world_.coordinator.streams_opened[0],
            "/ws?events=task%2Cworkflow&workflow=" + kWorkflow + "&output=tail&from=40");
}

TEST_F(Follow, ComesBackFromTheLastSequenceWhenTheConnectionBreaks) {
  world_.coordinator.answer(route(), workflow("ready", nullptr, 0));
  world_.coordinator.answer(route(), workflow("running"));
  world_.coordinator.answer(route(), workflow("ended", "failed"));
  script({frame(41, "TaskDispatched", {{"attempt", 1}}), {Stream::Kind::text, R"({"kind":"ping","sequence":45})"}});
  world_.coordinator.streams.back().before_end = [this] { world_.coordinator.up = false; };
  world_.on_sleep = [this] { world_.coordinator.up = world_.now_ms > 1'003'000; };
  script({frame(46, "TaskEnded", {{"attempt", 1}, {"outcome", "failed"}, {"exit_code", 1}}),
          frame(47, "WorkflowEnded", {{"outcome", "failed"}})});
  EXPECT_EQ(monitor(), 1);
  ASSERT_EQ(world_.coordinator.streams_opened.size(), 2U);
  EXPECT_TRUE(has(world_.coordinator.streams_opened[1], "from=45"));
  EXPECT_TRUE(has(world_.err, "connection lost"));
  EXPECT_TRUE(has(world_.err, "connected again, from event 45"));
  EXPECT_TRUE(has(world_.err, "next: provisioning workflow output " + kWorkflow +
                                  "/1\nnext: provisioning workflow retry " + kWorkflow + " --failed\n"));
}

TEST_F(Follow, ACoordinatorThatGoesBeforeTheFeedIsThereIsWaitedForToo) {
  world_.coordinator.answer(route(), workflow("ready", nullptr, 0));
  world_.coordinator.answer(route(), workflow("running"));
  world_.coordinator.answer(route(), workflow("ended", "done"));
  world_.on_sleep = [this] {  // there is no stream until then
    if (world_.now_ms > 1'060'000 && world_.coordinator.streams_opened.size() > 5 && world_.coordinator.streams.empty())
      script({frame(48, "WorkflowEnded", {{"outcome", "done"}})});
  };
  EXPECT_EQ(monitor(), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "; trying on\n")) << world_.err;
  EXPECT_TRUE(has(world_.err, "connected again, from event 40\n"));
}

TEST_F(Follow, GivesUpOnACoordinatorThatStaysAway) {
  world_.coordinator.answer(route(), workflow("running"));
  script({});
  world_.coordinator.streams.back().before_end = [this] { world_.coordinator.up = false; };
  EXPECT_EQ(monitor(), 7);
  EXPECT_TRUE(has(world_.err, "provisioning workflow monitor " + kWorkflow));
}

TEST_F(Follow, InterruptAndTimeoutLeaveTheWorkflowRunning) {
  world_.coordinator.answer(route(), workflow("running"));
  world_.coordinator.streams.push_back({{}, false, [this] { world_.interrupted = true; }});
  EXPECT_EQ(monitor(), 130);
  EXPECT_TRUE(has(world_.err, "come back:   provisioning workflow monitor " + kWorkflow));
  world_.interrupted = false;
  world_.coordinator.streams.push_back({{}, false, {}});
  EXPECT_EQ(monitor({"--timeout", "2"}), 10);
  EXPECT_TRUE(has(world_.err, "the workflow goes on"));
  for (const auto& line : world_.coordinator.lines()) EXPECT_FALSE(has(line, "cancel")) << line;
}

TEST_F(Follow, OneThatEndedIsSummedUpWithoutAFeed) {
  world_.coordinator.answer(route(), workflow("ended", "in doubt"));
  EXPECT_EQ(monitor(), 9);
  EXPECT_TRUE(world_.coordinator.streams_opened.empty());
}

TEST_F(Follow, JsonIsOneDocument) {
  world_.coordinator.answer(route(), workflow("ended", "done"));
  EXPECT_EQ(monitor({"--out", "json"}), 0);
  EXPECT_EQ(world_.document()["id"], kWorkflow);
  EXPECT_TRUE(world_.err.empty());
}

TEST_F(Follow, DrawsInPlaceOnATerminalAndNowhereElse) {
  const auto play = [&] {
    world_.coordinator.answers[route()] = {};
    world_.coordinator.answer(route(), workflow("running"));
    world_.coordinator.answer(route(), workflow("ended", "done"));
    script(
        {{Stream::Kind::text, R"({"kind":"ping","sequence":45})"}, frame(48, "WorkflowEnded", {{"outcome", "done"}})});
    EXPECT_EQ(monitor(), 0);
  };
  world_.world().err_is_terminal = true;
  play();
  EXPECT_TRUE(has(world_.err, "\033[K0 of 1 done, 1 running"));
  EXPECT_TRUE(has(world_.err, "\033[J"));
  for (const auto& [name, value] : {std::pair("TERM", "dumb"), std::pair("NO_COLOR", "1")}) {
    world_.env = {{"PROVISIONING_HOME", world_.env["PROVISIONING_HOME"]}, {name, value}};
    play();
    EXPECT_FALSE(has(world_.err, "\033")) << name;
  }
}

TEST_F(Follow, WhatAStepSaidBeforeWeLookedIsShownToo) {
  world_.coordinator.answers["GET /tasks/" + kTask] = {};
  world_.coordinator.answer("GET /tasks/" + kTask, {{"attempt", 1}, {"output", "begins\nsyncing to disk\n"}});
  world_.coordinator.answer(route(), workflow("running"));
  world_.coordinator.answer(route(), workflow("ended", "failed"));
  script({{Stream::Kind::text, R"({"kind":"ping","sequence":45})"},
          frame(46, "TaskEnded", {{"attempt", 1}, {"outcome", "failed"}, {"exit_code", 1}}),
          frame(48, "WorkflowEnded", {{"outcome", "failed"}})});
  world_.world().err_is_terminal = true;
  EXPECT_EQ(monitor(), 1);
  EXPECT_TRUE(has(world_.err, "| syncing to disk")) << world_.err;
  EXPECT_TRUE(has(world_.out, "it said: syncing to disk")) << world_.out;
  EXPECT_EQ(monitor(), 1) << "one that has ended already";
  EXPECT_TRUE(has(world_.out, "it said: syncing to disk")) << world_.out;
}

// ---- many hosts, and what is above single steps

json wide(std::size_t steps, const std::string& state = "ready") {
  json out = workflow(state, nullptr, 0);
  json tasks = json::array();
  const auto id = *parse_id(kWorkflow);
  for (std::uint32_t i = 0; i < steps; ++i) {
    json one = out["tasks"][0];
    one["id"] = to_text(task_id(id, i));
    one["name"] = "web-" + std::to_string(i) + ": run";
    one["server"] = "web-" + std::to_string(i);
    tasks.push_back(std::move(one));
  }
  out["tasks"] = std::move(tasks);
  out["counts"]["total"] = steps;
  const std::size_t half = steps / 2;
  out["operations_total"] = 2;
  out["operations"] = {{{"id", "build"},
                        {"index", 0},
                        {"kind", "script"},
                        {"status", "open"},
                        {"first_task", 0},
                        {"task_count", half},
                        {"waves", {{"opened", 1}, {"total", 2}}}},
                       {{"id", "deploy"},
                        {"index", 1},
                        {"kind", "script"},
                        {"status", "waiting"},
                        {"first_task", half},
                        {"task_count", steps - half},
                        {"waves", {{"opened", 0}, {"total", 1}}}}};
  return out;
}
json about(std::uint32_t step, json body) {
  body["task"] = to_text(task_id(*parse_id(kWorkflow), step));
  return body;
}

TEST(MonitorModel, AnOperationHasABarACountARateAndATimeLeft) {
  MonitorModel model;
  model.load(wide(100));
  for (std::uint32_t i = 0; i < 25; ++i) {
    model.apply(event(1, "TaskStarted", about(i, {{"attempt", 1}})));
    const bool bad = i < 2;
    model.apply(event(11, "TaskEnded", about(i, {{"attempt", 1}, {"outcome", bad ? "failed" : "done"}})));
  }
  const std::uint64_t begin_ms = 1'769'853'600'000 + 1000;
  EXPECT_EQ(operation_line(model, 0, begin_ms + 10'000),
            "  build         [##########..........] 25/50, 2 failed  2.5/s  about 10s more");
  EXPECT_EQ(operation_line(model, 1, begin_ms + 10'000), "  deploy        [....................] 0/50");
  const auto lines = live_lines(model, begin_ms + 10'000, 10'000, 24, 80);
  ASSERT_EQ(lines.size(), 2U) << "what waits needs no line, and nothing runs";
  EXPECT_TRUE(has(lines[0], "23 of 100 done, 2 failed"));
}

TEST(MonitorModel, TheLiveAreaStaysWithinTheTerminal) {
  MonitorModel model;
  model.load(wide(200, "running"));
  for (int rows : {2, 3, 8, 24}) {
    const auto lines = live_lines(model, 1'769'853'600'000, 5000, rows, 40);
    EXPECT_LE(lines.size(), static_cast<std::size_t>(rows)) << rows;
    for (const auto& line : lines) EXPECT_LE(width_of(line), 40U) << line;
  }
  EXPECT_TRUE(has(live_lines(model, 1'769'853'600'000, 5000, 8, 80).back(), "more"));
}

TEST(MonitorModel, OfManyStepsOnlyWhatWentWrongIsALine) {
  MonitorModel few, many;
  few.load(wide(10));
  many.load(wide(100));
  for (MonitorModel* model : {&few, &many}) {
    const auto started = model->apply(event(1, "TaskStarted", about(0, {{"attempt", 1}})));
    const auto done = model->apply(event(2, "TaskEnded", about(0, {{"attempt", 1}, {"outcome", "done"}})));
    const auto failed = model->apply(event(3, "TaskEnded", about(1, {{"attempt", 1}, {"outcome", "failed"}})));
    ASSERT_EQ(started.size() + done.size() + failed.size(), 3U);
    EXPECT_EQ(worth_a_line(*model, started[0]), model == &few);
    EXPECT_EQ(worth_a_line(*model, done[0]), model == &few);
    EXPECT_TRUE(worth_a_line(*model, failed[0]));
  }
}

TEST(MonitorModel, WhatHappensToTheWholeIsSaidInWords) {
  MonitorModel model;
  model.load(wide(4));
  const auto note = [&](const std::string& type, json body) {
    body["task"] = "";
    model.apply(event(9, type, std::move(body)));
    const auto notes = model.take_notes();
    return notes.empty() ? std::string() : notes[0];
  };
  EXPECT_EQ(note("OperationOpened", {{"operation", 0}, {"wave", 1}}), "build: wave 2 of 2");
  EXPECT_EQ(note("OperationOpened", {{"operation", 1}, {"wave", 0}}), "") << "one wave is none";
  EXPECT_EQ(
      note("OperationSkipped", {{"operation", 1}, {"outcome", "skipped"}, {"reason", "needs \"build\", which failed"}}),
      "deploy: skipped, needs \"build\", which failed");
  EXPECT_EQ(note("OperationSkipped", {{"operation", 1}, {"outcome", "skipped"}, {"unneeded", true}}),
            "deploy: not needed");
  EXPECT_EQ(note("WorkflowPaused", {{"reason", "lunch"}}), "paused: lunch");
  EXPECT_TRUE(model.paused());
  EXPECT_TRUE(has(live_lines(model, 0, 0, 24, 80)[0], "paused"));
  EXPECT_EQ(note("WorkflowResumed", json::object()), "resumed");
  EXPECT_FALSE(model.paused());
  EXPECT_EQ(note("OperationOpened", {{"operation", 99}}), "");
}

TEST(MonitorModel, ARetryMakesWhatFailedOpenAgain) {
  MonitorModel model;
  model.load(wide(4));
  model.apply(event(1, "TaskEnded", about(0, {{"attempt", 1}, {"outcome", "failed"}})));
  model.apply(event(2, "TaskEnded", about(1, {{"attempt", 1}, {"outcome", "done"}})));
  model.apply(event(3, "TaskInDoubt", about(2, {{"attempt", 1}})));
  model.apply(event(4, "WorkflowEnded", {{"outcome", "failed"}}));
  EXPECT_TRUE(model.ended());
  model.apply(event(5, "WorkflowRetried", about(0, {{"operations", json::array()}, {"in_doubt", false}})));
  EXPECT_FALSE(model.ended());
  EXPECT_EQ(model.counts().failed, 0U);
  EXPECT_EQ(model.counts().done, 1U);
  EXPECT_EQ(model.counts().in_doubt, 1U) << "what may have been done is not done again without a word";
  ASSERT_EQ(model.apply(event(6, "TaskEnded", about(0, {{"attempt", 2}, {"outcome", "done"}}))).size(), 1U);
  EXPECT_EQ(model.counts().done, 2U);
}

TEST(MonitorModel, TheSummaryNamesTwentyFailuresAndCountsTheRest) {
  MonitorModel model;
  json all = wide(60, "ended");
  for (std::size_t i = 0; i < 60; ++i) {
    all["tasks"][i]["outcome"] = i < 30 ? "failed" : i < 50 ? "skipped" : "done";
    all["tasks"][i]["message"] = i < 30 ? "exit code 3" : i < 50 ? "the workflow stopped because \"build\" failed" : "";
    all["tasks"][i]["attempt"] = 1;
  }
  all["status"] = "ended";
  all["outcome"] = "failed";
  all["failures"] = {{"items", {{{"task", all["tasks"][0]["id"]}, {"line", "error: no space"}}}}, {"total", 30}};
  model.load(all);
  const Console console([](std::string_view) {}, [](std::string_view) {}, {});
  const std::string text = summary_text(kWorkflow, model, console);
  EXPECT_TRUE(has(text, "done 10, failed 30, skipped 20, not delivered 0, in doubt 0\n")) << text;
  EXPECT_TRUE(has(text, "it said: error: no space"));
  EXPECT_TRUE(has(text, "... and 10 more\n"));
  EXPECT_TRUE(has(text, "20 steps skipped: the workflow stopped because \"build\" failed\n"));
  const auto next = next_commands(kWorkflow, model);
  ASSERT_EQ(next.size(), 3U);
  EXPECT_EQ(next[0], "provisioning workflow output " + kWorkflow + "/1");
  EXPECT_EQ(next[1], "provisioning workflow retry " + kWorkflow + " --failed");
  EXPECT_EQ(next[2], "provisioning workflow rollback " + kWorkflow + " --check");
  all["past"] = true;
  model.load(all);
  EXPECT_EQ(next_commands(kWorkflow, model).size(), 1U) << "what is only in the log can only be looked at";
  all["past"] = false;
  all["rolled_back_by"] = {"22222222-2222-4222-8222-222200000000"};
  model.load(all);
  EXPECT_EQ(next_commands(kWorkflow, model).back(),
            "provisioning workflow monitor 22222222-2222-4222-8222-222200000000");
}

TEST_F(Follow, AnApprovalSaysWhatItWaitsFor) {
  json waiting = workflow("ready", nullptr, 0);
  waiting["tasks"][0]["command"] = "approval";
  waiting["tasks"][0]["args"] = {"ship it?"};
  world_.coordinator.answer(route(), waiting);
  world_.coordinator.answer(route(), workflow("ended", "done"));
  script({frame(41, "TaskDispatched", {{"attempt", 1}}), frame(48, "WorkflowEnded", {{"outcome", "done"}})});
  EXPECT_EQ(monitor(), 0) << world_.err;
  EXPECT_TRUE(has(world_.err, "waits for a yes: ship it?")) << world_.err;
}

TEST_F(Follow, JsonLinesAreTheFeedAsItComesWithItsVersionFirst) {
  world_.coordinator.answer(route(), workflow("running"));
  world_.coordinator.answer(route(), workflow("ended", "done"));
  script({frame(41, "TaskEnded", {{"attempt", 1}, {"outcome", "done"}}),
          {Stream::Kind::text, R"({"kind":"ping","sequence":45})"},
          frame(48, "WorkflowEnded", {{"outcome", "done"}})});
  EXPECT_EQ(monitor({"--out", "jsonl"}), 0) << world_.err;
  std::vector<json> lines;
  std::istringstream in(world_.out);
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  ASSERT_EQ(lines.size(), 5U) << world_.out;
  EXPECT_EQ(lines[0],
            (json{{"kind", "schema"}, {"schema", "provisioning.feed"}, {"version", 1}, {"workflow", kWorkflow}}));
  EXPECT_EQ(lines[1]["event"]["type"], "TaskEnded");
  EXPECT_EQ(lines[2]["kind"], "ping");
  EXPECT_EQ(lines[4]["kind"], "end");
  EXPECT_EQ(lines[4]["outcome"], "done");
  EXPECT_EQ(lines[4]["counts"]["done"], 1);
  EXPECT_TRUE(world_.err.empty()) << world_.err;
}

}  // namespace
}  // namespace prov::cli
