// From a batch as the client resolved it to a workflow: what is asked for, and what is refused.
#include "coordinator/event_log/event_codec.h"
#include "tests/unit/engine/given.h"

namespace prov::domain {
namespace {

std::vector<std::string> hosts_in(const Hosts& p, const Id& id, const std::string& operation) {
  std::vector<std::string> out;
  const OperationPlan& plan = *p.operation(id, operation).plan;
  for (std::uint32_t i = 0; i < plan.task_count; ++i) out.push_back(p.task_in(id, operation, i).plan->server);
  return out;
}

Error refusal(Hosts& p, SubmitBatch batch) {
  const std::size_t before = p.log.size();
  const auto events = p.give(std::move(batch));
  EXPECT_FALSE(events.has_value()) << "it was accepted";
  EXPECT_EQ(p.log.size(), before) << "something was begun";
  return events ? Error{} : events.error();
}

ServerSpec server(const std::string& name) {
  ServerSpec spec;
  spec.hostname = name;
  spec.infra = "demo";
  spec.provider = "local";
  return spec;
}

using Names = std::vector<std::string>;

TEST(Batch, OperationsStandInTheOrderOfTheirDependencies) {
  Hosts p;
  const Id id = p.submit(batch_of({script("c", {"b"}), script("b", {"a"}), script("a")}));
  Names order;
  for (const Operation& operation : p.workflow(id).operations) order.push_back(operation.plan->id);
  EXPECT_EQ(order, (Names{"a", "b", "c"}));
  EXPECT_EQ(p.operation(id, "c").plan->depends_on, (std::vector<Dependency>{{1, DependencyKind::hard}}));
  EXPECT_EQ(p.sent(), std::vector<Id>{p.task_of(id, "a")});
}

TEST(Batch, TargetsAreChosenByExpression) {
  Hosts p;
  const Id id = p.submit(batch_of({script("all", {}, "h*"), script("some", {}, "h* and not h2")}));
  EXPECT_EQ(hosts_in(p, id, "all"), (Names{"h1", "h2", "h3"}));
  EXPECT_EQ(hosts_in(p, id, "some"), (Names{"h1", "h3"}));
}

TEST(Batch, ALimitChoosesTheSameHostsForTheSameSeed) {
  Hosts p(10);
  BatchOperation few = script("few", {}, "h*");
  few.limit = "30%";
  few.seed = 7;
  const Names first = hosts_in(p, p.submit(batch_of({few})), "few");
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(hosts_in(p, p.submit(batch_of({few})), "few"), first);
  std::set<Names> choices;
  for (few.seed = 1; few.seed < 20; ++few.seed) choices.insert(hosts_in(p, p.submit(batch_of({few})), "few"));
  EXPECT_GT(choices.size(), 1U) << "the seed chooses";
}

TEST(Batch, ForEachTargetIsUnrolledAndComesTogether) {
  Hosts p;
  BatchOperation loop = script("loop", {}, "{{item}}");
  loop.for_each_targets = "h1 or h3";
  loop.exec.argv = {"say", "I am {{ item }}"};
  const Id id = p.submit(batch_of({loop, script("after", {"loop"})}));
  EXPECT_EQ(hosts_in(p, id, "loop[h1]"), Names{"h1"});
  EXPECT_EQ(hosts_in(p, id, "loop[h3]"), Names{"h3"});
  EXPECT_EQ(std::get<ExecAction>(*p.task_in(id, "loop[h3]").plan->action).argv[1], "I am h3");
  p.end(p.task_of(id, "loop[h1]"));
  EXPECT_EQ(p.operation(id, "after").status, OperationStatus::waiting);
  p.end(p.task_of(id, "loop[h3]"));
  EXPECT_EQ(p.operation(id, "loop").outcome, Outcome::done);
  EXPECT_EQ(p.task_in(id, "after").status, TaskStatus::dispatched);
}

struct WavesCase {
  std::string batch;
  std::uint32_t canary;
  std::vector<std::uint32_t> ends;
};
class Waves : public ::testing::TestWithParam<WavesCase> {};
TEST_P(Waves, EndWhereTheyShould) {
  Hosts p(10);
  BatchOperation rolling = script("roll", {}, "h*");
  rolling.rolling.batch = GetParam().batch;
  rolling.rolling.canary = GetParam().canary;
  const Id id = p.submit(batch_of({rolling}));
  EXPECT_EQ(p.operation(id, "roll").plan->waves, GetParam().ends);
  EXPECT_EQ(p.operation(id, "roll").plan->max_failures, 0U) << "a change that rolls stops at the first failure";
  EXPECT_EQ(p.sent().size(), GetParam().ends.front());
}
INSTANTIATE_TEST_SUITE_P(Batch, Waves,
                         ::testing::Values(WavesCase{"4", 0, {4, 8, 10}}, WavesCase{"25%", 0, {3, 6, 9, 10}},
                                           WavesCase{"5", 1, {1, 6, 10}}, WavesCase{"", 2, {2, 10}},
                                           WavesCase{"100%", 0, {10}}, WavesCase{"50", 20, {10}}));

TEST(Batch, MaxFailuresAreCountedOrAPartOfTheHosts) {
  Hosts p(10);
  for (const auto& [text, most] : std::vector<std::pair<std::string, std::uint32_t>>{{"0", 0}, {"2", 2}, {"25%", 3}}) {
    BatchOperation operation = script("op", {}, "h*");
    operation.max_failures = text;
    EXPECT_EQ(p.operation(p.submit(batch_of({operation})), "op").plan->max_failures, most) << text;
  }
  EXPECT_EQ(p.operation(p.submit(batch_of({script("op")})), "op").plan->max_failures, kNoMaxFailures);
}

// ---- what takes each kind back

BatchOperation taskservs(const std::string& id, OperationKind kind, std::vector<TaskservSpec> specs) {
  BatchOperation operation;
  operation.id = id;
  operation.kind = kind;
  for (TaskservSpec& spec : specs) operation.taskservs.push_back({std::move(spec), {}});
  return operation;
}

void install(Hosts& p, const TaskservSpec& spec) {
  p.must(CreateTaskservs{"demo", {{spec, {}}}});
  p.end(task_id(p.newest_workflow(), 0));
}

TEST(Batch, WhatIsInstalledIsUninstalledOrGoesBackToWhatWasThere) {
  Hosts p;
  const TaskservSpec old = taskserv("h1", "db");
  install(p, old);
  TaskservSpec newer = old;
  newer.version = "2.0.0";
  const Id id = p.submit(batch_of({taskservs("up", OperationKind::taskserv_create, {newer, taskserv("h2", "db")})}));
  EXPECT_EQ(*p.task_in(id, "up", 0).plan->undo, Action(TaskservAction{TaskservVerb::install, old}));
  EXPECT_EQ(*p.task_in(id, "up", 1).plan->undo, Action(TaskservAction{TaskservVerb::uninstall, taskserv("h2", "db")}));
}

TEST(Batch, WhatIsUninstalledIsInstalledAgainAsItWas) {
  Hosts p;
  install(p, taskserv("h1", "db"));
  const Id id = p.submit(batch_of({taskservs("down", OperationKind::taskserv_delete, {taskserv("h1", "db")})}));
  EXPECT_EQ(*p.task_in(id, "down").plan->undo, Action(TaskservAction{TaskservVerb::install, taskserv("h1", "db")}));
}

TEST(Batch, ServersAreDeletedAgainAndDeletedOnesAreGone) {
  Hosts p;
  BatchOperation make, remove;
  make.id = "make";
  make.kind = OperationKind::server_create;
  make.servers = {server("s1")};
  Id id = p.submit(batch_of({make}));
  EXPECT_EQ(*p.task_in(id, "make").plan->undo, Action(ServerDeleteAction{"s1"}));
  p.must(CancelWorkflow{id});
  p.end(task_id(id, 0));
  remove.id = "remove";
  remove.kind = OperationKind::server_delete;
  remove.hostnames = {"s1"};
  id = p.submit(batch_of({remove}));
  EXPECT_EQ(p.task_in(id, "remove").plan->undo, nullptr);
}

TEST(BadBatch, OneServerIsNotCreatedAndDeleted) {
  Hosts p;
  BatchOperation make, remove;
  make.id = "make";
  make.kind = OperationKind::server_create;
  remove.id = "remove";
  remove.kind = OperationKind::server_delete;
  make.servers = {server("new")};
  remove.hostnames = {"new"};
  remove.dependencies = {{"make"}};
  EXPECT_EQ(p.give(batch_of({make, remove})).error().message,
            "operation \"remove\": server \"new\" would be created and deleted by the same batch");
  p.must(CreateServers{"demo", {server("there")}});
  ReportEnded made;
  made.ended.task = task_id(p.newest_workflow(), 0);
  made.ended.attempt = 1;
  made.created = ServerCreated{"there", "id", "10.0.0.2", "namespace", "10.0.0.1"};
  p.must(made);
  p.add_host("there", 9);
  make.servers = {server("there")};
  remove.hostnames = {"there"};
  remove.dependencies.clear();
  make.dependencies = {{"remove"}};
  EXPECT_EQ(p.give(batch_of({remove, make})).error().message,
            "operation \"make\": server \"there\" would be deleted and created by the same batch");
  make.dependencies.clear();
  remove.dependencies = {{"make"}};
  p.submit(batch_of({make, remove}));  // it is there, so nothing is created
}

TEST(Batch, AScriptIsUndoneByWhatItNamesAndAWaitByNothing) {
  Hosts p;
  BatchOperation with = script("with"), wait, approval;
  with.undo.argv = {"undo", "it"};
  wait.id = "wait";
  wait.kind = OperationKind::wait;
  wait.wait_s = 3;
  approval.id = "approval";
  approval.kind = OperationKind::approval;
  const Id id = p.submit(batch_of({with, script("without"), wait, approval}));
  EXPECT_EQ(std::get<ExecAction>(*p.task_in(id, "with").plan->undo).argv[0], "undo");
  for (const char* name : {"without", "wait", "approval"}) EXPECT_EQ(p.task_in(id, name).plan->undo, nullptr) << name;
}

// ---- what is already so

TEST(Batch, WhatIsUnchangedIsLeftAloneAndSaysSo) {
  Hosts p;
  install(p, taskserv("h1", "db"));
  const Id id = p.submit(
      batch_of({taskservs("same", OperationKind::taskserv_create, {taskserv("h1", "db")}), script("then", {"same"})}));
  EXPECT_EQ(p.operation(id, "same").plan->task_count, 0U);
  EXPECT_EQ(p.operation(id, "same").plan->note, "nothing to do: 1 unchanged");
  EXPECT_EQ(p.operation(id, "same").outcome, Outcome::done);
  EXPECT_EQ(p.task_in(id, "then").status, TaskStatus::dispatched);
}

TEST(Batch, NothingAtAllToDoIsNoWorkflow) {
  Hosts p;
  install(p, taskserv("h1", "db"));
  EXPECT_TRUE(p.must(batch_of({taskservs("same", OperationKind::taskserv_create, {taskserv("h1", "db")})})).empty());
}

// ---- clusters

BatchOperation cluster(OperationKind kind, std::vector<TaskservSpec> specs) {
  BatchOperation operation = taskservs("etcd", kind, std::move(specs));
  operation.cluster = ClusterSpec{"main", "demo", "1", {"h1", "h2"}, {"etcd"}};
  return operation;
}

TEST(Batch, AClusterIsDeclaredAndReadyWhenAllOfItIsThere) {
  Hosts p;
  const std::pair key{std::string("w"), std::string("main")};
  const Id id =
      p.submit(batch_of({cluster(OperationKind::cluster_create, {taskserv("h1", "etcd"), taskserv("h2", "etcd")})}));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::declared);
  p.end(task_id(id, 0));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::declared);
  p.end(task_id(id, 1));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::ready);
  const Id gone =
      p.submit(batch_of({cluster(OperationKind::cluster_delete, {taskserv("h1", "etcd"), taskserv("h2", "etcd")})}));
  p.end(task_id(gone, 0));
  EXPECT_TRUE(p.state.clusters.contains(key));
  p.end(task_id(gone, 1));
  EXPECT_FALSE(p.state.clusters.contains(key));
}

