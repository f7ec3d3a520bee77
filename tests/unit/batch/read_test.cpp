// What each key of a batch file becomes, and what every kind of mistake says.
#include "tests/unit/batch/texts.h"

namespace prov::batch {
namespace {

using examples::batch_of;
using examples::must;
using examples::operation;
using examples::refused;

TEST(BatchRead, TheOriginalsFileIsUnderstoodAsItIs) {
  const Batch batch = must(R"(
batch_workflow:
  name: multi_cloud_deployment
  version: "1.0.0"
  storage_backend: surrealdb
  parallel_limit: 5
  rollback_enabled: true
  operations:
    - id: upcloud_servers
      type: server_batch
      provider: upcloud
      dependencies: []
    - id: aws_servers
      type: server
      action: create
      provider: aws
      dependencies: [upcloud_servers]
    - {id: kubernetes, type: taskserv, action: create, taskservs: [kubernetes], dependencies: [aws_servers]}
    - {id: web, type: cluster, cluster: web, dependencies: [kubernetes]}
)");
  EXPECT_EQ(batch.name, "multi_cloud_deployment");
  EXPECT_EQ(batch.version, "1.0.0");
  EXPECT_EQ(batch.parallel_limit, 5U);
  ASSERT_EQ(batch.operations.size(), 4U);
  EXPECT_EQ(batch.operations[0].kind, OperationKind::server_create);
  EXPECT_EQ(batch.operations[0].provider, "upcloud");
  EXPECT_EQ(batch.operations[0].on_failure, OnFailure::rollback) << "rollback_enabled";
  EXPECT_EQ(batch.operations[1].dependencies, (std::vector<OperationDependency>{{"upcloud_servers", true}}));
  EXPECT_EQ(batch.operations[2].kind, OperationKind::taskserv_create);
  EXPECT_EQ(batch.operations[3].kind, OperationKind::cluster_create);
  ASSERT_EQ(batch.notes.size(), 1U);
  EXPECT_NE(batch.notes[0].find("\"storage_backend\" has no effect"), std::string::npos);
}

TEST(BatchRead, EveryTypeOfTheOriginalWithItsActions) {
  const std::pair<const char*, OperationKind> cases[] = {
      {"type: server, action: delete", OperationKind::server_delete},
      {"type: server_batch, action: delete", OperationKind::server_delete},
      {"type: taskserv, action: delete, taskservs: [os]", OperationKind::taskserv_delete},
      {"type: taskserv, action: check, taskservs: [os]", OperationKind::taskserv_check},
      {"type: taskserv, taskservs: [os]", OperationKind::taskserv_create},
      {"type: cluster, action: delete, cluster: web", OperationKind::cluster_delete},
      {"type: cluster_delete, cluster: web", OperationKind::cluster_delete},
  };
  for (const auto& [text, kind] : cases) {
    const Batch batch = must(batch_of("    - {id: a, " + std::string(text) + "}\n"));
    EXPECT_EQ(operation(batch, "a").kind, kind) << text;
  }
  const Error check = refused(batch_of("    - {id: a, type: server, action: check}\n"));
  EXPECT_EQ(check.message, "b.yaml:4:37: a server has no action \"check\"");
  EXPECT_EQ(check.hint, "known are: create, delete");
}

TEST(BatchRead, AScriptWithEverything) {
  const Batch batch =
      must(batch_of(R"(    - {id: build, type: script, targets: all, run: [git, describe], outputs: [version]}
    - id: roll
      type: script
      targets: web-* and not role:db
      limit: 50%
      limit_seed: 42
      run: [make, "install {{outputs.build.version}}"]
      undo: [make, uninstall]
      stdin: "{{ .Values }}"
      env: {B: two, A: "1"}
      outputs: [version, image_id]
      retries: {attempts: 3, delay_s: 0.25, max_delay_s: 60, backoff: fixed, jitter: 20%}
      timeout_s: 90
      priority: -7
      on_failure: continue
      max_failures: 10%
      rolling: {batch: 20%, canary: 1, pause_s: 5, health_check: true}
      concurrency_group: {name: db, limit: 2}
      checkpoint: rolled
      dependencies: [{id: build, kind: soft}]
)"));
  const BatchOperation& roll = operation(batch, "roll");
  EXPECT_EQ(roll.targets, "web-* and not role:db");
  EXPECT_EQ(roll.limit, "50%");
  EXPECT_EQ(roll.seed, 42U);
  EXPECT_EQ(roll.run.argv, (std::vector<std::string>{"make", "install {{outputs.build.version}}"}));
  EXPECT_EQ(roll.undo.argv, (std::vector<std::string>{"make", "uninstall"}));
  EXPECT_EQ(roll.stdin_data, "{{ .Values }}") << "braces that are not ours";
  EXPECT_EQ(roll.environment, (Pairs{{"A", "1"}, {"B", "two"}})) << "sorted";
  EXPECT_EQ(roll.outputs, (std::vector<std::string>{"version", "image_id"}));
  EXPECT_EQ(roll.retry.count, 3U);
  EXPECT_EQ(roll.retry.delay_ms, 250U);
  EXPECT_EQ(roll.retry.max_delay_ms, 60'000U);
  EXPECT_FALSE(roll.retry.exponential);
  EXPECT_EQ(roll.retry.jitter_percent, 20U);
  EXPECT_EQ(roll.timeout_s, 90U);
  EXPECT_EQ(roll.priority, -7);
  EXPECT_EQ(roll.on_failure, OnFailure::go_on);
  EXPECT_EQ(roll.max_failures, "10%");
  EXPECT_EQ(roll.rolling.batch, "20%");
  EXPECT_EQ(roll.rolling.canary, 1U);
  EXPECT_EQ(roll.rolling.pause_s, 5U);
  EXPECT_TRUE(roll.rolling.health_check);
  EXPECT_EQ(roll.concurrency_group, "db");
  EXPECT_EQ(roll.group_limit, 2U);
  EXPECT_EQ(roll.checkpoint, "rolled");
  EXPECT_EQ(roll.dependencies, (std::vector<OperationDependency>{{"build", false}}));
}

TEST(BatchRead, DefaultsHoldWhereAnOperationSaysNothing) {
  const Batch batch =
      must(batch_of("    - {id: a, type: script, targets: all, run: [x]}\n"
                    "    - {id: b, type: script, targets: all, run: [x], retries: 0, on_failure: fail,\n"
                    "       timeout_s: 7, priority: 0, concurrency_group: db}\n"
                    "    - {id: c, type: wait, seconds: 5}\n",
                    "  defaults: {retries: 2, on_failure: continue, timeout_s: 30, priority: 5}\n"
                    "  concurrency_groups: {db: 3}\n"));
  EXPECT_EQ(operation(batch, "a").retry.count, 2U);
  EXPECT_EQ(operation(batch, "a").on_failure, OnFailure::go_on);
  EXPECT_EQ(operation(batch, "a").timeout_s, 30U);
  EXPECT_EQ(operation(batch, "a").priority, 5);
  EXPECT_EQ(operation(batch, "b").retry.count, 0U);
  EXPECT_EQ(operation(batch, "b").on_failure, OnFailure::fail);
  EXPECT_EQ(operation(batch, "b").timeout_s, 7U);
  EXPECT_EQ(operation(batch, "b").priority, 0);
  EXPECT_EQ(operation(batch, "b").group_limit, 3U);
  EXPECT_EQ(operation(batch, "c").timeout_s, 0U) << "a wait is as long as it is";
  EXPECT_EQ(operation(batch, "c").wait_s, 5U);
}

TEST(BatchRead, ParametersAreReplacedByWhoeverSubmits) {
  const std::string text = batch_of(
      "    - {id: a, type: script, targets: \"{{params.pool}}\", run: [echo, \"{{params.version}}\"],\n"
      "       retries: \"{{params.tries}}\", when: 'params.version != \"\"'}\n",
      "  params: {pool: web-*, version: 1.4, tries: 2}\n");
  const Batch plain = must(text);
  EXPECT_EQ(operation(plain, "a").targets, "web-*");
  EXPECT_EQ(operation(plain, "a").retry.count, 2U);
  EXPECT_EQ(operation(plain, "a").run.argv[1], "{{params.version}}") << "recorded, and replaced when the step goes out";
  EXPECT_EQ(operation(plain, "a").when, "params.version != \"\"");
  const Batch given = must(text, {{"pool", "db-*"}, {"tries", "5"}});
  EXPECT_EQ(operation(given, "a").targets, "db-*");
  EXPECT_EQ(operation(given, "a").retry.count, 5U);
  EXPECT_EQ(given.params, (Pairs{{"pool", "db-*"}, {"tries", "5"}, {"version", "1.4"}}));
  const auto unknown = examples::parse({{"b.yaml", text}}, {{"vesion", "2"}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().message, "b.yaml has no parameter \"vesion\"");
  EXPECT_EQ(unknown.error().hint, "did you mean \"version\"?");
}

TEST(BatchRead, TomlIsTheSameTree) {
  const auto batch = examples::parse({{"b.toml", R"([batch_workflow]
name = "b"
parallel_limit = 3
params = { n = 2 }
[[batch_workflow.operations]]
id = "a"
type = "script"
targets = "all"
run = ["echo", "hi"]
retries = "{{params.n}}"
[[batch_workflow.operations]]
id = "b"
type = "wait"
seconds = 1
dependencies = [ "a" ]
)"}},
                                     {}, "b.toml");
  ASSERT_TRUE(batch.has_value()) << batch.error().message;
  EXPECT_EQ(batch->parallel_limit, 3U);
  EXPECT_EQ(operation(*batch, "a").retry.count, 2U);
  EXPECT_EQ(examples::needs(*batch, "b"), "a");
}

TEST(BatchRead, SeveralMistakesAreToldAtOnce) {
  const Error error =
      refused(batch_of("    - {id: a, type: scrip}\n"
                       "    - {id: b, type: script, targets: all, run: [x], retrys: 3}\n"
                       "    - {id: c, type: wait}\n"));
  EXPECT_EQ(error.message,
            "b.yaml:4:21: \"scrip\" is no type of operation\n    hint: did you mean \"script\"?\n"
            "b.yaml:5:53: \"retrys\" is not known in an operation\n    hint: did you mean \"retries\"?\n"
            "b.yaml:6:7: a wait needs either \"seconds\" or \"until\"\n"
            "    hint: write \"seconds: 30\", or \"until: result.migrate == \\\"done\\\"\"");
  EXPECT_EQ(error.hint, "correct these");
}

TEST(BatchRead, WhatIsSaidOfOthersIsToldInTheSamePass) {
  const Error error =
      refused(batch_of("    - {id: a, type: scrip, dependencies: [nothing], when: \"1 ==\"}\n"
                       "    - {id: b, type: approval, prompt: yes, dependencies: [a, bb, d, e, e/x]}\n"
                       "    - {id: c, type: wait, seconds: 1, when: \"outputs.a.x == 1\"}\n"
                       "    - {id: d, for_each: [1, 2], type: nothing}\n"
                       "    - {id: e, type: batch, file: none.yaml}\n"));
  for (const char* part : {"b.yaml:4:21: \"scrip\" is no type", "4:43: there is no operation \"nothing\"",
                           "4:59: ", "there is no operation \"bb\"", "\"nothing\" is no type", "none.yaml"}) {
    EXPECT_NE(error.message.find(part), std::string::npos) << part << "\n" << error.message;
  }
  for (const char* part : {"operation \"a\"", "operation \"d\"", "operation \"e\"", "operation \"e/x\""}) {
    EXPECT_EQ(error.message.find(part), std::string::npos) << "what follows from another mistake\n" << error.message;
  }
}

TEST(BatchRead, TwentyMistakesAreEnough) {
  std::string text;
  for (int i = 0; i < 50; ++i) text += "    - {id: a" + std::to_string(i) + ", type: nothing}\n";
  const Error error = refused(batch_of(text));
  EXPECT_EQ(std::count(error.message.begin(), error.message.end(), '\n'), 39) << "twenty, each with a hint";
  EXPECT_EQ(error.hint, "correct these; there may be more");
}

}  // namespace
}  // namespace prov::batch
