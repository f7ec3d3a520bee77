// What an agent that was taken over can do to its coordinator and, through it, to other hosts.
#include <algorithm>

#include "common/hash.h"
#include "tests/security/live_coordinator.h"

namespace prov::test {
namespace {

wire::Ended done_with(const std::string& output) {
  wire::Ended ended;
  ended.outcome = Outcome::done;
  ended.output_bytes = output.size();
  ended.output_digest = ended.order_digest = digest_of(output);
  return ended;
}

std::optional<wire::Script> script_among(const Peer& peer, const Id& task) {
  for (const wire::ToAgent& message : peer.messages()) {
    const auto* orders = std::get_if<wire::Orders>(&message.body);
    if (orders == nullptr) continue;
    for (const wire::Order& order : orders->orders) {
      if (order.task == task) return std::get<wire::Script>(order.action);
    }
  }
  return std::nullopt;
}

TEST(HostileAgent, HistoryStaysAsItWasOnceItEnded) {
  LiveCoordinator coordinator;
  const Host host = coordinator.enrolled("host");
  const auto peer = coordinator.connected(host);
  const Id task = coordinator.exec(host);
  peer->say(report_of(task, wire::Started{}));
  peer->say(report_of(task, wire::Output{0, "what it printed"}));
  peer->say(report_of(task, done_with("what it printed")));
  ASSERT_TRUE(peer->caught_up());
  coordinator.events.clear();
  peer->say(report_of(task, wire::Output{15, " and more"}));
  wire::Ended other = done_with("");
  other.outcome = Outcome::failed;
  peer->say(report_of(task, other));
  peer->say(report_of(task, wire::Started{}));
  ASSERT_TRUE(peer->caught_up());
  EXPECT_EQ(coordinator.output_of(task), "what it printed");
  EXPECT_TRUE(coordinator.events.empty()) << coordinator.events.front();
}

// As an agent may do in good faith: the order that it has was lost with the log's end, and given out anew.
TEST(HostileAgent, AReportOfAnotherOrderIsNotTakenForOneOfThis) {
  LiveCoordinator coordinator;
  const Host host = coordinator.enrolled("host");
  const auto peer = coordinator.connected(host);
  const Id task = coordinator.exec(host);
  const auto sequences = [&] {
    std::vector<std::uint64_t> out;
    for (const wire::ToAgent& message : peer->messages()) {
      const auto* orders = std::get_if<wire::Orders>(&message.body);
      if (orders == nullptr) continue;
      for (const wire::Order& order : orders->orders) out.push_back(order.sequence);
    }
    return out;
  };
  const auto acknowledged = [&](std::uint64_t frame) {
    const auto messages = peer->messages();
    return std::any_of(messages.begin(), messages.end(), [&](const wire::ToAgent& message) {
      const auto* ack = std::get_if<wire::ReportsAck>(&message.body);
      return ack != nullptr && ack->frame_id == frame;
    });
  };
  ASSERT_TRUE(coordinator.until([&] { return peer->pump(), !sequences().empty(); }));
  const std::uint64_t sequence = sequences().front();
  coordinator.events.clear();
  peer->say(
      wire::Reports{1001, {{task, 1, 1, wire::Started{}, sequence + 7}, {task, 1, 2, done_with(""), sequence + 7}}});
  ASSERT_TRUE(peer->caught_up());
  EXPECT_TRUE(coordinator.events.empty()) << coordinator.events.front();
  EXPECT_FALSE(acknowledged(1001)) << "the agent is to say it again, once it knows which order it is";
  ASSERT_TRUE(coordinator.until([&] { return peer->pump(), sequences().size() > 1; }));
  EXPECT_EQ(sequences().back(), sequence);
  coordinator.events.clear();
  peer->say(wire::Reports{1003, {}, {{task, 1, 2, 1, Outcome::done, sequence + 7, digest_of("")}}});
  ASSERT_TRUE(peer->caught_up());
  EXPECT_TRUE(coordinator.events.empty()) << coordinator.events.front();
  EXPECT_FALSE(acknowledged(1003)) << "nor is one that says all of it at once";
  peer->say(wire::Reports{1002, {{task, 1, 1, wire::Started{}, sequence}, {task, 1, 2, done_with(""), sequence}}});
  ASSERT_TRUE(peer->caught_up());
  EXPECT_TRUE(acknowledged(1002));
  EXPECT_FALSE(coordinator.events.empty());
}

// One that lies is not believed against all others, and can be sent away.
TEST(HostileAgent, AnEpochThatNobodyCanHaveSeenHoldsUpNobody) {
  LiveCoordinator coordinator;
  const Host liar = coordinator.enrolled("liar");
  const auto peer = coordinator.link(liar);
  wire::Hello hello = hello_of("liar");
  hello.highest_epoch = 0xFFFFFFFE;
  peer->say(hello);
  ASSERT_TRUE(coordinator.until([&] { return !coordinator.alarms.empty(); }));
  EXPECT_EQ(coordinator.alarms.back().kind, "implausible_epoch");
  EXPECT_EQ(coordinator.core().read_only_reason(), "");
  hello.highest_epoch = coordinator.core().state().epoch + 1;
  peer->say(hello);
  ASSERT_TRUE(coordinator.until([&] { return !coordinator.core().read_only_reason().empty(); })) << "that may be";
  coordinator.submit("", domain::RemoveAgent{peer->key, "it lies"});
}

TEST(HostileAgent, OfTwoHostsWithOneKeyTheFormerIsRefusedWhenItComesBack) {
  LiveCoordinator coordinator;
  const Host host = coordinator.enrolled("host");
  const auto peer = coordinator.connected(host);
  wire::Hello other = hello_of("host");
  other.facts.boot_id = "of the copy";
  peer->say(other);
  ASSERT_TRUE(peer->caught_up());
  EXPECT_TRUE(coordinator.alarms.empty()) << "a host may have been booted again";
  peer->heard.clear();
  peer->say(hello_of("host"));
  ASSERT_TRUE(coordinator.until([&] { return !coordinator.alarms.empty(); }));
  EXPECT_EQ(coordinator.alarms.back().kind, "copied_host");
  const auto refused = [](const wire::ToAgent& message) { return std::holds_alternative<wire::Refused>(message.body); };
  EXPECT_TRUE(coordinator.until([&] {
    peer->pump();
    const auto messages = peer->messages();
    return std::any_of(messages.begin(), messages.end(), refused);
  }));
}

TEST(HostileAgent, WhereTheCoordinatorIsIsToldToAgentsAlone) {
  LiveCoordinator coordinator;
  const Host host = coordinator.enrolled("host"), stranger = LiveCoordinator::stranger("stranger");
  const auto outside = coordinator.link(stranger);
  outside->say(wire::Hello{});
  const auto peer = coordinator.connected(host);
  std::size_t welcomes = 0;
  for (const wire::ToAgent& message : peer->messages()) {
    const auto* welcome = std::get_if<wire::Welcome>(&message.body);
    if (welcome == nullptr) continue;
    EXPECT_EQ(welcome->endpoints, kAdvertised);
    ++welcomes;
  }
  EXPECT_GE(welcomes, 1U);
  EXPECT_TRUE(outside->heard.empty());
}

TEST(HostileAgent, OutputWithoutEndIsCutOffAndTheTaskCanStillEnd) {
  LiveCoordinator coordinator;
  const Host host = coordinator.enrolled("host"), other = coordinator.enrolled("other");
  const auto peer = coordinator.connected(host), bystander = coordinator.connected(other);
  const Id task = coordinator.exec(host);
  const std::string chunk(wire::kMaxOutputChunk, 'x');
  constexpr std::uint64_t kCap = 64 << 20;
  std::uint64_t at = 0;
  for (int round = 0; at < kCap + 4 * chunk.size(); ++round) {
    wire::Reports frame{1, {}};
    for (int i = 0; i < 8; ++i, at += chunk.size()) {
      frame.reports.push_back(report_of(task, wire::Output{at, chunk}).reports.front());
    }
    peer->say(frame);
    if (round % 8 == 7) {
      ASSERT_TRUE(peer->caught_up());
    }
  }
  wire::Ended ended = done_with("");
  ended.output_bytes = at;
  peer->say(report_of(task, ended));
  ASSERT_TRUE(peer->caught_up());
  ASSERT_FALSE(coordinator.alarms.empty());
  EXPECT_EQ(coordinator.alarms.front().kind, "too_much_output");
  EXPECT_EQ(coordinator.output_bytes(task), kCap);
  EXPECT_EQ(domain::find_task(coordinator.core().state(), task)->status, domain::TaskStatus::ended);
  EXPECT_TRUE(bystander->caught_up());
}

// Its facts reach the rendered files and the environment of other hosts, as root.
TEST(HostileAgent, WhatAHostSaysOfItselfDoesNotReachTheFilesOfOthers) {
  const std::string bundle =
      wire::encode_bundle({{"scripts/install", "#!/bin/sh\n", 0755},
                           {"templates/x.conf.mustache", "{{#hosts.x}}allow {{address}};{{/hosts.x}}\n", 0644}});
  for (const char* evil : {"10.0.0.1\ninclude /tmp/evil", "@@secret:password@@", "$(touch canary)", "{{params.x}}",
                           "10.0.0.1; rm -rf /", "10.0.0.1 ", "../../etc"}) {
    SCOPED_TRACE(evil);
    LiveCoordinator coordinator;
    const Host bad = coordinator.enrolled("bad"), good = coordinator.enrolled("good");
    const auto good_peer = coordinator.connected(good);
    auto bad_peer = coordinator.link(bad);
    wire::Hello hello = hello_of("bad");
    hello.facts.addresses = {evil};
    bad_peer->say(hello);
    ASSERT_TRUE(bad_peer->caught_up());
    coordinator.script(bad, bundle);
    const Id task = coordinator.script(good, bundle);
    std::optional<wire::Script> order;
    ASSERT_TRUE(coordinator.until([&] { return (order = script_among(*good_peer, task)).has_value(); }));
    ASSERT_EQ(order->files.size(), 1U);
    EXPECT_EQ(order->files[0].data, "allow ;allow ;\n");
    for (const wire::Variable& variable : order->environment) {
      EXPECT_EQ(variable.value.find(evil), std::string::npos) << variable.name;
    }
  }
}

// A frame of orders is refused as a whole, so one that no agent can read would starve the others for ever.
TEST(HostileAgent, AnOrderThatNoAgentCanReadEndsAsFailedAndHoldsUpNobody) {
  for (const char* path :
       {"templates/.mustache", "templates/..mustache", "templates/...mustache", "templates/a/...mustache"}) {
    SCOPED_TRACE(path);
    const std::string bundle = wire::encode_bundle({{"scripts/install", "#!/bin/sh\n", 0755}, {path, "x", 0644}});
    LiveCoordinator coordinator;
    const Host host = coordinator.enrolled("host");
    const auto peer = coordinator.connected(host);
    const Id poisoned = coordinator.script(host, bundle);
    const Id fine = coordinator.exec(host);
    ASSERT_TRUE(coordinator.until(
        [&] { return domain::find_task(coordinator.core().state(), poisoned)->status == domain::TaskStatus::ended; }));
    const domain::Task& task = *domain::find_task(coordinator.core().state(), poisoned);
    EXPECT_EQ(task.outcome, Outcome::failed);
    EXPECT_NE(task.message.find("path"), std::string::npos) << task.message;
    EXPECT_TRUE(coordinator.until([&] {
      for (const wire::ToAgent& message : peer->messages()) {
        const auto* orders = std::get_if<wire::Orders>(&message.body);
        if (orders != nullptr && orders->orders.front().task == fine) return true;
      }
      return false;
    }));
  }
}

}  // namespace
}  // namespace prov::test