TEST(Batch, AClusterBecomesReadyThoughTheCoordinatorRestartedMeanwhile) {
  Hosts p;
  const Id id = p.submit(batch_of({cluster(OperationKind::cluster_create, {taskserv("h1", "etcd")})}));
  State again;
  for (const Event& event : p.log) evolve(again, *event_log::decode_event(event_log::encode_event(event)));
  p.state = std::move(again);
  rebuild_agenda(p.state);
  p.end(p.task_of(id, "etcd"));
  EXPECT_EQ(p.state.clusters.at({"w", "main"}).status, ClusterStatus::ready);
}

TEST(Batch, AClusterThatIsUndoneIsNone) {
  Hosts p;
  const std::pair key{std::string("w"), std::string("main")};
  const Id id =
      p.submit(batch_of({cluster(OperationKind::cluster_create, {taskserv("h1", "etcd"), taskserv("h2", "etcd")})}));
  p.end(p.task_of(id, "etcd", 0));
  p.end(p.task_of(id, "etcd", 1));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::ready);
  p.must(RollbackWorkflow{id, ""});
  const Id undoing = p.newest_workflow();
  p.end(p.task_of(undoing, "etcd", 0));
  EXPECT_TRUE(p.state.clusters.contains(key)) << "half of it is still there";
  p.end(p.task_of(undoing, "etcd", 1));
  EXPECT_FALSE(p.state.clusters.contains(key));
}

