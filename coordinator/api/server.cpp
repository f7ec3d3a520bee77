#include "coordinator/api/server.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>

#include "common/io/loop/worker.h"
#include "common/json/json.h"
#include "coordinator/api/end_waits.h"
#include "coordinator/api/log_history.h"
#include "coordinator/api/ws_feed/make_stream.h"
#include "coordinator/auth/token_store.h"
#include "coordinator/event_log/event_json.h"

namespace prov::api {
namespace {

using Alive = std::weak_ptr<bool>;  // of the server; looked at on the owner's thread, where it ends

// Work for the owner's thread that is dropped when the server is gone by then.
class OwnerExecutor final : public Executor {
 public:
  OwnerExecutor(Executor& owner, Alive alive) : owner_(owner), alive_(std::move(alive)) {}
  void post(std::function<void()> work) override {
    owner_.post([alive = alive_, work = std::move(work)] {
      if (!alive.expired()) work();
    });
  }

 private:
  Executor& owner_;
  Alive alive_;
};

std::uint64_t resident_bytes() {
  std::uint64_t size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t disk_free_bytes(const std::string& folder) {
  struct statvfs info {};
  return ::statvfs(folder.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize : 0;
}

class LiveBackend final : public Backend {
 public:
  struct Reach {
    command_handler::Core& core;
    dispatcher::Dispatcher& dispatcher;
    event_log::LogWriter& writer;
    Clock& clock;
    EndWaits& ends;
  };
  LiveBackend(const Reach& reach, std::string data_dir, std::function<projection::LinkFacts()> link, Alive alive)
      : reach_(reach),
        data_dir_(std::move(data_dir)),
        link_(std::move(link)),
        alive_(std::move(alive)),
        started_ms_(reach_.clock.monotonic_ms()) {}

  const domain::State& state() const override { return reach_.core.state(); }

  projection::AgentNow agent_now(const Key& agent) const override {
    const auto view = reach_.dispatcher.view(agent);
    return {view.connected, view.last_heard_ms, view.orders_out};
  }

  projection::PlatformFacts facts() const override {
    projection::PlatformFacts out;
    out.version = PROV_VERSION;
    out.pid = ::getpid();
    out.durable_commit = reach_.writer.durable().commit;
    out.checkpoint_sequence = reach_.writer.durable().checkpoint_sequence;
    out.uptime_s = (reach_.clock.monotonic_ms() - started_ms_) / 1000;
    out.resident_bytes = resident_bytes();
    out.disk_free_bytes = disk_free_bytes(data_dir_);
    out.read_only = reach_.core.read_only_reason();
    out.link = link_();
    return out;
  }

  void submit(const domain::Command& command, const domain::Principal& who, Submitted reply,
              std::vector<SideRecord> sides) override {
    auto guarded = [alive = alive_, reply = std::move(reply)](Result<domain::Answer> answer) {
      if (!alive.expired()) reply(std::move(answer));
    };
    const auto* damage = std::get_if<domain::AcceptDamage>(&command.body);
    if (damage == nullptr || damage->attested_epoch != 0) {
      return reach_.core.submit(command, who, std::move(guarded), std::move(sides));
    }
    domain::AcceptDamage known = *damage;
    known.attested_epoch = reach_.dispatcher.attested_epoch();
    reach_.core.submit({command.id, command.workspace, known, command.plan}, who, std::move(guarded), std::move(sides));
  }

  Result<event_log::Planned> check(const domain::Command& command, const domain::Principal& who) const override {
    return reach_.core.check(command, who);
  }

  void when_durable(std::function<void()> done) override {
    reach_.core.when_durable([alive = alive_, done = std::move(done)] {
      if (!alive.expired()) done();
    });
  }

  void cover(std::function<void()> done) override {
    reach_.core.cover([alive = alive_, done = std::move(done)] {
      if (!alive.expired()) done();
    });
  }

  Result<void> flowing() const override { return reach_.core.flowing(); }

  void when_ended(const Id& workflow, std::uint64_t within_ms,
                  std::function<void(std::optional<Outcome>)> done) override {
    const domain::Workflow* found = domain::find_workflow(state(), workflow);
    if (found != nullptr && !found->ended) return reach_.ends.add(workflow, within_ms, std::move(done));
    const auto outcome = found == nullptr ? std::optional<Outcome>() : found->outcome;
    when_durable([done = std::move(done), outcome] { done(outcome); });
  }

 private:
  Reach reach_;
  std::string data_dir_;
  std::function<projection::LinkFacts()> link_;
  Alive alive_;
  TimeMs started_ms_;
};

// The workspace of the only agent on a host of that name; empty when there is none, or more than one.
std::string only_workspace(const domain::State& state, const std::string& server) {
  std::string out;
  for (const auto& [key, agent] : state.agents) {
    if (agent.server != server) continue;
    if (!out.empty()) return {};
    out = agent.workspace;
  }
  return out;
}

class LiveShells final : public Shells {
 public:
  LiveShells(dispatcher::Dispatcher& dispatcher, const command_handler::Core& core)
      : dispatcher_(dispatcher), core_(core) {}

  void open(const ShellWish& wish, const domain::Principal& who, Events events) override {
    const std::string workspace = wish.workspace.empty() ? only_workspace(core_.state(), wish.server) : wish.workspace;
    wire::ShellOpen shell;
    shell.argv = wish.argv;
    shell.rows = wish.rows;
    shell.columns = wish.columns;
    shell.term = wish.term;
    dispatcher_.open_shell(workspace, wish.server, who, std::move(shell),
                           {std::move(events.output), std::move(events.ended)}, std::move(events.opened));
  }
  void input(const Id& session, std::string data) override { dispatcher_.shell_input(session, std::move(data)); }
  void resize(const Id& session, std::uint16_t rows, std::uint16_t columns) override {
    dispatcher_.shell_resize(session, rows, columns);
  }
  void close(const Id& session) override { dispatcher_.shell_close(session); }

 private:
  dispatcher::Dispatcher& dispatcher_;
  const command_handler::Core& core_;
};

}  // namespace

struct Server::Parts {
  Parts(ServerConfig c, ServerHooks h, command_handler::Core& live, dispatcher::Dispatcher& agents, RecordLog& log,
        event_log::LogWriter& writer, Executor& owner_thread, Timers& timers, Clock& clock, Random& random)
      : config(std::move(c)),
        hooks(std::move(h)),
        core(live),
        dispatcher(agents),
        owner(owner_thread, alive),
        ends(clock, timers),
        backend({live, agents, writer, clock, ends}, config.data_dir, hooks.link, alive),
        shells(agents, live),
        archive(log, hooks.audit),
        feed_archive(log, hooks.audit),
        history(log),
        feed_history(log),
        http(config.http),
        hub(http, event_log::event_text, writer.durable().sequence),
        services{backend,       archive,      history,
                 owner,         reader,       random,
                 live.policy(), hooks.backup, [this] { owner.post([this] { hooks.stop(); }); }},
        streams{hub, backend, feed_archive, feed_archive, feed_history, shells, http, owner, feed_reader},
        router(services, [this](std::string_view token) { return identify(token); }) {}

  std::optional<domain::Principal> identify(std::string_view token) {
    if (!tokens || token.empty()) return std::nullopt;
    auto who = tokens->identify(token);
    if (!who)
      owner.post([this] { core.raise_alarm("bad_token", "tcp", "a request with a bearer token that is not known"); });
    return who;
  }

  ServerConfig config;
  ServerHooks hooks;
  command_handler::Core& core;
  dispatcher::Dispatcher& dispatcher;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);
  OwnerExecutor owner;
  EndWaits ends;
  LiveBackend backend;
  LiveShells shells;
  LogArchive archive, feed_archive;  // one per reader's thread
  LogHistory history, feed_history;  // likewise
  std::optional<auth::TokenStore> tokens;
  HttpServer http;
  FeedHub hub;
  io::Worker reader{"reader", [this] { history.forget(); }};
  io::Worker feed_reader{"feed-reader", [this] { feed_history.forget(); }};
  Services services;
  StreamServices streams;
  Router router;
};

Server::Server(ServerConfig config, ServerHooks hooks, command_handler::Core& core, dispatcher::Dispatcher& dispatcher,
               RecordLog& log, event_log::LogWriter& writer, Executor& owner, Timers& timers, Clock& clock,
               Random& random)
    : parts_(std::make_unique<Parts>(std::move(config), std::move(hooks), core, dispatcher, log, writer, owner, timers,
                                     clock, random)) {
  FeedHub& hub = parts_->hub;
  core.on_event([&hub, &ends = parts_->ends](std::vector<EventPtr>&& events) {
    ends.saw(events);
    hub.publish(std::move(events));
  });
  dispatcher.on_output([&hub](const Id& task, std::uint32_t attempt, std::uint64_t offset, std::string_view data) {
    hub.publish_output(task, attempt, offset, data);
  });
}

Server::~Server() {
  stop();
  parts_->core.on_event([](std::vector<EventPtr>&&) {});
  parts_->dispatcher.on_output([](const Id&, std::uint32_t, std::uint64_t, std::string_view) {});
}

Result<void> Server::start() {
  if (parts_->config.http.tcp_port) {
    auto tokens = auth::TokenStore::open(parts_->config.token_file, parts_->services.random);
    if (!tokens) return tl::unexpected(tokens.error());
    parts_->tokens = std::move(*tokens);
  }
  return parts_->http.start(
      parts_->router, [streams = &parts_->streams](const Admitted& asked) { return make_stream(asked, *streams); });
}

void Server::stop() {
  parts_->reader.stop();
  parts_->feed_reader.stop();
  parts_->http.stop();
}

std::uint16_t Server::tcp_port() const { return parts_->http.tcp_port(); }

}  // namespace prov::api
