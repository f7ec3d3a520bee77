#include "coordinator/projection/plan.h"

#include <nlohmann/json.hpp>

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
  EXPECT_EQ(reason_of(tuned), "parameters changed: memory, port");
  auto secret = spec;
  secret.secrets = {{"password", "demo/redis"}};
  EXPECT_EQ(reason_of(secret), "secrets changed: password");
  auto files = spec;
  files.bundle = domain::digest_at(77);
  EXPECT_EQ(reason_of(files), "the files of its extension changed");
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
  const auto json = plan_json(plan(install(domain::taskserv("a", "redis"))), Id{});
  EXPECT_TRUE(json["workflow"].is_null());
  EXPECT_EQ(json["plan_total"], 1);
  EXPECT_EQ(
      json["plan"][0],
      nlohmann::json({{"action", "install"}, {"name", "redis"}, {"server", "a"}, {"reason", "not installed yet"}}));
}

}  // namespace
}  // namespace prov::projection
