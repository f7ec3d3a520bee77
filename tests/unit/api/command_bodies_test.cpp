#include "coordinator/api/routes/command_bodies.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

namespace prov::api {
namespace {

using nlohmann::json;

const std::string kDigest(64, 'a');

template <class Command>
Command must(const json& body, ReadBody read) {
  const auto parsed = parse_body(body.dump(), read);
  EXPECT_TRUE(parsed.has_value()) << (parsed ? "" : parsed.error().message);
  return parsed ? std::get<Command>(parsed->command) : Command{};
}
Error refused(const json& body, ReadBody read) {
  const auto parsed = parse_body(body.dump(), read);
  EXPECT_FALSE(parsed.has_value());
  return parsed ? Error{} : parsed.error();
}

TEST(CommandBodies, CreateServers) {
  const json server = {{"hostname", "db-1"},     {"provider", "local"}, {"provider_bundle", kDigest},
                       {"runtime", "auto"},      {"plan", "small"},     {"labels", {{"b", "2"}, {"a", "1"}}},
                       {"params", {{"cpus", 2}}}};
  const auto command = must<domain::CreateServers>({{"infra", "demo"}, {"servers", {server}}}, read_create_servers);
  ASSERT_EQ(command.servers.size(), 1U);
  EXPECT_EQ(command.servers[0].infra, "demo");
  EXPECT_EQ(command.servers[0].provider_bundle, *parse_hex<Digest>(kDigest));
  EXPECT_EQ(command.servers[0].labels, (domain::Pairs{{"a", "1"}, {"b", "2"}})) << "sorted";
  EXPECT_EQ(command.servers[0].params, (domain::Pairs{{"cpus", "2"}}));
}

TEST(CommandBodies, ParametersBecomeTextAsTheExtensionContractSays) {
  const json params = {{"list", {"a", "b"}}, {"none", json::array()}, {"on", true}, {"port", 5432}, {"text", "x y"}};
  const json item = {{"server", "a"}, {"name", "redis"}, {"bundle", kDigest}, {"params", params}};
  const auto command = must<domain::CreateTaskservs>({{"infra", "demo"}, {"taskservs", {item}}}, read_create_taskservs);
  EXPECT_EQ(command.taskservs[0].spec.params,
            (domain::Pairs{{"list", "a b"}, {"none", ""}, {"on", "true"}, {"port", "5432"}, {"text", "x y"}}));
  for (const json& bad : {json{{"x", nullptr}}, json{{"x", {1, 2}}}, json{{"x", json::object()}}, json{{"x=y", "1"}},
                          json{{"", "1"}}, json{{"x", std::string(20 << 10, 'x')}}}) {
    json wrong = item;
    wrong["params"] = bad;
    EXPECT_EQ(refused({{"infra", "demo"}, {"taskservs", {wrong}}}, read_create_taskservs).code, Code::invalid) << bad;
  }
}

TEST(CommandBodies, AfterNamesEarlierPlaces) {
  const json first = {{"server", "a"}, {"name", "x"}, {"bundle", kDigest}};
  json second = first;
  second["name"] = "y";
  second["after"] = {0};
  const auto command =
      must<domain::CreateTaskservs>({{"infra", "demo"}, {"taskservs", {first, second}}}, read_create_taskservs);
  EXPECT_EQ(command.taskservs[1].after, std::vector<std::uint32_t>{0});
  EXPECT_FALSE(command.again);
  EXPECT_TRUE(
      must<domain::CreateTaskservs>({{"infra", "demo"}, {"taskservs", {first}}, {"again", true}}, read_create_taskservs)
          .again);
  for (const json& bad : {json{1}, json{-1}, json{"0"}, json{7}, json(0)}) {
    second["after"] = bad;
    const Error error = refused({{"infra", "demo"}, {"taskservs", {first, second}}}, read_create_taskservs);
    EXPECT_NE(error.message.find("taskservs[1].after"), std::string::npos) << error.message;
  }
}

TEST(CommandBodies, AMistakeIsNamedByItsPlaceWithTheNearestWord) {
  const json server = {{"hostname", "a"}, {"provider", "local"}, {"provider_bundel", kDigest}};
  Error error = refused({{"infra", "demo"}, {"servers", {server}}}, read_create_servers);
  EXPECT_EQ(error.message, "\"servers[0].provider_bundle\" is missing");
  const json both = {{"hostname", "a"}, {"provider", "local"}, {"provider_bundle", kDigest}, {"runtim", "x"}};
  error = refused({{"infra", "demo"}, {"servers", {both}}}, read_create_servers);
  EXPECT_EQ(error.message, "\"servers[0].runtim\" is not a known field");
  EXPECT_EQ(error.hint, "did you mean \"runtime\"?");
  error = refused({{"servers", {"a"}}, {"zzzzzzzzz", 1}}, read_noop);
  EXPECT_EQ(error.hint, "known are: servers, count, check");
  EXPECT_NE(refused({{"infra", "demo"}, {"servers", {7}}}, read_create_servers).message.find("servers[0]"),
            std::string::npos);
  EXPECT_NE(refused({{"infra", "demo"}, {"servers", "a"}}, read_create_servers).message.find("must be a list"),
            std::string::npos);
}

TEST(CommandBodies, CheckMayStandInTheBody) {
  EXPECT_TRUE(parse_body(R"({"servers":["a"],"check":true})", read_noop)->check);
  EXPECT_FALSE(parse_body(R"({"servers":["a"]})", read_noop)->check);
  EXPECT_FALSE(parse_body(R"({"servers":["a"],"check":"yes"})", read_noop).has_value());
}

TEST(CommandBodies, ExecKeepsItsInput) {
  const auto command = must<domain::RunExec>(
      {{"servers", {"a", "b"}}, {"argv", {"sh", "-c", "cat"}}, {"stdin", "two\nlines\n"}, {"timeout_s", 5}}, read_exec);
  EXPECT_EQ(command.argv, (std::vector<std::string>{"sh", "-c", "cat"}));
  EXPECT_EQ(command.stdin_data, "two\nlines\n");
  EXPECT_EQ(command.timeout_s, 5U);
}

TEST(CommandBodies, ExecOnTargetsIsABatchOfOneOperation) {
  const auto batch = must<domain::SubmitBatch>({{"targets", "role:web"},
                                                {"argv", {"uptime"}},
                                                {"stdin", "x"},
                                                {"limit", "10%"},
                                                {"seed", 42},
                                                {"batch", "5"},
                                                {"batch_pause_s", 30},
                                                {"canary", 1},
                                                {"max_failures", "2"},
                                                {"timeout_s", 9}},
                                               read_exec);
  ASSERT_EQ(batch.operations.size(), 1U);
  const auto& operation = batch.operations[0];
  EXPECT_EQ(operation.kind, domain::OperationKind::script);
  EXPECT_EQ(operation.targets, "role:web");
  EXPECT_EQ(operation.limit, "10%");
  EXPECT_EQ(operation.seed, 42U);
  EXPECT_EQ(operation.rolling.batch, "5");
  EXPECT_EQ(operation.rolling.pause_s, 30U);
  EXPECT_EQ(operation.rolling.canary, 1U);
  EXPECT_EQ(operation.max_failures, "2");
  EXPECT_EQ(operation.timeout_s, 9U);
  EXPECT_EQ(operation.exec.argv, std::vector<std::string>{"uptime"});
  EXPECT_EQ(operation.exec.stdin_data, "x");
  EXPECT_EQ(operation.on_failure, domain::OnFailure::go_on);
}

TEST(CommandBodies, ExecNamesItsHostsInOneWay) {
  const json both = {{"servers", {"a"}}, {"targets", "all"}, {"argv", {"ls"}}};
  EXPECT_NE(refused(both, read_exec).message.find("\"servers\""), std::string::npos);
  const json neither = {{"argv", {"ls"}}};
  EXPECT_EQ(refused(neither, read_exec).message, "\"servers\" is missing");
  const json rolling = {{"servers", {"a"}}, {"argv", {"ls"}}, {"batch", "5"}};
  EXPECT_NE(refused(rolling, read_exec).message.find("\"targets\" is missing"), std::string::npos);
}

}  // namespace
}  // namespace prov::api
