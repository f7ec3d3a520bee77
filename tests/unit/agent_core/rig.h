#pragma once
// One agent, its host, and a small coordinator at the other end of the link, all on virtual time.
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "agent/core/agent.h"
#include "common/wire/agent_wire.h"
#include "tests/unit/agent_support/fakes.h"

namespace prov::agent {

struct Rig {
  struct Heard {
    int accepted = 0, started = 0, ended = 0;
    std::string output;
    wire::Ended end;
  };

  explicit Rig(std::uint64_t seed = 1) : random(seed) { key.bytes.fill(7); }

  // ---- the agent's life
  void boot() {
    const auto started = try_to_boot();
    ASSERT_TRUE(started) << started.error().message;
  }
  Result<void> try_to_boot() {
    Config config;
    config.key = key;
    config.log_id.bytes.fill(3);
    config.boot_id = boot_id;
    config.facts = [this] { return facts; };
    config.log = [this](Severity, std::string_view line) { log += std::string(line) + "\n"; };
    config.endpoints = [this](const std::vector<std::string>& said) { endpoints = said; };
    config.expects_journal = expects_journal;
    config.parallel = parallel;
    runner.emplace(host, time, file.cut);
    agent.emplace(World{time, time, random, link, file, *runner, bundles, terminals}, std::move(config));
    agent->on_fatal([this](const Error&) { ++fatal; });
    return agent->start();
  }
  void crash(std::size_t keep_unsynced = 0) {
    agent.reset();
    runner.reset();
    link.sent.clear();
    file.cut = {};
    file.lose_tail(keep_unsynced);
  }

  // ---- the coordinator
  void send(decltype(wire::ToAgent::body) body) { send(std::move(body), epoch, key); }
  void send(decltype(wire::ToAgent::body) body, std::uint32_t as_epoch, const Key& to) {
    link.deliver(wire::encode(wire::ToAgent{as_epoch, to, settled_through, log_sequence, std::move(body)}));
  }
  wire::Order order(std::uint8_t task,
                    std::variant<wire::Noop, wire::Script, wire::Exec> action = wire::Exec{{"x"}, {}, {}}) {
    wire::Order out;
    out.task.bytes.fill(task);
    out.task.bytes[15] = 1;
    out.attempt = 1;
    out.sequence = ++log_sequence;
    out.timeout_s = 60;
    out.action = std::move(action);
    return out;
  }
  static StepId id(const wire::Order& each) { return {each.task, each.attempt}; }
  void give(const wire::Order& each) { send(wire::Orders{{each}}); }

  void listen() {  // takes what the agent has sent, answers as a coordinator does
    while (!link.sent.empty()) {
      const std::string frame = std::move(link.sent.front());
      link.sent.pop_front();
      if (!reachable) continue;
      auto message = wire::decode_from_agent(frame);
      ASSERT_TRUE(message) << message.error().message;
      std::visit([this](const auto& each) { hear(each); }, *message);
    }
  }
  void hear(const wire::Hello& hello) {
    hellos.push_back(hello);
    if (welcomes) send(wire::Welcome{log_id, 1'000, dead_ms, {}, takes_plain_ends});
  }
  void hear(const wire::Heartbeat& beat) {
    ++heartbeats;
    if (answers) send(wire::HeartbeatAnswer{beat.count});
  }
  void hear(const wire::Reports& frame) {
    ++report_frames;
    plain_ends += frame.plain_ends.size();
    std::vector<wire::Report> reports = frame.reports;
    for (const wire::PlainEnd& end : frame.plain_ends) wire::spell_out(end, reports);
    for (const wire::Report& report : reports) {
      Heard& to = heard[{report.task, report.attempt}];
      if (std::holds_alternative<wire::Accepted>(report.what)) ++to.accepted;
      if (std::holds_alternative<wire::Started>(report.what)) {
        to.accepted = std::max(to.accepted, 1);  // which goes without saying
        ++to.started;
      }
      if (const auto* output = std::get_if<wire::Output>(&report.what); output && output->offset <= to.output.size()) {
        to.output.replace(static_cast<std::size_t>(output->offset), std::string::npos, output->data);
      }
      if (const auto* end = std::get_if<wire::Ended>(&report.what)) {
        ++to.ended;
        to.end = *end;
      }
    }
    if (acknowledges) send(wire::ReportsAck{frame.frame_id});
  }
  void hear(const wire::BundleWanted& wanted) {
    ++bundle_questions;
    question = wanted.question;
    if (!gives_bundles) return;
    const auto it = coordinator_bundles.find(wanted.digest);
    if (it == coordinator_bundles.end())
      return send(wire::BundleChunk{wanted.digest, wanted.offset, 0, {}, wanted.question});
    send(wire::BundleChunk{wanted.digest, wanted.offset, it->second.size(),
                           it->second.substr(static_cast<std::size_t>(wanted.offset), wire::kMaxBundleChunk),
                           wanted.question});
  }
  void hear(const wire::ShellData& data) { shell_output += data.data; }
  void hear(const wire::ShellClosed& closed) { shells_closed.push_back(closed); }
  void hear(const wire::Goodbye&) { ++goodbyes; }

  void go(std::uint64_t ms = 1) {  // lets everything go on for so long
    for (std::uint64_t end = time.monotonic_ms() + ms;;) {
      link.settle();
      listen();
      time.advance(0);
      if (runner) runner->look();
      time.advance(0);
      listen();
      if (time.monotonic_ms() >= end) return;
      time.advance(std::min<std::uint64_t>(10, end - time.monotonic_ms()));
    }
  }

  fakes::VirtualTime time;
  fakes::SeededRandom random;
  fakes::Host host;
  fakes::MemoryJournalFile file;
  fakes::MemoryBundles bundles;
  fakes::FakeLink link{file.cut};
  std::optional<fakes::FakeRunner> runner;
  Terminals* terminals = nullptr;
  std::optional<Agent> agent;

  Key key;
  Id log_id = [] {
    Id id;
    id.bytes.fill(3);
    return id;
  }();
  Facts facts{.hostname = "host"};
  std::string boot_id = "boot-1", log;
  bool expects_journal = false;
  std::uint32_t parallel = 8;
  int fatal = 0;

  std::uint32_t epoch = 1;
  std::uint64_t settled_through = 0, log_sequence = 100;
  bool reachable = true, welcomes = true, answers = true, acknowledges = true, gives_bundles = true;
  std::uint32_t dead_ms = 4'000;
  std::vector<wire::Hello> hellos;
  std::vector<std::string> endpoints;  // as the agent heard them last
  std::map<StepId, Heard> heard;
  std::map<Digest, std::string> coordinator_bundles;
  bool takes_plain_ends = true;
  std::size_t plain_ends = 0;
  int heartbeats = 0, report_frames = 0, bundle_questions = 0, goodbyes = 0;
  std::uint64_t question = 0;  // the last about a bundle
  std::string shell_output;
  std::vector<wire::ShellClosed> shells_closed;
};

}  // namespace prov::agent
