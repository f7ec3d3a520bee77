// A batch on its way from the client to the coordinator: what was resolved is what is decided on, field by field, and
// nothing that a client says is lost without a word.
#include "coordinator/api/routes/batch_body.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/cli/verbs/documents.h"

namespace prov::api {
namespace {

using nlohmann::json;
namespace ws = workspace;

Result<domain::SubmitBatch> parse(const json& body) {
  auto parsed = parse_body(body.dump(), read_submit_batch);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::get<domain::SubmitBatch>(std::move(parsed->command));
}

// ---- any batch that a client could send

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
  bool coin() { return below(2) == 1; }
  std::string word() { return std::string(1, static_cast<char>('a' + below(26))) + std::to_string(below(1000)); }
  std::string maybe() { return coin() ? word() : std::string(); }
  std::string text() { return coin() ? word() + " \"\u00e4\" {{item}} \\ '" : std::string(); }
  Digest digest() {
    Digest out;
    for (auto& byte : out.bytes) byte = static_cast<std::uint8_t>(1 + below(255));
    return out;
  }
  ws::Pairs pairs() {
    std::map<std::string, std::string> out;
    for (std::uint32_t i = below(4); i > 0; --i) out[word()] = text();
    return {out.begin(), out.end()};
  }
  std::vector<std::string> words(std::uint32_t least) {
    std::vector<std::string> out;
    for (std::uint32_t i = least + below(3); i > 0; --i) out.push_back(word());
    return out;
  }

