// The operator's program against the real coordinator and a real agent.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "common/json/json.h"
#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

using nlohmann::json;

TEST(Program, StartsAloneAndAtOnce) {
  std::ifstream in(PROV_PROGRAM, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_TRUE(PROV_STATIC == 0 || !has(bytes, "/lib64/ld-linux")) << "it is not linked statically";
  Rig rig;
  double best_ms = 1e9;
  for (int i = 0; i < 30; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_EQ(rig.run({"--version"}).status, 0);
    best_ms =
        std::min(best_ms, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
  RecordProperty("best_start_ms", std::to_string(best_ms));
  EXPECT_LT(best_ms, 30) << "with fork and pipes of this test";
}

TEST(Program, WithoutACoordinatorItSaysSoAndWhatToType) {
  Rig rig;
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"server", "list"}, {"platform", "health"}, {"workflow", "monitor"}, {"agent", "show", "x"}}) {
    const Ran ran = rig.run(words);
    EXPECT_EQ(ran.status, 7) << words[0];
    EXPECT_TRUE(has(ran.err, "hint: start it with: provisioning platform start orchestrator")) << ran.err;
  }
}

TEST(Program, ThePlatformStartsStopsAndKeepsItsLog) {
  Rig rig;
  rig.start();
  EXPECT_TRUE(has(rig.run({"platform", "start"}).out, "was running already"));
  EXPECT_EQ(rig.run({"platform", "health"}).out, "Orchestrator is healthy\n");
  const json first = json::parse(rig.run({"platform", "status", "-o", "json"}).out);
  EXPECT_EQ(first["pid"], rig.coordinator_pid());
  EXPECT_EQ(rig.run({"platform", "logs", "--lines", "3"}).status, 0);
  EXPECT_EQ(rig.run({"platform", "stop"}).status, 0);
  EXPECT_EQ(rig.run({"platform", "status"}).status, 7);
  EXPECT_EQ(rig.run({"platform", "stop"}).out, "orchestrator is not running\n");
  EXPECT_EQ(rig.run({"audit", "verify"}).status, 0) << "offline, by the coordinator's program";
  rig.start();
  const json second = json::parse(rig.run({"platform", "status", "-o", "json"}).out);
  EXPECT_EQ(second["log_id"], first["log_id"]);
  EXPECT_GT(second["epoch"], first["epoch"]);
}

