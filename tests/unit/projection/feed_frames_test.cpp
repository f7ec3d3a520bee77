#include "coordinator/projection/feed_frames.h"
#include "common/json/json.h"

#include "tests/unit/domain/harness.h"

namespace prov::projection {
namespace {

using nlohmann::json;

domain::Event event_of(domain::EventBody body, const std::string& workspace = "w") {
  domain::Event event;
  event.meta.workspace = workspace;
  domain::Aggregate about = domain::aggregate_of(body);
  event.meta.aggregate_kind = about.kind;
  event.meta.aggregate_id = std::move(about.id);
  event.body = std::move(body);
  return event;
}

TEST(FeedFrames, EveryEventHasATopic) {
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::TaskEnded{}).kind), Topic::task);
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::WorkflowSubmitted{}).kind), Topic::workflow);
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::AgentLost{}).kind), Topic::agent);
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::JoinTokenCreated{}).kind), Topic::agent);
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::TaskservInstalled{}).kind), Topic::server);
  EXPECT_EQ(topic_of(domain::aggregate_of(domain::SecurityAlarm{}).kind), Topic::system);
}

TEST(FeedFrames, FiltersByTopicWorkspaceAndWorkflow) {
  domain::Platform platform;
  const Id mine = workflow_id(Id{{1, 2, 3}}), other = workflow_id(Id{{9}});
  const auto ended = event_of(domain::TaskEnded{.task = task_id(mine, 4)});
  EXPECT_TRUE(passes({}, ended.meta));
  EXPECT_TRUE(passes({{Topic::task}, "w", mine}, ended.meta));
  EXPECT_FALSE(passes({{Topic::workflow}, "", {}}, ended.meta));
  EXPECT_FALSE(passes({{}, "elsewhere", {}}, ended.meta));
  EXPECT_FALSE(passes({{}, "", other}, ended.meta));
  auto caused = event_of(domain::TaskservInstalled{.server = "a", .name = "redis"});
  EXPECT_FALSE(passes({{}, "", mine}, caused.meta));
  caused.meta.correlation = mine;
  EXPECT_TRUE(passes({{}, "", mine}, caused.meta)) << "what a workflow led to belongs to it";
}

TEST(FeedFrames, AFrameIsOneJsonObject) {
  const json frame = json::parse(event_frame(7, R"({"sequence":7,"type":"X","body":{"a":1}})"));
  EXPECT_EQ(frame["kind"], "event");
  EXPECT_EQ(frame["sequence"], 7);
  EXPECT_EQ(frame["event"]["body"]["a"], 1);
  EXPECT_EQ(json::parse(ping_frame(9)), json({{"kind", "ping"}, {"sequence", 9}}));
}

TEST(FeedFrames, AHugeEventComesWithoutItsBody) {
  const json event = {{"sequence", 7}, {"type", "X"}, {"body", {{"list", std::string(2 << 20, 'x')}}}};
  const std::string frame = event_frame(7, event.dump());
  EXPECT_LT(frame.size(), 1000U);
  const json read = json::parse(frame);
  EXPECT_EQ(read["event"]["type"], "X");
  EXPECT_TRUE(read["event"]["body"].is_null());
  EXPECT_EQ(read["event"]["truncated"], true);
}

TEST(FeedFrames, OutputNeedNotBeUtf8) {
  const json frame = json::parse(output_frame(Id{{1}}, 2, 30, std::string_view("a\xff\0b", 4)));
  EXPECT_EQ(frame["attempt"], 2);
  EXPECT_EQ(frame["offset"], 30);
  EXPECT_NE(frame["data"].get<std::string>().find("\xEF\xBF\xBD"), std::string::npos);
}

}  // namespace
}  // namespace prov::projection
