#include "tests/security/live_coordinator.h"

#include <algorithm>
#include <chrono>

#include "common/hash.h"
#include "coordinator/dispatcher/dispatcher.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/providers/provider_runner.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::test {
namespace {

constexpr std::uint64_t kProbe = 0x5ec0de;  // count of the heartbeat that stands behind what a peer said
const char* const kWorkspace = "w";
const domain::Principal kOwner{"uid:0", "test", domain::Transport::unix_socket};

class NoProviders final : public providers::ProviderRunner {
 public:
  void run(providers::ProviderCall, Progress, Done done) override { done(fail(Code::unsupported, "none here")); }
  void stop_all() override {}
};

std::chrono::steady_clock::time_point in_s(int seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

}  // namespace

struct LiveCoordinator::Parts {
  Parts(LiveCoordinator& owner, event_log::OpenedLog opened, std::unique_ptr<io::ZmqAgentLink> network)
      : log(owner.disk_),
        writer(log, owner.loop, clock, opened.position, nullptr, [](const Error& error) { FAIL() << error.message; }),
        link(std::move(network)),
        core(config(), writer, std::move(opened.state), owner.loop, owner.random),
        secrets(log, std::string(32, 'k'), owner.random),
        dispatcher(addresses(), core, writer, log, *link, providers, secrets, clock, owner.loop, owner.random) {}

  static command_handler::CoreConfig config() {
    command_handler::CoreConfig out;
    out.policy.owners = {kOwner.subject};
    return out;
  }

  static dispatcher::DispatcherConfig addresses() {
    dispatcher::DispatcherConfig out;
    out.advertise = kAdvertised;
    out.link_endpoint = [](const std::string&) { return std::string("tcp://127.0.0.1:1"); };
    return out;
  }

