#include "tests/faults/link_platform.h"

#include <gtest/gtest.h>

#include "common/hash.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/providers/provider_runner.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::test {
namespace {

const char* const kWorkspace = "w";
const domain::Principal kOwner{"uid:0", "test", domain::Transport::unix_socket};

class NoProviders final : public providers::ProviderRunner {
 public:
  void run(providers::ProviderCall, Progress, Done done) override { done(fail(Code::unsupported, "none here")); }
  void stop_all() override {}
};

command_handler::CoreConfig core_config() {
  command_handler::CoreConfig out;
  out.policy.owners = {kOwner.subject};
  return out;
}

dispatcher::DispatcherConfig dispatcher_config(const Pace& pace) {
  dispatcher::DispatcherConfig out;
  out.heartbeat_ms = pace.heartbeat_ms;
  out.dead_ms = pace.dead_ms;
  out.resend_ms = pace.resend_ms;
  out.link_endpoint = [](const std::string&) { return std::string("tcp://127.0.0.1:1"); };
  return out;
}

event_log::LogPosition new_log(Random& random) {
  event_log::LogPosition out;
  out.log_id = random.id();
  return out;
}

}  // namespace

struct LinkPlatform::Coordinator {
  Coordinator(LinkPlatform& owner, const Pace& pace, std::unique_ptr<io::ZmqAgentLink> network)
      : log(std::make_shared<MemoryDisk>()),
        writer(log, owner.loop_, owner.clock_, new_log(owner.random_), nullptr,
               [](const Error& error) { FAIL() << error.message; }),
        link(std::move(network)),
        core(core_config(), writer, domain::State(), owner.loop_, owner.random_),
        secrets(log, std::string(32, 'k'), owner.random_),
        dispatcher(dispatcher_config(pace), core, writer, log, *link, providers, secrets, owner.clock_, owner.loop_,
                   owner.random_) {}

  MemoryRecordLog log;
  event_log::LogWriter writer;
  std::unique_ptr<io::ZmqAgentLink> link;
  command_handler::Core core;
  NoProviders providers;
  secrets::SecretStore secrets;
  dispatcher::Dispatcher dispatcher;
};

LinkPlatform::LinkPlatform(std::size_t hosts, Pace pace, std::uint64_t seed) : context_(*io::ZmqContext::create()) {
  auto network = io::ZmqAgentLink::create({keys_, {"127.0.0.1"}}, loop_);
  PROV_ASSERT(network.has_value());
  const std::uint16_t port = (*network)->link_port();
  coordinator_ = std::make_unique<Coordinator>(*this, pace, std::move(*network));
  coordinator_->core.on_effect([this](const domain::Effect& effect) { coordinator_->dispatcher.perform(effect); });
  coordinator_->core.on_event([this](const auto& events) {
    for (const auto& event : events) {
      const auto* end = std::get_if<domain::TaskEnded>(&event->body);
      if (end != nullptr) ends_[{end->task, end->attempt}].push_back(end->outcome);
    }
  });
  coordinator_->core.start();
  coordinator_->dispatcher.start();
  for (std::size_t n = 0; n < hosts; ++n) {
    hosts_.push_back(std::make_unique<Host>());
    hosts_.back()->keys = io::generate_key_pair();
    hosts_.back()->name = "h" + std::to_string(n);
    hosts_.back()->proxy = std::make_unique<FaultProxy>(loop_, port, seed + n);
    enrol(*hosts_.back());
    start_agent(*hosts_.back());
  }
  work();
}

LinkPlatform::~LinkPlatform() { loop_.cancel(work_timer_); }

void LinkPlatform::enrol(Host& host) {
  const Digest secret = digest_of("the secret of " + host.name);
  const Id token = submit(domain::CreateJoinToken{host.name, secret, 600});
  const Key& key = host.keys.public_key;
  const domain::Principal itself{"agent:" + to_text(key), "curve", domain::Transport::agent_link};
  bool done = false;
  coordinator_->core.submit({{}, "", domain::EnrolAgent{key, key, token, secret}}, itself,
                            [&](const Result<domain::Answer>& answer) { done = answer.has_value(); });
  EXPECT_TRUE(until([&] { return done; }, 10'000));
}

void LinkPlatform::start_agent(Host& host) {
  io::ZmqCoordinatorLinkConfig config{
      host.keys, keys_.public_key, {"tcp://127.0.0.1:" + std::to_string(host.proxy->port())}, 50};
  auto link = io::ZmqCoordinatorLink::create(std::move(config), context_, loop_, loop_, random_);
  PROV_ASSERT(link.has_value());
  host.link = std::move(*link);
  host.runner = std::make_unique<agent::fakes::FakeRunner>(host.ledger, loop_, host.journal.cut);
  agent::Config about;
  about.key = host.keys.public_key;
  about.boot_id = "boot";
  about.facts = [] { return Facts{}; };
  host.agent = std::make_unique<agent::Agent>(
      agent::World{clock_, loop_, random_, *host.link, host.journal, *host.runner, host.bundles, nullptr},
      std::move(about));
  host.agent->on_fatal([](const Error& error) { ADD_FAILURE() << error.message; });
  EXPECT_TRUE(host.agent->start());
}

Id LinkPlatform::submit(domain::CommandBody body) {
  std::optional<Result<domain::Answer>> answer;
  coordinator_->core.submit({random_.id(), kWorkspace, std::move(body)}, kOwner,
                            [&](Result<domain::Answer> got) { answer = std::move(got); });
  EXPECT_TRUE(until([&] { return answer.has_value(); }, 10'000));
  EXPECT_TRUE(answer && answer->has_value());
  return answer && *answer ? (*answer)->made : Id{};
}

void LinkPlatform::submit_and_forget(domain::CommandBody body) {
  coordinator_->core.submit({random_.id(), kWorkspace, std::move(body)}, kOwner,
                            [](const Result<domain::Answer>& got) { EXPECT_TRUE(got.has_value()); });
}

void LinkPlatform::exec_everywhere() {
  domain::RunExec exec{{}, {"true"}, "", 300};
  for (const auto& host : hosts_) exec.servers.push_back(host->name);
  tasks_ += hosts_.size();
  submit_and_forget(std::move(exec));
}

void LinkPlatform::noop_everywhere(std::uint32_t count) {
  domain::RunNoop noop{{}, count};
  for (const auto& host : hosts_) noop.servers.push_back(host->name);
  tasks_ += count;
  submit_and_forget(std::move(noop));
}

void LinkPlatform::work() {
  work_timer_ = loop_.after(10, [this] { work(); });
  for (const auto& host : hosts_) {
    for (const agent::StepId& step : host->ledger.running()) {
      host->ledger.print(step, std::string(2'000, 'x'));
      host->ledger.end(step);
    }
    host->runner->look();
  }
}

bool LinkPlatform::until(const std::function<bool()>& condition, std::uint64_t limit_ms) {
  const std::uint64_t end = now_ms() + limit_ms;
  while (!condition()) {
    if (now_ms() > end) return false;
    loop_.turn(5);
  }
  return true;
}

void LinkPlatform::let_pass(std::uint64_t ms) {
  const std::uint64_t end = now_ms() + ms;
  until([&] { return now_ms() >= end; }, ms + 1'000);
}

bool LinkPlatform::sees(const Host& host) const {
  return coordinator_->dispatcher.view(host.keys.public_key).connected;
}

}  // namespace prov::test
