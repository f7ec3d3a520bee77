// A coordinator that was taken over, against the real agent program: it holds the right CURVE key, so it may run what
// it likes as root - that is what a coordinator is for. What it may not: reach outside a step's folder by a name, make
// the agent read what it cannot check, outgrow its limits, or end it. With a wrong key it may say nothing at all.
#include <sodium.h>

#include <algorithm>
#include <sstream>

#include "tests/integration/agent/real_coordinator.h"

namespace prov::agent {
namespace {

std::string sealed_to(const Key& key, const std::string& value) {
  std::string box(value.size() + crypto_box_SEALBYTES, '\0');
  crypto_box_seal(reinterpret_cast<unsigned char*>(box.data()), reinterpret_cast<const unsigned char*>(value.data()),
                  value.size(), key.bytes.data());
  return box;
}

struct HostileCoordinator : ::testing::Test {
  void SetUp() override {
    agent.write_token(coordinator.token());
    agent.start();
    ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() == 1; })) << agent.log();
    coordinator.bundles[digest_of(bundle)] = bundle;
  }
  void TearDown() override {
    EXPECT_FALSE(agent.ended()) << "the agent ended: " << agent.log();
    EXPECT_FALSE(std::filesystem::exists(canary)) << "something was written outside of the step's folder";
  }

  // The agent is as it was: it takes an order, and does it.
  ::testing::AssertionResult still_works() {
    const auto probe = coordinator.order(wire::Noop{});
    for (int i = 0; i < 20 && coordinator.of(probe).ended == 0; ++i) {  // frames may be lost in a full queue
      coordinator.send(wire::Orders{{probe}});
      coordinator.run_until([&] { return coordinator.of(probe).ended > 0; }, 1);
    }
    if (coordinator.of(probe).ended > 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << "it takes no order any more: " << agent.log();
  }
  wire::Order script(wire::Script action) { return coordinator.order(std::move(action)); }
  wire::Script install() const { return {digest_of(bundle), "scripts/install", {}, {}, {}}; }
  long resident_kib() const {
    std::istringstream in(io::read_file("/proc/" + std::to_string(agent.pid) + "/status", 1 << 16).value_or(""));
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
    }
    return 0;
  }
  std::size_t count_of(const char* folder) const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(agent.state + folder)) ++count;
    return count;
  }
  // One that is taken, cannot be prepared, and says why.
  void expect_failed(const wire::Order& order, const std::string& why) {
    coordinator.send(wire::Orders{{order}});
    ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
    EXPECT_EQ(coordinator.of(order).end.outcome, Outcome::failed);
    EXPECT_NE(coordinator.of(order).end.message.find(why), std::string::npos) << coordinator.of(order).end.message;
    EXPECT_EQ(coordinator.of(order).output, "") << "it ran";
  }

  RealCoordinator coordinator;
  AgentProcess agent;
  const std::string canary = agent.dir + "/canary";
  const std::string bundle = wire::encode_bundle({{"scripts/install", "#!/bin/sh\necho ran\n", 0755}});
};

std::vector<std::string> hostile_paths(const std::string& outside) {
  std::vector<std::string> out{"../canary",
                               "../../canary",
                               "a/../../canary",
                               "./canary",
                               "a//canary",
                               "/",
                               "",
                               "a/",
                               "..",
                               ".",
                               "a\\canary",
                               "a\ncanary",
                               std::string("a\0canary", 8),
                               std::string(256, 'x'),
                               std::string(1100, 'x'),
                               "\x01",
                               "a/./b",
                               "canary/.."};
  out.push_back(outside);
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "d/";
  out.push_back(deep + "x");
  return out;
}

