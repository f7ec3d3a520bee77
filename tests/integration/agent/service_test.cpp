// The service runner and the first process of a host without an init system.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "tests/integration/agent/real_coordinator.h"

namespace prov::agent {
namespace {

struct ServiceRunner : ::testing::Test {
  AgentProcess agent;  // for its folder

  int service(std::vector<std::string> arguments) {
    io::Spawn request;
    request.argv = {PROV_AGENT_PROGRAM, "service"};
    request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
    request.environment = {"PROV_SERVICES_DIR=" + agent.dir + "/services", "PROV_SERVICES_RUN=" + agent.dir + "/run",
                           "PROV_SERVICES_LOG=" + agent.dir + "/logs"};
    auto pid = io::spawn(request);
    int status = 0;
    if (!pid || waitpid(*pid, &status, 0) != *pid) return -1;
    return WEXITSTATUS(status);
  }
  std::pair<int, int> pids(const std::string& name) {
    int keeper = 0, program = 0;
    auto text = io::read_file(agent.dir + "/run/" + name, 256);
    if (text) std::sscanf(text->c_str(), "%d %d", &keeper, &program);
    return {keeper, program};
  }
  bool eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 1'500; ++i) {
      if (condition()) return true;
      usleep(10'000);
    }
    return false;
  }
  bool alive(int pid) { return io::process_stat(pid) && io::process_stat(pid)->state != 'Z'; }
  std::string log(const std::string& name) {
    return io::read_file(agent.dir + "/logs/" + name + ".log", 1 << 20).value_or("");
  }
  void TearDown() override {
    for (const char* name : {"sleeper", "talker"}) service({"remove", name});
  }
};

TEST_F(ServiceRunner, TheLifeOfAService) {
  EXPECT_EQ(service({"status", "sleeper"}), 4);
  EXPECT_EQ(service({"start", "sleeper"}), 4);
  EXPECT_EQ(service({"define", "sleeper", "--", "/bin/sleep", "1000"}), 0);
  EXPECT_EQ(service({"define", "sleeper", "--", "/bin/sleep", "1000"}), 0);
  EXPECT_EQ(service({"status", "sleeper"}), 3);
  EXPECT_EQ(service({"start", "sleeper"}), 0);
  EXPECT_EQ(service({"status", "sleeper"}), 0);
  const auto first = pids("sleeper");
  EXPECT_TRUE(alive(first.second));
  EXPECT_EQ(service({"start", "sleeper"}), 0);
  EXPECT_EQ(pids("sleeper"), first) << "it ran already";
  EXPECT_EQ(service({"restart", "sleeper"}), 0);
  EXPECT_NE(pids("sleeper").second, first.second);
  EXPECT_FALSE(alive(first.second));
  const auto second = pids("sleeper");
  EXPECT_EQ(service({"stop", "sleeper"}), 0);
  EXPECT_EQ(service({"stop", "sleeper"}), 0);
  EXPECT_EQ(service({"status", "sleeper"}), 3);
  EXPECT_FALSE(alive(second.first) || alive(second.second));
  EXPECT_EQ(service({"remove", "sleeper"}), 0);
  EXPECT_EQ(service({"remove", "sleeper"}), 0);
  EXPECT_EQ(service({"status", "sleeper"}), 4);
}

TEST_F(ServiceRunner, StartsAProgramAgainThatDies) {
  ASSERT_EQ(service({"define", "talker", "--", "/bin/sh", "-c", "echo started as $(id -un); exec sleep 1000"}), 0);
  ASSERT_EQ(service({"start", "talker"}), 0);
  const auto first = pids("talker");
  kill(first.second, SIGKILL);
  ASSERT_TRUE(eventually([&] { return pids("talker").second > 1 && pids("talker").second != first.second; }));
  EXPECT_EQ(pids("talker").first, first.first) << "the same keeper";
  EXPECT_TRUE(eventually([&] { return log("talker").find("signal 9") != std::string::npos; })) << log("talker");
}

TEST_F(ServiceRunner, RunsAsTheUserThatItIsDefinedFor) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  ASSERT_EQ(
      service({"define", "talker", "--user", "nobody", "--", "/bin/sh", "-c", "echo as $(id -un); exec sleep 1000"}),
      0);
  ASSERT_EQ(service({"start", "talker"}), 0);
  EXPECT_TRUE(eventually([&] { return log("talker").find("as nobody") != std::string::npos; })) << log("talker");
  EXPECT_NE(service({"define", "talker", "--user", "no-such-user", "--", "/bin/true"}), 0);
}

TEST_F(ServiceRunner, AKilledKeeperTakesItsProgramWithItAndLeavesItWanted) {
  ASSERT_EQ(service({"define", "sleeper", "--", "/bin/sleep", "1000"}), 0);
  ASSERT_EQ(service({"start", "sleeper"}), 0);
  const auto [keeper, program] = pids("sleeper");
  kill(keeper, SIGKILL);
  EXPECT_TRUE(eventually([&, program = program] { return !alive(program); }));
  EXPECT_EQ(service({"status", "sleeper"}), 3);
  EXPECT_EQ(service({"start", "sleeper"}), 0);
}

TEST_F(ServiceRunner, RefusesNamesAndProgramsThatItCannotUse) {
  for (const char* name : {"../escape", "a/b", "", ".hidden", "a b"}) {
    EXPECT_EQ(service({"define", name, "--", "/bin/true"}), 2) << name;
  }
  EXPECT_EQ(service({"define", "sleeper", "--", "relative"}), 2);
  EXPECT_EQ(service({"define", "sleeper", "--", "/bin/echo", "two\nlines"}), 2);
  EXPECT_EQ(service({"define", "sleeper"}), 2);
  EXPECT_EQ(service({"dance", "sleeper"}), 2);
}

TEST_F(ServiceRunner, TheFirstProcessKeepsAgentAndServicesAndEndsThem) {
  RealCoordinator coordinator;
  ASSERT_EQ(service({"define", "sleeper", "--", "/bin/sleep", "1000"}), 0);
  agent.write_token(coordinator.token());
  agent.start({"host-init"});
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 1; })) << agent.log();
  EXPECT_EQ(service({"status", "sleeper"}), 0) << "defined services start with the host";
  const auto [keeper, program] = pids("sleeper");
  int child = 0;
  for (const io::ProcessStat& each : io::all_processes()) {
    auto line = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 1 << 16);
    if (each.parent == agent.pid && line && line->find(std::string("run\0", 4)) != std::string::npos) child = each.pid;
  }
  ASSERT_GT(child, 1);
  kill(child, SIGKILL);
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 2; })) << agent.log();
  kill(keeper, SIGKILL);
  ASSERT_TRUE(coordinator.run_until([&] {
    return service({"status", "sleeper"}) == 0 && pids("sleeper").first != keeper;
  }));
  kill(agent.pid, SIGTERM);
  std::optional<int> status;
  ASSERT_TRUE(coordinator.run_until([&] { return (status = agent.ended()).has_value(); }, 60)) << agent.log();
  EXPECT_EQ(*status, 0);
  EXPECT_EQ(coordinator.goodbyes, 1);
  EXPECT_FALSE(alive(pids("sleeper").second) || alive(program));
}

}  // namespace
}  // namespace prov::agent