TEST(Program, AStartThatFailsSaysWhy) {
  Rig rig;
  rig.write("home/config/orchestrator.toml", "[orchestrator]\nprot = 1\n");
  const Ran ran = rig.run({"platform", "start"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_TRUE(has(ran.err, "orchestrator.toml:2:1: there is no setting \"orchestrator.prot\"")) << ran.err;
  rig.write("home/config/orchestrator.toml", "[orchestrator]\nport = 0\n[link]\nport = 0\nenrol_port = 0\n");
  rig.write("home/orchestrator/data", "a file where its folder should be");
  const Ran later = rig.run({"platform", "start"});
  EXPECT_EQ(later.status, 1) << later.out;
  EXPECT_TRUE(has(later.err, "ended while it started (exit ")) << later.err;
}

TEST(Program, TheDefaultsFileHoldsEveryKeyThatTheCoordinatorKnows) {
  Rig rig;
  std::ifstream in(PROV_DEFAULTS);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  for (const char* port : {"port = 8080", "port = 9091", "port = 9092"}) {
    ASSERT_TRUE(has(text, port));
    text.replace(text.find(port), std::string(port).size(), "port = 0");
  }
  const Ran ran = rig.run({"platform", "start", "--config", rig.write("defaults.toml", text)});
  EXPECT_EQ(ran.status, 0) << ran.err;
}

TEST(Program, CommandsRunOnTheHostWithTheirOwnOutputAndExitCode) {
  Rig rig;
  rig.start();
  rig.start_agent("host-a");
  const Ran seven = rig.run({"server", "ssh", "host-a", "--", "sh", "-c", "echo one; echo two >&2; exit 7"});
  EXPECT_EQ(seven.status, 7);
  EXPECT_EQ(seven.out, "one\ntwo\n");
  EXPECT_EQ(rig.run({"server", "ssh", "host-a", "--", "sh", "-c", "kill -9 $$"}).status, 137);
  const Ran words =
      rig.run({"server", "ssh", "host-a", "--", "printf", "%s|", "a b", "$HOME", "`id`", "--help", ";", "*"});
  EXPECT_EQ(words.out, "a b|$HOME|`id`|--help|;|*|") << "argv arrives as it was given";
  const Ran unasked = rig.run({"agent", "remove", "host-a"});
  EXPECT_EQ(unasked.status, 2) << "nobody can be asked";
  EXPECT_TRUE(has(unasked.err, "hint: add --yes"));
  const Ran large = rig.run({"server", "ssh", "host-a", "--", "seq", "1", "200000"});
  EXPECT_EQ(large.status, 0) << large.err;
  EXPECT_EQ(std::count(large.out.begin(), large.out.end(), '\n'), 200'000);
  EXPECT_TRUE(has(large.out, "\n200000\n"));
  EXPECT_EQ(rig.run({"workflow", "output", "1"}).out, large.out);
  EXPECT_EQ(rig.run({"server", "ssh", "host-b", "--", "true"}).status, 4);
  EXPECT_EQ(rig.run({"server", "ssh", "host-a", "--timeout", "1", "--", "sleep", "20"}).status, 1);
}

TEST(Program, CtrlCStopsTheCommandOnTheHost) {
  Rig rig;
  rig.start();
  rig.start_agent("host-a");
  const std::string mark = rig.path("mark");
  const auto child = rig.spawn({"server", "ssh", "host-a", "--", "sh", "-c", "echo begun; sleep 20; touch " + mark});
  ASSERT_TRUE(child->wait_until([](const Ran& ran) { return has(ran.out, "begun"); }, 20'000)) << child->ran().err;
  child->signal(SIGINT);
  ASSERT_TRUE(child->wait_until_ended(20'000));
  EXPECT_EQ(child->ran().status, 130);
  const Ran ended = rig.run({"workflow", "monitor"});
  EXPECT_NE(ended.status, 0);
  EXPECT_TRUE(has(ended.out, "cancelled")) << ended.out;
  EXPECT_FALSE(std::filesystem::exists(mark));
}

TEST(Program, FollowersComeBackThroughACoordinatorThatWasKilled) {
  Rig rig;
  rig.start();
  rig.start_agent("host-a");
  const std::string go = rig.path("go");
  const auto command = rig.spawn({"server", "ssh", "host-a", "--", "sh", "-c",
                                  "echo before; while [ ! -e " + go + " ]; do sleep 0.05; done; echo after; exit 3"});
  ASSERT_TRUE(command->wait_until([](const Ran& ran) { return has(ran.out, "before"); }, 20'000)) << command->ran().err;
  const auto monitor = rig.spawn({"workflow", "monitor"});
  ASSERT_TRUE(monitor->wait_until([](const Ran& ran) { return has(ran.err, "started"); }, 20'000));
  rig.kill_coordinator();
  const auto noticed = [](const Ran& ran) { return has(ran.err, "connection lost") || has(ran.err, "trying on"); };
  ASSERT_TRUE(monitor->wait_until(noticed, 20'000)) << monitor->ran().err;
  rig.start();
  ASSERT_TRUE(monitor->wait_until([](const Ran& ran) { return has(ran.err, "connected again"); }, 20'000));
  std::ofstream(go) << "go";
  ASSERT_TRUE(command->wait_until_ended(30'000)) << command->ran().err;
  EXPECT_EQ(command->ran().out, "before\nafter\n") << "every byte, and none twice";
  EXPECT_EQ(command->ran().status, 3);
  ASSERT_TRUE(monitor->wait_until_ended(30'000)) << monitor->ran().err;
  EXPECT_EQ(monitor->ran().status, 1);
  EXPECT_TRUE(has(monitor->ran().out, "done 0, failed 1")) << monitor->ran().out;
  EXPECT_TRUE(has(monitor->ran().out, "exit 3; it said: after")) << monitor->ran().out;
  EXPECT_TRUE(has(monitor->ran().err, "exit 3; it said: after")) << monitor->ran().err;
}

TEST(Program, EveryListIsOneJsonDocumentAndReadableYaml) {
  Rig rig;
  rig.start();
  rig.start_agent("host-a");
  ASSERT_EQ(rig.run({"server", "ssh", "host-a", "--", "true"}).status, 0);
  const std::vector<std::vector<std::string>> commands{{"server", "list"},    {"taskserv", "list"},
                                                       {"agent", "list"},     {"agent", "show", "host-a"},
                                                       {"workflow", "list"},  {"workflow", "status"},
                                                       {"audit", "log"},      {"audit", "verify"},
                                                       {"audit", "replay"},   {"platform", "status"},
                                                       {"workspace", "list"}, {"infra", "list"},
                                                       {"infra", "validate"}, {"env"},
                                                       {"version"},           {"server", "create", "--check"}};
  for (auto words : commands) {
    SCOPED_TRACE(words[0] + " " + (words.size() > 1 ? words[1] : ""));
    words.insert(words.end(), {"--out", "json"});
    const Ran as_json = rig.run(words);
    EXPECT_EQ(as_json.status, 0) << as_json.err;
    EXPECT_FALSE(json::parse(as_json.out, nullptr, false).is_discarded()) << as_json.out;
    words.back() = "yaml";
    EXPECT_EQ(rig.run(words).status, 0);
    words.back() = "table";
    EXPECT_FALSE(has(rig.run(words).out, "\033")) << "no colour where there is no terminal";
  }
}

TEST(Program, TcpTakesTheTokenFromItsFile) {
  Rig rig;
  rig.start();
  const std::string log = rig.run({"platform", "logs"}).out;
  const std::size_t at = log.find("and 127.0.0.1:");
  ASSERT_NE(at, std::string::npos) << log;
  const std::string port = log.substr(at + 14, log.find_first_not_of("0123456789", at + 14) - at - 14);
  EXPECT_EQ(rig.run({"workflow", "list", "--endpoint", "http://127.0.0.1:" + port}).status, 0);
  rig.env["PROVISIONING_TOKEN_FILE"] = rig.write("wrong", "not-the-token\n");
  const Ran refused = rig.run({"workflow", "list", "--endpoint", "http://127.0.0.1:" + port});
  EXPECT_EQ(refused.status, 6) << refused.err;
  EXPECT_FALSE(has(refused.err, "not-the-token"));
  EXPECT_TRUE(has(refused.err, "it is not the one in " + rig.env["PROVISIONING_TOKEN_FILE"])) << refused.err;
}

}  // namespace
}  // namespace prov::test
