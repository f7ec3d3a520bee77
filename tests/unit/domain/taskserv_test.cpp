#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

TEST(Taskserv, InstallsInOrderAndNothingTheSecondTime) {
  Platform p;
  p.add_host("db-1", 1);
  const CreateTaskservs command{"demo", {{taskserv("db-1", "os"), {}}, {taskserv("db-1", "postgres"), {0}}}};
  p.must(command);
  const Id workflow = p.newest_workflow();
  EXPECT_EQ(p.sent(), std::vector<Id>{task_id(workflow, 0)});
  p.end(task_id(workflow, 0));
  EXPECT_EQ(p.sent(), (std::vector<Id>{task_id(workflow, 0), task_id(workflow, 1)}));
  p.end(task_id(workflow, 1), Outcome::unchanged);
  EXPECT_EQ(p.state.taskservs.at({"w", "db-1", "postgres"}).status, TaskservStatus::installed);
  EXPECT_TRUE(p.must(command).empty());
}

TEST(Taskserv, AnotherParameterInstallsAgain) {
  Platform p;
  p.add_host("db-1", 1);
  CreateTaskservs command{"demo", {{taskserv("db-1", "os"), {}}}};
  p.must(command);
  p.end(task_id(p.newest_workflow(), 0));
  command.taskservs[0].spec.params = {{"timezone", "UTC"}};
  EXPECT_FALSE(p.must(command).empty());
}

TEST(Taskserv, AskedForAgainIsInstalledAgainAndCanBeTakenBack) {
  Platform p;
  p.add_host("db-1", 1);
  CreateTaskservs command{"demo", {{taskserv("db-1", "os"), {}}, {taskserv("db-1", "redis"), {0}}}};
  p.must(command);
  p.end(task_id(p.newest_workflow(), 0));
  p.end(task_id(p.newest_workflow(), 1));
  EXPECT_TRUE(p.must(command).empty());
  command.again = true;
  EXPECT_FALSE(p.must(command).empty());
  const Id workflow = p.newest_workflow();
  ASSERT_EQ(p.state.workflows.at(workflow).tasks.size(), 2U);
  const auto& undo = p.task(workflow, 0).plan->undo;
  ASSERT_NE(undo, nullptr);
  EXPECT_EQ(std::get<TaskservAction>(*undo).verb, TaskservVerb::install) << "what was there before stays there";
  p.end(task_id(workflow, 0));
  p.end(task_id(workflow, 1));
  EXPECT_EQ(p.state.taskservs.at({"w", "db-1", "redis"}).status, TaskservStatus::installed);
}

TEST(Taskserv, AFailureSkipsWhatNeedsItAndNothingElse) {
  Platform p;
  p.add_host("a", 1);
  p.add_host("b", 2);
  p.must(CreateTaskservs{"demo",
                         {{taskserv("a", "os"), {}}, {taskserv("a", "postgres"), {0}}, {taskserv("b", "os"), {}}}});
  const Id workflow = p.newest_workflow();
  p.end(task_id(workflow, 0), Outcome::failed, 1);
  p.end(task_id(workflow, 2));
  EXPECT_EQ(p.task(workflow, 1).outcome, Outcome::skipped);
  EXPECT_EQ(p.task(workflow, 2).outcome, Outcome::done);
  const auto ended = all_of<WorkflowEnded>(p.log).at(0);
  EXPECT_EQ(std::tuple(ended.done, ended.failed, ended.skipped), std::tuple(1U, 1U, 1U));
  EXPECT_EQ(ended.outcome, Outcome::failed);
  EXPECT_EQ(p.state.taskservs.at({"w", "a", "os"}).status, TaskservStatus::failed);
}

TEST(Taskserv, OneAtATimePerHostSidesByBySide) {
  Platform p;
  p.add_host("a", 1);
  p.add_host("b", 2);
  p.must(CreateTaskservs{"demo", {{taskserv("a", "x"), {}}, {taskserv("a", "y"), {}}, {taskserv("b", "x"), {}}}});
  EXPECT_EQ(p.sent().size(), 2U);
}