TEST_F(HostileCoordinator, NoNameInAnOrderLeavesTheStepsFolder) {
  int names = 0;
  for (const std::string& path : hostile_paths(canary)) {
    SCOPED_TRACE(path.substr(0, 40));
    wire::Script bad_script = install(), bad_file = install(), bad_secret = install();
    bad_script.path = path;
    bad_file.files = {{path, "x", 0600}};
    bad_secret.secrets = {{path, sealed_to(coordinator.seal_key, "x")}};
    for (const wire::Script& each : {bad_script, bad_file, bad_secret}) {
      coordinator.send(wire::Orders{{script(each)}});
      ++names;
    }
  }
  EXPECT_TRUE(still_works());
  for (const auto& [step, order] : coordinator.orders) {
    const bool hostile = std::holds_alternative<wire::Script>(order.action);
    EXPECT_EQ(coordinator.heard[step].accepted > 0, !hostile);
  }
  EXPECT_EQ(count_of("/steps"), 0U);
  EXPECT_NE(agent.log().find("is not a safe relative path"), std::string::npos) << "it says why";
  std::printf("%d orders with hostile names refused\n", names);
}

TEST_F(HostileCoordinator, ABundleIsPlainFilesBeneathItsFolder) {
  int bundles = 0;
  const auto expect_refused = [&](const std::vector<wire::File>& files, const std::string& why) {
    const std::string bytes = wire::encode_bundle(files);
    coordinator.bundles[digest_of(bytes)] = bytes;
    expect_failed(script({digest_of(bytes), "scripts/install", {}, {}, {}}), why);
    ++bundles;
  };
  const wire::File run{"scripts/install", "#!/bin/sh\necho ran\n", 0755};
  for (const std::string& path : hostile_paths(canary)) {
    SCOPED_TRACE(path.substr(0, 40));
    expect_refused({run, {path, "x", 0600}}, "bundle does not decode");
  }
  expect_refused({run, run}, "not unique");
  expect_refused({run, {"scripts", "x", 0600}}, "a file and a folder");
  expect_refused({run, {"scripts/install/x", "x", 0600}}, "a file and a folder");
  expect_refused({run, {"s", "x", 04755}}, "permission bits");
  expect_refused({run, {"rendered/x", "x", 0600}}, "its own rendered/x");
  expect_refused({run, {"secrets/x", "x", 0600}}, "its own secrets/x");
  const std::string other = wire::encode_bundle({{"scripts/install", "#!/bin/sh\ntouch " + canary + "\n", 0755}});
  const Digest promised = digest_of("something else");
  coordinator.bundles[promised] = other;  // bytes of another digest, again and again
  expect_failed(script({promised, "scripts/install", {}, {}, {}}), "altered");
  std::printf("%d hostile bundles refused\n", bundles + 1);
}

TEST_F(HostileCoordinator, SecretsAreForThisHostAndFilesAreOnce) {
  wire::Script another = install();
  another.secrets = {{"pw", sealed_to(io::generate_key_pair().public_key, "x")}};
  expect_failed(script(another), "secret pw");
  wire::Script noise = install();
  noise.secrets = {{"pw", "not a box"}};
  expect_failed(script(noise), "secret pw");
  wire::Script twice = install();
  twice.secrets = {{"pw", sealed_to(coordinator.seal_key, "x")}, {"pw", sealed_to(coordinator.seal_key, "y")}};
  expect_failed(script(twice), "twice");
  wire::Script wants = install();
  wants.files = {{"x", "@@secret:../../../enrolment@@", 0600}};
  expect_failed(script(wants), "a secret that did not come");
  wire::Script same = install();
  same.files = {{"x", "1", 0600}, {"x", "2", 0600}};
  expect_failed(script(same), "x");
  wire::Script variable = install();
  variable.environment = {{"A B", "x"}};
  expect_failed(script(variable), "environment");
  for (const char* name : {"LD-PRELOAD", "1X", "$(touch canary)", "A\nB"}) {
    variable.environment = {{name, "x"}};
    expect_failed(script(variable), "environment");
  }
  EXPECT_EQ(agent.log().find("not a box"), std::string::npos);
}