TEST(Batch, AClusterThatWasRemovedIsThereAgainWhenThatIsUndone) {
  Hosts p;
  const std::pair key{std::string("w"), std::string("main")};
  const std::vector<TaskservSpec> specs{taskserv("h1", "etcd"), taskserv("h2", "etcd")};
  const Id made = p.submit(batch_of({cluster(OperationKind::cluster_create, specs)}));
  for (std::uint32_t i = 0; i < 2; ++i) p.end(p.task_of(made, "etcd", i));
  const ClusterSpec spec = p.state.clusters.at(key).spec;
  const Id id = p.submit(batch_of({cluster(OperationKind::cluster_delete, specs)}));
  for (std::uint32_t i = 0; i < 2; ++i) p.end(p.task_of(id, "etcd", i));
  ASSERT_FALSE(p.state.clusters.contains(key));
  p.must(RollbackWorkflow{id, ""});
  const Id undoing = p.newest_workflow();
  EXPECT_TRUE(p.workflow(undoing).notes.empty());
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::declared);
  EXPECT_EQ(p.state.clusters.at(key).spec, spec);
  for (std::uint32_t i = 0; i < 2; ++i) p.end(p.task_of(undoing, "etcd", i));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::ready);
}

TEST(Batch, OfAClusterThatIsOnlyPartlyUndoneIsSaidThatItIsNone) {
  Hosts p;
  const std::vector<TaskservSpec> specs{taskserv("h1", "etcd"), taskserv("h2", "etcd")};
  const Id made = p.submit(batch_of({cluster(OperationKind::cluster_create, specs)}));
  for (std::uint32_t i = 0; i < 2; ++i) p.end(p.task_of(made, "etcd", i));
  BatchOperation gone = cluster(OperationKind::cluster_delete, specs), first = script("first", {}, "h3");
  first.checkpoint = "between";
  const Id id = p.submit(batch_of({gone, first}));
  p.end(p.task_of(id, "etcd", 0));
  p.end(p.task_of(id, "first"));
  p.end(p.task_of(id, "etcd", 1));
  p.must(RollbackWorkflow{id, "between"});
  EXPECT_EQ(p.workflow(p.newest_workflow()).notes,
            std::vector<std::string>{"cannot be undone: cluster \"main\" is not declared again; what is undone of its "
                                     "task services is installed as it was"});
  EXPECT_TRUE(p.state.clusters.empty());
}