TEST(Taskserv, InterruptedIsRetriedOnlyWhenItMayBe) {
  Platform p;
  p.add_host("a", 1);
  p.must(CreateTaskservs{"demo", {{taskserv("a", "safe", true), {}}}});
  const Id safe = task_id(p.newest_workflow(), 0);
  p.end(safe, Outcome::interrupted);
  EXPECT_EQ(find_task(p.state, safe)->status, TaskStatus::ready);
  p.advance(10'000);
  EXPECT_EQ(find_task(p.state, safe)->attempt, 2U);
  p.end(safe);

  p.must(CreateTaskservs{"demo", {{taskserv("a", "unsafe", false), {}}}});
  const Id unsafe = task_id(p.newest_workflow(), 0);
  p.end(unsafe, Outcome::interrupted);
  EXPECT_EQ(find_task(p.state, unsafe)->status, TaskStatus::ended);
  EXPECT_EQ(find_task(p.state, unsafe)->outcome, Outcome::interrupted);
}

TEST(Taskserv, InterruptionsCountLessThanFailuresAndEndToo) {
  Platform p;
  p.add_host("a", 1);
  p.must(CreateTaskservs{"demo", {{taskserv("a", "safe", true), {}}}});
  const Id id = task_id(p.newest_workflow(), 0);
  for (std::uint32_t attempt = 1; attempt < 10; ++attempt) {
    ASSERT_EQ(find_task(p.state, id)->attempt, attempt);
    p.end(id, Outcome::interrupted);
    ASSERT_EQ(find_task(p.state, id)->status, TaskStatus::ready) << "more often than it may fail";
    p.advance(3'600'000);
  }
  p.end(id, Outcome::interrupted);
  EXPECT_EQ(find_task(p.state, id)->status, TaskStatus::ended);
}

TEST(Taskserv, TryLaterIsRetriedWithGrowingPausesAndThenGivenUp) {
  Platform p;
  p.add_host("a", 1);
  p.must(CreateTaskservs{"demo", {{taskserv("a", "x", true), {}}}});
  const Id id = task_id(p.newest_workflow(), 0);
  std::vector<std::uint64_t> pauses;
  for (int i = 0; i < 3; ++i) {
    p.end(id, Outcome::failed, kExitTryLater);
    if (find_task(p.state, id)->status == TaskStatus::ended) break;
    pauses.push_back(find_task(p.state, id)->retry_at_ms - p.now_ms);
    p.advance(pauses.back() - 1);
    EXPECT_EQ(find_task(p.state, id)->status, TaskStatus::ready);
    p.advance(1);
    EXPECT_EQ(find_task(p.state, id)->status, TaskStatus::dispatched);
  }
  EXPECT_EQ(pauses, (std::vector<std::uint64_t>{2000, 4000}));
  EXPECT_EQ(find_task(p.state, id)->outcome, Outcome::failed);
}

TEST(Taskserv, ForwardReferencesAndUnknownServersAreRefusedAndChangeNothing) {
  Platform p;
  p.add_host("a", 1);
  const std::size_t before = p.log.size();
  EXPECT_EQ(p.give(CreateTaskservs{"demo", {{taskserv("a", "x"), {0}}}}).error().code, Code::invalid);
  EXPECT_EQ(p.give(CreateTaskservs{"demo", {{taskserv("nowhere", "x"), {}}}}).error().code, Code::not_found);
  EXPECT_EQ(p.give(CreateTaskservs{"demo", {{taskserv("a", "X y"), {}}}}).error().code, Code::invalid);
  EXPECT_EQ(p.log.size(), before);
}

TEST(Taskserv, UninstallForgetsIt) {
  Platform p;
  p.add_host("a", 1);
  p.must(CreateTaskservs{"demo", {{taskserv("a", "x"), {}}}});
  p.end(task_id(p.newest_workflow(), 0));
  p.must(DeleteTaskservs{"demo", {taskserv("a", "x"), taskserv("a", "never")}});
  EXPECT_EQ(p.state.workflows.at(p.newest_workflow()).tasks.size(), 1U);
  p.end(task_id(p.newest_workflow(), 0));
  EXPECT_TRUE(p.state.taskservs.empty());
}

}  // namespace
}  // namespace prov::domain