TEST_F(HostileCoordinator, FramesThatDoNotCountChangeNothing) {
  const auto raw = [&](const std::string& bytes) { coordinator.link->send(*coordinator.agent, bytes); };
  const auto order = coordinator.order(wire::Noop{});
  wire::ToAgent frame{coordinator.epoch, *coordinator.agent, 0, coordinator.sequence, wire::Orders{{order}}};
  frame.epoch = 0;
  raw(wire::encode(frame));
  frame.epoch = coordinator.epoch;
  frame.agent = io::generate_key_pair().public_key;
  raw(wire::encode(frame));
  raw(std::string(kMaxFrameBytes, '\0'));
  raw(std::string(kMaxFrameBytes, '\xff'));
  EXPECT_TRUE(still_works());
  EXPECT_EQ(coordinator.of(order).accepted, 0);
  EXPECT_NE(agent.log().find("it comes from epoch 0"), std::string::npos) << agent.log();
  for (int i = 0; i < 1'000;
       ++i) {  // cancels of what is another's, bundles that nobody wants, shells that are not open
    coordinator.send(wire::Cancel{{coordinator.random.id(), 1, 0}});
    coordinator.send(wire::BundleChunk{digest_of(std::to_string(i)), 0, 1'000, std::string(900, 'x')});
    coordinator.send(wire::ShellData{coordinator.random.id(), "rm -rf /\n"});
    coordinator.send(wire::ShellClose{coordinator.random.id()});
    coordinator.send(wire::ReportsAck{coordinator.random.below(1 << 30)});
  }
  EXPECT_TRUE(still_works());
  EXPECT_EQ(count_of("/bundles"), 0U);
}

TEST_F(HostileCoordinator, HundredThousandOrdersStayWithinItsLimits) {
  const long before = resident_kib();
  std::size_t given = 0;
  while (given < 100'000) {
    wire::Orders orders;
    for (std::size_t i = 0; i < wire::kMaxOrdersInFrame; ++i) {
      wire::Order order = coordinator.shell("sleep 1000");
      coordinator.orders.erase({order.task, 1});
      order.timeout_s = 1'000;
      orders.orders.push_back(std::move(order));
    }
    given += orders.orders.size();
    coordinator.send(orders);
    coordinator.loop.turn(0);
  }
  ASSERT_TRUE(coordinator.run_until([&] {
    return std::count_if(coordinator.heard.begin(), coordinator.heard.end(),
                         [](const auto& each) { return each.second.started > 0; }) >= 8;
  })) << agent.log();
  const auto accepted = std::count_if(coordinator.heard.begin(), coordinator.heard.end(),
                                      [](const auto& each) { return each.second.accepted > 0; });
  EXPECT_LE(accepted, 256);
  EXPECT_LE(count_of("/steps"), 8U);
#if !defined(__SANITIZE_ADDRESS__)  // which keeps what was given back, to see who still uses it
  EXPECT_LT(resident_kib() - before, 16 * 1024);
#endif
  std::printf("%zu orders: %ld taken, %zu folders, %ld KiB more\n", given, static_cast<long>(accepted),
              count_of("/steps"), resident_kib() - before);
  // Orders that still waited in the network take the places of those that are cancelled: until none is left.
  EXPECT_TRUE(coordinator.run_until([&, turn = 0]() mutable {
    std::size_t left = 0;
    for (const auto& [step, heard] : coordinator.heard) {
      if (heard.accepted == 0 || heard.ended > 0) continue;
      ++left;
      if (turn % 20 == 0) coordinator.send(wire::Cancel{{step.task, 1, 0}});
    }
    ++turn;
    return left == 0;
  }));
  EXPECT_TRUE(still_works());
}

TEST_F(HostileCoordinator, ShellsWithoutEndAreTurnedAway) {
  for (int i = 0; i < 2'000; ++i) {
    coordinator.send(
        wire::ShellOpen{coordinator.random.id(), {"/bin/sleep", "1000"}, 65535, 65535, "../../../etc/passwd\n"});
  }
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.shell_closed.has_value(); }));
  EXPECT_NE(coordinator.shell_closed->reason.find("32 shells open"), std::string::npos)
      << coordinator.shell_closed->reason;
  EXPECT_TRUE(still_works());
  const auto shells = [&] {
    const auto all = io::all_processes();
    return std::count_if(all.begin(), all.end(),
                         [&](const auto& each) { return each.parent == agent.pid && each.state != 'Z'; });
  };
  EXPECT_LE(shells(), 32);
  EXPECT_GT(shells(), 0);
  coordinator.close();  // and they do not outlive its connection
  EXPECT_TRUE(coordinator.run_until([&] { return shells() == 0; })) << agent.log();
  coordinator.open();
  EXPECT_TRUE(still_works());
}

