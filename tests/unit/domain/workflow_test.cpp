#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

TEST(Workflow, ParallelLimitHoldsAndNothingIsForgotten) {
  Platform p;
  p.state.agenda.limits.workflow_parallel = 3;
  std::vector<std::string> hosts;
  for (std::uint8_t i = 1; i <= 10; ++i) {
    hosts.push_back("h" + std::to_string(i));
    p.add_host(hosts.back(), i);
  }
  p.must(RunExec{hosts, {"true"}, "", 10});
  const Id workflow = p.newest_workflow();
  std::size_t ended = 0;
  while (!p.state.workflows.at(workflow).ended) {
    EXPECT_LE(p.state.workflows.at(workflow).gate.out, 3U);
    ASSERT_LT(ended, p.sent().size()) << "nothing is on its way";
    p.end(p.sent()[ended++]);
  }
  EXPECT_EQ(ended, 10U);
}

TEST(Workflow, CreditPerAgentHolds) {
  Platform p;
  p.state.agenda.limits.agent_orders = 5;
  p.add_host("a", 1);
  p.must(RunNoop{{"a"}, 20});
  EXPECT_EQ(p.sent().size(), 5U);
  for (std::size_t i = 0; i < 20; ++i) p.end(p.sent().at(i));
  EXPECT_TRUE(p.state.workflows.at(p.newest_workflow()).ended);
}

TEST(Workflow, HostsTakeTurns) {
  Platform p;
  p.state.agenda.limits.agent_orders = 2;
  p.add_host("a", 1);
  p.add_host("b", 2);
  p.must(RunNoop{{"a", "b"}, 8});
  std::vector<std::string> hosts;
  for (const Id& id : p.sent()) hosts.push_back(find_task(p.state, id)->plan->server);
  EXPECT_EQ(hosts, (std::vector<std::string>{"a", "b", "a", "b"}));
}

TEST(Workflow, CancelSkipsWhatWaitsAndAsksForWhatRuns) {
  Platform p;
  p.state.agenda.limits.agent_orders = 1;
  p.add_host("a", 1);
  p.must(RunNoop{{"a"}, 3});
  const Id workflow = p.newest_workflow();
  p.must(CancelWorkflow{workflow});
  EXPECT_EQ(p.task(workflow, 0).status, TaskStatus::dispatched);
  EXPECT_EQ(p.task(workflow, 1).outcome, Outcome::cancelled);
  EXPECT_TRUE(std::any_of(p.effects.begin(), p.effects.end(), [&](const Effect& e) {
    const auto* cancel = std::get_if<CancelAttempt>(&e);
    return cancel != nullptr && cancel->task == task_id(workflow, 0);
  }));
  p.end(task_id(workflow, 0), Outcome::cancelled);
  EXPECT_EQ(p.state.workflows.at(workflow).outcome, Outcome::cancelled);
  EXPECT_TRUE(p.must(CancelWorkflow{workflow}).empty());
}

TEST(Workflow, AnEndTellsOfAStartThatNoEventTellsOf) {
  Platform p;
  p.add_host("a", 1);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id quick = task_id(p.newest_workflow(), 0);
  p.now_ms += 100;
  ReportEnded report{key_of(1), {.task = quick, .attempt = 1, .started = true, .took_ms = 40}, 0, {}};
  EXPECT_TRUE(all_of<TaskEnded>(p.must(report)).at(0).started);
  EXPECT_EQ(find_task(p.state, quick)->started_ms, p.now_ms - 40);

  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id slow = task_id(p.newest_workflow(), 0);
  p.must(ReportStarted{key_of(1), slow, 1, 0});
  const TimeMs began_ms = p.now_ms;
  p.now_ms += 100;
  report.ended.task = slow;
  const TaskEnded ended = all_of<TaskEnded>(p.must(report)).at(0);
  EXPECT_FALSE(ended.started) << "its start was logged";
  EXPECT_EQ(ended.took_ms, 0U);
  EXPECT_EQ(find_task(p.state, slow)->started_ms, began_ms);
}

