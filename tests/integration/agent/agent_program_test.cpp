// The real program over the real link, on the real system.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sodium.h>

#include <algorithm>
#include <sstream>

#include "agent/executor/step_dir.h"
#include "agent/main/identity.h"
#include "tests/integration/agent/real_coordinator.h"

namespace prov::agent {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct AgentProgram : ::testing::Test {
  RealCoordinator coordinator;
  AgentProcess agent;

  void join() {
    agent.write_token(coordinator.token());
    agent.start();
    ASSERT_TRUE(coordinator.run_until([&] { return !coordinator.hellos.empty(); })) << agent.log();
  }
  mode_t mode_of(const std::string& path) {
    struct stat info {};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  bool has_step_folders() const {  // beside those that wait, empty, for another step
    return std::any_of(std::filesystem::directory_iterator(agent.state + "/steps"), {}, [](const auto& entry) {
      return parse_step_dir_name(entry.path().filename().string()).has_value();
    });
  }
  std::string effects() { return io::read_file(agent.dir + "/effects", 1 << 20).value_or(""); }
};

TEST_F(AgentProgram, EnrolsOnceWorksAndDrains) {
  join();
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/join-token")) << "used up";
  for (const char* file : {"/keys", "/enrolment", "/journal"}) EXPECT_EQ(mode_of(agent.state + file), 0600U) << file;
  for (const char* folder : {"", "/steps", "/bundles"}) EXPECT_EQ(mode_of(agent.state + folder), 0700U) << folder;
  const wire::Hello& hello = coordinator.hellos[0];
  EXPECT_FALSE(hello.facts.os.empty());
  EXPECT_GT(hello.facts.cores, 0U);
  EXPECT_GT(hello.facts.memory_bytes, 1U << 20);
  EXPECT_GT(hello.facts.disk_bytes, 1U << 20);
  const auto& interpreters = hello.facts.interpreters;
  EXPECT_NE(std::find(interpreters.begin(), interpreters.end(), "sh"), interpreters.end());
  EXPECT_GE(interpreters.size() + hello.facts.missing_interpreters.size(), 10U);
  EXPECT_FALSE(hello.facts.boot_id.empty());

  const auto noop = coordinator.order(wire::Noop{}), exec = coordinator.shell("echo out; echo err >&2; exit 3");
  coordinator.send(wire::Orders{{noop, exec}});
  ASSERT_TRUE(coordinator.wait_for(noop) && coordinator.wait_for(exec)) << agent.log();
  EXPECT_EQ(coordinator.of(noop).end.outcome, Outcome::done);
  EXPECT_EQ(coordinator.of(exec).end.exit_code, 3);
  EXPECT_EQ(coordinator.of(exec).output, "out\nerr\n");
  EXPECT_EQ(coordinator.of(exec).end.output_digest, digest_of("out\nerr\n"));
  EXPECT_TRUE(coordinator.run_until([&] { return !has_step_folders(); }));

  kill(agent.pid, SIGTERM);
  std::optional<int> status;
  ASSERT_TRUE(coordinator.run_until([&] { return (status = agent.ended()).has_value(); })) << agent.log();
  EXPECT_EQ(*status, 0) << agent.log();
  EXPECT_TRUE(coordinator.run_until([&] { return coordinator.goodbyes == 1; }, 5));
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 2; })) << agent.log();
  EXPECT_EQ(coordinator.enrolments, 1);
}

TEST_F(AgentProgram, RunsAScriptOfABundleWithASecret) {
  join();
  const std::string bundle = wire::encode_bundle(
      {{"lib/service.sh", "hello() { echo \"from lib\"; }\n", 0644},
       {"scripts/install", "#!/bin/sh\n. \"$PROV_LIB/service.sh\"\nhello\ncat rendered/x.conf | tr a-z A-Z\nexit 10\n",
        0755}});
  coordinator.bundles[digest_of(bundle)] = bundle;
  const std::string value = "canary-of-a-secret";
  std::string box(value.size() + crypto_box_SEALBYTES, '\0');
  crypto_box_seal(reinterpret_cast<unsigned char*>(box.data()), reinterpret_cast<const unsigned char*>(value.data()),
                  value.size(), coordinator.seal_key.bytes.data());
  const auto order = coordinator.order(
      wire::Script{digest_of(bundle), "scripts/install", {}, {{"x.conf", "p=@@secret:pw@@\n", 0600}}, {{"pw", box}}});
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_EQ(coordinator.of(order).end.outcome, Outcome::unchanged) << coordinator.of(order).end.message;
  EXPECT_EQ(coordinator.of(order).output, "from lib\nP=CANARY-OF-A-SECRET\n");
  for (const auto& each : std::filesystem::recursive_directory_iterator(agent.dir)) {
    if (!each.is_regular_file()) continue;
    EXPECT_EQ(io::read_file(each.path(), 1 << 20).value_or("").find(value), std::string::npos) << each.path();
  }
}