 private:
  std::mt19937 engine_;
};

batch::ResolvedExec any_exec(Random& random) {
  batch::ResolvedExec exec{random.words(1), random.text(), {}, {}, random.pairs()};
  if (random.coin()) {
    exec.bundle = random.digest();
    exec.script = batch::kScriptInBundle;
  }
  return exec;
}

ws::ResolvedTaskserv any_taskserv(Random& random, std::uint32_t index) {
  ws::ResolvedTaskserv one{random.maybe(),  random.word(),         "1.2.3",
                           random.digest(), random.pairs(),        random.pairs(),
                           random.coin(),   1 + random.below(100), {}};
  if (index > 0) one.after.push_back(random.below(index));
  return one;
}

void add_what_is_done(Random& random, batch::ResolvedOperation& operation) {
  using Kind = batch::OperationKind;
  switch (operation.kind) {
    case Kind::server_create:
      operation.servers.push_back({random.word(), random.word(), random.maybe(), random.maybe(), random.digest(),
                                   random.pairs(), random.pairs()});
      break;
    case Kind::server_delete: operation.hostnames = random.words(1); break;
    case Kind::cluster_create:
    case Kind::cluster_delete:
      operation.cluster = batch::ResolvedCluster{random.word(), random.maybe(), {"a", "b"}, random.words(1)};
      [[fallthrough]];
    case Kind::taskserv_create:
    case Kind::taskserv_delete:
    case Kind::taskserv_check:
      for (std::uint32_t i = 0; i < 3; ++i) operation.taskservs.push_back(any_taskserv(random, i));
      break;
    case Kind::script:
      operation.targets = "web-* and not role:db";
      operation.exec = any_exec(random);
      if (random.coin()) operation.undo = any_exec(random);
      break;
    case Kind::wait:
      if (random.coin()) {
        operation.wait_s = 1 + random.below(100);
      } else {
        operation.until = "result.a == \"done\"";
      }
      break;
    case Kind::approval: operation.prompt = random.word() + "?"; break;
    case Kind::batch: break;
  }
}

batch::ResolvedOperation any_operation(Random& random, const std::string& id) {
  batch::ResolvedOperation out;
  out.id = id;
  out.kind = static_cast<batch::OperationKind>(random.below(11));
  for (std::uint32_t i = random.below(3); i > 0; --i) out.dependencies.push_back({"hard" + std::to_string(i), true});
  for (std::uint32_t i = random.below(3); i > 0; --i) out.dependencies.push_back({"soft" + std::to_string(i), false});
  out.when = random.coin() ? "params.x == \"1\"" : "";
  if (random.coin()) out.targets = "label:site=east";
  out.limit = random.coin() ? "10%" : "";
  out.seed = random.below(1000);
  out.for_each_targets = random.coin() ? "all" : "";
  out.rolling = {random.coin() ? "20%" : "", random.below(3), random.below(60), random.coin()};
  out.retry = {random.below(5), random.below(5000), random.coin() ? 300'000U : random.below(9999), random.coin(),
               random.below(100)};
  out.timeout_s = random.below(600);
  out.priority = static_cast<std::int32_t>(random.below(201)) - 100;
  out.on_failure = static_cast<batch::OnFailure>(random.below(3));
  out.max_failures = random.coin() ? "0" : "";
  if (random.coin()) {
    out.concurrency_group = random.word();
    out.group_limit = 1 + random.below(9);
  }
  out.checkpoint = random.maybe();
  out.outputs = random.words(0);
  out.mode = static_cast<batch::OperationMode>(random.below(3));
  add_what_is_done(random, out);
  return out;
}

batch::ResolvedBatch any_batch(Random& random) {
  batch::ResolvedBatch batch;
  batch.name = random.word();
  batch.version = random.maybe();
  batch.infra = random.maybe();
  batch.parallel_limit = random.below(9);
  batch.preserve_successful = random.coin();
  batch.params = random.pairs();
  for (std::uint32_t i = 0; i < 1 + random.below(6); ++i) {
    batch.operations.push_back(any_operation(random, "op" + std::to_string(i)));
  }
  return batch;
}

// ---- what must have come of it

void expect_same(const domain::ExecAction& got, const batch::ResolvedExec& sent) {
  EXPECT_EQ(got.argv, sent.argv);
  EXPECT_EQ(got.stdin_data, sent.stdin_data);
  EXPECT_EQ(got.bundle, sent.bundle);
  EXPECT_EQ(got.script, sent.script);
  EXPECT_EQ(got.environment, sent.environment);
}

void expect_same(const domain::BatchTaskserv& got, const ws::ResolvedTaskserv& sent) {
  const domain::TaskservSpec spec{sent.server, sent.name,    sent.version,    sent.bundle,
                                  sent.params, sent.secrets, sent.retry_safe, sent.timeout_s};
  EXPECT_EQ(got.spec, spec);
  EXPECT_EQ(got.after, sent.after);
}

void expect_same_content(const domain::BatchOperation& got, const batch::ResolvedOperation& sent,
                         const std::string& infra) {
  ASSERT_EQ(got.servers.size(), sent.servers.size());
  for (std::size_t i = 0; i < sent.servers.size(); ++i) {
    const auto& one = sent.servers[i];
    EXPECT_EQ(got.servers[i], (domain::ServerSpec{one.hostname, infra, one.provider, one.provider_bundle, one.runtime,
                                                  one.plan, one.labels, one.params}));
  }
  EXPECT_EQ(got.hostnames, sent.hostnames);
  ASSERT_EQ(got.taskservs.size(), sent.taskservs.size());
  for (std::size_t i = 0; i < sent.taskservs.size(); ++i) expect_same(got.taskservs[i], sent.taskservs[i]);
  ASSERT_EQ(got.cluster.has_value(), sent.cluster.has_value());
  if (sent.cluster) {
    EXPECT_EQ(*got.cluster, (domain::ClusterSpec{sent.cluster->name, infra, sent.cluster->version,
                                                 sent.cluster->servers, sent.cluster->taskservs}));
  }
  expect_same(got.exec, sent.exec);
  expect_same(got.undo, sent.undo);
  EXPECT_EQ(got.wait_s, sent.wait_s);
  EXPECT_EQ(got.until, sent.until);
  EXPECT_EQ(got.prompt, sent.prompt);
}

void expect_same_conduct(const domain::BatchOperation& got, const batch::ResolvedOperation& sent) {
  EXPECT_EQ(got.rolling.batch, sent.rolling.batch);
  EXPECT_EQ(got.rolling.canary, sent.rolling.canary);
  EXPECT_EQ(got.rolling.pause_s, sent.rolling.pause_s);
  EXPECT_EQ(got.rolling.health_check, sent.rolling.health_check);
  EXPECT_EQ(got.retries, sent.retry.count);
  EXPECT_EQ(got.retry, (domain::RetryPolicy{sent.retry.delay_ms, sent.retry.max_delay_ms, sent.retry.exponential,
                                            sent.retry.jitter_percent, sent.retry.count > 0}));
  EXPECT_EQ(got.timeout_s, sent.timeout_s);
  EXPECT_EQ(got.priority, sent.priority);
  EXPECT_STREQ(domain::name_of(got.on_failure), batch::name_of(sent.on_failure));
  EXPECT_EQ(got.max_failures, sent.max_failures);
  EXPECT_EQ(got.concurrency_group, sent.concurrency_group);
  EXPECT_EQ(got.group_limit, sent.group_limit);
  EXPECT_EQ(got.checkpoint, sent.checkpoint);
  EXPECT_EQ(got.outputs, sent.outputs);
  EXPECT_EQ(static_cast<int>(got.mode), static_cast<int>(sent.mode));
}

void expect_same(const domain::BatchOperation& got, const batch::ResolvedOperation& sent, const std::string& infra) {
  EXPECT_EQ(got.id, sent.id);
  EXPECT_STREQ(domain::name_of(got.kind), batch::name_of(sent.kind));
  ASSERT_EQ(got.dependencies.size(), sent.dependencies.size());
  for (std::size_t i = 0; i < sent.dependencies.size(); ++i) {
    EXPECT_EQ(got.dependencies[i].id, sent.dependencies[i].id);
    EXPECT_EQ(got.dependencies[i].kind == domain::DependencyKind::hard, sent.dependencies[i].hard);
  }
  EXPECT_EQ(got.when, sent.when);
  EXPECT_EQ(got.targets, sent.targets);
  EXPECT_EQ(got.limit, sent.limit);
  EXPECT_EQ(got.seed, sent.seed);
  EXPECT_EQ(got.for_each_targets, sent.for_each_targets);
  expect_same_conduct(got, sent);
  expect_same_content(got, sent, infra);
}

TEST(BatchBody, WhatIsResolvedIsWhatIsDecidedOn) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    const batch::ResolvedBatch sent = any_batch(random);
    const auto got = parse(cli::batch_body(sent));
    ASSERT_TRUE(got.has_value()) << got.error().message << "\n" << cli::batch_body(sent).dump(1);
    EXPECT_EQ(got->name, sent.name);
    EXPECT_EQ(got->version, sent.version);
    EXPECT_EQ(got->infra, sent.infra);
    EXPECT_EQ(got->parallel_limit, sent.parallel_limit);
    EXPECT_EQ(got->preserve_successful, sent.preserve_successful);
    EXPECT_EQ(got->params, sent.params);
    ASSERT_EQ(got->operations.size(), sent.operations.size());
    for (std::size_t i = 0; i < sent.operations.size(); ++i) {
      expect_same(got->operations[i], sent.operations[i], sent.infra);
    }
  }
}

