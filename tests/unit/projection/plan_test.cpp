#include "coordinator/projection/plan.h"
#include "common/json/json.h"

#include "tests/unit/domain/harness.h"

namespace prov::projection {
namespace {

class PlanTest : public testing::Test {
 protected:
  PlanTest() { platform.add_host("a", 1); }

  Plan plan(domain::CommandBody body) {
    const domain::Command command{{}, "w", std::move(body)};
    const auto events = domain::decide(platform.state, command, {platform.now_ms, [] { return Id{}; }});
    EXPECT_TRUE(events.has_value()) << (events ? "" : events.error().message);
    return plan_of(platform.state, command, events ? *events : std::vector<domain::EventBody>{});
  }
  domain::CreateTaskservs install(const domain::TaskservSpec& spec) { return {"demo", {{spec, {}}}}; }
  void install_now(const domain::TaskservSpec& spec, Outcome outcome = Outcome::done) {
    platform.must(install(spec));
    platform.end(task_id(platform.newest_workflow(), 0), outcome);
  }
  domain::BatchOperation taskservs(const std::string& id, domain::OperationKind kind,
                                   const std::vector<domain::TaskservSpec>& specs) {
    domain::BatchOperation operation;
    operation.id = id;
    operation.kind = kind;
    for (const auto& spec : specs) operation.taskservs.push_back({spec, {}});
    return operation;
  }
  std::string reason_of(const domain::TaskservSpec& spec) {
    const Plan out = plan(install(spec));
    return out.lines.size() == 1 ? out.lines[0].reason : "no line";
  }
  domain::Platform platform;
};

TEST_F(PlanTest, ANewServerIsCreatedAndItsAgentAwaited) {
  domain::ServerSpec spec;
  spec.hostname = "db-1";
  spec.infra = "demo";
  spec.provider = "local";
  spec.provider_bundle = domain::digest_at(1);
  const Plan out = plan(domain::CreateServers{"demo", {spec}});
  ASSERT_EQ(out.lines.size(), 2U);
  EXPECT_EQ(out.lines[0].action, "create");
  EXPECT_EQ(out.lines[0].reason, "not there yet");
  EXPECT_EQ(out.lines[1].action, "await");
  EXPECT_EQ(out.total, 2U);
  EXPECT_TRUE(out.unchanged.empty());
}

TEST_F(PlanTest, EveryReasonToInstallIsSaid) {
  auto spec = domain::taskserv("a", "redis", false);
  EXPECT_EQ(reason_of(spec), "not installed yet");
  install_now(spec, Outcome::failed);
  EXPECT_EQ(reason_of(spec), "the last attempt failed");
  install_now(spec);
  auto newer = spec;
  newer.version = "2.0.0";
  EXPECT_EQ(reason_of(newer), "version 1.0.0 -> 2.0.0");
  auto tuned = spec;
  tuned.params = {{"memory", "1g"}, {"port", "6380"}};
  EXPECT_EQ(reason_of(tuned), "parameters changed: memory nothing -> \"1g\", port nothing -> \"6380\"");
  auto secret = spec;
  secret.secrets = {{"password", "demo/redis"}};
  EXPECT_EQ(reason_of(secret), "secrets changed: password");
  auto files = spec;
  files.bundle = domain::digest_at(77);
  EXPECT_EQ(reason_of(files), "the files of its extension changed");
  EXPECT_EQ(reason_of(spec), "no line");
  domain::CreateTaskservs again = install(spec);
  again.again = true;
  const Plan out = plan(again);
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(out.lines[0].reason, "installed as described, and asked for again");
  EXPECT_EQ(out.lines[0].sign, "~");
}

TEST_F(PlanTest, WhatOfAServersDefinitionChangedIsSaid) {
  const domain::ServerSpec now{"b", "demo", "local", domain::digest_at(5), "auto", "small", {}, {}};
  platform.must(domain::CreateServers{"demo", {now}});
  domain::ReportEnded made;
  made.ended.task = task_id(platform.newest_workflow(), 0);
  made.ended.attempt = 1;
  made.created = domain::ServerCreated{"b", "id-b", "10.0.0.2", "namespace", "10.0.0.1"};
  platform.must(made);
  platform.add_host("b", 2);
  const auto reason = [&](auto change) {
    domain::ServerSpec wanted = now;
    change(wanted);
    const Plan out = plan(domain::CreateServers{now.infra, {wanted}});
    return out.lines.empty() ? "no line" : out.lines[0].reason;
  };
  EXPECT_EQ(reason([](auto&) {}), "no line");
  EXPECT_EQ(reason([](auto& spec) {
              spec.plan = "large";
              spec.labels = {{"role", "web"}};
            }),
            "plan small -> large; labels changed: role nothing -> \"web\"");
  EXPECT_EQ(reason([](auto& spec) { spec.params = {{"zone", "x"}}; }), "parameters changed: zone nothing -> \"x\"");
  EXPECT_EQ(reason([](auto& spec) { spec.provider_bundle = domain::digest_at(77); }),
            "the files of its provider changed");
}

TEST_F(PlanTest, WhatIsAsDescribedStaysUnchangedAndSaysWhy) {
  const auto spec = domain::taskserv("a", "redis");
  install_now(spec);
  const Plan out = plan(install(spec));
  EXPECT_TRUE(out.lines.empty());
  ASSERT_EQ(out.unchanged.size(), 1U);
  EXPECT_EQ(out.unchanged[0].name, "redis");
  EXPECT_EQ(out.unchanged[0].server, "a");
  EXPECT_EQ(out.unchanged[0].reason, "already installed, as described");
}

TEST_F(PlanTest, DeletingWhatIsNotThereIsNamed) {
  const Plan servers = plan(domain::DeleteServers{"", {"ghost"}});
  ASSERT_EQ(servers.unchanged.size(), 1U);
  EXPECT_EQ(servers.unchanged[0].reason, "there is no such server");
  const Plan taskservs = plan(domain::DeleteTaskservs{"demo", {domain::taskserv("a", "redis")}});
  ASSERT_EQ(taskservs.unchanged.size(), 1U);
  EXPECT_EQ(taskservs.unchanged[0].reason, "it is not installed");
}

TEST_F(PlanTest, ALongPlanIsCutButCounted) {
  const Plan out = plan(domain::RunNoop{{"a"}, 5000});
  EXPECT_EQ(out.lines.size(), kMaxPlanLines);
  EXPECT_EQ(out.total, 5000U);
  platform.must(domain::RunNoop{{"a"}, 5000});
  const Plan later = plan_of(platform.state.workflows.at(platform.newest_workflow()), "asked for");
  EXPECT_EQ(later.lines.size(), kMaxPlanLines);
  EXPECT_EQ(later.total, 5000U);
  EXPECT_EQ(later.lines[0].action, "noop");
  EXPECT_EQ(later.lines[0].server, "a");
}

TEST_F(PlanTest, AsJson) {
  const auto told = plan_json(plan(install(domain::taskserv("a", "redis"))), Id{});
  EXPECT_TRUE(told["workflow"].is_null());
  EXPECT_EQ(told["plan_total"], 1);
  EXPECT_EQ(told["plan"][0],
            nlohmann::json({{"sign", "+"},
                            {"action", "install"},
                            {"name", "redis"},
                            {"server", "a"},
                            {"operation", told["operations"].empty() ? "" : told["operations"][0]["id"]},
                            {"reason", "not installed yet"}}));
  EXPECT_EQ(told["estimate"], nlohmann::json({{"known_ms", 0}, {"unknown_steps", 1}, {"expected_ms", 0}}));
  EXPECT_EQ(told["untouched"], 0);
}

// Names and reasons come from people and hosts.
TEST_F(PlanTest, AsTextItIsJsonWhateverIsInIt) {
  Plan odd;
  const std::string texts[] = {
      "", "plain", "\"quoted\\\"", "line\nbreak\tand \x01", "gr\xc3\xbc\xc3\x9f", "no \xff UTF-8", "\x7f"};
  for (const std::string& text : texts) {
    odd.lines.push_back({"+", "install", text, text, text, text});
    odd.unchanged.push_back({"", "", text, text, text});
    odd.operations.push_back({text, text, text, text, 18446744073709551615U});
    odd.notes.push_back(text);
  }
  odd.estimate.expected_ms = 18446744073709551615U;
  const Id id{{1, 2, 3}};
  const auto told = nlohmann::json::parse(plan_text(odd, id));
  EXPECT_EQ(told["workflow"], to_text(id));
  for (std::size_t i = 0; i < std::size(texts); ++i) {
    const std::string expected = i == 5 ? "no \xef\xbf\xbd UTF-8" : texts[i];
    for (const char* name : {"name", "server", "operation", "reason"}) EXPECT_EQ(told["plan"][i][name], expected);
    for (const char* name : {"name", "server", "reason"}) EXPECT_EQ(told["unchanged"][i][name], expected);
    for (const char* name : {"id", "kind", "when", "note"}) EXPECT_EQ(told["operations"][i][name], expected);
    EXPECT_EQ(told["notes"][i], expected);
  }
  EXPECT_EQ(told["operations"][0]["tasks"], 18446744073709551615U);
  EXPECT_EQ(told["estimate"]["expected_ms"], 18446744073709551615U);
  EXPECT_EQ(nlohmann::json::parse(plan_text(Plan{}, Id{})), plan_json(Plan{}, Id{}));
}

TEST_F(PlanTest, TheSignSaysWhatBecomesOfAThing) {
  const auto spec = domain::taskserv("a", "redis");
  EXPECT_EQ(plan(install(spec)).lines[0].sign, "+");
  install_now(spec);
  auto newer = spec;
  newer.version = "2.0.0";
  EXPECT_EQ(plan(install(newer)).lines[0].sign, "~");
  EXPECT_EQ(plan(domain::DeleteTaskservs{"demo", {spec}}).lines[0].sign, "-");
  EXPECT_EQ(plan(domain::CheckTaskservs{"demo", {spec}}).lines[0].sign, ">");
  EXPECT_EQ(plan(domain::RunExec{{"a"}, {"ls"}, "", 60}).lines[0].sign, ">");
}

TEST_F(PlanTest, WhatIsRemovedAndMadeAnewIsMarked) {
  const auto spec = domain::taskserv("a", "redis");
  install_now(spec);
  auto newer = spec;
  newer.version = "2.0.0";
  domain::SubmitBatch batch;
  batch.name = "anew";
  batch.infra = "demo";
  batch.operations = {taskservs("gone", domain::OperationKind::taskserv_delete, {spec}),
                      taskservs("again", domain::OperationKind::taskserv_create, {newer})};
  batch.operations[1].dependencies = {{"gone", domain::DependencyKind::hard}};
  const Plan out = plan(batch);
  ASSERT_EQ(out.lines.size(), 2U);
  EXPECT_EQ(out.lines[0].sign, "-");
  EXPECT_EQ(out.lines[0].operation, "gone");
  EXPECT_EQ(out.lines[1].sign, "-/+");
  EXPECT_EQ(out.lines[1].operation, "again");
  ASSERT_EQ(out.operations.size(), 2U);
  EXPECT_EQ(out.operations[1].kind, "taskserv_create");
}

TEST_F(PlanTest, ARehearsalChangesNothingAndSaysSo) {
  domain::SubmitBatch batch;
  batch.name = "try";
  batch.infra = "demo";
  batch.operations = {taskservs("try", domain::OperationKind::taskserv_create, {domain::taskserv("a", "redis")})};
  batch.operations[0].mode = domain::OrderMode::rehearse;
  const Plan out = plan(batch);
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(out.lines[0].sign, ">");
  EXPECT_EQ(out.lines[0].action, "rehearse");
}

TEST_F(PlanTest, HostsThatGetNothingToDoAreCounted) {
  platform.add_host("b", 2);
  platform.add_host("c", 3);
  platform.add_host("elsewhere", 4, "other");
  EXPECT_EQ(plan(domain::RunExec{{"a"}, {"ls"}, "", 60}).untouched, 2U);
  EXPECT_EQ(plan(domain::RunExec{{"a", "b", "c"}, {"ls"}, "", 60}).untouched, 0U);
  EXPECT_EQ(plan(install(domain::taskserv("a", "redis"))).untouched, 0U) << "no other host belongs to that infra";
}

TEST_F(PlanTest, ARetrySaysWhatRunsAgainAndWhy) {
  platform.add_host("b", 2);
  platform.must(domain::RunExec{{"a", "b"}, {"ls"}, "", 60});
  const Id id = platform.newest_workflow();
  platform.end(task_id(id, 0), Outcome::failed, 3);
  platform.end(task_id(id, 1));
  const Plan out = plan(domain::RetryWorkflow{id, {}, false});
  ASSERT_EQ(out.lines.size(), 1U);
  EXPECT_EQ(out.lines[0].server, "a");
  EXPECT_EQ(out.lines[0].reason, "it ended as failed");
  EXPECT_EQ(out.total, 1U);
}

TEST_F(PlanTest, ARetryOfOneStepShowsWhatRunsBehindItToo) {
  domain::SubmitBatch batch;
  batch.name = "steps";
  for (const char* id : {"a", "b", "c"}) {
    domain::BatchOperation operation;
    operation.id = id;
    operation.targets = "a";
    operation.exec.argv = {"do", id};
    if (operation.id == "b") operation.dependencies = {{"a", domain::DependencyKind::hard}};
    batch.operations.push_back(std::move(operation));
  }
  platform.must(batch);
  const Id id = platform.newest_workflow();
  platform.end(task_id(id, 0), Outcome::failed, 3);
  platform.end(task_id(id, 2), Outcome::failed, 3);
  const Plan out = plan(domain::RetryWorkflow{id, {"a"}, false});
  ASSERT_EQ(out.lines.size(), 2U);
  EXPECT_EQ(out.lines[0].operation, "a");
  EXPECT_EQ(out.lines[1].operation, "b");
  EXPECT_EQ(out.lines[1].reason, "it ended as skipped");
}

TEST_F(PlanTest, LimitsOfAGroupThatDifferAreNamed) {
  const auto batch = [](std::vector<std::uint32_t> limits) {
    domain::SubmitBatch out;
    out.name = "grouped";
    for (const std::uint32_t limit : limits) {
      domain::BatchOperation& operation = out.operations.emplace_back();
      operation.id = "op" + std::to_string(out.operations.size());
      operation.targets = "a";
      operation.exec.argv = {"do"};
      operation.concurrency_group = "db";
      operation.group_limit = limit;
    }
    return out;
  };
  EXPECT_TRUE(plan(batch({5, 5})).notes.empty());
  platform.must(batch({2}));
  const std::string other = to_text(platform.newest_workflow());
  EXPECT_TRUE(plan(batch({2})).notes.empty());
  EXPECT_EQ(
      plan(batch({5, 3, 5})).notes,
      std::vector<std::string>{"concurrency group \"db\" has limits that differ: 2 in workflow " + other +
                               ", 3 here, 5 here; of the operations that run at the same time the smallest holds"});
  platform.end(task_id(platform.newest_workflow(), 0));
  EXPECT_TRUE(plan(batch({5})).notes.empty()) << "what has ended limits nobody";
}

class EstimateTest : public testing::Test {
 protected:
  EstimateTest() { state.durations = {{"install slow", {3, 9000}}, {"install quick", {3, 1000}}}; }

