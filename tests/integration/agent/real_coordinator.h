#pragma once
// The coordinator's end of the real link for the real agent program: enrols, welcomes, gives orders, keeps reports.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <random>

#include "agent/step/step.h"
#include "common/hash.h"
#include "common/io/loop/event_loop.h"
#include "common/io/posix/posix_world.h"
#include "common/io/posix/processes.h"
#include "common/io/zmq/zmq_agent_link.h"
#include "common/wire/agent_wire.h"
#include "common/wire/join_token.h"

namespace prov::agent {

class RealCoordinator {
 public:
  struct Heard {
    int accepted = 0, started = 0, ended = 0;
    std::string output;
    wire::Ended end;
  };

  RealCoordinator() {
    open();
    log_id.bytes.fill(5);
  }

  void open() {
    const io::ZmqAgentLinkConfig config{keys, {"127.0.0.1"}, link_port, enrol_port};
    auto made = io::ZmqAgentLink::create(config, loop);
    // While it was closed, its port may have become that of a connection: of the agent's own that looks for it, too.
    for (int tries = 0; !made && link_port != 0 && tries < 100; ++tries) {
      loop.turn(100);
      made = io::ZmqAgentLink::create(config, loop);
    }
    ASSERT_TRUE(made) << made.error().message;
    link = std::move(*made);
    link_port = link->link_port();
    enrol_port = link->enrol_port();
    if (agent) link->allow(*agent);
    link->start({[this](const Key& from, std::string frame) { hear(from, frame); },
                 [this](const Key& from, std::string request, std::function<void(std::string)> answer) {
                   answer(enrol(from, request));
                 },
                 [](std::string, std::string, std::string) {}});
  }
  void close() { link.reset(); }

