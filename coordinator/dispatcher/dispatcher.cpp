#include "coordinator/dispatcher/dispatcher.h"

#include "coordinator/dispatcher/agent_inbox.h"
#include "coordinator/dispatcher/agent_sessions.h"
#include "coordinator/dispatcher/provider_desk.h"
#include "coordinator/dispatcher/shell_desk.h"

namespace prov::dispatcher {

namespace {
constexpr std::uint64_t kListenAgainMs = 5000;
constexpr std::uint64_t kSecretsAgainMs = 1000;
}  // namespace

struct Dispatcher::Impl {
  Impl(Desk made, providers::ProviderRunner& runner)
      : desk(std::move(made)),
        bundles(desk.log),
        renderer(bundles, desk.secrets),
        sessions(desk, renderer),
        shells(desk, sessions),
        inbox(desk, sessions, bundles, shells),
        providers(desk, runner) {}

  // What a task needs is made and durable before its order leaves. While the log takes nothing (it is read-only) the
  // order waits: a host must not be given a value that nobody keeps.
  void send_order(const domain::SendOrder& effect) {
    const domain::State& state = desk.core.state();
    const auto [workflow, task] = domain::locate(state, effect.task);
    if (task == nullptr || task->attempt != effect.attempt || task->status == domain::TaskStatus::ended) return;
    for (const std::string& reference : renderer.missing_secrets(state, *workflow, *task)) {
      auto made = desk.secrets.generate(workflow->workspace, reference);
      const auto refused = std::make_shared<bool>(false);  // which is said at once
      desk.core.submit({{}, workflow->workspace, domain::RecordSecret{reference}}, system_principal(),
                       [refused](const Result<domain::Answer>& done) { *refused = !done; }, {std::move(made.record)});
      if (*refused) {
        desk.timers.after(kSecretsAgainMs, [this, effect] { send_order(effect); });
        return;
      }
    }
    const auto* action = std::get_if<domain::TaskservAction>(&*task->plan->action);
    if (action == nullptr || action->spec.secrets.empty()) return sessions.add_order(effect.task, effect.attempt);
    desk.core.when_durable([this, effect] { sessions.add_order(effect.task, effect.attempt); });
  }

  // An address may come back late, e.g. a bridge after a reboot of the machine.
  void listen(const std::string& address) {
    if (desk.link.listen(address)) return;
    desk.timers.after(kListenAgainMs, [this, address] { listen(address); });
  }

  void take_link() {
    desk.link.start({[this](const Key& agent, const std::string& frame) { inbox.frame(agent, frame); },
                     [this](const Key& key, const std::string& request, std::function<void(std::string)> answer) {
                       inbox.enrol(key, request, std::move(answer));
                     },
                     [this](std::string kind, std::string peer, std::string detail) {
                       desk.core.raise_alarm(std::move(kind), std::move(peer), std::move(detail));
                     }});
  }

  void on(const domain::SendOrder& e) { send_order(e); }
  void on(const domain::RunProvider& e) { providers.run(e.task, e.attempt); }
  void on(const domain::ProviderInterrupted& e) { providers.interrupted(e.task, e.attempt); }
  void on(const domain::CancelAttempt& e) {
    const domain::Task* task = domain::find_task(desk.core.state(), e.task);
    if (task != nullptr) sessions.send(task->agent, wire::Cancel{{e.task, e.attempt, 0}});
  }
  void on(const domain::AdmitAgent& e) { desk.link.allow(e.agent); }
  void on(const domain::ExpelAgent& e) {
    sessions.send(e.agent, wire::Refused{"this agent was removed"});
    desk.link.forbid(e.agent);
    sessions.gone(e.agent, "removed");
  }
  void on(const domain::ListenOn& e) { listen(e.address); }

  Desk desk;
  BundleCache bundles;
  OrderRenderer renderer;
  AgentSessions sessions;
  ShellDesk shells;
  AgentInbox inbox;
  ProviderDesk providers;
};

Dispatcher::Dispatcher(DispatcherConfig config, command_handler::Core& core, event_log::LogWriter& writer,
                       RecordLog& log, AgentLink& link, providers::ProviderRunner& providers,
                       secrets::SecretStore& secrets, Clock& clock, Timers& timers, Random& random)
    : impl_(std::make_unique<Impl>(Desk{std::move(config), core, writer, log, link, secrets, clock, timers, random, {}},
                                   providers)) {}

Dispatcher::~Dispatcher() = default;

void Dispatcher::start() {
  Impl& impl = *impl_;
  impl.sessions.on_gone([&impl](const Key& agent) { impl.shells.agent_lost(agent); });
  impl.sessions.start();
  impl.desk.core.when_durable([&impl] { impl.take_link(); });
}

void Dispatcher::perform(const domain::Effect& effect) {
  std::visit([this](const auto& e) { impl_->on(e); }, effect);
}

AgentView Dispatcher::view(const Key& agent) const { return impl_->sessions.view(agent); }

std::uint32_t Dispatcher::attested_epoch() const { return impl_->inbox.attested_epoch(); }

void Dispatcher::on_output(OutputListener listener) { impl_->desk.output_listener = std::move(listener); }

void Dispatcher::open_shell(const std::string& workspace, const std::string& server, const domain::Principal& who,
                            wire::ShellOpen shell, ShellEvents events, std::function<void(Result<Id>)> opened) {
  impl_->shells.open(workspace, server, who, std::move(shell), std::move(events), std::move(opened));
}

void Dispatcher::shell_input(const Id& session, std::string data) { impl_->shells.input(session, std::move(data)); }

void Dispatcher::shell_resize(const Id& session, std::uint16_t rows, std::uint16_t columns) {
  impl_->shells.resize(session, rows, columns);
}

void Dispatcher::shell_close(const Id& session) { impl_->shells.close(session); }

}  // namespace prov::dispatcher