  io::SystemClock clock;
  MemoryRecordLog log;
  event_log::LogWriter writer;
  std::unique_ptr<io::ZmqAgentLink> link;
  command_handler::Core core;
  NoProviders providers;
  secrets::SecretStore secrets;
  dispatcher::Dispatcher dispatcher;
};

LiveCoordinator::LiveCoordinator() { start(); }
LiveCoordinator::~LiveCoordinator() = default;

void LiveCoordinator::start() {
  io::ZmqAgentLinkConfig config{keys_, {"127.0.0.1"}, link_port_, enrol_port_};
  config.handshakes_burst = 1'000;
  auto network = io::ZmqAgentLink::create(config, loop);
  PROV_ASSERT(network.has_value());
  link_port_ = (*network)->link_port();
  enrol_port_ = (*network)->enrol_port();
  event_log::OpenedLog opened;
  {
    MemoryRecordLog reader(disk_);
    opened = event_log::open_log(reader);
  }
  PROV_ASSERT(!opened.damage);
  if (opened.position.log_id.is_zero()) opened.position.log_id = random.id();
  parts_ = std::make_unique<Parts>(*this, std::move(opened), std::move(*network));
  Parts& parts = *parts_;
  parts.core.on_effect([&parts](const domain::Effect& effect) { parts.dispatcher.perform(effect); });
  parts.core.on_event([this](const auto& durable) {
    for (const auto& event : durable) {
      if (const auto* alarm = std::get_if<domain::SecurityAlarm>(&event->body)) {
        alarms.push_back(*alarm);
      } else if (!std::holds_alternative<domain::CheckpointSigned>(event->body)) {
        events.emplace_back(name_of(event->body));
      }
    }
  });
  parts.core.start();
  parts.dispatcher.start();
}

void LiveCoordinator::stop() {
  parts_.reset();
  disk_->crash(MemoryDisk::Tail::lost);
}

bool LiveCoordinator::until(const std::function<bool()>& condition, int limit_s) {
  const auto end = in_s(limit_s);
  for (;;) {
    for (Peer* peer : peers_) peer->pump();
    if (condition()) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    loop.turn(2);
  }
}

bool LiveCoordinator::all_logged() {
  const auto logged = std::make_shared<bool>(false);
  core().when_durable([logged] { *logged = true; });
  return until([&] { return *logged; });
}

// ---- hosts

Host LiveCoordinator::invited(const std::string& name) {
  Host host = stranger(name);
  host.invitation.secret = std::string(32, 's');
  host.invitation.seal_key = io::generate_key_pair().public_key;
  host.invitation.token_id = submit(kWorkspace, domain::CreateJoinToken{name, digest_of(host.invitation.secret), 600});
  return host;
}

Host LiveCoordinator::enrolled(const std::string& name) {
  Host host = invited(name);
  const domain::Principal itself{"agent:" + to_text(host.keys.public_key), "curve", domain::Transport::agent_link};
  const domain::EnrolAgent command{host.keys.public_key, host.invitation.seal_key, host.invitation.token_id,
                                   digest_of(host.invitation.secret)};
  bool done = false;
  core().submit({{}, "", command}, itself, [&](const Result<domain::Answer>& answer) { done = answer.has_value(); });
  EXPECT_TRUE(until([&] { return done; }));
  return host;
}

std::unique_ptr<Peer> LiveCoordinator::link(const Host& host) {
  return std::make_unique<Peer>(*this, host.keys, link_port_);
}
std::unique_ptr<Peer> LiveCoordinator::door(const Host& host) {
  return std::make_unique<Peer>(*this, host.keys, enrol_port_);
}

std::unique_ptr<Peer> LiveCoordinator::connected(const Host& host) {
  auto peer = link(host);
  peer->say(hello_of(host.name));
  EXPECT_TRUE(until([&] {
    return std::any_of(peer->heard.begin(), peer->heard.end(), [](const std::string& frame) {
      const auto message = wire::decode_to_agent(frame);
      return message && std::holds_alternative<wire::Welcome>(message->body);
    });
  })) << host.name;
  return peer;
}

// ---- the operator

Id LiveCoordinator::submit(const std::string& workspace, domain::CommandBody body, std::vector<SideRecord> sides) {
  std::optional<Result<domain::Answer>> answer;
  core().submit(
      {random.id(), workspace, std::move(body)}, kOwner, [&](Result<domain::Answer> got) { answer = std::move(got); },
      std::move(sides));
  EXPECT_TRUE(until([&] { return answer.has_value(); }));
  EXPECT_TRUE(answer && answer->has_value()) << (answer && !*answer ? answer->error().message : "no answer");
  return answer && *answer ? (*answer)->made : Id{};
}

Id LiveCoordinator::exec(const Host& host) {
  return task_id(submit(kWorkspace, domain::RunExec{{host.name}, {"true"}, "", 300}), 0);
}

Id LiveCoordinator::script(const Host& host, const std::string& bundle) {
  const Digest digest = digest_of(bundle);
  submit(kWorkspace, domain::StoreBlob{digest, bundle.size(), "bundle", "x"}, event_log::blob_records(digest, bundle));
  domain::TaskservSpec spec;
  spec.server = host.name;
  spec.name = "x";
  spec.bundle = digest;
  spec.timeout_s = 300;
  return task_id(submit(kWorkspace, domain::CreateTaskservs{"main", {{spec, {}}}}), 0);
}

Id LiveCoordinator::shell(const Host& host) {
  std::optional<Id> opened;
  dispatcher::ShellEvents to;
  to.output = [this](const std::string& data) { shell_output += data; };
  to.ended = [](std::int32_t, const std::string&) {};
  parts_->dispatcher.open_shell(kWorkspace, host.name, kOwner, {}, std::move(to), [&](Result<Id> id) {
    EXPECT_TRUE(id.has_value());
    opened = id.value_or(Id{});
  });
  EXPECT_TRUE(until([&] { return opened.has_value(); }));
  return opened.value_or(Id{});
}

command_handler::Core& LiveCoordinator::core() { return parts_->core; }

std::string LiveCoordinator::output_of(const Id& task) {
  parts_->writer.flush();
  return event_log::read_output(parts_->log, task, 1, 0, 1 << 20).value_or("?");
}

std::uint64_t LiveCoordinator::output_bytes(const Id& task) {
  parts_->writer.flush();
  std::uint64_t bytes = 0;
  EXPECT_TRUE(parts_->log.scan(event_log::output_prefix(task, 1), [&](std::string_view, std::string_view value) {
    bytes += value.size();
    return true;
  }));
  return bytes;
}

// ---- peers

Peer::Peer(LiveCoordinator& to, const io::KeyPair& keys, std::uint16_t port)
    : key(keys.public_key),
      to_(to),
      socket_(keys, to.keys().public_key, "", "tcp://127.0.0.1:" + std::to_string(port)) {
  to_.peers_.push_back(this);
}
Peer::~Peer() { std::erase(to_.peers_, this); }

void Peer::say(const std::string& frame) { socket_.send({frame}); }
void Peer::say_in_parts(const std::vector<std::string>& parts) { socket_.send(parts); }

void Peer::pump() {
  while (auto frame = socket_.receive()) heard.push_back(std::move(*frame));
}

namespace {

bool is_probe(const wire::ToAgent& message) {
  const auto* answer = std::get_if<wire::HeartbeatAnswer>(&message.body);
  return answer != nullptr && answer->count == kProbe;
}

}  // namespace

bool Peer::caught_up() {
  const std::size_t from = heard.size();
  return answered_after(from) && to_.all_logged();
}

bool Peer::answered_after(std::size_t from) {
  return to_.until([&, turn = 0]() mutable {
    if (turn++ % 100 == 0) say(wire::Heartbeat{kProbe, 0});  // again: it may have been cut off meanwhile
    for (std::size_t i = from; i < heard.size(); ++i) {
      const auto message = wire::decode_to_agent(heard[i]);
      const auto* answer = message ? std::get_if<wire::HeartbeatAnswer>(&message->body) : nullptr;
      // 0: the coordinator takes it for gone, and tells it so by a frame that answers nothing
      if (answer != nullptr && (answer->count == kProbe || answer->count == 0)) return true;
    }
    return false;
  });
}

std::vector<wire::ToAgent> Peer::messages() const {
  std::vector<wire::ToAgent> out;
  for (const std::string& frame : heard) {
    auto message = wire::decode_to_agent(frame);
    if (message && !is_probe(*message)) out.push_back(std::move(*message));
  }
  return out;
}

wire::Hello hello_of(const std::string& name) {
  wire::Hello hello;
  hello.facts.hostname = name;
  hello.facts.boot_id = "b";
  hello.capacity = 64;
  return hello;
}

wire::Reports report_of(const Id& task, std::variant<wire::Accepted, wire::Started, wire::Output, wire::Ended> what) {
  wire::Report report;
  report.task = task;
  report.attempt = 1;
  report.agent_time_ms = 1;
  report.what = std::move(what);
  return {1, {std::move(report)}};
}

}  // namespace prov::test
