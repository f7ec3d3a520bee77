// The WebSockets: feed, output, shell.
#include <unistd.h>

#include <random>

#include "tests/integration/api/raw_socket.h"
#include "tests/integration/api/rig.h"

namespace prov::api {
namespace {

using nlohmann::json;

io::WsClient must_connect(const io::Endpoint& endpoint, const std::string& target) {
  auto ws = io::WsClient::connect(endpoint, target);
  EXPECT_TRUE(ws.has_value()) << (ws ? "" : ws.error().message);
  return std::move(*ws);
}

TEST(FeedApi, EveryEventOnceAcrossReconnects) {
  Rig rig;
  rig.add_host("a");
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  std::vector<std::uint64_t> seen;
  std::uint64_t from = 0;
  for (int round = 0; round < 10; ++round) {
    rig.noop("a", 50);
    auto ws = must_connect(rig.unix_endpoint(), "/ws?from=" + std::to_string(from));
    for (auto n = 1 + random() % 60; n > 0; --n) {
      const json frame = next_json(ws);
      ASSERT_TRUE(frame.is_object());
      if (frame["kind"] != "event") continue;
      ASSERT_EQ(frame["sequence"], frame["event"]["sequence"]);
      from = frame["sequence"];
      seen.push_back(from);
    }
  }
  const std::uint64_t last = rig.ask("GET", "/status")["sequence"];
  auto ws = must_connect(rig.unix_endpoint(), "/ws?from=" + std::to_string(from));
  while (from < last) {
    const json frame = next_json(ws);
    ASSERT_TRUE(frame.is_object());
    if (frame["kind"] != "event") continue;
    from = frame["sequence"];
    seen.push_back(from);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 1);
}

TEST(FeedApi, LiveEventsOfOneWorkflowUntilItEnds) {
  Rig rig;
  rig.add_host("a");
  rig.play({"", std::nullopt});
  const std::string id = rig.noop("a")["workflow"];
  rig.noop("a");
  auto ws = must_connect(rig.unix_endpoint(), "/ws?from=0&events=task,workflow&workflow=" + id);
  EXPECT_EQ(next_json(ws)["event"]["type"], "WorkflowSubmitted");
  EXPECT_EQ(next_json(ws)["event"]["type"], "TaskDispatched");
  EXPECT_EQ(next_json(ws)["event"]["type"], "TaskStarted");
  rig.end(task_id(*parse_id(id), 0), 0);
  EXPECT_EQ(next_json(ws)["event"]["type"], "TaskEnded");
  EXPECT_EQ(next_json(ws)["event"]["type"], "WorkflowEnded");
}

TEST(FeedApi, AStepThatStartedAndEndedInOneMessageIsOneEvent) {
  Rig rig;
  rig.add_host("a");
  rig.play({.exit_code = 0, .in_one_message = true});
  const std::string id = rig.noop("a")["workflow"];
  auto ws = must_connect(rig.unix_endpoint(), "/ws?from=0&events=task,workflow&workflow=" + id);
  EXPECT_EQ(next_json(ws)["event"]["type"], "WorkflowSubmitted");
  EXPECT_EQ(next_json(ws)["event"]["type"], "TaskDispatched");
  const json ended = next_json(ws)["event"];
  EXPECT_EQ(ended["type"], "TaskEnded");
  EXPECT_EQ(ended["body"]["started"], true);
  EXPECT_EQ(ended["body"]["took_ms"], Rig::kTookMs);
  EXPECT_EQ(next_json(ws)["event"]["type"], "WorkflowEnded");
  const json task = rig.ask("GET", "/workflows/" + id)["tasks"][0];
  EXPECT_TRUE(task["started_at"].is_string()) << task;
}

TEST(FeedApi, PingsSayHowFarItIs) {
  RigOptions options;
  options.http.ping_ms = 50;
  Rig rig(options);
  auto ws = must_connect(rig.unix_endpoint(), "/ws?events=batch");
  rig.ask("POST", "/workspaces", {{"name", "x"}});
  const std::uint64_t last = rig.ask("GET", "/status")["sequence"];
  for (int i = 0; i < 50; ++i) {
    const json frame = next_json(ws);
    ASSERT_EQ(frame["kind"], "ping");
    if (frame["sequence"] == last) return;
  }
  FAIL() << "no ping came up to " << last;
}

TEST(FeedApi, OnTcpTheTokenMayStandInTheQuery) {
  Rig rig;
  const io::Endpoint nobody = rig.tcp_endpoint("");
  const auto refused = io::WsClient::connect(nobody, "/ws");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unauthenticated);
  EXPECT_FALSE(io::WsClient::connect(nobody, "/ws?token=wrong").has_value());
  auto ws = must_connect(nobody, "/ws?from=0&token=" + rig.token());
  EXPECT_EQ(next_json(ws)["sequence"], 1);
  auto header = must_connect(rig.tcp_endpoint(rig.token()), "/ws?from=0");
  EXPECT_EQ(next_json(header)["sequence"], 1);
}

TEST(FeedApi, BadQuestionsAreRefusedBeforeTheHandshake) {
  Rig rig;
  EXPECT_EQ(io::WsClient::connect(rig.unix_endpoint(), "/ws?events=tusk").error().code, Code::invalid);
  EXPECT_EQ(io::WsClient::connect(rig.unix_endpoint(), "/ws?from=999999").error().code, Code::conflict);
  EXPECT_EQ(io::WsClient::connect(rig.unix_endpoint(), "/nothing").error().code, Code::not_found);
  io::HttpClient plain(rig.unix_endpoint());
  const auto response = plain.request("GET", "/ws");
  EXPECT_EQ(response->status, 426);
  EXPECT_EQ(response->header("upgrade"), "websocket");
}

TEST(FeedApi, AClientThatDoesNotReadCostsLittleAndLosesNothing) {
  Rig rig;
  rig.add_host("a");
  auto ws = must_connect(rig.unix_endpoint(), "/ws?from=0");
  rig.noop("a", 20'000);  // some 60,000 events, about 30 MB of frames
  std::uint64_t last = 0;
  for (int i = 0; i < 6000; ++i) {
    const json status = rig.ask("GET", "/status");
    last = status["sequence"];
    if (status["workflows"]["running"] == 0) break;
    ::usleep(10'000);
  }
  std::uint64_t next = 1;
  while (next <= last) {
    const json frame = next_json(ws);
    ASSERT_TRUE(frame.is_object()) << "cut off at " << next;
    if (frame["kind"] != "event") continue;
    ASSERT_EQ(frame["sequence"], next++);
  }
}

TEST(OutputApi, LiveAndToTheEnd) {
  Rig rig;
  rig.add_host("a");
  rig.play({"begin\n", std::nullopt});
  const std::string id = rig.noop("a")["workflow"];
  const Id task = task_id(*parse_id(id), 0);
  auto ws = must_connect(rig.unix_endpoint(), "/ws/output?task=" + to_text(task));
  std::string got;
  const auto read_until = [&](const std::string& text) {
    while (got.find(text) == std::string::npos) {
      const auto message = ws.receive(5000);
      ASSERT_TRUE(message.has_value() && message->has_value());
      ASSERT_EQ((*message)->kind, io::WsMessage::Kind::binary);
      got += (*message)->data;
    }
  };
  read_until("begin\n");
  for (int i = 0; i < 20; ++i) {
    rig.print(task, "line " + std::to_string(i) + "\n");
    read_until("line " + std::to_string(i) + "\n");
  }
  rig.end(task, 7);
  const json end = next_json(ws);
  EXPECT_EQ(end, json({{"kind", "end"}, {"outcome", "failed"}, {"exit_code", 7}}));
  EXPECT_EQ(next_json(ws), nullptr) << "and it is closed";
  auto late = must_connect(rig.unix_endpoint(), "/ws/output?offset=6&task=" + to_text(task));
  const auto rest = late.receive(5000);
  EXPECT_EQ((*rest)->data, got.substr(6));
}

TEST(OutputApi, TailsComeBesideTheEventsOfAWorkflow) {
  Rig rig;
  rig.add_host("a");
  rig.play({"", std::nullopt});
  const std::string id = rig.noop("a")["workflow"];
  auto ws = must_connect(rig.unix_endpoint(), "/ws?output=tail&workflow=" + id);
  const Id task = task_id(*parse_id(id), 0);
  json frame;
  for (int i = 0; i < 200; ++i) {  // nothing is kept for those who come later, so it is printed until one is heard
    rig.print(task, "still here\n");
    frame = next_json(ws);
    if (frame["kind"] == "output") break;
  }
  EXPECT_EQ(frame["task"], to_text(task));
  EXPECT_EQ(frame["attempt"], 1);
  EXPECT_EQ(frame["data"], "still here\n");
}

TEST(ShellApi, TypesAndEnds) {
  Rig rig;
  rig.add_host("a");
  auto ws = must_connect(rig.unix_endpoint(), "/ws/shell?server=a&workspace=w&rows=30&columns=90&term=xterm");
  ASSERT_TRUE(ws.send_binary("ls\n").has_value());
  ASSERT_TRUE(ws.send_text(R"({"kind":"resize","rows":50,"columns":200})").has_value());
  for (int i = 0; i < 500 && rig.shell_typed() != "ls\n[50x200]"; ++i) ::usleep(2000);
  EXPECT_EQ(rig.shell_typed(), "ls\n[50x200]");
  rig.shell_prints("a.txt\r\n");
  const auto output = ws.receive(5000);
  ASSERT_TRUE(output.has_value() && output->has_value());
  EXPECT_EQ((*output)->data, "a.txt\r\n");
  rig.shell_ends(3);
  EXPECT_EQ(next_json(ws), json({{"kind", "end"}, {"exit_code", 3}, {"reason", ""}}));
  json closed;
  for (int i = 0; i < 500 && closed["total"] != 1; ++i) closed = rig.ask("GET", "/events?type=SessionClosed");
  EXPECT_EQ(closed["total"], 1);
}

TEST(ShellApi, WhoLeavesClosesTheSession) {
  Rig rig;
  rig.add_host("a");
  {
    auto ws = must_connect(rig.unix_endpoint(), "/ws/shell?server=a");  // the only host of that name
    ASSERT_TRUE(ws.send_binary("x").has_value());
    for (int i = 0; i < 500 && rig.shell_typed() != "x"; ++i) ::usleep(2000);
  }
  for (int i = 0; i < 500 && rig.shell_typed() != "x[closed]"; ++i) ::usleep(2000);
  EXPECT_EQ(rig.shell_typed(), "x[closed]");
  auto ghost = must_connect(rig.unix_endpoint(), "/ws/shell?server=ghost&workspace=w");
  const json end = next_json(ghost);
  EXPECT_EQ(end["exit_code"], -1);
  EXPECT_NE(end["reason"].get<std::string>().find("ghost"), std::string::npos);
}

TEST(ShellApi, AMessageThatIsTooLargeEndsIt) {
  Rig rig;
  rig.add_host("a");
  auto ws = must_connect(rig.unix_endpoint(), "/ws/shell?server=a");
  ASSERT_TRUE(ws.send_binary(std::string(65537, 'x')).has_value());
  const auto message = ws.receive(5000);
  ASSERT_TRUE(message.has_value() && message->has_value());
  EXPECT_EQ((*message)->kind, io::WsMessage::Kind::closed);
  EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
}

TEST(FeedApi, AWebSocketThatSaysNothingAnyMoreIsCutOff) {
  RigOptions options;
  options.http.ping_ms = 50;  // so after 200 ms of silence
  Rig rig(options);
  RawSocket socket = RawSocket::unix_path(rig.socket_path);
  ASSERT_TRUE(socket.send(request("GET /ws",
                                  "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")));
  const std::string all = socket.read_to_end(5000);  // it reads, but answers no ping
  EXPECT_NE(all.find("101 Switching Protocols"), std::string::npos);
  EXPECT_EQ(all.find("(open)"), std::string::npos);
}

}  // namespace
}  // namespace prov::api
