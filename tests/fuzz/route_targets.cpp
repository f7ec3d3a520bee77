// The coordinator's own door: whole requests with their bodies, as far as the events that they lead to, and what comes
// over a shell's WebSocket.
#include <algorithm>
#include <memory>

#include "common/json/json.h"
#include "coordinator/api/routes/router.h"
#include "coordinator/api/ws_feed/shell_stream.h"
#include "tests/fuzz/rig.h"

namespace prov::fuzz {
namespace {

const domain::Principal kOwner{"uid:0", "peer", domain::Transport::unix_socket};

class RigBackend final : public api::Backend {
 public:
  explicit RigBackend(Rig& rig) : rig_(rig) {}
  const domain::State& state() const override { return rig_.core.state(); }
  projection::AgentNow agent_now(const Key&) const override { return {true, 5, 1}; }
  projection::PlatformFacts facts() const override {
    projection::PlatformFacts out;
    out.link.enrol_endpoints = {"tcp://127.0.0.1:9092", "tcp://10.0.0.1:9092"};
    return out;
  }
  void submit(const domain::Command& command, const domain::Principal& who, Submitted reply,
              std::vector<SideRecord> sides) override {
    rig_.core.submit(command, who, std::move(reply), std::move(sides));
  }
  Result<event_log::Planned> check(const domain::Command& command, const domain::Principal& who) const override {
    return rig_.core.check(command, who);
  }
  void when_durable(std::function<void()> done) override { rig_.core.when_durable(std::move(done)); }
  void cover(std::function<void()> done) override { rig_.core.cover(std::move(done)); }
  void when_ended(const Id&, std::uint64_t, std::function<void(std::optional<Outcome>)> done) override { done({}); }

 private:
  Rig& rig_;
};

class NoArchive final : public api::Archive {
 public:
  Result<api::EventPage> events(const api::EventQuery&) override { return api::EventPage{}; }
  Result<std::string> state_at(std::uint64_t, std::optional<std::uint64_t>) override { return std::string("{}"); }
  Result<std::string> verify() override { return std::string("{}"); }
  Result<bool> has_blob(const Digest&) override { return false; }
  Result<std::uint64_t> output_bytes(const Id&, std::uint32_t) override { return 0; }
  Result<std::string> output(const Id&, std::uint32_t, std::uint64_t, std::size_t) override { return std::string(); }
};

class NoHistory final : public api::History {
 public:
  Result<event_log::HistoryPage> page(const event_log::HistoryQuery&) override { return event_log::HistoryPage{}; }
  Result<std::shared_ptr<const domain::State>> one(const Id&) override { return nullptr; }
};

// A server that is being made, an agent on it, a workflow of two tasks there, and one that waits to be approved.
void settle_in(Rig& rig) {
  const Digest secret{{9}};
  const Key agent{{3}};
  const domain::Principal link{"agent:" + to_text(agent), "curve", domain::Transport::agent_link};
  rig.must(domain::RegisterWorkspace{});
  rig.must(domain::CreateServers{"demo", {server_of_rig("db-1")}});
  rig.must(domain::CreateJoinToken{"db-1", secret, 600});
  rig.must(domain::EnrolAgent{agent, Key{{4}}, rig.core.state().join_tokens.begin()->first, secret}, link);
  rig.must(domain::ConnectAgent{agent, {}}, link);
  rig.must(domain::RunNoop{{"db-1"}, 2});
  domain::BatchOperation approval;
  approval.id = "a";
  approval.kind = domain::OperationKind::approval;
  approval.prompt = "go on?";
  approval.checkpoint = "c";
  rig.must(domain::SubmitBatch{"b", "", "demo", 0, false, {}, {approval}});
}

// As settled in. The same one again for as long as nothing changes it: to make one takes longer than most requests.
Rig& settled_rig() {
  static std::unique_ptr<Rig> rig;
  static std::uint64_t sequence = 0;
  if (rig == nullptr || rig->core.state().sequence != sequence) {
    rig = std::make_unique<Rig>();
    settle_in(*rig);
    sequence = rig->core.state().sequence;
  }
  rig->random.go_on_from(1000);
  return *rig;
}

api::Method method_named(std::string_view name) {
  using enum api::Method;
  for (const api::Method method : {get, head, post, put, del}) {
    if (api::name_of(method) == name) return method;
  }
  return other;
}

struct Answers {
  std::size_t count = 0;
  api::Response last;
};

void check_answer(const Answers& answers, api::Method method) {
  expect(answers.count == 1, "a request is answered once");
  const api::Response& answer = answers.last;
  expect(answer.status >= 200 && answer.status < 600 && answer.status != 500, "and never with a fault of ours");
  if (answer.after) answer.after();
  if (method == api::Method::head || answer.content_type != "application/json") return;
  const auto body = nlohmann::json::parse(api::body_text(answer), nullptr, false);
  expect(body.is_object() && body["success"] == (answer.status < 400), "an answer is JSON that says how it went");
  const bool told = body["success"] == true || !body["error"]["message"].get<std::string>().empty();
  expect(told, "a refusal says why");
}

class LastSize final : public api::Shells, public api::Channel {
 public:
  void open(const api::ShellWish&, const domain::Principal&, Events with) override { with.opened(Id{{9}}); }
  void input(const Id&, std::string data) override { typed += data; }
  void resize(const Id&, std::uint16_t rows, std::uint16_t columns) override {
    expect(rows > 0 && rows <= 4096 && columns > 0 && columns <= 4096, "a terminal has a size within bounds");
    ++resized;
  }
  void close(const Id&) override {}
  void send_text(std::shared_ptr<const std::string>) override {}
  void send_binary(std::string) override {}
  std::size_t queued_bytes() const override { return 0; }
  void close(std::uint16_t code, std::string reason) override {
    expect(code == api::kCloseBadData && !reason.empty(), "a refusal says why");
    ++closed;
  }

