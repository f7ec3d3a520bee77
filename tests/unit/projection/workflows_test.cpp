#include "coordinator/projection/workflows.h"
#include "common/json/json.h"

#include "tests/unit/domain/harness.h"

namespace prov::projection {
namespace {

using nlohmann::json;

class Workflows : public testing::Test {
 protected:
  Workflows() {
    platform.add_host("a", 1);
    platform.add_host("b", 2);
  }
  View view() {
    return {platform.state, [](const Key&) { return AgentNow{}; }};
  }
  const domain::Workflow& newest() { return platform.state.workflows.at(platform.newest_workflow()); }
  void end(std::uint32_t index, Outcome outcome, std::int32_t exit_code = 0) {
    const Id id = task_id(platform.newest_workflow(), index);
    if (domain::find_task(platform.state, id)->status != domain::TaskStatus::running) {
      platform.must(domain::ReportStarted{domain::find_task(platform.state, id)->agent, id,
                                          domain::find_task(platform.state, id)->attempt, 0});
    }
    platform.end(id, outcome, exit_code);
  }
  domain::Platform platform;
};

TEST_F(Workflows, CountsAddUpWhateverHappens) {
  platform.must(domain::CreateTaskservs{"demo",
                                        {{domain::taskserv("a", "one", false), {}},
                                         {domain::taskserv("b", "two", false), {}},
                                         {domain::taskserv("a", "three", false), {0}}}});
  end(0, Outcome::failed, 3);
  const json item = workflow(newest());
  const json& counts = item["counts"];
  EXPECT_EQ(counts["total"], 3);
  EXPECT_EQ(counts["failed"], 1);
  EXPECT_EQ(counts["skipped"], 1);
  EXPECT_EQ(counts["running"], 1);
  int sum = 0;
  for (const auto& [name, value] : counts.items()) sum += name == "total" ? 0 : value.get<int>();
  EXPECT_EQ(sum, 3);
  EXPECT_EQ(item["status"], "running");
  EXPECT_TRUE(item["outcome"].is_null());
  EXPECT_TRUE(item["ended_ms"].is_null());
}

TEST_F(Workflows, ATaskHasTheShapeOfTheOriginalPlatform) {
  platform.must(domain::RunExec{{"a"}, {"ls", "-l", "/"}, "", 60});
  const Id id = platform.newest_workflow();
  json item = task(newest(), 0);
  EXPECT_EQ(item["id"], to_text(task_id(id, 0)));
  EXPECT_EQ(item["command"], "ls");
  EXPECT_EQ(item["args"], json({"-l", "/"}));
  EXPECT_EQ(item["status"], "Running");
  EXPECT_EQ(item["created_at"], to_iso8601(newest().submitted_ms));
  EXPECT_TRUE(item["completed_at"].is_null());
  EXPECT_TRUE(item["exit_code"].is_null());
  EXPECT_TRUE(item["error"].is_null());
  end(0, Outcome::failed, 2);
  item = task(newest(), 0);
  EXPECT_EQ(item["status"], "Failed");
  EXPECT_EQ(item["outcome"], "failed");
  EXPECT_EQ(item["exit_code"], 2);
  EXPECT_FALSE(item["completed_at"].is_null());
}

TEST_F(Workflows, DependenciesAreTaskIds) {
  platform.must(
      domain::CreateTaskservs{"demo", {{domain::taskserv("a", "one"), {}}, {domain::taskserv("a", "two"), {0}}}});
  const json item = task(newest(), 1);
  EXPECT_EQ(item["dependencies"], json({to_text(task_id(newest().id, 0))}));
  EXPECT_EQ(item["command"], "taskserv install");
  EXPECT_EQ(item["status"], "Pending");
  EXPECT_EQ(item["state"], "pending");
}

TEST_F(Workflows, EachOutcomeHasOneOfTheFiveStatuses) {
  domain::Task it;
  it.status = domain::TaskStatus::ended;
  const std::map<Outcome, std::string_view> expected = {
      {Outcome::done, "Completed"},     {Outcome::unchanged, "Completed"},  {Outcome::failed, "Failed"},
      {Outcome::interrupted, "Failed"}, {Outcome::timed_out, "Failed"},     {Outcome::cancelled, "Cancelled"},
      {Outcome::skipped, "Cancelled"},  {Outcome::not_delivered, "Failed"}, {Outcome::in_doubt, "Failed"},
      {Outcome::refused, "Failed"}};
  ASSERT_EQ(expected.size(), kOutcomes);
  for (const auto& [outcome, status] : expected) {
    it.outcome = outcome;
    EXPECT_EQ(task_status(it), status) << name_of(outcome);
  }
}

TEST_F(Workflows, NewestFirstAndFilteredByEnd) {
  platform.must(domain::RunNoop{{"a"}, 1});
  const Id first = platform.newest_workflow();
  end(0, Outcome::done);
  platform.advance(1000);
  platform.must(domain::RunNoop{{"a"}, 1});
  const Id second = platform.newest_workflow();
  const json all = workflows(view(), {}, {});
  ASSERT_EQ(all["total"], 2);
  EXPECT_EQ(all["items"][0]["id"], to_text(second));
  EXPECT_EQ(all["items"][1]["outcome"], "done");
  WorkflowFilter ended;
  ended.ended = true;
  EXPECT_EQ(workflows(view(), ended, {})["items"][0]["id"], to_text(first));
  EXPECT_EQ(workflows(view(), {"elsewhere", {}}, {})["total"], 0);
}

TEST_F(Workflows, TasksPageOverWorkflowsWithOrWithoutAFilter) {
  platform.must(domain::RunNoop{{"a"}, 5});
  platform.advance(1000);
  platform.must(domain::RunNoop{{"b"}, 4});
  end(1, Outcome::done);
  const json page = tasks(view(), {}, {3, 3});
  EXPECT_EQ(page["total"], 9);
  ASSERT_EQ(page["items"].size(), 3U);
  EXPECT_EQ(page["items"][0]["id"], to_text(task_id(platform.newest_workflow(), 3)));
  EXPECT_NE(page["items"][1]["workflow"], to_text(platform.newest_workflow())) << "goes on in the older workflow";
  const json completed = tasks(view(), {"", "Completed", {}}, {});
  ASSERT_EQ(completed["total"], 1);
  EXPECT_EQ(completed["items"][0]["id"], to_text(task_id(platform.newest_workflow(), 1)));
  EXPECT_EQ(tasks(view(), {"", "", platform.newest_workflow()}, {1, 0})["total"], 4);
}

TEST_F(Workflows, AWorkflowPagesItsTasks) {
  platform.must(domain::RunNoop{{"a"}, 10});
  const json item = workflow_with_tasks(newest(), {4, 8});
  EXPECT_EQ(item["initiator"], "uid:0");
  ASSERT_EQ(item["tasks"].size(), 2U);
  EXPECT_EQ(item["tasks"][1]["id"], to_text(task_id(newest().id, 9)));
}

}  // namespace
}  // namespace prov::projection