// kill -9 of the agent at random moments while steps run: each runs once, none is lost, output is whole.
TEST_F(AgentProgram, IsKilledAtRandomMomentsAndLosesNothing) {
  join();
  const std::uint64_t seed = coordinator.random.below(1'000'000);
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  std::vector<wire::Order> orders;
  for (int round = 0; round < 12; ++round) {
    for (int i = 0; i < 3; ++i) {
      const std::string name = std::to_string(round * 3 + i);
      orders.push_back(coordinator.shell("echo begin" + name + " >>" + agent.dir + "/effects; echo " + name +
                                         "; sleep 0." + std::to_string(dice() % 3) + "; echo end"));
      coordinator.send(wire::Orders{{orders.back()}});
    }
    const auto moment = std::chrono::steady_clock::now() + std::chrono::milliseconds(dice() % 250);
    coordinator.run_until([&] { return std::chrono::steady_clock::now() > moment; });
    agent.kill9();
    const std::size_t hellos = coordinator.hellos.size();
    agent.start();
    ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() > hellos; })) << agent.log();
  }
  int interrupted = 0;
  for (const auto& order : orders) {
    ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
    const auto& heard = coordinator.of(order);
    if (heard.end.outcome == Outcome::interrupted) {  // killed between "started" and the start itself
      ++interrupted;
      continue;
    }
    EXPECT_EQ(heard.end.outcome, Outcome::done) << heard.end.message;
    EXPECT_EQ(digest_of(heard.output), heard.end.output_digest);
  }
  std::istringstream in(effects());
  std::map<std::string, int> begun;
  for (std::string line; std::getline(in, line);) ++begun[line];
  for (const auto& [line, times] : begun) EXPECT_EQ(times, 1) << line;
  EXPECT_EQ(begun.size() + static_cast<std::size_t>(interrupted), orders.size());
  EXPECT_LT(interrupted, 6);
}

TEST_F(AgentProgram, WorksThroughAnOutageOfTheCoordinator) {
  join();
  const auto order = coordinator.shell("sleep 0.3; echo meanwhile");
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.of(order).started > 0; }));
  coordinator.close();
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(1'500);
  coordinator.run_until([&] { return std::chrono::steady_clock::now() > later; });
  ++coordinator.epoch;
  coordinator.open();
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_EQ(coordinator.of(order).output, "meanwhile\n");
  EXPECT_EQ(coordinator.of(order).end.outcome, Outcome::done);
}

TEST_F(AgentProgram, FollowsACoordinatorThatMoves) {
  coordinator.prepare_to_move();
  join();
  const std::string before = RealCoordinator::endpoint(coordinator.link_port);
  const auto remembers = [&](const std::string& endpoints) {
    const std::string file = io::read_file(agent.state + "/enrolment", 1 << 16).value_or("");
    return file.find("endpoints=" + endpoints + "\n") != std::string::npos;
  };
  ASSERT_TRUE(
      coordinator.run_until([&] { return remembers(coordinator.advertise[0] + "," + coordinator.advertise[1]); }));
  const auto order = coordinator.shell("sleep 0.3; echo meanwhile");
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.of(order).started > 0; }));

  coordinator.move();
  ASSERT_TRUE(coordinator.wait_for(order)) << "nobody started the agent again: " << agent.log();
  EXPECT_EQ(coordinator.of(order).output, "meanwhile\n");
  // And it looks there first when it is started again, although it enrolled elsewhere.
  ASSERT_TRUE(coordinator.run_until([&] { return remembers(coordinator.advertise[1] + "," + before); }));
  EXPECT_EQ(mode_of(agent.state + "/enrolment"), 0600U);
  agent.kill9();
  const std::size_t hellos = coordinator.hellos.size();
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() > hellos; }, 10)) << agent.log();
  EXPECT_EQ(coordinator.enrolments, 1);
}