  std::uint32_t add(const std::string& name, std::vector<std::uint32_t> after = {}) {
    domain::TaskPlan task;
    task.server = "a";
    task.depends_on = std::move(after);
    task.action = domain::Shared<domain::Action>(
        domain::TaskservAction{domain::TaskservVerb::install, domain::taskserv("a", name)});
    tasks.push_back(std::move(task));
    return static_cast<std::uint32_t>(tasks.size() - 1);
  }
  domain::OperationPlan& operation(std::uint32_t first, std::uint32_t count, std::vector<std::uint32_t> after = {}) {
    domain::OperationPlan plan;
    plan.first_task = first;
    plan.task_count = count;
    for (const auto before : after) plan.depends_on.push_back({before});
    operations.push_back(std::move(plan));
    return operations.back();
  }
  Estimate estimate(const std::vector<domain::EventBody>& events = {}) {
    workflow.tasks = tasks;
    workflow.operations = operations;
    return estimate_of(state, "w", workflow, events);
  }

  domain::State state;
  std::vector<domain::TaskPlan> tasks;
  std::vector<domain::OperationPlan> operations;
  domain::WorkflowSubmitted workflow;
};

TEST_F(EstimateTest, TheLongestChainDecides) {
  const auto first = add("slow");
  add("quick", {first});
  add("quick");
  workflow.parallel_limit = 10;
  EXPECT_EQ(estimate().expected_ms, 10'000U);
  EXPECT_EQ(estimate().known_ms, 11'000U);
  EXPECT_EQ(estimate().unknown_steps, 0U);
}

TEST_F(EstimateTest, OrTheParallelLimit) {
  for (int i = 0; i < 10; ++i) add("slow");
  workflow.parallel_limit = 2;
  EXPECT_EQ(estimate().expected_ms, 45'000U);
}

TEST_F(EstimateTest, StepsOfAKindThatWasNeverTimedAreCounted) {
  add("new");
  add("quick");
  EXPECT_EQ(estimate().unknown_steps, 1U);
  EXPECT_EQ(estimate().expected_ms, 1000U);
}

TEST_F(EstimateTest, OperationsAndWavesComeOneAfterTheOther) {
  for (int i = 0; i < 4; ++i) add("quick");
  add("slow");
  auto& rolling = operation(0, 4);
  rolling.waves = {2, 4};
  rolling.pause_ms = 5000;
  operation(4, 1, {0});
  workflow.parallel_limit = 100;
  EXPECT_EQ(estimate().expected_ms, 1000U + 5000U + 1000U + 9000U);
}

TEST_F(EstimateTest, AWaitTakesAsLongAsItSays) {
  domain::TaskPlan wait;
  wait.timeout_s = 30;
  wait.action = domain::Shared<domain::Action>(domain::WaitAction{});
  tasks.push_back(wait);
  EXPECT_EQ(estimate().expected_ms, 30'000U);
  EXPECT_EQ(estimate().unknown_steps, 0U);
}

TEST_F(EstimateTest, AServerThatIsOnlyPlannedHasItsProvidersTimes) {
  state.durations["create local"] = {1, 4000};
  domain::TaskPlan create;
  create.action = domain::Shared<domain::Action>(domain::ServerCreateAction{"new-1"});
  tasks.push_back(create);
  domain::ServerSpec spec;
  spec.hostname = "new-1";
  spec.provider = "local";
  const domain::ServerDeclared declared{domain::Shared(spec)};
  EXPECT_EQ(estimate({declared}).expected_ms, 4000U);
  EXPECT_EQ(estimate().unknown_steps, 1U);
}

}  // namespace
}  // namespace prov::projection
