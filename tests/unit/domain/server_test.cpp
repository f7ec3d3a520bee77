#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

ServerSpec server(const std::string& hostname, const std::string& plan = "small") {
  return {hostname, "demo", "local", digest_at(5), "auto", plan, {}, {}};
}

ReportEnded provider_made(Platform& p, const Id& task, const std::string& hostname) {
  ReportEnded report;
  report.ended.task = task;
  report.ended.attempt = find_task(p.state, task)->attempt;
  report.created = ServerCreated{hostname, "id-" + hostname, "10.0.0.2", "namespace", "10.0.0.1"};
  return report;
}

TEST(Server, IsMadeByItsProviderAndReadyWhenItsAgentJoins) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  const Id workflow = p.newest_workflow();
  EXPECT_EQ(p.task(workflow, 0).status, TaskStatus::dispatched);
  EXPECT_EQ(p.task(workflow, 1).status, TaskStatus::pending);
  p.must(provider_made(p, task_id(workflow, 0), "db-1"));
  EXPECT_EQ(p.state.servers.at({"w", "db-1"}).status, ServerStatus::created);
  EXPECT_EQ(p.task(workflow, 1).status, TaskStatus::dispatched);
  p.add_host("db-1", 1);
  EXPECT_EQ(p.state.servers.at({"w", "db-1"}).status, ServerStatus::ready);
  EXPECT_TRUE(p.state.workflows.at(workflow).ended);
  EXPECT_EQ(p.state.workflows.at(workflow).outcome, Outcome::done);

  // The same again: nothing to do.
  EXPECT_TRUE(p.must(CreateServers{"demo", {server("db-1")}}).empty());
}

TEST(Server, WithoutAnAgentTheWorkflowFailsInTimeAndSaysWhy) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  const Id workflow = p.newest_workflow();
  p.must(provider_made(p, task_id(workflow, 0), "db-1"));
  p.advance(60 * 60 * 1000);
  EXPECT_EQ(p.task(workflow, 1).outcome, Outcome::timed_out);
  EXPECT_NE(p.task(workflow, 1).message.find("no agent joined"), std::string::npos);
  EXPECT_EQ(p.state.workflows.at(workflow).outcome, Outcome::failed);
}

TEST(Server, AProviderThatWasInterruptedIsAskedAgainAsAnotherAttempt) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  const Id task = task_id(p.newest_workflow(), 0);
  p.end(task, Outcome::interrupted);
  EXPECT_EQ(find_task(p.state, task)->status, TaskStatus::ready);
  p.advance(10'000);
  EXPECT_EQ(find_task(p.state, task)->status, TaskStatus::dispatched);
  EXPECT_EQ(find_task(p.state, task)->attempt, 2U);
}

TEST(Server, AFailedOneIsMarkedAndItsAgentTaskIsSkipped) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  const Id workflow = p.newest_workflow();
  p.end(task_id(workflow, 0), Outcome::failed, 1);
  EXPECT_EQ(p.state.servers.at({"w", "db-1"}).status, ServerStatus::failed);
  EXPECT_EQ(p.task(workflow, 1).outcome, Outcome::skipped);
  EXPECT_NE(p.task(workflow, 1).message.find("db-1: create"), std::string::npos);
  // And it can be tried again.
  EXPECT_FALSE(p.must(CreateServers{"demo", {server("db-1")}}).empty());
}

TEST(Server, OnlyOneWorkflowAtATimeTouchesIt) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  EXPECT_EQ(p.give(CreateServers{"demo", {server("db-1")}}).error().code, Code::conflict);
  EXPECT_EQ(p.give(DeleteServers{"demo", {"db-1"}}).error().code, Code::conflict);
}

TEST(Server, DeletingTakesItsAgentAndTaskServicesAlong) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}});
  p.must(provider_made(p, task_id(p.newest_workflow(), 0), "db-1"));
  p.add_host("db-1", 1);
  p.must(CreateTaskservs{"demo", {{taskserv("db-1", "os"), {}}}});
  p.end(task_id(p.newest_workflow(), 0));
  ASSERT_EQ(p.state.taskservs.size(), 1U);
  p.must(DeleteServers{"demo", {"db-1", "no-such"}});
  p.end(task_id(p.newest_workflow(), 0));
  EXPECT_TRUE(p.state.servers.empty());
  EXPECT_TRUE(p.state.taskservs.empty());
  EXPECT_TRUE(p.state.agents.empty());
}

TEST(Server, AtMostSoManyProviderCallsAtOnce) {
  Platform p;
  CreateServers command{"demo", {}};
  for (int i = 0; i < 10; ++i) command.servers.push_back(server("h" + std::to_string(i)));
  p.must(command);
  EXPECT_EQ(p.state.agenda.providers.at("local").out, p.state.agenda.limits.provider_parallel);
  p.end(task_id(p.newest_workflow(), 0), Outcome::failed, 1);
  EXPECT_EQ(p.state.agenda.providers.at("local").out, p.state.agenda.limits.provider_parallel);
}

TEST(Server, WorkspacesDoNotSeeEachOther) {
  Platform p;
  p.must(CreateServers{"demo", {server("db-1")}}, "a");
  p.must(CreateServers{"demo", {server("db-1")}}, "b");
  EXPECT_EQ(p.state.servers.size(), 2U);
  EXPECT_TRUE(p.must(DeleteServers{"demo", {"db-1"}}, "c").empty());
}

}  // namespace
}  // namespace prov::domain