TEST(Batch, WhatARollbackWillNotTakeBackIsSaidBeforeItStarts) {
  Hosts p;
  p.must(CreateServers{"demo", {server("old")}});
  p.must(CancelWorkflow{p.newest_workflow()});
  p.end(task_id(p.newest_workflow(), 0));
  BatchOperation drop = script("drop", {}, "");
  drop.kind = OperationKind::server_delete;
  drop.hostnames = {"old"};
  const std::string deleted =
      "a rollback cannot take back \"drop\": a deleted server does not come back, and what was on it neither";
  EXPECT_EQ(p.workflow(p.submit(batch_of({drop, script("plain")}))).notes, std::vector<std::string>{deleted})
      << "nothing rolls back by itself, and nobody has to hear of each script";
  p.must(CancelWorkflow{p.newest_workflow()});
  p.end(task_id(p.newest_workflow(), 0), Outcome::failed, 1);
  BatchOperation careful = script("careful"), fine = script("fine");
  careful.on_failure = OnFailure::rollback;
  fine.undo.argv = {"undo"};
  EXPECT_EQ(p.workflow(p.submit(batch_of({drop, careful, fine}))).notes,
            (std::vector<std::string>{deleted, "a rollback cannot take back \"careful\": it says no undo"}));
}

TEST(Batch, AClusterIsReadyAlsoWhenAHealthCheckCameLastOrNothingWasToDo) {
  Hosts p;
  const std::pair key{std::string("w"), std::string("main")};
  BatchOperation rolling = cluster(OperationKind::cluster_create, {taskserv("h1", "etcd")});
  rolling.rolling.batch = "1";
  rolling.rolling.health_check = true;
  const Id id = p.submit(batch_of({rolling}));
  p.end(task_id(id, 0));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::declared) << "its check has not said so";
  p.end(task_id(id, 1));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::ready);
  p.submit(batch_of({cluster(OperationKind::cluster_create, {taskserv("h1", "etcd")}), script("then", {"etcd"})}));
  EXPECT_EQ(p.state.clusters.at(key).status, ClusterStatus::ready);
}

