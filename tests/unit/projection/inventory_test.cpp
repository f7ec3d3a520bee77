#include "coordinator/projection/inventory.h"
#include "common/json/json.h"

#include "coordinator/projection/status.h"
#include "tests/unit/domain/harness.h"

namespace prov::projection {
namespace {

using nlohmann::json;

class Inventory : public testing::Test {
 protected:
  View view() {
    return {platform.state, [this](const Key& key) { return AgentNow{connected.contains(key), 77, 3}; }};
  }
  domain::ServerSpec server(const std::string& name) {
    domain::ServerSpec spec;
    spec.hostname = name;
    spec.infra = "demo";
    spec.provider = "local";
    spec.provider_bundle = domain::digest_at(1);
    spec.runtime = "auto";
    spec.labels = {{"role", "db"}, {"zone", "a"}};
    return spec;
  }
  domain::Platform platform;
  std::set<Key> connected;
};

TEST_F(Inventory, AServerShowsWhatWasAskedForUntilItIsThere) {
  platform.must(domain::CreateServers{"demo", {server("db-1")}});
  const json list = servers(view(), {"w", "demo", ""}, {});
  ASSERT_EQ(list["total"], 1);
  const json& item = list["items"][0];
  EXPECT_EQ(item["hostname"], "db-1");
  EXPECT_EQ(item["status"], "declared");
  EXPECT_EQ(item["runtime"], "auto");
  EXPECT_EQ(item["labels"], json({{"role", "db"}, {"zone", "a"}}));
  EXPECT_TRUE(item["agent"].is_null());
}

TEST_F(Inventory, ReachableNeedsTheLogAndTheLinkToAgree) {
  platform.must(domain::CreateServers{"demo", {server("db-1")}});
  platform.add_host("db-1", 5);
  EXPECT_EQ(servers(view(), {}, {})["items"][0]["agent"]["reachable"], false) << "nobody is connected";
  connected.insert(domain::key_of(5));
  EXPECT_EQ(servers(view(), {}, {})["items"][0]["agent"]["reachable"], true);
  platform.must(domain::LoseAgent{domain::key_of(5), 1, "silent"});
  const json list = agents(view(), {}, {});
  EXPECT_EQ(list["items"][0]["reachable"], false) << "the log says that it is lost";
  EXPECT_EQ(list["items"][0]["last_heard_ms"], 77);
  EXPECT_EQ(list["items"][0]["orders_out"], 3);
  EXPECT_EQ(list["items"][0]["key"], to_text(domain::key_of(5)));
}

TEST_F(Inventory, FiltersAndPagesCountWhatTheyLeaveOut) {
  for (std::uint8_t i = 1; i <= 9; ++i) platform.add_host("h" + std::to_string(i), i, i % 3 == 0 ? "other" : "w");
  const json page = agents(view(), {"w", "", ""}, {2, 3});
  EXPECT_EQ(page["total"], 6);
  ASSERT_EQ(page["items"].size(), 2U);
  EXPECT_EQ(page["items"][0]["server"], "h5") << "h1 h2 h4 | h5 h7 | h8";
  EXPECT_EQ(page["items"][1]["server"], "h7");
  EXPECT_EQ(agents(view(), {}, {50, 100})["items"].size(), 0U);
  EXPECT_EQ(agents(view(), {"nowhere", "", ""}, {})["total"], 0);
}

TEST_F(Inventory, TaskservsFilterByServerAndInfra) {
  platform.add_host("a", 1);
  platform.add_host("b", 2);
  platform.must(
      domain::CreateTaskservs{"demo", {{domain::taskserv("a", "redis"), {}}, {domain::taskserv("b", "redis"), {}}}});
  EXPECT_EQ(taskservs(view(), {"w", "demo", ""}, {})["total"], 2);
  EXPECT_EQ(taskservs(view(), {"w", "elsewhere", ""}, {})["total"], 0);
  const json one = taskservs(view(), {"", "", "b"}, {});
  ASSERT_EQ(one["total"], 1);
  EXPECT_EQ(one["items"][0]["server"], "b");
  EXPECT_EQ(one["items"][0]["version"], "1.0.0");
  EXPECT_EQ(one["items"][0]["status"], "declared");
}

TEST_F(Inventory, WorkspacesAreCounted) {
  platform.add_host("a", 1, "x");
  platform.add_host("b", 2, "y");
  platform.add_host("c", 3, "y");
  const json list = workspaces(view(), {});
  ASSERT_EQ(list["total"], 2);
  EXPECT_EQ(list["items"][0], json({{"name", "x"}, {"servers", 0}, {"taskservs", 0}, {"agents", 1}}));
  EXPECT_EQ(list["items"][1]["agents"], 2);
}

TEST_F(Inventory, StatusCountsWhatRuns) {
  platform.add_host("a", 1);
  connected.insert(domain::key_of(1));
  platform.must(domain::RunNoop{{"a"}, 3});
  PlatformFacts facts;
  facts.version = "1.2.3";
  facts.read_only = "the log is damaged";
  facts.link.endpoints = {"tcp://10.0.0.1:7000"};
  const json status_now = status(view(), facts);
  EXPECT_EQ(status_now["agents"], json({{"enrolled", 1}, {"reachable", 1}}));
  EXPECT_EQ(status_now["workflows"], json({{"running", 1}, {"ended", 0}}));
  EXPECT_EQ(status_now["tasks"]["running"].get<int>() + status_now["tasks"]["ready"].get<int>(), 3);
  EXPECT_EQ(status_now["read_only"], true);
  EXPECT_EQ(status_now["read_only_reason"], "the log is damaged");
  EXPECT_EQ(status_now["sequence"], platform.state.sequence);
  EXPECT_EQ(status_now["link"]["endpoints"][0], "tcp://10.0.0.1:7000");
}

}  // namespace
}  // namespace prov::projection