TEST(BatchBody, WhatIsUsualIsNotSaid) {
  batch::ResolvedBatch batch;
  batch.name = "b";
  batch::ResolvedOperation wait;
  wait.id = "a";
  wait.kind = batch::OperationKind::wait;
  wait.wait_s = 1;
  batch.operations.push_back(wait);
  EXPECT_EQ(cli::batch_body(batch).dump(), R"({"name":"b","operations":[{"id":"a","kind":"wait","wait_s":1}]})");
}

// ---- strictness

std::string refusal(const json& operation, const json& more = json::object()) {
  json body{{"name", "b"}, {"operations", {operation}}};
  body.update(more);
  const auto got = parse(body);
  return got ? "" : got.error().message;
}

TEST(BatchBody, WhatIsWrongIsNamedByItsPlace) {
  const json wait{{"id", "a"}, {"kind", "wait"}, {"wait_s", 1}};
  const json script{{"id", "a"}, {"kind", "script"}, {"targets", "all"}, {"exec", {{"argv", {"x"}}}}};
  const auto with = [](json base, const char* field, const json& value) {
    base[field] = value;
    return base;
  };
  const auto without = [](json base, const char* field) {
    base.erase(field);
    return base;
  };
  ASSERT_EQ(refusal(wait), "");
  ASSERT_EQ(refusal(script), "");
  const std::pair<json, const char*> cases[] = {
      {with(wait, "kind", "waits"), "\"operations[0].kind\" is \"waits\"; it can be tasks, server_create"},
      {with(wait, "kind", "tasks"), "\"tasks\" is of commands alone"},
      {without(wait, "id"), "\"operations[0].id\" is missing"},
      {without(wait, "wait_s"), "\"operations[0].wait_s\" or \"until\", one of them"},
      {with(wait, "until", "1 == 1"), "one of them"},
      {with(wait, "prompt", "go"), "\"operations[0].prompt\" has no meaning for a wait"},
      {with(wait, "priority", 101), "\"operations[0].priority\" must be a whole number from -100 to 100"},
      {with(wait, "priority", -100.5), "must be a whole number"},
      {with(wait, "priority", UINT64_MAX), "must be a whole number"},
      {with(wait, "group_limit", 1), "\"operations[0].group_limit\" goes with"},
      {with(wait, "concurrency_group", "g"), "goes with \"concurrency_group\""},
      {with(wait, "on_failure", "go_on"), "it can be fail, continue, rollback"},
      {with(wait, "mode", "plan"), "it can be apply, check, rehearse"},
      {with(wait, "retry", {{"delay", 1}}), "\"operations[0].retry.delay\" is not a known field"},
      {with(wait, "retry", 1), "\"operations[0].retry\" must be a JSON object"},
      {with(wait, "dependencies", json::array()), "\"operations[0].dependencies\" must be a list of 1 to"},
      {with(wait, "seed", -1), "\"operations[0].seed\" must be a whole number"},
      {with(wait, "whne", "x"), "\"operations[0].whne\" is not a known field"},
      {without(script, "targets"), "\"operations[0].targets\" is missing"},
      {without(script, "exec"), "\"operations[0].exec\" is missing: a script needs it"},
      {with(script, "exec", {{"script", "scripts/run"}}), "\"operations[0].exec.script\" goes with \"bundle\""},
      {with(script, "exec", {{"bundle", std::string(64, 'a')}}), "goes with \"bundle\""},
      {with(script, "exec", {{"bundle", std::string(64, 'a')}, {"script", "../x"}}), "is no path within a bundle"},
      {with(script, "undo", {{"stdin", "x"}}), "\"operations[0].undo.argv\" names no program"},
      {with(script, "exec", {{"argv", {std::string(200 << 10, 'x')}}}), "of at most 131072 bytes"},
      {with(script, "targets", std::string(5000, 'x')), "is longer than 4096 bytes"},
  };
  for (const auto& [operation, says] : cases) {
    EXPECT_NE(refusal(operation).find(says), std::string::npos) << operation.dump() << "\n" << refusal(operation);
  }
  EXPECT_NE(refusal(wait, {{"parallel_limit", 100'001}}).find("\"parallel_limit\""), std::string::npos);
  EXPECT_NE(refusal(wait, {{"operations", json::array()}}).find("must be a list of 1 to 200000"), std::string::npos);
  EXPECT_NE(refusal(wait, {{"storage_backend", "x"}}).find("not a known field"), std::string::npos);
}

TEST(BatchBody, RandomChangesNeverCrash) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    Random any(static_cast<unsigned>(round) % 40);
    std::string text = cli::batch_body(any_batch(any)).dump();
    for (std::uint32_t i = 0; i < 1 + random() % 4; ++i) {
      text[random() % text.size()] = static_cast<char>(random() % 256);
    }
    const auto got = parse_body(text, read_submit_batch);
    ASSERT_TRUE(got.has_value() || !got.error().message.empty());
  }
}

}  // namespace
}  // namespace prov::api