TEST_F(AgentProgram, SurvivesHostileFrames) {
  join();
  const std::uint64_t seed = coordinator.random.below(1'000'000);
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 dice(seed);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(dice() % 2'000, '\0');
    for (char& c : bytes) c = static_cast<char>(dice());
    coordinator.link->send(*coordinator.agent, bytes);
  }
  // A full queue drops frames, so the order is given until it is accepted, as a dispatcher does.
  const auto order = coordinator.order(wire::Noop{});
  for (int i = 0; i < 20 && coordinator.of(order).ended == 0; ++i) {
    coordinator.send(wire::Orders{{order}});
    coordinator.run_until([&] { return coordinator.of(order).ended > 0; }, 1);
  }
  EXPECT_EQ(coordinator.of(order).end.outcome, Outcome::done) << agent.log();
  EXPECT_FALSE(agent.ended());
  EXPECT_NE(agent.log().find("refused a frame"), std::string::npos);
}

TEST_F(AgentProgram, CarriesAShellWithATerminal) {
  join();
  wire::ShellOpen request{coordinator.random.id(), {"/bin/sh"}, 33, 99, "xterm"};
  coordinator.send(request);
  coordinator.send(wire::ShellData{request.session, "stty size; echo $((20+22)) $TERM\n"});
  const auto seen = [&](const char* text) {
    return coordinator.run_until([&] { return coordinator.shell_output.find(text) != std::string::npos; });
  };
  ASSERT_TRUE(seen("33 99") && seen("42 xterm")) << coordinator.shell_output;
  coordinator.send(wire::ShellResize{request.session, 40, 120});
  coordinator.send(
      wire::ShellData{request.session, "stty size; head -c 3000000 /dev/zero | tr '\\0' x; echo whole; exit 7\n"});
  ASSERT_TRUE(seen("40 120")) << coordinator.shell_output;
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.shell_closed.has_value(); }));
  EXPECT_EQ(coordinator.shell_closed->exit_code, 7);
  EXPECT_EQ(std::count(coordinator.shell_output.begin(), coordinator.shell_output.end(), 'x') / 1000, 3000);
}

TEST_F(AgentProgram, SaysWhyItCannotEnrol) {
  agent.start({"join"});
  std::optional<int> status;
  const auto end = [&] { return coordinator.run_until([&] { return (status = agent.ended()).has_value(); }); };
  ASSERT_TRUE(end());
  EXPECT_EQ(WEXITSTATUS(*status), 4);
  EXPECT_NE(agent.log().find("no join token"), std::string::npos) << agent.log();
  coordinator.refuse_enrolment = "the token has been used";
  agent.write_token(coordinator.token());
  agent.start({"join"});
  ASSERT_TRUE(end());
  EXPECT_EQ(WEXITSTATUS(*status), 5);
  EXPECT_NE(agent.log().find("the token has been used"), std::string::npos) << agent.log();
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/enrolment"));
}

// Removed at the coordinator, and given a new token: the obvious is to start it again.
TEST_F(AgentProgram, EnrolsAnewWithATokenThatItWasNotMadeWith) {
  join();
  const Key before = *coordinator.agent;
  const std::string journal = agent.state + "/journal";
  agent.kill9();
  coordinator.forget_agent();
  agent.write_token(coordinator.token());
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 2; })) << agent.log();
  EXPECT_NE(*coordinator.agent, before) << "keys of its own";
  EXPECT_EQ(coordinator.enrolments, 2);
  EXPECT_TRUE(std::filesystem::exists(journal + ".former"));
  for (const char* file : {"/join-token", "/join-token.refused", "/keys.next"}) {
    EXPECT_FALSE(std::filesystem::exists(agent.state + file)) << file;
  }
  const auto order = coordinator.shell("echo anew");
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_EQ(coordinator.of(order).output, "anew\n");

  agent.kill9();
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 3; })) << agent.log();
  EXPECT_FALSE(std::filesystem::exists(journal + ".former-2")) << "once is enough";
}

TEST_F(AgentProgram, AnAgentThatIsKnownIsNotEndedByATokenThatIsRefused) {
  join();
  agent.kill9();
  wire::JoinToken used = coordinator.token();
  used.id = coordinator.random.id();
  agent.write_token(used);
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 2; })) << agent.log();
  EXPECT_EQ(coordinator.enrolments, 1);
  EXPECT_NE(agent.log().find("set aside"), std::string::npos) << agent.log();
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/join-token"));
  EXPECT_TRUE(std::filesystem::exists(agent.state + "/join-token.refused"));
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/journal.former"));

  agent.kill9();
  agent.write_token(used);
  agent.start({"join"});
  std::optional<int> status;
  ASSERT_TRUE(coordinator.run_until([&] { return (status = agent.ended()).has_value(); }));
  EXPECT_EQ(WEXITSTATUS(*status), 5) << "who asks for it hears of it";
  EXPECT_NE(agent.log().find("stays host-1"), std::string::npos) << agent.log();
}