// ---- what is refused

void expect_refusal(SubmitBatch batch, const std::string& message, const std::string& hint = "") {
  Hosts p;
  const Error error = refusal(p, std::move(batch));
  EXPECT_NE(error.message.find(message), std::string::npos) << error.message;
  EXPECT_NE(error.hint.find(hint), std::string::npos) << error.hint;
}

TEST(BadBatch, ACircleIsPrinted) {
  expect_refusal(batch_of({script("a", {"c"}), script("b", {"a"}), script("c", {"b"}), script("free")}),
                 "in a circle: \"a\" needs \"c\" needs \"b\" needs \"a\"");
  expect_refusal(batch_of({script("a", {"a"})}), "in a circle: \"a\" needs \"a\"");
}

TEST(BadBatch, AnUnknownDependencyWithTheNearest) {
  expect_refusal(batch_of({script("database"), script("web", {"databse"})}),
                 "operation \"web\" depends on \"databse\", which is none", "database");
}

TEST(BadBatch, ASoftDependencyThatIsAbsentIsOnlyNoted) {
  Hosts p;
  BatchOperation web = script("web");
  web.dependencies.push_back({"cache", DependencyKind::soft});
  const Id id = p.submit(batch_of({web}));
  EXPECT_EQ(p.workflow(id).notes, Names{"\"web\" would come after \"cache\", which is not there"});
  EXPECT_EQ(p.task_in(id, "web").status, TaskStatus::dispatched);
}

TEST(BadBatch, AnIdTwiceOrNone) {
  expect_refusal(batch_of({script("a"), script("a")}), "two operations have the id \"a\"");
  expect_refusal(batch_of({script("")}), "operation 1 has the id \"\"", "an id has");
  expect_refusal(batch_of({script("two words")}), "operation 1 has the id \"two words\"");
}

TEST(BadBatch, NoHostIsMeant) {
  expect_refusal(batch_of({script("a", {}, "web-*")}), "operation \"a\": no host matches \"web-*\"", "targets explain");
  expect_refusal(batch_of({script("a", {}, "")}), "it does not say on which hosts", "targets:");
  BatchOperation loop = script("loop", {}, "{{item}}");
  loop.for_each_targets = "role:db";
  expect_refusal(batch_of({loop}), "operation \"loop\": no host matches \"role:db\"");
}

TEST(BadBatch, NumbersOfHostsAreToldByTheirKeys) {
  BatchOperation limited = script("a");
  limited.limit = "0";
  expect_refusal(batch_of({limited}), "operation \"a\": limit: \"0\" is no number of hosts");
  BatchOperation rolled = script("a");
  rolled.max_failures = "200%";
  expect_refusal(batch_of({rolled}), "operation \"a\": max_failures: \"200%\" is no number of hosts");
  rolled.max_failures.clear();
  rolled.rolling.batch = "0";
  expect_refusal(batch_of({rolled}), "operation \"a\": batch: \"0\" is no number of hosts");
}

TEST(BadBatch, AnExpressionThatIsNone) {
  expect_refusal(batch_of({script("a", {}, "h1 and")}), "operation \"a\": ");
  BatchOperation bad = script("a");
  bad.when = "params.version = 2";
  expect_refusal(batch_of({bad}), "operation \"a\": ");
}

