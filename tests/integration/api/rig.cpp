#include "tests/integration/api/rig.h"

#include <unistd.h>

#include <atomic>
#include <fstream>

#include "common/hash.h"
#include "common/io/loop/event_loop.h"
#include "common/io/posix/posix_world.h"
#include "common/io/rocksdb/rocks_record_log.h"
#include "coordinator/audit/audit.h"
#include "coordinator/event_log/checkpoint.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/providers/provider_runner.h"
#include "coordinator/secrets/secret_store.h"

namespace prov::api {
namespace {

class NoProviders final : public providers::ProviderRunner {
 public:
  void run(providers::ProviderCall, Progress, Done done) override { done(fail(Code::unsupported, "none here")); }
  void stop_all() override {}
};

}  // namespace

// Stands where the network would: frames to agents are answered as the test says.
class PlayedLink final : public AgentLink {
 public:
  void start(Handler handler) override { handler_ = std::move(handler); }
  Result<void> listen(const std::string&) override { return {}; }
  void allow(const Key&) override {}
  void forbid(const Key&) override {}
  void send(const Key& agent, std::string frame) override {
    auto message = wire::decode_to_agent(frame);
    ASSERT_TRUE(message.has_value());
    if (auto* orders = std::get_if<wire::Orders>(&message->body)) {
      for (const auto& order : orders->orders) loop->post([this, agent, order] { take(agent, order); });
    } else if (auto* open = std::get_if<wire::ShellOpen>(&message->body)) {
      shell = open->session;
      shell_agent = agent;
    } else if (auto* typed = std::get_if<wire::ShellData>(&message->body)) {
      shell_typed += typed->data;
    } else if (auto* resize = std::get_if<wire::ShellResize>(&message->body)) {
      shell_typed += "[" + std::to_string(resize->rows) + "x" + std::to_string(resize->columns) + "]";
    } else if (std::holds_alternative<wire::ShellClose>(message->body)) {
      shell_typed += "[closed]";
    }
  }
  void say(const Key& agent, wire::FromAgent message) { handler_.frame(agent, wire::encode(message)); }

  struct Running {
    Key agent;
    std::uint32_t attempt = 0;
    std::string printed;
  };
  void report(const Id& task, std::variant<wire::Accepted, wire::Started, wire::Output, wire::Ended> what) {
    wire::Report report;
    report.task = task;
    report.attempt = running.at(task).attempt;
    report.what = std::move(what);
    say(running.at(task).agent, wire::Reports{++frames_, {std::move(report)}});
  }
  void print(const Id& task, std::string_view text) {
    for (; !text.empty(); text.remove_prefix(std::min(text.size(), wire::kMaxOutputChunk))) {
      Running& one = running.at(task);
      const std::string piece(text.substr(0, wire::kMaxOutputChunk));
      report(task, wire::Output{one.printed.size(), piece});
      one.printed += piece;
    }
  }
  void end(const Id& task, int exit_code) {
    wire::Ended ended;
    ended.outcome = exit_code == 0 ? Outcome::done : Outcome::failed;
    ended.exit_code = exit_code;
    ended.output_bytes = running.at(task).printed.size();
    ended.output_digest = digest_of(running.at(task).printed);
    report(task, ended);
    running.erase(task);
  }

  io::EventLoop* loop = nullptr;
  Rig::Play play;
  std::map<Id, Running> running;
  Id shell;
  Key shell_agent;
  std::string shell_typed;

