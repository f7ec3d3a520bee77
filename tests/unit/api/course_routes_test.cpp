// Plans that bind, batches and the course of a workflow, and which hosts an expression means.
#include "coordinator/domain/scope.h"
#include "tests/unit/api/fake_platform.h"

namespace prov::api {
namespace {

using nlohmann::json;

class Course : public ApiTest {
 protected:
  Course() {
    backend.platform.add_host("a", 1);
    backend.platform.add_host("b", 2);
  }
  std::string exec(const json& more = json::object()) {
    json body{{"targets", "all"}, {"argv", {"ls"}}};
    body.update(more);
    const auto answer = call(Method::post, "/workflows/exec?workspace=w", body.dump());
    EXPECT_EQ(answer.status(), 200) << answer.json;
    return answer.data()["workflow"];
  }
  void end(std::uint32_t index, Outcome outcome = Outcome::done) {
    backend.platform.end(task_id(backend.platform.newest_workflow(), index), outcome, outcome == Outcome::done ? 0 : 3);
  }
  Answer post(const std::string& workflow, const std::string& verb, const json& body = json::object()) {
    return call(Method::post, "/workflows/" + workflow + "/" + verb, body.dump());
  }
};

TEST_F(Course, CheckTellsWhatALaterRequestCanBeBoundTo) {
  const std::string body = R"({"servers":["a"],"argv":["ls"]})";
  const auto plan = call(Method::post, "/workflows/exec?workspace=w&check=true", body);
  ASSERT_EQ(plan.status(), 200) << plan.json;
  EXPECT_EQ(plan.data()["position"]["sequence"], backend.platform.state.sequence);
  const std::string digest = plan.data()["digest"];
  EXPECT_EQ(digest.size(), 64U);
  EXPECT_EQ(call(Method::post, "/workflows/exec?workspace=w&plan=" + digest, body).status(), 200);
  EXPECT_EQ(*backend.submitted.back().plan, *parse_hex<Digest>(digest));
  const std::string other = R"({"servers":["b"],"argv":["ls"]})";
  const auto refused = call(Method::post, "/workflows/exec?workspace=w&plan=" + digest, other);
  EXPECT_EQ(refused.status(), 409);
  EXPECT_EQ(call(Method::post, "/workflows/exec?workspace=w&plan=xyz", body).status(), 400);
  EXPECT_EQ(call(Method::post, "/workflows/exec?workspace=w&check&plan=" + digest, body).status(), 400);
}

TEST_F(Course, EveryChangeCanBeAskedAboutAndBound) {
  const std::string workflow = exec();
  const std::size_t before = backend.submitted.size();
  const std::pair<Method, std::string> kChanges[] = {{Method::post, "/workflows/" + workflow + "/pause"},
                                                     {Method::post, "/workflows/" + workflow + "/cancel"},
                                                     {Method::post, "/workflows/" + workflow + "/resume"},
                                                     {Method::post, "/agents/a/drain"},
                                                     {Method::del, "/agents/a"}};
  for (const auto& [method, target] : kChanges) {
    const auto plan = call(method, target + "?check=true", "{}");
    ASSERT_EQ(plan.status(), 200) << target << plan.json;
    EXPECT_TRUE(plan.data()["changed"].is_boolean()) << target;
    EXPECT_TRUE(plan.data()["events"].is_array()) << target;
    EXPECT_EQ(plan.data()["digest"].get<std::string>().size(), 64U) << target;
  }
  EXPECT_EQ(backend.submitted.size(), before) << "asking changes nothing";
  const std::string digest = call(Method::post, "/agents/b/drain?check", "{}").data()["digest"];
  EXPECT_EQ(call(Method::post, "/agents/a/drain?plan=" + digest, "{}").status(), 409);
  EXPECT_EQ(call(Method::post, "/agents/b/drain?plan=" + digest, "{}").data()["changed"], true);
}

TEST_F(Course, PausedAndResumed) {
  const std::string workflow = exec();
  EXPECT_EQ(post(workflow, "pause", {{"reason", "lunch"}}).data()["changed"], true);
  EXPECT_EQ(call(Method::get, "/workflows/" + workflow).data()["paused"], true);
  EXPECT_EQ(post(workflow, "resume").data()["changed"], true);
  EXPECT_EQ(call(Method::get, "/workflows/" + workflow).data()["paused"], false);
  EXPECT_EQ(post(workflow, "pause", {{"reasn", "x"}}).status(), 400);
  EXPECT_EQ(post("11111111-2222-3333-4444-555555555555", "pause").status(), 404);
  EXPECT_EQ(post("nonsense", "pause").status(), 404);
}

TEST_F(Course, ARetryTellsWhatRunsAgain) {
  const std::string workflow = exec();
  end(0, Outcome::failed);
  end(1);
  const auto plan = call(Method::post, "/workflows/" + workflow + "/retry?check", "{}");
  ASSERT_EQ(plan.status(), 200) << plan.json;
  EXPECT_TRUE(plan.data()["workflow"].is_null());
  ASSERT_EQ(plan.data()["plan"].size(), 1U);
  EXPECT_EQ(plan.data()["plan"][0]["reason"], "it ended as failed");
  const auto answer = post(workflow, "retry", {{"operations", {"exec"}}});
  ASSERT_EQ(answer.status(), 200) << answer.json;
  EXPECT_EQ(answer.data()["workflow"], workflow) << "it is the same workflow that goes on";
  EXPECT_EQ(call(Method::get, "/workflows/" + workflow).data()["status"], "running");
}

TEST_F(Course, ARollbackIsAWorkflowOfItsOwn) {
  const json body = {{"taskservs", {{{"server", "a"}, {"name", "redis"}, {"bundle", std::string(64, 'a')}}}},
                     {"infra", "demo"}};
  const std::string workflow =
      call(Method::post, "/workflows/taskservs/create?workspace=w", body.dump()).data()["workflow"];
  end(0);
  const auto answer = post(workflow, "rollback");
  ASSERT_EQ(answer.status(), 200) << answer.json;
  const std::string undoing = answer.data()["workflow"];
  EXPECT_NE(undoing, workflow);
  EXPECT_EQ(answer.data()["plan"][0]["action"], "uninstall");
  EXPECT_EQ(call(Method::get, "/workflows/" + undoing).data()["rolls_back"], workflow);
  EXPECT_EQ(call(Method::get, "/workflows/" + workflow).data()["rolled_back_by"], json::array({undoing}));
  EXPECT_NE(post(workflow, "rollback", {{"checkpoint", "nowhere"}}).status(), 200);
}

TEST_F(Course, AnApprovalIsGivenByWorkflowOrTask) {
  domain::SubmitBatch batch;
  batch.name = "ask";
  for (const char* name : {"one", "two"}) {
    domain::BatchOperation ask;
    ask.id = name;
    ask.kind = domain::OperationKind::approval;
    ask.prompt = "go on?";
    if (batch.operations.size() == 1) ask.dependencies = {{"one", domain::DependencyKind::hard}};
    batch.operations.push_back(ask);
  }
  backend.platform.must(batch);
  const Id workflow = backend.platform.newest_workflow();
  EXPECT_EQ(post(to_text(workflow), "approve", {{"comment", "fine"}}).data()["changed"], true);
  const std::string second = to_text(task_id(workflow, 1));
  EXPECT_EQ(post(to_text(workflow), "approve", {{"task", to_text(task_id(Id{{9}}, 1))}}).status(), 400);
  EXPECT_EQ(post(to_text(workflow), "approve", {{"task", second}, {"reject", true}}).data()["changed"], true);
  const auto ended = call(Method::get, "/workflows/" + to_text(workflow)).data();
  EXPECT_EQ(ended["approvals"].size(), 2U);
  EXPECT_EQ(ended["approvals"][1]["approved"], false);
  EXPECT_EQ(ended["status"], "ended");
}

TEST_F(Course, BatchesAreListedApart) {
  exec();
  call(Method::post, "/workflows/noop?workspace=w", R"({"servers":["a"]})");
  EXPECT_EQ(call(Method::get, "/workflows").data()["total"], 2);
  const auto batches = call(Method::get, "/workflows/batch?workspace=w");
  ASSERT_EQ(batches.data()["total"], 1) << batches.json;
  const std::string id = batches.data()["items"][0]["id"];
  EXPECT_EQ(call(Method::get, "/workflows/batch/" + id).data()["operations"][0]["id"], "exec");
  EXPECT_EQ(call(Method::post, "/workflows/batch/" + id + "/pause", "{}").data()["changed"], true);
}

TEST_F(Course, AFailureComesWithTheLineThatSaysMost) {
  const std::string workflow = exec();
  archive.outputs[{task_id(backend.platform.newest_workflow(), 0), 1}] = "begin\nerror: no space\nbye\n";
  end(0, Outcome::failed);
  end(1);
  const auto failures = call(Method::get, "/workflows/" + workflow).data()["failures"];
  ASSERT_EQ(failures["total"], 1);
  EXPECT_EQ(failures["items"][0]["line"], "error: no space");
  EXPECT_EQ(failures["items"][0]["step"], 1);
}

TEST_F(Course, TargetsAreExplained) {
  const auto answer = call(Method::post, "/targets/explain?workspace=w", R"({"expression":"a or label:env=prod"})");
  ASSERT_EQ(answer.status(), 200) << answer.json;
  EXPECT_EQ(answer.data()["total"], 2);
  EXPECT_EQ(answer.data()["matched"], 1);
  EXPECT_EQ(answer.data()["items"][0]["name"], "a");
  EXPECT_EQ(answer.data()["items"][0]["matched"], true);
  EXPECT_EQ(answer.data()["items"][1]["matched"], false);
  EXPECT_EQ(answer.data()["items"][1]["reasons"].size(), 2U);
  const auto one = call(Method::post, "/targets/explain?workspace=w", R"({"expression":"all","limit":"1","seed":3})");
  EXPECT_EQ(one.data()["matched"], 2);
  EXPECT_EQ(one.data()["chosen"], 1);
  for (const char* bad : {R"({"expression":"(("})", R"({"expression":"all","limit":"0"})", R"({})"}) {
    EXPECT_EQ(call(Method::post, "/targets/explain?workspace=w", bad).status(), 400) << bad;
  }
  EXPECT_EQ(call(Method::post, "/targets/explain", R"({"expression":"all"})").status(), 400) << "of which workspace?";
}

TEST_F(Course, TheSameHostsAreExplainedAndMeant) {
  const json choice = {{"limit", "1"}, {"seed", 7}};
  json question = choice;
  question["expression"] = "all";
  const auto explained = call(Method::post, "/targets/explain?workspace=w", question.dump());
  std::string chosen;
  for (const auto& item : explained.data()["items"]) {
    if (item["chosen"] == true) chosen = item["name"];
  }
  const std::string workflow = exec(choice);
  const auto tasks = call(Method::get, "/workflows/" + workflow).data()["tasks"];
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0]["server"], chosen);
}

}  // namespace
}  // namespace prov::api