BatchOperation when(std::string condition) {
  BatchOperation operation = script("later", {"build"});
  operation.when = std::move(condition);
  return operation;
}

TEST(BadBatch, AConditionNamesWhatIsNotThere) {
  BatchOperation build = script("build");
  build.outputs = {"image"};
  expect_refusal(batch_of({build, when("outputs.build.imag == \"x\"")}), "operation \"build\" has no output \"imag\"",
                 "image");
  expect_refusal(batch_of({script("build"), when("outputs.build.image == \"x\"")}), "has no output \"image\"",
                 "outputs: [image]");
  expect_refusal(batch_of({build, when("result.biuld == \"done\"")}), "no operation \"biuld\" stands before it",
                 "build");
  expect_refusal(batch_of({build, when("params.versoin == \"2\"")}), "the batch has no parameter \"versoin\"",
                 "version");
  expect_refusal(batch_of({build, when("item == \"2\"")}), "there is no loop around it");
  Hosts p;
  p.submit(batch_of({build, when("outputs.build.image == \"x\" and params.version == \"2\"")}));
}

TEST(BadBatch, AnArgumentNamesWhatIsNotThere) {
  BatchOperation bad = script("a");
  bad.exec.argv = {"deploy", "{{params.versoin}}"};
  expect_refusal(batch_of({bad}), "\"{{params.versoin}}\": the batch has no parameter \"versoin\"", "version");
  bad.exec.argv = {"deploy", "{{params.version"};
  expect_refusal(batch_of({bad}), "operation \"a\": ");
  bad.exec.argv = {"deploy"};
  bad.undo.argv = {"remove", "{{outputs.b.x}}"};
  expect_refusal(batch_of({bad}), "no operation \"b\" stands before it");
}

TEST(BadBatch, AGroupThatLetsNothingRun) {
  BatchOperation bad = script("a");
  bad.concurrency_group = "db";
  expect_refusal(batch_of({bad}), "the limit of its concurrency group is 0");
}

TEST(BadBatch, NumbersOutOfBounds) {
  BatchOperation bad = script("a");
  bad.priority = 101;
  expect_refusal(batch_of({bad}), "priority -100 to 100");
  bad = script("a");
  bad.retries = 101;
  expect_refusal(batch_of({bad}), "retries 100");
  bad = script("a");
  bad.timeout_s = 8 * 24 * 3600;
  expect_refusal(batch_of({bad}), "timeout_s is at most");
  bad = script("a");
  bad.rolling.pause_s = 5'000'000;
  expect_refusal(batch_of({bad}), "the pause between its waves is at most 86400 s");
  for (const char* text : {"0", "101%", "many"}) {
    bad = script("a");
    bad.limit = text;
    expect_refusal(batch_of({bad}), "operation \"a\": ");
    bad = script("a");
    bad.rolling.batch = text;
    expect_refusal(batch_of({bad}), "operation \"a\": ");
  }
  bad = script("a");
  bad.max_failures = "few";
  expect_refusal(batch_of({bad}), "operation \"a\": ");
  bad = script("a");
  bad.kind = OperationKind::wait;
  expect_refusal(batch_of({bad}), "a wait has \"seconds\"");
}

TEST(BadBatch, TooMuchOfIt) {
  Hosts p;
  p.state.agenda.limits.batch_operations = 2;
  EXPECT_EQ(refusal(p, batch_of({script("a"), script("b"), script("c")})).code, Code::exhausted);
  p.state.agenda.limits.batch_operations = 100;
  p.state.agenda.limits.workflow_tasks = 5;
  EXPECT_NE(refusal(p, batch_of({script("a", {}, "h*"), script("b", {}, "h*")})).message.find("more than 5 steps"),
            std::string::npos);
  p.state.agenda.limits.loop_items = 2;
  BatchOperation loop = script("loop", {}, "{{item}}");
  loop.for_each_targets = "h*";
  EXPECT_NE(refusal(p, batch_of({loop})).message.find("for_each has 3 items; at most 2 are unrolled"),
            std::string::npos);
}

TEST(BadBatch, NothingInItOrNothingToRun) {
  expect_refusal(batch_of({}), "the batch has no operations");
  BatchOperation bad = script("a");
  bad.exec.argv = {};
  expect_refusal(batch_of({bad}), "there is no command to run");
}

}  // namespace
}  // namespace prov::domain
