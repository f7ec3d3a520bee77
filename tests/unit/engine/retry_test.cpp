// Doing again what did not succeed: what begins, what stays, and how often it is tried.
#include "tests/unit/engine/given.h"

namespace prov::domain {
namespace {

BatchOperation with_policy(BatchOperation operation, OnFailure policy) {
  operation.on_failure = policy;
  return operation;
}

void expect_refused(Hosts& p, const RetryWorkflow& retry, const std::string& message, const std::string& hint) {
  const auto answer = p.give(retry);
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message.find(message), std::string::npos) << answer.error().message;
  EXPECT_NE(answer.error().hint.find(hint), std::string::npos) << answer.error().hint;
}

SubmitBatch two_chains() {
  BatchOperation a = script("a", {}, "h1"), b = script("b", {}, "h2");
  return batch_of({a, b, script("a2", {"a"}, "h1"), script("b2", {"b"}, "h2"), script("both", {"a2", "b2"}, "h3")});
}

TEST(Retry, OfOneStepGoesOnBesideAnotherThatFailed) {
  Hosts p;
  const Id id = p.submit(two_chains());
  p.end(p.task_of(id, "a"), Outcome::failed, 1);
  p.end(p.task_of(id, "b"), Outcome::failed, 1);
  ASSERT_TRUE(p.workflow(id).ended);
  p.must(RetryWorkflow{id, {"a"}, false});
  EXPECT_TRUE(p.operation(id, "b").set_aside);
  EXPECT_EQ(p.task_in(id, "b").outcome, Outcome::failed) << "it was not named, and stays as it is";
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "a2"));
  EXPECT_EQ(p.operation(id, "both").message, "needs \"b2\", which was skipped");
  EXPECT_EQ(p.workflow(id).outcome, Outcome::failed);
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_FALSE(p.operation(id, "b").set_aside);
  for (const char* rest : {"b", "b2", "both"}) p.end(p.task_of(id, rest));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
  EXPECT_EQ(p.task_in(id, "a").attempt, 2U) << "what succeeded was left alone";
}

TEST(Retry, BesideAStepInDoubtLeavesThatAlone) {
  Hosts p;
  const Id id = p.submit(two_chains());
  p.end(p.task_of(id, "a"), Outcome::failed, 1);
  p.advance(p.task_in(id, "b").deadline_ms - p.now_ms);
  ASSERT_EQ(p.operation(id, "b").outcome, Outcome::in_doubt);
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.task_in(id, "a").status, TaskStatus::dispatched);
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "a2"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::in_doubt);
  EXPECT_EQ(p.operation(id, "both").message, "needs \"b2\", which was skipped");
  p.must(RetryWorkflow{id, {}, true});
  EXPECT_EQ(p.task_in(id, "b").status, TaskStatus::dispatched);
}

TEST(Retry, OfDoubtsAloneHasToBeAskedForInSoManyWords) {
  Hosts p;
  const Id id = p.submit(batch_of({script("a")}));
  p.advance(p.task_in(id, "a").deadline_ms - p.now_ms);
  expect_refused(p, {id, {}, false}, "\"a\" is in doubt, so it may have been done",
                 "workflow retry " + to_text(id) + " --failed --in-doubt");
  p.end(p.task_of(id, "a"));  // it has been done: there is nothing to run, and an end to correct
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
  EXPECT_EQ(p.task_in(id, "a").attempt, 1U);
}

TEST(Retry, OfAStepThatNeedsAnotherSaysWhichAndWhatToType) {
  Hosts p;
  const Id id = p.submit(two_chains());
  p.end(p.task_of(id, "a"), Outcome::failed, 1);
  p.end(p.task_of(id, "b"));
  expect_refused(p, {id, {"a2"}, false}, "operation \"a2\" needs \"a\", which failed",
                 "workflow retry " + to_text(id) + " --failed --step a --step a2");
  expect_refused(p, {id, {"a3"}, false}, "has no operation \"a3\"", "workflow status");
  p.must(RetryWorkflow{id, {"a", "a2"}, false});
  EXPECT_EQ(p.task_in(id, "a").status, TaskStatus::dispatched);
}

