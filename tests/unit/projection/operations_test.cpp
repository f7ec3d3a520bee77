// The parts of a workflow beside its tasks: operations, what waits, what failed.
#include "coordinator/projection/operations.h"
#include "common/json/json.h"

#include "coordinator/projection/workflows.h"
#include "tests/unit/domain/harness.h"

namespace prov::projection {
namespace {

using nlohmann::json;

class Operations : public testing::Test {
 protected:
  Operations() {
    platform.add_host("a", 1);
    platform.add_host("b", 2);
  }
  static domain::BatchOperation script(const std::string& id, std::vector<std::string> after = {}) {
    domain::BatchOperation operation;
    operation.id = id;
    operation.kind = domain::OperationKind::script;
    operation.targets = "all";
    operation.exec.argv = {"true"};
    for (auto& one : after) operation.dependencies.push_back({std::move(one), domain::DependencyKind::hard});
    return operation;
  }
  const domain::Workflow& submit(std::vector<domain::BatchOperation> operations) {
    domain::SubmitBatch batch;
    batch.name = "b";
    batch.operations = std::move(operations);
    platform.must(batch);
    id = platform.newest_workflow();
    return workflow();
  }
  const domain::Workflow& workflow() { return platform.state.workflows.at(id); }

  domain::Platform platform;
  Id id;
};

TEST_F(Operations, EachHasItsCountsItsPlaceAndWhatItNeeds) {
  submit({script("first"), script("second", {"first"})});
  platform.end(task_id(id, 0));
  const json list = operations(workflow(), {});
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0]["id"], "first");
  EXPECT_EQ(list[0]["kind"], "script");
  EXPECT_EQ(list[0]["status"], "open");
  EXPECT_EQ(list[0]["counts"]["total"], 2);
  EXPECT_EQ(list[0]["counts"]["done"], 1);
  EXPECT_TRUE(list[0]["outcome"].is_null());
  EXPECT_EQ(list[1]["status"], "waiting");
  EXPECT_EQ(list[1]["dependencies"], json::array({{{"id", "first"}, {"kind", "hard"}}}));
  EXPECT_EQ(list[1]["first_task"], 2);
  EXPECT_EQ(list[1]["task_count"], 2);
}

TEST_F(Operations, ArePagedLikeTasks) {
  submit({script("x"), script("y"), script("z")});
  const json page = workflow_with_tasks(workflow(), {1, 2});
  ASSERT_EQ(page["operations"].size(), 1U);
  EXPECT_EQ(page["operations"][0]["id"], "z");
  EXPECT_EQ(page["operations"][0]["index"], 2);
  EXPECT_EQ(page["operations_total"], 3);
  ASSERT_EQ(page["tasks"].size(), 1U);
  EXPECT_EQ(page["tasks"][0]["operation"], "y");
}

TEST_F(Operations, ASkippedOneSaysWhy) {
  auto first = script("first");
  first.on_failure = domain::OnFailure::go_on;
  submit({first, script("second", {"first"})});
  platform.end(task_id(id, 0), Outcome::failed, 3);
  platform.end(task_id(id, 1));
  const json list = operations(workflow(), {});
  EXPECT_EQ(list[0]["outcome"], "failed");
  EXPECT_EQ(list[1]["status"], "ended");
  EXPECT_EQ(list[1]["outcome"], "skipped");
  EXPECT_NE(list[1]["message"].get<std::string>().find("first"), std::string::npos);
}

TEST_F(Operations, FailuresAreToldOneByOneAndThenCounted) {
  platform.must(domain::RunNoop{{"a"}, 30});
  id = platform.newest_workflow();
  for (std::uint32_t i = 0; i < 30; ++i) platform.end(task_id(id, i), i % 10 == 0 ? Outcome::done : Outcome::failed, 7);
  const json out = failures(workflow());
  EXPECT_EQ(out["total"], 27);
  ASSERT_EQ(out["items"].size(), kMaxFailures);
  EXPECT_EQ(out["items"][0]["step"], 2);
  EXPECT_EQ(out["items"][0]["exit_code"], 7);
  EXPECT_EQ(out["items"][0]["server"], "a");
}

TEST_F(Operations, WhatWaitsForAPersonIsNamed) {
  domain::BatchOperation ask;
  ask.id = "ask";
  ask.kind = domain::OperationKind::approval;
  ask.prompt = "go on?";
  submit({ask});
  const json waiting = awaited_approvals(workflow());
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0]["operation"], "ask");
  EXPECT_EQ(waiting[0]["prompt"], "go on?");
  platform.must(domain::ApproveTask{id, true, "fine"});
  EXPECT_TRUE(awaited_approvals(workflow()).empty());
  const json given = approvals(workflow());
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0]["approved"], true);
  EXPECT_EQ(given[0]["by"], "uid:0");
  EXPECT_EQ(given[0]["comment"], "fine");
}

TEST_F(Operations, ARollbackAndWhatItUndoesNameEachOther) {
  auto one = script("one");
  one.undo.argv = {"undo"};
  submit({one});
  platform.end(task_id(id, 0));
  platform.end(task_id(id, 1), Outcome::failed, 1);
  const Id undone = id;
  EXPECT_TRUE(rolled_back_by(platform.state, workflow()).empty());
  const auto events = platform.must(domain::RollbackWorkflow{undone, ""});
  const auto made = domain::all_of<domain::WorkflowSubmitted>(events);
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(rolled_back_by(platform.state, workflow()), json::array({to_text(made[0].id)}));
  EXPECT_EQ(projection::workflow(platform.state.workflows.at(made[0].id))["rolls_back"], to_text(undone));
}

TEST(FailingLine, IsTheFirstThatSpeaksOfAnError) {
  EXPECT_EQ(failing_line("begin\nE: Package x not found\nerror: second\nbye\n"), "E: Package x not found");
  EXPECT_EQ(failing_line("one\ntwo\r\n\n  \n"), "two") << "else the last that is not empty";
  EXPECT_EQ(failing_line("PERMISSION DENIED\n"), "PERMISSION DENIED");
  EXPECT_EQ(failing_line(""), "");
  EXPECT_EQ(failing_line(std::string(5000, 'x')).size(), 400U);
}

}  // namespace
}  // namespace prov::projection
