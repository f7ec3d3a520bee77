// Workflows that left the working set are answered in the same shapes, from the log.
#include "coordinator/projection/workflows.h"
#include "tests/unit/api/fake_platform.h"

namespace prov::api {
namespace {

using nlohmann::json;

class HistoryRoutes : public ApiTest {
 protected:
  HistoryRoutes() { backend.platform.add_host("a", 1); }

  Id run(const std::string& command = "ls", bool finish = true) {
    backend.platform.must(domain::RunExec{{"a"}, {command}, "", 30});
    const Id id = backend.platform.newest_workflow();
    if (finish) backend.platform.end(task_id(id, 0), Outcome::done);
    return id;
  }
  // The workflow leaves the working set; the log has it still.
  void forget(const Id& id) {
    auto& working_set = backend.platform.state.workflows;
    auto alone = std::make_shared<domain::State>();
    alone->workflows[id] = working_set.at(id);
    history.states[id] = std::move(alone);
    working_set.erase(id);
  }
  event_log::HistoryEntry entry(const domain::Workflow& one, std::uint64_t sequence) {
    event_log::HistoryEntry out;
    out.id = one.id;
    out.submission = {
        {1, sequence, one.submitted_ms}, one.workspace, one.kind, one.name, one.infra, one.initiator, 1, 1};
    if (one.ended) out.end = event_log::EndRecord{{2, sequence + 3, one.ended_ms}, {one.id, one.outcome, 1}, false};
    return out;
  }
  const domain::Workflow& workflow(const Id& id) { return backend.platform.state.workflows.at(id); }
  std::string path(const Id& id) { return "/workflows/" + to_text(id); }
  std::string task_path(const Id& id) { return "/tasks/" + to_text(task_id(id, 0)); }
};

TEST_F(HistoryRoutes, AWorkflowHasTheSameShapeOnceItLeftTheWorkingSet) {
  const Id id = run();
  archive.outputs[{task_id(id, 0), 1}] = "hello\n";
  const std::vector<std::string> questions{path(id), path(id) + "?workspace=w&limit=1", task_path(id),
                                           "/tasks?workflow=" + to_text(id)};
  std::vector<json> before;
  for (const auto& question : questions) before.push_back(call(Method::get, question).json);
  const std::string bytes = call(Method::get, task_path(id) + "/output").response.body;
  EXPECT_EQ(bytes, "hello\n");
  forget(id);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    const bool told = before[i]["data"].contains("past");
    if (told) {
      EXPECT_EQ(std::exchange(before[i]["data"]["past"], true), false) << questions[i];
    }
    EXPECT_EQ(told, i < 2) << questions[i];
    EXPECT_EQ(call(Method::get, questions[i]).json, before[i]) << questions[i];
  }
  const auto output = call(Method::get, task_path(id) + "/output");
  EXPECT_EQ(output.response.body, bytes);
  EXPECT_EQ(output.header("X-Output-Complete"), "true");
  EXPECT_EQ(call(Method::get, task_path(id) + "/output?attempt=2").status(), 404);
}

TEST_F(HistoryRoutes, WhatIsNowhereIsNotFoundAndAnotherWorkspaceIsNowhere) {
  const Id id = run();
  forget(id);
  const Id ghost = workflow_id(Id{{7, 7}});
  for (const std::string& target :
       {path(ghost), path(id) + "?workspace=other", task_path(ghost), task_path(id) + "?workspace=other",
        task_path(id) + "/output?workspace=other", "/tasks/" + to_text(task_id(id, 5)), std::string("/workflows/x")}) {
    const auto answer = call(Method::get, target);
    EXPECT_EQ(answer.status(), 404) << target;
  }
  EXPECT_EQ(call(Method::get, path(ghost)).message(), "there is no workflow " + to_text(ghost));
  EXPECT_EQ(call(Method::get, "/tasks?workflow=" + to_text(ghost)).data(),
            json({{"items", json::array()}, {"total", 0}}));
}

TEST_F(HistoryRoutes, NothingOfWhatEndedLongAgoCanBeChanged) {
  const Id id = run();
  forget(id);
  backend.submitted.clear();
  for (const char* course : {"pause", "rollback"}) {
    const auto answer = call(Method::post, path(id) + "/" + course);
    EXPECT_EQ(answer.status(), 409) << course;
    EXPECT_TRUE(answer.message().starts_with("workflow " + to_text(id) + " ended long ago")) << answer.message();
  }
  for (const char* course : {"cancel", "resume"}) {  // as while it was in the working set: it has ended
    const auto answer = call(Method::post, path(id) + "/" + course);
    EXPECT_EQ(answer.status(), 200) << course;
    EXPECT_EQ(answer.data(), json({{"changed", false}}));
  }
  const auto retry = call(Method::post, path(id) + "/retry");
  EXPECT_EQ(retry.data()["workflow"], nullptr) << retry.json << "it has succeeded: there is nothing to do again";
  EXPECT_TRUE(backend.submitted.empty());
}

TEST_F(HistoryRoutes, WhatWasAnsweredBeforeIsAnsweredAgainThoughTheWorkflowIsLongGone) {
  const Id id = run("running", false);
  const std::string key = "00112233-4455-6677-8899-aabbccddeeff";
  ASSERT_EQ(call(Method::post, path(id) + "/cancel", "", key).data(), json({{"changed", true}}));
  forget(id);
  EXPECT_EQ(call(Method::post, path(id) + "/cancel", "", key).data(), json({{"changed", true}}));
}

TEST_F(HistoryRoutes, APageMixesWhatRunsWithWhatTheLogHas) {
  const Id old = run("old"), running = run("new", false);
  const json expected = json::array({projection::workflow(workflow(running)), projection::workflow(workflow(old))});
  history.next.items = {entry(workflow(running), 20), entry(workflow(old), 10)};
  history.next.next_before = 10;
  forget(old);
  const auto answer = call(Method::get, "/workflows/history?workspace=w&before=30&before_ms=99&limit=2&status=ended");
  ASSERT_EQ(answer.status(), 200) << answer.json;
  EXPECT_EQ(answer.data(), json({{"items", expected}, {"total", 2}, {"next_before", 10}}));
  EXPECT_EQ(history.asked.workspace, "w");
  EXPECT_EQ(history.asked.before, 30U);
  EXPECT_EQ(history.asked.before_ms, 99U);
  EXPECT_EQ(history.asked.limit, 2U);
  EXPECT_EQ(history.asked.ended, true);
  EXPECT_EQ(backend.gates, 1) << "what is read from the state waits at the gate";
}

TEST_F(HistoryRoutes, WhatEndedAndLeftWhileThePageWasMadeIsReadAgain) {
  const Id id = run();
  event_log::HistoryEntry before_its_end = entry(workflow(id), 10);
  before_its_end.end.reset();
  history.next.items = {before_its_end};
  const json expected = projection::workflow(workflow(id));
  forget(id);
  const auto answer = call(Method::get, "/workflows/history");
  EXPECT_EQ(answer.data()["items"][0], expected);
  EXPECT_EQ(answer.data()["next_before"], nullptr);
}

TEST_F(HistoryRoutes, LateVerdictsAreCountedByAFold) {
  const Id id = run();
  history.next.items = {entry(workflow(id), 10)};
  history.next.items[0].revised = true;
  history.next.items[0].end->event.done = 0;
  history.next.items[0].end->event.in_doubt = 1;
  const json expected = projection::workflow(workflow(id));
  forget(id);
  EXPECT_EQ(call(Method::get, "/workflows/history").data()["items"][0], expected);
}

TEST_F(HistoryRoutes, StatsAddUpTheNewest) {
  const Id done = run(), running = run("x", false);
  history.next.items = {entry(workflow(running), 20), entry(workflow(done), 10)};
  const auto answer = call(Method::get, "/workflows/stats?workspace=w&newest=2");
  ASSERT_EQ(answer.status(), 200) << answer.json;
  EXPECT_EQ(history.asked.limit, 2U);
  EXPECT_EQ(answer.data()["total"], 2);
  EXPECT_EQ(answer.data()["running"], 1);
  EXPECT_EQ(answer.data()["kinds"][0]["outcomes"], json({{"done", 1}}));
  EXPECT_EQ(answer.data()["kinds"][0]["median_ms"], workflow(done).ended_ms - workflow(done).submitted_ms);
}

TEST_F(HistoryRoutes, WrongQuestionsAndAnUnfinishedIndexAreRefused) {
  for (const std::string target :
       {"/workflows/history?status=running", "/workflows/history?limit=0", "/workflows/history?offset=3",
        "/workflows/history?before=x", "/workflows/stats?newest=10001", "/workflows/stats?limit=5"}) {
    EXPECT_EQ(call(Method::get, target).status(), 400) << target;
  }
  history.refuse_with = Error{Code::unavailable, "the index is being made", "try again"};
  for (const std::string& target : {std::string("/workflows/history"), std::string("/workflows/stats"),
                                    path(workflow_id(Id{{7}})), task_path(workflow_id(Id{{7}}))}) {
    EXPECT_EQ(call(Method::get, target).status(), 503) << target;
  }
}

}  // namespace
}  // namespace prov::api
