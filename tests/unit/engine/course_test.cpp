// What a workflow does when things go otherwise, by example. What random graphs found once stands here too.
#include "tests/unit/engine/given.h"

namespace prov::domain {
namespace {

BatchOperation go_on(BatchOperation operation) {
  operation.on_failure = OnFailure::go_on;
  return operation;
}

BatchOperation approval(std::string id, std::vector<std::string> after = {}) {
  BatchOperation operation = script(std::move(id), std::move(after), "");
  operation.kind = OperationKind::approval;
  return operation;
}

// Until its deadline, and it is in doubt.
void lose_sight_of(Hosts& p, const Id& task) {
  p.advance(find_task(p.state, task)->deadline_ms - p.now_ms);
  ASSERT_EQ(find_task(p.state, task)->outcome, Outcome::in_doubt);
}

// ---- what is skipped, and why

TEST(Course, WhatNeedsAFailureIsSkippedAndTheRestGoesOn) {
  Hosts p;
  BatchOperation soft = script("soft");
  soft.dependencies = {{"bad", DependencyKind::soft}};
  const Id id = p.submit(batch_of({go_on(script("bad")), script("hard", {"bad"}), script("harder", {"hard"}), soft}));
  p.end(p.task_of(id, "bad"), Outcome::failed, 1);
  EXPECT_EQ(p.operation(id, "hard").message, "needs \"bad\", which failed");
  EXPECT_EQ(p.operation(id, "harder").message, "needs \"hard\", which was skipped");
  EXPECT_EQ(p.task_in(id, "soft").status, TaskStatus::dispatched);
  p.end(p.task_of(id, "soft"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::failed);
}

TEST(Course, AFalseConditionHoldsNobodyUp) {
  Hosts p;
  BatchOperation never = script("never");
  never.when = "params.version == \"3\"";
  const Id id = p.submit(batch_of({never, script("next", {"never"})}));
  EXPECT_EQ(p.operation(id, "never").outcome, Outcome::skipped);
  EXPECT_TRUE(p.operation(id, "never").unneeded);
  p.end(p.task_of(id, "next"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
}

TEST(Course, AFailureThatStopsLetsFinishWhatIsOutAndSkipsTheRest) {
  Hosts p;
  p.state.agenda.limits.agent_orders = 1;
  BatchOperation wide = script("wide", {}, "h*");
  wide.checkpoint = "wide";
  wide.priority = -1;
  const Id id = p.submit(batch_of({script("bad"), wide, script("behind", {"wide"})}));
  p.end(p.task_of(id, "bad"), Outcome::failed, 1);
  EXPECT_EQ(p.task_in(id, "wide", 0).outcome, Outcome::skipped);
  EXPECT_EQ(p.task_in(id, "wide", 0).message, "the workflow stopped because \"bad\" failed");
  p.end(p.task_of(id, "wide", 1));
  p.end(p.task_of(id, "wide", 2));
  EXPECT_EQ(p.operation(id, "wide").outcome, Outcome::skipped) << "a part of it was left out";
  EXPECT_EQ(p.operation(id, "wide").message, "the workflow stopped because \"bad\" failed");
  EXPECT_TRUE(p.workflow(id).checkpoints.empty());
  EXPECT_TRUE(p.workflow(id).ended);
}

TEST(Course, WhatWouldHaveBeenRepeatedHasFailedWhenTheWorkflowStops) {
  Hosts p;
  BatchOperation flaky = script("flaky");
  flaky.retries = 3;
  const Id id = p.submit(batch_of({script("bad"), flaky, go_on(script("slow"))}));
  p.end(p.task_of(id, "flaky"), Outcome::failed, 7);
  EXPECT_EQ(p.task_in(id, "flaky").status, TaskStatus::ready);
  p.end(p.task_of(id, "bad"), Outcome::failed, 1);
  EXPECT_EQ(p.task_in(id, "flaky").outcome, Outcome::failed);
  EXPECT_EQ(p.task_in(id, "flaky").exit_code, 7);
  EXPECT_EQ(p.task_in(id, "flaky").message, "not tried again: the workflow stopped because \"bad\" failed");
  p.end(p.task_of(id, "slow"), Outcome::failed, kExitTryLater);
  EXPECT_EQ(p.task_in(id, "slow").status, TaskStatus::ended) << "nothing begins any more, another attempt neither";
}

TEST(Course, TooManyFailuresStopAnOperation) {
  Hosts p(4);
  p.state.agenda.limits.agent_orders = 1;
  BatchOperation rolling = go_on(script("roll", {}, "h*"));
  rolling.rolling.batch = "2";
  rolling.rolling.pause_s = 5;
  rolling.max_failures = "1";
  const Id id = p.submit(batch_of({rolling}));
  p.end(p.task_of(id, "roll", 0), Outcome::failed, 1);
  p.end(p.task_of(id, "roll", 1));
  p.advance(4999);
  EXPECT_EQ(p.task_in(id, "roll", 2).status, TaskStatus::pending);
  p.advance(1);
  p.end(p.task_of(id, "roll", 2), Outcome::failed, 1);
  EXPECT_TRUE(p.operation(id, "roll").stopping);
  p.end(p.task_of(id, "roll", 3));
  EXPECT_EQ(p.operation(id, "roll").outcome, Outcome::failed);
}

// ---- doubt, and what is heard late

TEST(Course, ALateVerdictDoesNotMakeUpForWhatWasSkipped) {
  Hosts p;
  BatchOperation two = go_on(taskserv_operation("two"));
  two.taskservs = {{taskserv("h1", "a"), {}}, {taskserv("h1", "b"), {0}}, {taskserv("h2", "c"), {}}};
  const Id id = p.submit(batch_of({two}));
  p.must(ReportStarted{key_of(2), p.task_of(id, "two", 2), 1, 0});
  p.fold(TaskInDoubt{p.task_of(id, "two", 0), 1, "test"}, "w", kInside, {});
  p.follow();
  EXPECT_EQ(p.task_in(id, "two", 1).message, "needs \"h1: install a\", which is in doubt");
  p.end(p.task_of(id, "two", 0));
  EXPECT_EQ(p.operation(id, "two").failed, 0U);
  p.end(p.task_of(id, "two", 2));
  EXPECT_EQ(p.operation(id, "two").outcome, Outcome::skipped);
  EXPECT_EQ(p.workflow(id).outcome, Outcome::failed) << "it is not done as long as a step of it was not";
  p.must(RetryWorkflow{id, {}, false});
  p.end(p.task_of(id, "two", 1));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
}

TEST(Course, ADoubtThatIsLiftedCountsNoMore) {
  Hosts p;
  const Id id = p.submit(batch_of({go_on(script("a"))}));
  lose_sight_of(p, p.task_of(id, "a"));
  const std::uint64_t ended = p.task_in(id, "a").ended_sequence;
  EXPECT_EQ(p.workflow(id).outcome, Outcome::in_doubt);
  p.end(p.task_of(id, "a"), Outcome::cancelled);
  EXPECT_EQ(p.operation(id, "a").failed, 0U);
  EXPECT_EQ(p.task_in(id, "a").ended_sequence, ended) << "on which side of a checkpoint it is does not change";
}

TEST(Course, AnOrderInDoubtIsSettledWhenAnotherAttemptReplacesIt) {
  Hosts p;
  const Id id = p.submit(batch_of({go_on(script("a"))}));
  const std::uint64_t order = p.task_in(id, "a").dispatch_sequence;
  lose_sight_of(p, p.task_of(id, "a"));
  const Host& host = *p.state.agenda.hosts.find({"w", "h1"});
  EXPECT_TRUE(host.unsettled.contains(order));
  p.must(RetryWorkflow{id, {}, true});
  EXPECT_FALSE(host.unsettled.contains(order));
  EXPECT_EQ(host.unsettled.size(), 1U);
}

// ---- pause

TEST(Course, NothingNewBeginsWhilePausedWaitsNeither) {
  Hosts p;
  BatchOperation gate = approval("gate", {"first"});
  SubmitBatch batch = batch_of({script("first"), gate, script("long")});
  batch.parallel_limit = 2;
  const Id id = p.submit(std::move(batch));
  p.must(PauseWorkflow{id, ""});
  p.end(p.task_of(id, "first"));
  EXPECT_EQ(p.task_in(id, "gate").status, TaskStatus::ready);
  rebuild_agenda(p.state);
  p.follow();
  EXPECT_EQ(p.task_in(id, "gate").status, TaskStatus::ready);
  p.must(ResumeWorkflow{id});
  EXPECT_EQ(p.task_in(id, "gate").status, TaskStatus::dispatched);
}

TEST(Course, AWaitNeedsNoRoomToGoOnAfterAPause) {
  Hosts p;
  SubmitBatch batch =
      batch_of({script("first"), approval("gate", {"first"}), script("second", {"first"}), script("third", {"first"})});
  batch.parallel_limit = 1;
  const Id id = p.submit(std::move(batch));
  p.must(PauseWorkflow{id, ""});
  p.end(p.task_of(id, "first"));
  p.must(ResumeWorkflow{id});
  EXPECT_EQ(p.workflow(id).gate.out, 1U);
  EXPECT_EQ(p.task_in(id, "gate").status, TaskStatus::dispatched);
}

// ---- stopped

TEST(Course, AnApprovalDoesNotHoldUpAWorkflowThatHasStopped) {
  Hosts p;
  BatchOperation broken = script("broken");
  broken.on_failure = OnFailure::rollback;
  const Id id = p.submit(batch_of({broken, approval("gate")}));
  EXPECT_EQ(p.task_in(id, "gate").status, TaskStatus::dispatched);
  p.end(p.task_of(id, "broken"), Outcome::failed);
  EXPECT_EQ(p.task_in(id, "gate").outcome, Outcome::skipped);
  EXPECT_EQ(p.task_in(id, "gate").message, "the workflow stopped because \"broken\" failed");
  EXPECT_TRUE(p.workflow(id).ended);
  EXPECT_EQ(p.workflow(id).rollbacks, 1U);
}

// ---- who goes first

TEST(Course, TheMoreUrgentGoesFirstWhetherItWantsItsHostForItselfOrNot) {
  Hosts p;
  p.state.agenda.limits.agent_orders = 1;
  BatchOperation installs = taskserv_operation("install"), urgent = script("urgent");
  installs.taskservs = {{taskserv("h1", "a"), {}}};
  urgent.priority = 10;
  const Id id = p.submit(batch_of({script("now"), installs, urgent}));
  EXPECT_EQ(p.task_in(id, "urgent").status, TaskStatus::dispatched);
  p.end(p.task_of(id, "urgent"));
  EXPECT_EQ(p.task_in(id, "now").status, TaskStatus::dispatched);
}

TEST(Course, WaitingMakesUpForPriority) {
  Hosts p;
  p.state.agenda.limits.agent_orders = 1;
  p.submit(batch_of({script("busy")}));
  BatchOperation humble = script("humble"), proud = script("proud");
  proud.priority = 1;
  const Id first = p.submit(batch_of({humble}));
  p.advance(kPriorityStepMs + 1);
  const Id second = p.submit(batch_of({proud}));
  p.end(p.sent()[0]);
  EXPECT_EQ(p.task_in(first, "humble").status, TaskStatus::dispatched);
  EXPECT_EQ(p.task_in(second, "proud").status, TaskStatus::ready);
}

TEST(Course, WhatWaitsAtALimitIsNotOvertakenByWhatComesLater) {
  Hosts p;
  SubmitBatch batch = batch_of({script("a1"), script("a2", {"a1"}), script("a3", {"a2"}), script("b")});
  batch.parallel_limit = 1;
  const Id id = p.submit(std::move(batch));
  p.advance(10);
  p.end(p.task_of(id, "a1"));
  EXPECT_EQ(p.task_in(id, "b").status, TaskStatus::dispatched) << "it waits for longer than a2";
  EXPECT_EQ(p.task_in(id, "a2").status, TaskStatus::ready);
}

TEST(Course, AGroupIsLimitedOverAllWorkflowsOfItsWorkspaceInTheOrderTheyCame) {
  Hosts p;
  p.add_host("h1", 50, "other");
  BatchOperation grouped = script("op", {}, "h1");
  grouped.concurrency_group = "db";
  grouped.group_limit = 1;
  std::vector<Id> ids;
  for (int i = 0; i < 3; ++i) ids.push_back(p.submit(batch_of({grouped})));
  p.must(batch_of({grouped}), "other");
  const Id elsewhere = p.newest_workflow();
  const auto out = [&](const Id& id) { return p.task_in(id, "op").status == TaskStatus::dispatched; };
  EXPECT_TRUE(out(ids[0]) && !out(ids[1]) && !out(ids[2]) && out(elsewhere));
  p.end(p.task_of(ids[0], "op"));
  EXPECT_TRUE(out(ids[1]) && !out(ids[2]));
}

TEST(Course, WhereTheLimitsOfAGroupDifferTheSmallestOfThoseThatAreOpenHolds) {
  Hosts p;
  const auto grouped = [](std::string id, std::uint32_t limit, std::vector<std::string> after = {}) {
    BatchOperation operation = script(std::move(id), std::move(after), "h*");
    operation.concurrency_group = "db";
    operation.group_limit = limit;
    return operation;
  };
  const Id wide = p.submit(batch_of({grouped("op", 3)}));
  const auto out = [&] { return p.state.agenda.groups.at({"w", "db"}).out; };
  EXPECT_EQ(out(), 3U);
  const Id narrow = p.submit(batch_of({script("before", {}, "h1"), grouped("op", 1, {"before"})}));
  p.end(p.task_of(wide, "op", 0));
  EXPECT_EQ(out(), 2U) << "none of it is left to go";
  const Id third = p.submit(batch_of({grouped("op", 3)}));
  EXPECT_EQ(out(), 3U) << "an operation that waits limits nobody yet";
  p.end(p.task_of(narrow, "before"));
  p.end(p.task_of(wide, "op", 1));
  EXPECT_EQ(out(), 2U) << "what is out goes on, and nothing follows until it is below 1";
  p.end(p.task_of(wide, "op", 2));
  p.end(p.task_of(third, "op", 0));
  EXPECT_EQ(out(), 1U);
  rebuild_agenda(p.state);
  EXPECT_EQ(p.state.agenda.groups.at({"w", "db"}).limits.begin()->first, 1U) << "a restart knows it, too";
  p.must(CancelWorkflow{narrow});
  while (!p.workflow(narrow).ended) {
    bool any = false;
    for (std::uint32_t i = 0; i < 3; ++i) {
      if (p.task_in(narrow, "op", i).status != TaskStatus::dispatched) continue;
      p.end(p.task_of(narrow, "op", i));
      any = true;
    }
    ASSERT_TRUE(any);
  }
  EXPECT_EQ(out(), 2U) << "the narrow one has ended: both that are left of the third go";
}

// ---- hosts that are away

TEST(Course, AwayTwiceForAShortTimeIsNotAwayForLong) {
  Hosts p;
  const std::uint64_t most = p.state.agenda.limits.delivery_ms;
  p.state.agenda.limits.agent_orders = 1;
  const Id id = p.submit(batch_of({go_on(script("busy")), script("waits")}));
  p.must(LoseAgent{key_of(1), 0, ""});
  p.advance(most / 2);
  p.must(ConnectAgent{key_of(1), Facts{.boot_id = "1"}});
  p.must(ReportStarted{key_of(1), p.task_of(id, "busy"), 1, 0});
  p.must(LoseAgent{key_of(1), 0, ""});
  p.advance(most / 2 + 1);
  EXPECT_EQ(p.task_in(id, "waits").status, TaskStatus::ready);
  p.advance(most / 2);
  EXPECT_EQ(p.task_in(id, "waits").outcome, Outcome::not_delivered);
}

// ---- undoing

SubmitBatch undoable(OnFailure policy) {
  BatchOperation a = script("a"), b = script("b", {"a"});
  a.undo.argv = {"undo", "a"};
  b.undo.argv = {"undo", "b"};
  a.checkpoint = "a is there";
  b.on_failure = policy;
  return batch_of({a, b});
}

TEST(Course, AFailureThatWantsItIsUndoneInReverse) {
  Hosts p;
  const Id id = p.submit(undoable(OnFailure::rollback));
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "b"), Outcome::failed, 1);
  const Id undoing = p.newest_workflow();
  EXPECT_EQ(p.workflow(undoing).rolls_back, id);
  EXPECT_EQ(p.task_in(undoing, "b").status, TaskStatus::dispatched);
  EXPECT_EQ(p.task_in(undoing, "a").status, TaskStatus::pending);
  p.end(p.task_of(undoing, "b"));
  p.end(p.task_of(undoing, "a"));
  EXPECT_EQ(p.workflow(undoing).outcome, Outcome::done);
}

TEST(Course, AnUndoThatFailsBlocksWhatWasNeededAndNotWhatOnlyCameBefore) {
  Hosts p;
  std::vector<BatchOperation> operations{script("needed"), script("before"), script("last", {"needed"})};
  operations[2].dependencies.push_back({"before", DependencyKind::soft});
  for (BatchOperation& operation : operations) operation.undo.argv = {"undo", operation.id};
  const Id id = p.submit(batch_of(operations));
  for (const char* step : {"needed", "before", "last"}) p.end(p.task_of(id, step));
  p.must(RollbackWorkflow{id, ""});
  const Id undoing = p.newest_workflow();
  EXPECT_EQ(p.task_in(undoing, "before").status, TaskStatus::pending) << "the order holds all the same";
  p.end(p.task_of(undoing, "last"), Outcome::failed, 1);
  EXPECT_EQ(p.operation(undoing, "needed").message, "needs \"last\", which failed");
  p.end(p.task_of(undoing, "before"));
  EXPECT_EQ(p.operation(undoing, "before").outcome, Outcome::done);
  EXPECT_EQ(p.workflow(undoing).outcome, Outcome::failed);
}

TEST(Course, BackToACheckpointLeavesWhatWasThereBefore) {
  Hosts p;
  const Id id = p.submit(undoable(OnFailure::fail));
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "b"));
  p.must(RollbackWorkflow{id, "a is there"});
  const Id undoing = p.newest_workflow();
  ASSERT_EQ(p.workflow(undoing).tasks.size(), 1U);
  EXPECT_EQ(p.workflow(undoing).tasks[0].plan->name, "undo h1: b");
  EXPECT_NE(p.give(RollbackWorkflow{id, "b is there"}).error().message.find("was rolled back already"),
            std::string::npos);
}

TEST(Course, AnAttemptThatFailedIsUndoneThoughTheNextWasNotDelivered) {
  Hosts p;
  BatchOperation flaky = script("flaky");
  flaky.undo.argv = {"undo", "it"};
  flaky.retries = 1;
  const Id id = p.submit(batch_of({flaky}));
  p.end(p.task_of(id, "flaky"), Outcome::failed, 1);
  p.must(LoseAgent{key_of(1), 0, ""});
  for (int i = 0; i < 3; ++i) p.advance(p.state.agenda.limits.delivery_ms);
  ASSERT_EQ(p.task_in(id, "flaky").outcome, Outcome::not_delivered);
  p.must(RollbackWorkflow{id, ""});
  EXPECT_EQ(p.workflow(p.newest_workflow()).tasks.size(), 1U);
}

TEST(Course, ARollbackIsDoneOnceAndIsNotItselfRolledBack) {
  Hosts p;
  const Id id = p.submit(batch_of({script("a")}));  // nothing takes it back
  p.end(p.task_of(id, "a"));
  p.must(RollbackWorkflow{id, ""});
  const Id undoing = p.newest_workflow();
  ASSERT_NE(undoing, id);
  EXPECT_EQ(p.workflow(undoing).notes, std::vector<std::string>{"cannot be undone: \"h1: a\" (done)"});
  const Error again = p.give(RollbackWorkflow{id, ""}).error();
  EXPECT_NE(again.message.find("was rolled back already, by " + to_text(undoing)), std::string::npos) << again.message;
  EXPECT_NE(again.hint.find("workflow retry " + to_text(undoing)), std::string::npos);
  EXPECT_NE(p.give(RollbackWorkflow{undoing, ""}).error().message.find("is itself a rollback"), std::string::npos);
  EXPECT_EQ(p.workflow(id).kind, "batch");
}

// The hosts of a history that was lost remember the steps of its rollback, and would not take them again.
TEST(Course, ARollbackAfterAnAcceptedLossIsAnotherOne) {
  const auto undoing_of = [](std::uint32_t losses) {
    Hosts p;
    const Id id = p.submit(batch_of({script("a")}));
    p.end(p.task_of(id, "a"));
    for (std::uint32_t i = 0; i < losses; ++i) p.must(AcceptDamage{"a disk was replaced", 0});
    p.must(RollbackWorkflow{id, ""});
    const Id undoing = p.newest_workflow();
    EXPECT_EQ(undoing, workflow_id(undoing));
    EXPECT_NE(p.give(RollbackWorkflow{id, ""}).error().message.find(", by " + to_text(undoing)), std::string::npos);
    return undoing;
  };
  const std::set<Id> all{undoing_of(0), undoing_of(1), undoing_of(2)};
  EXPECT_EQ(all.size(), 3U);
  EXPECT_EQ(undoing_of(1), undoing_of(1));
}

TEST(Course, WhatIsUndoneByItselfBelongsToItsWorkspace) {
  Hosts p;
  p.add_host("x1", 60, "other");
  TaskservSpec old = taskserv("x1", "db"), newer = old;
  newer.version = "2.0.0";
  p.must(CreateTaskservs{"demo", {{old, {}}}}, "other");
  p.end(task_id(p.newest_workflow(), 0));
  BatchOperation up = taskserv_operation("up");
  up.taskservs = {{newer, {}}};
  up.on_failure = OnFailure::rollback;
  p.must(batch_of({up}), "other");
  p.end(task_id(p.newest_workflow(), 0), Outcome::failed, 1);
  EXPECT_EQ(p.state.taskservs.size(), 1U) << "declared in another workspace";
  const Taskserv& back = p.state.taskservs.at({"other", "x1", "db"});
  EXPECT_EQ(back.spec.version, "1.0.0");
  EXPECT_EQ(p.workflow(p.newest_workflow()).workspace, "other");
}

// ---- retry

TEST(Course, ARetryBeginsWithWhatDidNotSucceed) {
  Hosts p;
  const Id id = p.submit(batch_of({script("a"), script("b", {"a"}), script("c", {"b"})}));
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "b"), Outcome::failed, 1);
  ASSERT_TRUE(p.workflow(id).ended);
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.task_in(id, "a").attempt, 1U);
  EXPECT_EQ(p.task_in(id, "b").attempt, 2U);
  p.end(p.task_of(id, "b"));
  p.end(p.task_of(id, "c"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
  EXPECT_TRUE(p.must(RetryWorkflow{id, {}, false}).empty()) << "nothing is left to be done";
}

TEST(Course, ARetryThatMayNotTouchADoubtEndsAlsoForWhatNeedsIt) {
  Hosts p;
  BatchOperation two = go_on(taskserv_operation("two"));
  two.taskservs = {{taskserv("h1", "a"), {}}, {taskserv("h1", "b"), {0}}};
  const Id id = p.submit(batch_of({two}));
  lose_sight_of(p, p.task_of(id, "two", 0));
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.task_in(id, "two", 1).message, "needs \"h1: install a\", which is in doubt");
  EXPECT_TRUE(p.workflow(id).ended);
}