TEST(Workflow, ATimeBeforeItWasReadyIsNotBelieved) {
  Platform p;
  p.add_host("a", 1);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id task = task_id(p.newest_workflow(), 0);
  p.must(ReportEnded{key_of(1), {.task = task, .attempt = 1, .started = true, .took_ms = UINT64_MAX}, 0, {}});
  EXPECT_EQ(find_task(p.state, task)->started_ms, find_task(p.state, task)->ready_ms);
}

TEST(Workflow, AHostThatStaysAwayIsNotDeliveredInTheEnd) {
  Platform p;
  p.add_host("a", 1);
  p.must(LoseAgent{key_of(1), 0, ""});
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id workflow = p.newest_workflow();
  p.advance(p.state.agenda.limits.delivery_ms - 1);
  EXPECT_EQ(p.task(workflow, 0).status, TaskStatus::ready);
  p.advance(1);
  EXPECT_EQ(p.task(workflow, 0).outcome, Outcome::not_delivered);
  EXPECT_TRUE(p.sent().empty());
}

TEST(Workflow, ARepeatedCommandGetsItsFirstAnswerWithinTheHorizon) {
  Platform p;
  p.add_host("a", 1);
  Id command;
  command.bytes[0] = 42;
  ASSERT_TRUE(p.give(RunExec{{"a"}, {"true"}, "", 10}, "w", command));
  const CommandKey key{"uid:0", "w", command};
  ASSERT_TRUE(p.state.remembered.contains(key));
  EXPECT_EQ(p.state.remembered.at(key).made, p.newest_workflow());
  p.now_ms += kRememberMs + 1;
  Id other;
  other.bytes[0] = 43;
  ASSERT_TRUE(p.give(RunExec{{"a"}, {"true"}, "", 10}, "w", other));
  EXPECT_FALSE(p.state.remembered.contains(key));
}