  std::string typed;
  int resized = 0, closed = 0;
};

}  // namespace

// "METHOD TARGET" in the first line, behind it the body.
void rest_call(std::string_view bytes) {
  const auto line = bytes.substr(0, bytes.find('\n'));
  const auto body = bytes.substr(std::min(line.size() + 1, bytes.size()));
  const auto space = std::min(line.find(' '), line.size());
  api::Head head;
  head.method = method_named(line.substr(0, space));
  head.target = line.substr(std::min(space + 1, line.size()));
  head.peer = kOwner;
  Rig& rig = settled_rig();
  const std::uint64_t before = rig.core.state().sequence;
  RigBackend backend(rig);
  NoArchive archive;
  NoHistory history;
  api::Services services{backend,
                         archive,
                         history,
                         rig.executor,
                         rig.executor,
                         rig.random,
                         rig.core.policy(),
                         [](const std::string& folder, const auto& done) {
                           done(api::BackupDone{folder, 7, 100});
                         },
                         [] {}};
  const api::Router router(services, [](std::string_view) { return std::nullopt; });
  Answers answers;
  auto admitted = router.admit(head);
  if (auto* refused = std::get_if<api::Response>(&admitted)) {
    answers = {1, std::move(*refused)};
  } else if (auto& asked = std::get<api::Admitted>(admitted); asked.route->handler == nullptr) {
    return;  // a WebSocket
  } else {
    if (body.size() > asked.route->max_body) return;
    router.handle(std::move(asked), std::string(body), [&](api::Response response) {
      answers = {answers.count + 1, std::move(response)};
    });
    rig.settle();
  }
  check_answer(answers, head.method);
  if (rig.core.state().sequence != before) rig.check_state();
}

// The bytes as a text message, and as a key press.
void shell_message(std::string_view bytes) {
  test::ManualExecutor executor;
  LastSize both;
  const auto stream = std::make_shared<api::ShellStream>(api::ShellWish{}, kOwner, both, executor, executor);
  stream->on_open(both);
  stream->on_message(false, std::string(bytes));
  stream->on_message(true, std::string(bytes));
  executor.run_all();
  expect(both.resized + both.closed == 1, "a text message is a size, or it is refused");
  expect(both.typed == bytes, "what is typed arrives");
  stream->on_closed();
  executor.run_all();
}

}  // namespace prov::fuzz