  // Ports of its own for a later open(), which are advertised from now on; move() goes there.
  void prepare_to_move() {
    auto made = io::ZmqAgentLink::create({keys, {"127.0.0.1"}, 0, 0}, loop);
    ASSERT_TRUE(made) << made.error().message;
    elsewhere = std::move(*made);
    advertise = {endpoint(link_port), endpoint(elsewhere->link_port())};
  }
  void move() {
    close();
    link_port = elsewhere->link_port();
    enrol_port = elsewhere->enrol_port();
    elsewhere.reset();
    ++epoch;
    open();
  }
  static std::string endpoint(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

  wire::JoinToken token() const {
    return {keys.public_key, token_id, std::string(32, 's'), "tcp://127.0.0.1:" + std::to_string(enrol_port)};
  }

  std::string enrol(const Key& from, const std::string& bytes) {
    wire::EnrolAnswer answer;
    auto request = wire::decode_enrol_request(bytes);
    if (!request || request->token_id != token_id || request->secret != token().secret || !refuse_enrolment.empty()) {
      answer.refused = refuse_enrolment.empty() ? "no such token" : refuse_enrolment;
      return wire::encode(answer);
    }
    ++enrolments;
    agent = from;
    seal_key = request->seal_key;
    link->allow(from);
    answer.workspace = "demo";
    answer.server = "host-1";
    answer.link_endpoint = "tcp://" + address + ":" + std::to_string(link_port);
    answer.log_id = log_id;
    answer.epoch = epoch;
    return wire::encode(answer);
  }

  // As `agent remove` and a further token do.
  void forget_agent() {
    if (agent) link->forbid(*agent);
    agent.reset();
    token_id = random.id();
  }

  void send(decltype(wire::ToAgent::body) body) {
    link->send(*agent, wire::encode(wire::ToAgent{epoch, *agent, settled_through, sequence, std::move(body)}));
  }
  wire::Order order(std::variant<wire::Noop, wire::Script, wire::Exec> action) {
    wire::Order out;
    out.task = random.id();
    out.task.bytes[15] = 1;
    out.attempt = 1;
    out.sequence = ++sequence;
    out.timeout_s = 60;
    out.action = std::move(action);
    orders[{out.task, 1}] = out;
    return out;
  }
  wire::Order shell(const std::string& script) { return order(wire::Exec{{"/bin/sh", "-c", script}, {}, {}}); }

  void hear(const Key& from, const std::string& frame) {
    ASSERT_EQ(from, *agent);
    auto message = wire::decode_from_agent(frame);
    ASSERT_TRUE(message) << message.error().message;
    std::visit([this](const auto& each) { take(each); }, *message);
  }
  void take(const wire::Hello& hello) {
    hellos.push_back(hello);
    send(wire::Welcome{log_id, 500, 2'000, advertise});
    // Whatever is not ended and not known to the agent goes again, as a dispatcher does.
    for (const auto& [step, each] : orders) {
      const bool known = std::any_of(hello.unfinished.begin(), hello.unfinished.end(),
                                     [&](const wire::Attempt& attempt) { return attempt.task == step.task; });
      if (!known && heard[step].ended == 0) send(wire::Orders{{each}});
    }
  }
  void take(const wire::Heartbeat& beat) { send(wire::HeartbeatAnswer{beat.count}); }
  void take(const wire::Reports& frame) {
    for (const wire::Report& report : frame.reports) {
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
        // As with the real one the first verdict counts: a repeat after a restart may no longer have its output.
        if (to.ended++ == 0) to.end = *end;
      }
    }
    send(wire::ReportsAck{frame.frame_id});
  }
  void take(const wire::BundleWanted& wanted) {
    const std::string& bytes = bundles[wanted.digest];
    send(wire::BundleChunk{wanted.digest, wanted.offset, bytes.size(),
                           bytes.substr(static_cast<std::size_t>(wanted.offset), wire::kMaxBundleChunk)});
  }
  void take(const wire::ShellData& data) { shell_output += data.data; }
  void take(const wire::ShellClosed& closed) { shell_closed = closed; }
  void take(const wire::Goodbye&) { ++goodbyes; }

  bool run_until(const std::function<bool()>& done, int limit_s = 30) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
    while (!done()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop.turn(20);
    }
    return true;
  }
  bool wait_for(const wire::Order& each) {
    return run_until([&] { return of(each).ended > 0; });
  }
  Heard& of(const wire::Order& each) { return heard[{each.task, each.attempt}]; }

  io::EventLoop loop;
  io::SystemRandom random;
  io::KeyPair keys = io::generate_key_pair();
  std::unique_ptr<io::ZmqAgentLink> link, elsewhere;
  std::uint16_t link_port = 0, enrol_port = 0;
  std::string address = "127.0.0.1", refuse_enrolment;
  std::vector<std::string> advertise;
  Id log_id, token_id = random.id();
  std::uint32_t epoch = 1;
  std::uint64_t sequence = 10, settled_through = 0;
  std::optional<Key> agent;
  Key seal_key;
  int enrolments = 0, goodbyes = 0;
  std::map<StepId, wire::Order> orders;
  std::map<StepId, Heard> heard;
  std::vector<wire::Hello> hellos;
  std::map<Digest, std::string> bundles;
  std::string shell_output;
  std::optional<wire::ShellClosed> shell_closed;
};

// The agent program with a state directory of its own; killed at the end, with whatever still runs in its steps.
class AgentProcess {
 public:
  AgentProcess() {
    char path[] = "/tmp/prov-agent-XXXXXX";
    PROV_ASSERT(mkdtemp(path) != nullptr);
    dir = path;
    state = dir + "/state";
    std::filesystem::create_directory(state);
    chmod(state.c_str(), 0700);
  }
  ~AgentProcess() {
    kill9();
    for (int tries = 0; tries < 100; ++tries) {
      bool any = false;
      for (const io::ProcessStat& each : io::all_processes()) {
        auto line = io::read_file("/proc/" + std::to_string(each.pid) + "/cmdline", 1 << 16);
        if (!line || line->find(dir) == std::string::npos) continue;
        kill(each.pid, line->find("supervise") == std::string::npos ? SIGKILL : SIGTERM);
        any = true;
      }
      if (!any) break;
      usleep(20'000);
    }
    std::filesystem::remove_all(dir);
  }
  void write_token(const wire::JoinToken& token) const {
    std::ofstream(state + "/join-token") << wire::encode_join_token(token) << "\n";
    chmod((state + "/join-token").c_str(), 0600);
  }
  void start(std::vector<std::string> command = {"run"}) {
    const int log = open((dir + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    io::Spawn request;
    request.argv = {PROV_AGENT_PROGRAM};
    request.argv.insert(request.argv.end(), command.begin(), command.end());
    request.argv.insert(request.argv.end(), {"--state-dir", state});
    request.environment = {"PROV_SERVICES_DIR=" + dir + "/services", "PROV_SERVICES_RUN=" + dir + "/run",
                           "PROV_SERVICES_LOG=" + dir + "/logs"};
    request.output_fd = log;
    auto started = io::spawn(request);
    ::close(log);
    ASSERT_TRUE(started);
    pid = *started;
  }
  std::optional<int> ended() {  // its wait status
    int status = 0;
    if (pid == 0 || waitpid(pid, &status, WNOHANG) != pid) return std::nullopt;
    pid = 0;
    return status;
  }
  void kill9() {
    if (pid == 0) return;
    kill(pid, SIGKILL);
    waitpid(std::exchange(pid, 0), nullptr, 0);
  }
  std::string log() const { return io::read_file(dir + "/log", 1 << 20).value_or(""); }

  std::string dir, state;
  pid_t pid = 0;
};

}  // namespace prov::agent