TEST(Workflow, ARetryThatWasDueSurvivesAClockThatGoesBack) {
  Platform p;
  p.add_host("h1", 1);
  p.must(CreateTaskservs{"main", {{taskserv("h1", "first"), {}}, {taskserv("h1", "second"), {}}}});
  const Id workflow = p.newest_workflow();
  p.end(task_id(workflow, 0), Outcome::failed, kExitTryLater);  // the second one goes first now, alone on its host
  const TimeMs before_ms = p.now_ms;
  p.advance(60'000);  // due, and queued behind it
  p.now_ms = before_ms + 1;
  p.end(task_id(workflow, 1));
  EXPECT_EQ(p.task(workflow, 0).status, TaskStatus::ready) << "not due by this clock";
  p.advance(60'000);
  EXPECT_EQ(p.task(workflow, 0).attempt, 2U);
  p.end(task_id(workflow, 0));
  EXPECT_TRUE(p.state.workflows.at(workflow).ended);
}

TEST(Workflow, FinishedOnesLeaveTheWorkingSet) {
  Platform p;
  p.state.agenda.limits.agent_orders = 1'000'000;
  p.add_host("a", 1);
  for (int i = 0; i < 3; ++i) {
    p.must(RunNoop{{"a"}, static_cast<std::uint32_t>(kKeepEndedTasks / 2)});
    const Id workflow = p.newest_workflow();
    for (std::uint32_t n = 0; n < kKeepEndedTasks / 2; ++n) p.end(task_id(workflow, n));
  }
  EXPECT_EQ(p.state.workflows.size(), 2U);
  EXPECT_EQ(p.state.ended_workflows_total, 3U);
}

// A large one of which nothing can be retried or undone does not wait for the next to end.
TEST(Workflow, ALargeOneThatIsSettledForGoodLeavesAsItEnds) {
  Platform p;
  p.state.agenda.limits.settled_tasks = 3;
  p.add_host("a", 1);
  const auto after = [&p](std::uint32_t tasks, Outcome last) {
    p.must(RunNoop{{"a"}, tasks});
    const Id workflow = p.newest_workflow();
    for (std::uint32_t n = 0; n + 1 < tasks; ++n) p.end(task_id(workflow, n));
    p.end(task_id(workflow, tasks - 1), last);
    EXPECT_EQ(all_of<WorkflowEnded>(p.log).back().id, workflow);
    return p.state.workflows.contains(workflow);
  };
  EXPECT_TRUE(after(3, Outcome::done)) << "a small one";
  EXPECT_FALSE(after(4, Outcome::done));
  EXPECT_TRUE(after(4, Outcome::failed)) << "which can be retried";
  EXPECT_EQ(p.state.ended_workflows.size(), 2U);
  EXPECT_EQ(p.state.ended_workflows_total, 3U);
  EXPECT_EQ(p.state.ended_tasks, 7U);
}

TEST(Workflow, OneCommandOnManyHostsIsOneActionInMemory) {
  Platform p;
  p.add_host("a", 1);
  p.add_host("b", 2);
  p.must(RunExec{{"a", "b"}, {"true"}, "", 10});
  const auto& tasks = p.state.workflows.at(p.newest_workflow()).tasks;
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(&*tasks[0].plan->action, &*tasks[1].plan->action);
}

// A log from before there was such a thing folds as it did.
TEST(Workflow, AnEndThatDoesNotSayThatItLeavesLeavesItThere) {
  Platform p;
  p.add_host("a", 1);
  p.must(RunNoop{{"a"}, 4});
  const Id workflow = p.newest_workflow();
  for (std::uint32_t n = 0; n < 4; ++n) p.end(task_id(workflow, n));
  State again;
  again.agenda.limits.settled_tasks = 0;
  for (const Event& event : p.log) evolve(again, event);
  EXPECT_TRUE(again.workflows.contains(workflow));
}

TEST(Workflow, AFrozenAggregateChangesNoMoreAndTheRestGoesOn) {
  Platform p;
  p.add_host("a", 1);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id first = p.newest_workflow();
  Event unknown;
  unknown.meta.sequence = p.state.sequence + 1;
  unknown.meta.aggregate_kind = AggregateKind::task;
  unknown.meta.aggregate_id = std::string(task_id(first, 0).view());
  unknown.body = UnknownEvent{999, 1, "x"};
  evolve(p.state, unknown);
  p.end(task_id(first, 0));
  EXPECT_EQ(p.task(first, 0).status, TaskStatus::dispatched);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  p.end(task_id(p.newest_workflow(), 0));
  EXPECT_TRUE(p.state.workflows.at(p.newest_workflow()).ended);
}

TEST(Workflow, AnAgentCannotEndAnothersTask) {
  Platform p;
  p.add_host("a", 1);
  p.add_host("b", 2);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  TaskEnded e;
  e.task = task_id(p.newest_workflow(), 0);
  e.attempt = 1;
  EXPECT_EQ(p.give(ReportEnded{key_of(2), e, 0, {}}).error().code, Code::denied);
}

TEST(Workflow, RepeatedAndStaleReportsChangeNothing) {
  Platform p;
  p.add_host("a", 1);
  p.must(RunExec{{"a"}, {"true"}, "", 10});
  const Id id = task_id(p.newest_workflow(), 0);
  TaskEnded e;
  e.task = id;
  e.attempt = 1;
  ASSERT_FALSE(p.must(ReportEnded{key_of(1), e, 0, {}}).empty());
  EXPECT_TRUE(p.must(ReportEnded{key_of(1), e, 0, {}}).empty());
  e.attempt = 7;
  EXPECT_TRUE(p.must(ReportEnded{key_of(1), e, 0, {}}).empty());
  e.task = task_id(id, 99);
  EXPECT_TRUE(p.must(ReportStarted{key_of(1), e.task, 1, 0}).empty());
}

TEST(Workflows, AHostThatEndsItsOrdersQuicklyIsGivenMoreOfThemAhead) {
  Platform p;
  p.add_host("h1", 1);
  p.must(RunNoop{{"h1"}, 2'000});
  const Host& host = *p.state.agenda.hosts.find({"w", "h1"});
  const auto end_some = [&](std::size_t count, std::uint64_t pause_ms) {
    for (; count > 0; --count) {
      const auto sent = p.sent();
      p.end(sent[sent.size() - host.outstanding]);
      p.now_ms += pause_ms;
    }
  };
  EXPECT_EQ(host.outstanding, Pace::kQuick);
  end_some(Pace::kQuick, 1);
  EXPECT_EQ(host.outstanding, p.state.agenda.limits.agent_orders);
  end_some(400, 20);
  EXPECT_EQ(host.outstanding, Pace::kQuick) << "it has become slow";
}

}  // namespace
}  // namespace prov::domain