TEST(Course, ARetryWaitsAsLongBetweenItsWavesAsTheFirstRun) {
  Hosts p;
  BatchOperation rolling = script("roll", {}, "h1 or h2");
  rolling.rolling.batch = "1";
  rolling.rolling.pause_s = 10;
  const Id id = p.submit(batch_of({rolling, script("bad", {}, "h3")}));
  p.end(p.task_of(id, "roll", 0));  // the next wave goes in ten seconds, but
  p.end(p.task_of(id, "bad"), Outcome::failed, 1);
  ASSERT_TRUE(p.workflow(id).ended);
  p.advance(9000);
  p.must(RetryWorkflow{id, {}, false});
  p.advance(1000);
  EXPECT_EQ(p.task_in(id, "roll", 1).status, TaskStatus::pending);
  p.advance(9000);
  EXPECT_EQ(p.task_in(id, "roll", 1).status, TaskStatus::dispatched);
}

TEST(Course, WhatWaitsAnewAfterARetryDoesNotGoByItsOldPlace) {
  Hosts p;
  p.state.agenda.limits.agent_orders = 1;
  const Id id = p.submit(batch_of({script("bad"), script("waits")}));
  p.end(p.task_of(id, "bad"), Outcome::failed, 1);
  p.advance(1000);
  const Id busy = p.submit(batch_of({script("busy")}));
  const Id other = p.submit(batch_of({script("between")}));
  p.advance(1000);
  p.must(RetryWorkflow{id, {}, false});
  p.end(p.task_of(busy, "busy"));
  EXPECT_EQ(p.task_in(other, "between").status, TaskStatus::dispatched);
}

TEST(Course, ARetryThatMayNotTouchADoubtSaysWhyTheRestIsSkipped) {
  Hosts p;
  p.state.agenda.limits.agent_orders = 1;
  BatchOperation rolling = go_on(script("roll", {}, "h*"));
  rolling.rolling.batch = "1";
  const Id id = p.submit(batch_of({rolling}));
  lose_sight_of(p, p.task_of(id, "roll", 0));
  ASSERT_TRUE(p.workflow(id).ended);
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.task_in(id, "roll", 1).message, "stopped: 1 of its steps failed, 0 are tolerated");
}

}  // namespace
}  // namespace prov::domain