 private:
  void take(const Key& agent, const wire::Order& order) {
    if (running.contains(order.task)) return;
    running[order.task] = {agent, order.attempt, ""};
    if (play.in_one_message) return tell_all(order.task);
    report(order.task, wire::Accepted{});
    report(order.task, wire::Started{});
    print(order.task, play.output);
    if (play.exit_code) end(order.task, *play.exit_code);
  }
  // As an agent does of a step that took no longer than a write to its journal.
  void tell_all(const Id& task) {
    constexpr TimeMs kBegan = 1000;
    wire::Ended ended;
    ended.output_digest = digest_of("");
    const auto of = [&](TimeMs time_ms, auto what) {
      return wire::Report{task, running.at(task).attempt, time_ms, std::move(what)};
    };
    say(running.at(task).agent, wire::Reports{++frames_,
                                              {of(kBegan, wire::Accepted{}), of(kBegan, wire::Started{}),
                                               of(kBegan + Rig::kTookMs, std::move(ended))}});
    running.erase(task);
  }
  Handler handler_;
  std::uint64_t frames_ = 0;
};

struct Rig::Parts {
  Parts(const RigOptions& options, const std::string& folder, std::unique_ptr<io::RocksRecordLog> store,
        event_log::OpenedLog opened)
      : log(std::move(store)),
        writer(*log, loop, clock, opened.position, nullptr, [](const Error& error) { FAIL() << error.message; }),
        core(core_config(), writer, std::move(opened.state), loop, random),
        secrets(*log, std::string(32, 'k'), random),
        dispatcher({}, core, writer, *log, link, providers, secrets, clock, loop, random),
        server(server_config(options, folder), hooks(folder), core, dispatcher, *log, writer, loop, loop, clock,
               random) {
    link.loop = &loop;
  }

  static command_handler::CoreConfig core_config() {
    command_handler::CoreConfig config;
    config.policy.owners = {"uid:" + std::to_string(::getuid())};
    return config;
  }
  static ServerConfig server_config(const RigOptions& options, const std::string& folder) {
    ServerConfig config;
    config.http = options.http;
    config.http.socket_path = folder + "/run/api.sock";
    if (options.tcp) config.http.tcp_port = 0;
    config.token_file = folder + "/token";
    config.data_dir = folder;
    return config;
  }
  ServerHooks hooks(const std::string& folder) {
    ServerHooks out;
    out.link = [] { return projection::LinkFacts{std::string(64, 'a'), {"tcp://10.0.0.1:1"}, {"tcp://10.0.0.1:2"}}; };
    out.audit.state = [this](std::uint64_t at, std::optional<std::uint64_t> to) -> Result<std::string> {
      auto report = to ? audit::diff_report(*log, at, *to) : audit::state_report(*log, at);
      if (!report) return tl::unexpected(report.error());
      return report->dump();
    };
    out.audit.verify = [this] { return Result<std::string>(audit::to_json(audit::verify(*log, {})).dump()); };
    out.backup = [](const std::string& where, const std::function<void(Result<BackupDone>)>& done) {
      done(BackupDone{where, 1, 2});
    };
    out.stop = [this] { ++stops; };
    static_cast<void>(folder);
    return out;
  }

