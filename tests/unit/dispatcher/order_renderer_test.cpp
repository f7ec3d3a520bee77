// What of the state ends up in an order: which infra its files and its environment speak of.
#include "coordinator/dispatcher/order_renderer.h"

#include <gtest/gtest.h>

#include "common/hash.h"
#include "common/io/posix/posix_world.h"
#include "coordinator/event_log/blobs.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::dispatcher {
namespace {

constexpr const char* kTemplate = "{{infra}}:{{#hosts.redis}} {{hostname}}{{/hosts.redis}}";

struct OrderRendererTest : ::testing::Test {
  void SetUp() override {
    const std::string bundle = wire::encode_bundle({{"scripts/check", "#!/bin/sh\n", 0755}, template_file()});
    digest = digest_of(bundle);
    auto batch = std::make_shared<LogBatch>();
    batch->sides = event_log::blob_records(digest, bundle);
    log.append(batch, [](const Result<void>& done) { ASSERT_TRUE(done); });
    for (const char* infra : {"demo", "shop"}) {
      const std::string host = std::string(infra) + "-1";
      domain::Taskserv& taskserv = state.taskservs[{"w", host, "redis"}];
      taskserv.workspace = "w";
      taskserv.infra = infra;
      taskserv.spec = spec(host);
    }
    state.agents[Key{{1}}].key = Key{{1}};
  }
  static wire::File template_file() { return {"templates/redis.conf.mustache", kTemplate, 0644}; }
  domain::TaskservSpec spec(const std::string& host) const {
    domain::TaskservSpec out;
    out.server = host;
    out.name = "redis";
    out.bundle = digest;
    return out;
  }

  // The rendered file, and PROV_INFRA.
  std::pair<std::string, std::string> checked(const std::string& host, const std::string& infra_of_workflow) {
    domain::TaskPlan plan;
    plan.server = host;
    plan.action = domain::Shared<domain::Action>(domain::TaskservAction{domain::TaskservVerb::check, spec(host)});
    domain::Workflow workflow;
    workflow.workspace = "w";
    workflow.infra = infra_of_workflow;
    workflow.tasks.resize(1);
    workflow.tasks[0].plan = domain::Shared<domain::TaskPlan>(plan);
    workflow.tasks[0].agent = Key{{1}};
    auto order = renderer.render(state, workflow, task_id(Id{}, 0));
    if (!order) return {order.error().message, ""};
    const auto& script = std::get<wire::Script>(order->action);
    for (const auto& variable : script.environment) {
      if (variable.name == "PROV_INFRA") return {script.files.at(0).data, variable.value};
    }
    return {script.files.at(0).data, "none"};
  }

  test::MemoryRecordLog log{std::make_shared<test::MemoryDisk>()};
  io::SystemRandom random;
  BundleCache bundles{log};
  secrets::SecretStore secrets{log, std::string(32, 'k'), random};
  OrderRenderer renderer{bundles, secrets};
  domain::State state;
  Digest digest;
};

using Both = std::pair<std::string, std::string>;

TEST_F(OrderRendererTest, AWorkflowOfOneInfraSpeaksOfThatOne) {
  EXPECT_EQ(checked("demo-1", "demo"), Both("demo: demo-1", "demo"));
}

TEST_F(OrderRendererTest, OneOfAllInfrasSpeaksOfThatWhichWasInstalled) {
  EXPECT_EQ(checked("demo-1", ""), Both("demo: demo-1", "demo"));
  EXPECT_EQ(checked("shop-1", ""), Both("shop: shop-1", "shop"));
}

TEST_F(OrderRendererTest, WhatIsNotInstalledBelongsToTheInfraOfItsHost) {
  state.taskservs.erase({"w", "shop-1", "redis"});
  EXPECT_EQ(checked("shop-1", ""), Both(":", "")) << "nothing is known of that host";
  state.servers[{"w", "shop-1"}].spec.infra = "shop";
  EXPECT_EQ(checked("shop-1", ""), Both("shop:", "shop"));
}

}  // namespace
}  // namespace prov::dispatcher