TEST_F(HostileCoordinator, OutputWithoutEndIsCutOff) {
  auto order = coordinator.shell("yes");
  order.timeout_s = 600;
  coordinator.send(wire::Orders{{order}});
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.of(order).output.size() >= 8'000'000; }, 60));
  EXPECT_TRUE(still_works());
  coordinator.send(wire::Cancel{{order.task, 1, 0}});
  ASSERT_TRUE(coordinator.wait_for(order)) << agent.log();
  EXPECT_LE(coordinator.of(order).output.size(), (8U << 20) + (64U << 10));
}

// Whoever holds the coordinator's key may send its agents elsewhere, where again only that key is believed. What it may
// not: fill their disks, write other lines into what they remember, or cut them off from where they enrolled.
TEST_F(HostileCoordinator, AddressesThatMakeNoSenseAreNotKept) {
  const std::string home = RealCoordinator::endpoint(coordinator.link_port);
  const std::string nobody = "tcp://127.0.0.1:1";
  std::vector<std::string>& said = coordinator.advertise;
  said = {"",           "coordinator.example",  "tcp://coordinator.example:9091",  "tcp://0.0.0.0:0",
          "ipc:///etc", "tcp://10.0.0.1:99999", "tcp://10.0.0.1:1\nserver_key=00", std::string(100'000, 'x')};
  for (int i = 0; i < 1'000; ++i) said.push_back("tcp://127.0.0.1:" + std::string(70, '0') + std::to_string(i + 1));
  said.push_back(nobody);
  coordinator.send(wire::Welcome{coordinator.log_id, 500, 2'000, said});
  const auto remembered = [&] { return io::read_file(agent.state + "/enrolment", 1 << 20).value_or(""); };
  ASSERT_TRUE(coordinator.run_until([&] { return remembered().find(nobody) != std::string::npos; })) << agent.log();
  EXPECT_NE(remembered().find("\nendpoints=" + home + "," + nobody + "\n"), std::string::npos) << remembered();
  EXPECT_LT(remembered().size(), 1'000U);
  EXPECT_TRUE(still_works());

  // It is away for longer than the agent waits, so the agent looks where it was told; then it is back.
  coordinator.close();
  const auto hellos = coordinator.hellos.size();
  const auto later = std::chrono::steady_clock::now() + std::chrono::milliseconds(3'500);
  coordinator.run_until([&] { return std::chrono::steady_clock::now() > later; });
  ++coordinator.epoch;
  coordinator.open();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() > hellos; }, 60)) << agent.log();
  EXPECT_TRUE(still_works());
}

TEST_F(HostileCoordinator, AWrongKeyIsNotHeard) {
  const io::KeyPair right = coordinator.keys;
  const auto order = coordinator.shell("touch " + canary);
  coordinator.close();
  coordinator.keys = io::generate_key_pair();
  coordinator.open();
  const auto hellos = coordinator.hellos.size();
  for (int i = 0; i < 20; ++i) {
    coordinator.send(wire::Welcome{coordinator.log_id, 500, 2'000});
    coordinator.send(wire::Orders{{order}});
    coordinator.loop.turn(100);
  }
  EXPECT_EQ(coordinator.hellos.size(), hellos) << "and it is not told anything";
  coordinator.close();
  coordinator.keys = right;
  ++coordinator.epoch;
  coordinator.orders.clear();
  coordinator.open();
  ASSERT_TRUE(coordinator.run_until([&] { return coordinator.hellos.size() > hellos; })) << agent.log();
  EXPECT_TRUE(still_works());
  EXPECT_EQ(coordinator.of(order).accepted, 0);
}

}  // namespace
}  // namespace prov::agent