// A crash after the token was taken out, and one between the new enrolment and what follows from it.
TEST_F(AgentProgram, CatchesUpWithAnEnrolmentAfterACrash) {
  join();
  agent.kill9();
  agent.write_token(coordinator.token());
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 2; })) << agent.log();
  EXPECT_EQ(coordinator.enrolments, 1) << "the token is that of its enrolment";
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/join-token"));

  agent.kill9();
  auto next = load_or_make_next_keys(agent.state);
  auto enrolment = load_enrolment(agent.state);
  ASSERT_TRUE(next && enrolment && *enrolment);
  (*enrolment)->agent = next->link.public_key;
  ASSERT_TRUE(save_enrolment(agent.state, **enrolment));
  coordinator.forget_agent();
  coordinator.agent = next->link.public_key;
  coordinator.link->allow(*coordinator.agent);
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 3; })) << agent.log();
  EXPECT_TRUE(std::filesystem::exists(agent.state + "/journal.former"));
  EXPECT_FALSE(std::filesystem::exists(agent.state + "/keys.next"));
}

TEST_F(AgentProgram, TakesAStateDirectoryByARelativePath) {
  agent.write_token(coordinator.token());
  const std::string absolute = std::exchange(agent.state, std::filesystem::relative(agent.state).string());
  ASSERT_TRUE(std::filesystem::path(agent.state).is_relative());
  agent.start();
  agent.state = absolute;
  ASSERT_TRUE(coordinator.run_until([&] { return !coordinator.hellos.empty(); })) << agent.log();
  const std::string bundle = wire::encode_bundle({{"scripts/install", "#!/bin/sh\necho here\n", 0755}});
  coordinator.bundles[digest_of(bundle)] = bundle;
  const auto order = coordinator.order(wire::Script{digest_of(bundle), "scripts/install", {}, {}, {}});
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_EQ(coordinator.of(order).output, "here\n") << coordinator.of(order).end.message;
}

TEST_F(AgentProgram, OneAgentPerStateDirectory) {
  join();
  const pid_t first = std::exchange(agent.pid, 0);
  agent.start();
  std::optional<int> status;
  ASSERT_TRUE(coordinator.run_until([&] { return (status = agent.ended()).has_value(); }));
  EXPECT_NE(*status, 0);
  EXPECT_NE(agent.log().find("another agent runs"), std::string::npos);
  agent.pid = first;
}

TEST_F(AgentProgram, ADamagedJournalIsKeptAside) {
  join();
  const auto order = coordinator.shell("sleep 1000");
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.of(order).started > 0; }));
  agent.kill9();
  {
    std::fstream file(agent.state + "/journal", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(30);
    file.put('!');
  }
  const std::size_t hellos = coordinator.hellos.size();
  agent.start();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() > hellos; })) << agent.log();
  EXPECT_TRUE(std::filesystem::exists(agent.state + "/journal.damaged"));
  coordinator.send(wire::Cancel{{order.task, 1, 0}});
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_EQ(coordinator.of(order).end.outcome, Outcome::cancelled) << "what could be saved is still obeyed";
}

TEST_F(AgentProgram, IsSmall) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer's memory is not the agent's";
  join();
  for (int i = 0; i < 50; ++i) {
    wire::Orders orders;
    for (int n = 0; n < 20; ++n) orders.orders.push_back(coordinator.order(wire::Noop{}));
    coordinator.send(orders);
    ASSERT_TRUE(coordinator.wait_for(orders.orders.back()));
    coordinator.settled_through = coordinator.sequence;
  }
  std::istringstream in(io::read_file("/proc/" + std::to_string(agent.pid) + "/status", 1 << 16).value_or(""));
  long resident_kib = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("VmRSS:")) resident_kib = std::atol(line.c_str() + 6);
  }
  RecordProperty("resident_kib", static_cast<int>(resident_kib));
  std::printf("resident: %ld KiB\n", resident_kib);
  EXPECT_GT(resident_kib, 0);
  EXPECT_LT(resident_kib, 8 * 1024);
}

}  // namespace
}  // namespace prov::agent
