// Following a workflow: the model against overlapping news, and the whole of it over a scripted feed.
#include <gtest/gtest.h>

#include <random>

#include "coordinator/cli/monitor_model.h"
#include "tests/unit/cli/fake_world.h"

namespace prov::cli {
namespace {

using test::has;
using test::json;

const std::string kWorkflow = "11111111-1111-4111-8111-111100000000";
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
  EXPECT_EQ(world_.out, "workflow " + kWorkflow + ": done\ndone 1, failed 0, skipped 0, in doubt 0, not delivered 0\n");
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
  EXPECT_TRUE(has(world_.err, "next: provisioning workflow output " + kTask));
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
  EXPECT_TRUE(has(world_.out, "last line: syncing to disk")) << world_.out;
  EXPECT_EQ(monitor(), 1) << "one that has ended already";
  EXPECT_TRUE(has(world_.out, "last line: syncing to disk")) << world_.out;
}

}  // namespace
}  // namespace prov::cli