  io::EventLoop loop;
  io::SystemClock clock;
  io::SystemRandom random;
  std::unique_ptr<io::RocksRecordLog> log;
  event_log::LogWriter writer;
  PlayedLink link;
  command_handler::Core core;
  NoProviders providers;
  secrets::SecretStore secrets;
  dispatcher::Dispatcher dispatcher;
  Server server;
  std::atomic<int> stops = 0;
};

Rig::Rig(RigOptions options) {
  if (options.folder.empty()) {
    own_folder_ = std::make_unique<test::TempFolder>();
    options.folder = own_folder_->path();
  }
  auto log = io::RocksRecordLog::open({.folder = options.folder + "/log", .min_free_bytes = 1 << 20});
  EXPECT_TRUE(log.has_value()) << log.error().message;
  auto opened = event_log::open_log(**log);
  if (opened.position.log_id.is_zero()) opened.position.log_id = Id{{1, 2, 3}};
  parts_ = std::make_unique<Parts>(options, options.folder, std::move(*log), std::move(opened));
  socket_path = options.folder + "/run/api.sock";
  std::promise<void> up;
  thread_ = std::thread([this, &up] {
    parts_->core.on_effect([this](const domain::Effect& effect) { parts_->dispatcher.perform(effect); });
    parts_->core.start();
    parts_->dispatcher.start();
    const auto started = parts_->server.start();
    EXPECT_TRUE(started.has_value()) << (started ? "" : started.error().message);
    tcp_port = parts_->server.tcp_port();
    up.set_value();
    parts_->loop.run();
    parts_->server.stop();
    parts_->loop.turn(0);
  });
  up.get_future().wait();
}

Rig::~Rig() {
  parts_->loop.stop();
  thread_.join();
}

void Rig::post(std::function<void()> work) { parts_->loop.post(std::move(work)); }
command_handler::Core& Rig::core() { return parts_->core; }

void Rig::add_host(const std::string& name) {
  Key key;
  key.bytes.fill(next_key_++);
  std::promise<void> done;
  post([&] {
    const domain::Principal owner{"uid:" + std::to_string(::getuid()), "peer", domain::Transport::unix_socket};
    const domain::Principal itself{"agent:" + to_text(key), "curve", domain::Transport::agent_link};
    const Digest secret = digest_of(name);
    core().submit({parts_->random.id(), "w", domain::CreateJoinToken{name, secret, 600}}, owner,
                  [&, itself, secret](Result<domain::Answer> made) {
                    ASSERT_TRUE(made.has_value()) << made.error().message;
                    core().submit({{}, "", domain::EnrolAgent{key, key, made->made, secret}}, itself,
                                  [&](Result<domain::Answer> enrolled) {
                                    ASSERT_TRUE(enrolled.has_value()) << enrolled.error().message;
                                    wire::Hello hello;
                                    hello.facts.hostname = name;
                                    hello.facts.boot_id = "b";
                                    hello.capacity = 64;
                                    parts_->link.say(key, hello);
                                    core().when_durable([&] { done.set_value(); });
                                  });
                  });
  });
  done.get_future().wait();
}

void Rig::play(Play play) {
  on_owner([&] { parts_->link.play = std::move(play); });
}
// A request is answered when its workflow is durable, which may be before the order has reached its agent.
void Rig::on_order(const Id& task, const std::function<void()>& act) {
  bool came = false;
  for (int i = 0; i < 5000 && !came; ++i) {
    on_owner([&] {
      came = parts_->link.running.contains(task);
      if (came) act();
    });
    if (!came) ::usleep(1000);
  }
  ASSERT_TRUE(came) << "its agent has no order for task " << to_text(task);
}
void Rig::print(const Id& task, const std::string& text) {
  on_order(task, [&] { parts_->link.print(task, text); });
}
void Rig::end(const Id& task, int exit_code) {
  on_order(task, [&] { parts_->link.end(task, exit_code); });
}
void Rig::shell_prints(const std::string& text) {
  on_owner([&] { parts_->link.say(parts_->link.shell_agent, wire::ShellData{parts_->link.shell, text}); });
}
void Rig::shell_ends(int exit_code) {
  on_owner([&] { parts_->link.say(parts_->link.shell_agent, wire::ShellClosed{parts_->link.shell, exit_code, ""}); });
}
std::string Rig::shell_typed() {
  return on_owner([&] { return parts_->link.shell_typed; });
}

std::string Rig::token() const {
  std::ifstream file(socket_path.substr(0, socket_path.size() - std::string("/run/api.sock").size()) + "/token");
  std::string line;
  std::getline(file, line);
  return line;
}

nlohmann::json Rig::ask(const std::string& method, const std::string& target, const nlohmann::json& body) {
  io::HttpClient client(unix_endpoint());
  auto response = client.request(method, target, {}, body.is_null() ? std::string() : body.dump());
  EXPECT_TRUE(response.has_value()) << response.error().message;
  if (!response) return nullptr;
  EXPECT_EQ(response->status, 200) << target << ": " << response->body;
  const auto answer = nlohmann::json::parse(response->body, nullptr, false);
  return answer.is_object() && answer.contains("data") ? answer["data"] : nlohmann::json();
}

nlohmann::json Rig::noop(const std::string& host, int count) {
  return ask("POST", "/workflows/noop?workspace=w", {{"servers", {host}}, {"count", count}});
}

void Rig::stop_server() {
  on_owner([&] { parts_->server.stop(); });
}
int Rig::stops_wanted() const { return parts_->stops; }

nlohmann::json next_json(io::WsClient& ws) {
  for (;;) {
    const auto message = ws.receive(5000);
    EXPECT_TRUE(message.has_value()) << message.error().message;
    if (!message || !*message || (*message)->kind == io::WsMessage::Kind::closed) return nullptr;
    if ((*message)->kind == io::WsMessage::Kind::text) return nlohmann::json::parse((*message)->data);
  }
}

}  // namespace prov::api