TEST(Retry, OfALoopIsOfWhatFailedInIt) {
  Hosts p;
  BatchOperation loop = script("load", {}, "{{item}}");
  loop.for_each_targets = "h1 or h2";
  const Id id = p.submit(batch_of({loop, script("then", {"load"}, "h3")}));
  p.end(p.task_of(id, "load[h1]"));
  p.end(p.task_of(id, "load[h2]"), Outcome::failed, 1);
  p.must(RetryWorkflow{id, {"load"}, false});
  EXPECT_EQ(p.task_in(id, "load[h1]").attempt, 1U);
  p.end(p.task_of(id, "load[h2]"));
  p.end(p.task_of(id, "then"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
}

TEST(Retry, LeavesAloneWhatWasNotNeededUnlessWhatItLooksAtRunsAgain) {
  Hosts p;
  BatchOperation never = script("never"), clean_up = script("clean up");
  never.when = "params.version == \"3\"";
  clean_up.id = "clean-up";
  clean_up.when = "result.a == \"done\"";
  clean_up.dependencies = {{"a", DependencyKind::soft}};
  const Id id = p.submit(batch_of({never, with_policy(script("a"), OnFailure::go_on), clean_up}));
  p.end(p.task_of(id, "a"), Outcome::failed, 1);
  ASSERT_TRUE(p.operation(id, "clean-up").unneeded);
  const auto events = p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(all_of<WorkflowRetried>(events).at(0).operations, (std::vector<std::uint32_t>{1, 2}));
  p.end(p.task_of(id, "a"));
  p.end(p.task_of(id, "clean-up"));
  EXPECT_EQ(p.workflow(id).outcome, Outcome::done);
  EXPECT_TRUE(p.must(RetryWorkflow{id, {}, false}).empty()) << "a condition that was false is no failure";
}

TEST(Retry, AFailureThatWasSetAsideUndoesNothing) {
  Hosts p;
  BatchOperation a = script("a", {}, "h1"), b = with_policy(script("b", {}, "h2"), OnFailure::rollback);
  a.undo.argv = {"undo", "a"};
  b.undo.argv = {"undo", "b"};
  const Id id = p.submit(batch_of({a, b}));
  p.end(p.task_of(id, "a"), Outcome::refused);
  p.end(p.task_of(id, "b"), Outcome::refused);  // neither has done anything: nothing is undone
  ASSERT_EQ(p.workflow(id).rollbacks, 0U);
  p.must(RetryWorkflow{id, {"a"}, false});
  p.end(p.task_of(id, "a"));
  EXPECT_TRUE(p.workflow(id).ended);
  EXPECT_EQ(p.workflow(id).rollbacks, 0U) << "who went on beside it wants to keep what came of that";
  p.must(RetryWorkflow{id, {"b"}, false});
  p.end(p.task_of(id, "b"), Outcome::failed, 1);
  EXPECT_EQ(p.workflow(id).rollbacks, 1U) << "another failure has its say";
}

// ---- attempts

TEST(Retry, GivesAStepAllItsAttemptsAnewAndNumbersGoOn) {
  Hosts p;
  BatchOperation flaky = script("flaky");
  flaky.retries = 2;
  flaky.retry.delay_ms = 1000;
  const Id id = p.submit(batch_of({flaky}));
  const auto fail_and_wait = [&](std::uint64_t ms) {
    p.end(p.task_of(id, "flaky"), Outcome::failed, 1);
    p.advance(ms);
  };
  for (const std::uint64_t ms : {1000, 2000, 0}) fail_and_wait(ms);
  ASSERT_TRUE(p.workflow(id).ended);
  p.must(RetryWorkflow{id, {}, false});
  EXPECT_EQ(p.task_in(id, "flaky").attempt, 4U);
  for (const std::uint64_t ms : {1000, 2000}) fail_and_wait(ms);  // and waits between them as at first
  EXPECT_EQ(p.task_in(id, "flaky").attempt, 6U);
  fail_and_wait(0);
  EXPECT_TRUE(p.workflow(id).ended);
}

TEST(Retry, InterruptionsOfAnEarlierRoundCostNoAttemptOfThisOne) {
  Hosts p;
  BatchOperation flaky = script("flaky");
  flaky.retries = 1;
  flaky.retry.delay_ms = 1000;
  const Id id = p.submit(batch_of({flaky}));
  for (int i = 0; i < 10; ++i) {
    p.end(p.task_of(id, "flaky"), Outcome::interrupted);
    p.advance(600'000);
  }
  ASSERT_TRUE(p.workflow(id).ended);
  ASSERT_EQ(p.task_in(id, "flaky").attempt, 10U);
  p.must(RetryWorkflow{id, {}, false});
  p.end(p.task_of(id, "flaky"), Outcome::failed, 1);
  EXPECT_EQ(p.task_in(id, "flaky").status, TaskStatus::ready) << "its one more attempt is still to come";
}

// ---- what logs of the past mean

TEST(Retry, OfALogOfThePastMeansWhatItMeantThen) {
  Hosts p;
  const Id id = p.submit(two_chains());
  p.end(p.task_of(id, "a"), Outcome::failed, 1);
  p.end(p.task_of(id, "b"), Outcome::failed, 1);
  p.fold(WorkflowRetried{id, {0}, false, false}, "w", kOperator, {});
  p.follow();
  EXPECT_EQ(p.operation(id, "a").message, "the workflow stopped because \"b\" failed");
  EXPECT_EQ(p.task_in(id, "a").attempts_before, 0U);
  EXPECT_TRUE(p.workflow(id).ended);
}

}  // namespace
}  // namespace prov::domain
