// What an operator's programs do: over the Unix socket and over TCP, with our client and with curl.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <thread>

#include "common/hash.h"
#include "tests/integration/api/raw_socket.h"
#include "tests/integration/api/rig.h"

namespace prov::api {
namespace {

using nlohmann::json;

TEST(HttpApi, TheWholeWayOfOneCommand) {
  Rig rig;
  rig.add_host("a");
  rig.play({"hello from a\n", 0});
  const json made = rig.noop("a", 3);
  const std::string id = made["workflow"];
  EXPECT_EQ(made["plan_total"], 3);
  json workflow;
  for (int i = 0; i < 500; ++i) {
    workflow = rig.ask("GET", "/workflows/" + id);
    if (workflow["status"] == "ended") break;
    ::usleep(2000);
  }
  EXPECT_EQ(workflow["outcome"], "done");
  EXPECT_EQ(workflow["initiator"], "uid:" + std::to_string(::getuid()));
  const json task = rig.ask("GET", "/tasks/" + workflow["tasks"][0]["id"].get<std::string>());
  EXPECT_EQ(task["status"], "Completed");
  EXPECT_EQ(task["output"], "hello from a\n");
  const json events = rig.ask("GET", "/events?workflow=" + id + "&limit=1000");
  EXPECT_EQ(events["items"].front()["type"], "WorkflowSubmitted");
  EXPECT_EQ(events["items"].back()["type"], "WorkflowEnded");
  EXPECT_TRUE(events["next_from"].is_null());
  EXPECT_EQ(rig.ask("GET", "/events?newest=true&limit=1")["items"][0]["type"], "WorkflowEnded");
  EXPECT_TRUE(rig.ask("GET", "/audit/verify").is_object());
  EXPECT_EQ(rig.ask("GET", "/audit/state?at=2")["sequence"], 2);
  const json status = rig.ask("GET", "/status");
  EXPECT_EQ(status["agents"], json({{"enrolled", 1}, {"reachable", 1}}));
  EXPECT_GT(status["resident_bytes"], 1 << 20);
  EXPECT_GT(status["disk_free_bytes"], 0);
  EXPECT_EQ(status["pid"], ::getpid());
  EXPECT_GT(status["durable_commit"], 0);
}

TEST(HttpApi, OneRequestDoesAndWaits) {
  Rig rig;
  rig.add_host("a");
  rig.play({"no\n", 3});
  const json failed = rig.ask("POST", "/workflows/noop?workspace=w&wait=60", {{"servers", {"a"}}, {"count", 2}});
  EXPECT_EQ(failed["ended"], true);
  EXPECT_EQ(failed["outcome"], "failed");
  EXPECT_EQ(failed["plan_total"], 2);
  const std::string id = failed["workflow"];
  EXPECT_EQ(rig.ask("GET", "/workflows/" + id)["status"], "ended");
  // The same key again, when it has ended long since: the same answer, at once.
  io::HttpClient client(rig.unix_endpoint());
  const io::Headers key = {{"Idempotency-Key", "11111111-2222-3333-4444-555555555555"}};
  for (int n = 0; n < 2; ++n) {
    const auto answer = client.request("POST", "/workflows/noop?workspace=w&wait=60", key, R"({"servers":["a"]})");
    ASSERT_EQ(answer->status, 200) << answer->body;
    EXPECT_EQ(json::parse(answer->body)["data"]["outcome"], "failed");
  }
  EXPECT_EQ(rig.ask("GET", "/workflows")["total"], 2);
}

TEST(HttpApi, TcpNeedsATokenOfTheFile) {
  Rig rig;
  const std::string token = rig.token();
  ASSERT_GT(token.size(), 32U);
  const auto status = [&](const std::string& with, const std::string& target) {
    io::HttpClient client(rig.tcp_endpoint(with));
    const auto response = client.request("GET", target);
    return response ? response->status : -1;
  };
  EXPECT_EQ(status("", "/status"), 401);
  EXPECT_EQ(status("wrong", "/status"), 401);
  EXPECT_EQ(status(token + "0", "/status"), 401);
  EXPECT_EQ(status(token, "/status"), 200);
  EXPECT_EQ(status("", "/health"), 200);
  io::HttpClient client(rig.tcp_endpoint(""));
  const auto refused = client.request("GET", "/status");
  EXPECT_EQ(refused->header("www-authenticate"), "Bearer");
  EXPECT_EQ(json::parse(refused->body)["error"]["code"], "unauthenticated");
  io::HttpClient owner(rig.tcp_endpoint(token));
  const auto made = owner.request("POST", "/workspaces", {}, R"({"name":"over-tcp"})");
  ASSERT_EQ(made->status, 200) << made->body;
  const json event = rig.ask("GET", "/events?type=WorkspaceRegistered")["items"][0];
  EXPECT_EQ(event["transport"], "tcp");
  EXPECT_EQ(event["subject"], "uid:" + std::to_string(::geteuid()));
  EXPECT_TRUE(event["credential"].get<std::string>().starts_with("token:"));
  EXPECT_EQ(rig.ask("GET", "/events")["items"].dump().find(token), std::string::npos);
}

TEST(HttpApi, AUnixCallerIsWhoTheKernelSays) {
  Rig rig;
  rig.ask("POST", "/workspaces", {{"name", "mine"}});
  const json event = rig.ask("GET", "/events?type=WorkspaceRegistered")["items"][0];
  EXPECT_EQ(event["subject"], "uid:" + std::to_string(::getuid()));
  EXPECT_EQ(event["credential"], "peer");
  EXPECT_EQ(event["transport"], "unix_socket");
}

TEST(HttpApi, ARetryWithTheSameKeyDoesNothingTwice) {
  Rig rig;
  rig.add_host("a");
  io::HttpClient client(rig.unix_endpoint());
  const io::Headers key = {{"Idempotency-Key", "11111111-2222-3333-4444-555555555555"}};
  const auto first = client.request("POST", "/workflows/noop?workspace=w", key, R"({"servers":["a"]})");
  const auto again = client.request("POST", "/workflows/noop?workspace=w", key, R"({"servers":["a"]})");
  ASSERT_EQ(first->status, 200) << first->body;
  EXPECT_EQ(json::parse(first->body)["data"]["workflow"], json::parse(again->body)["data"]["workflow"]);
  EXPECT_EQ(rig.ask("GET", "/workflows")["total"], 1);
}

TEST(HttpApi, AKeyThatComesAgainWithAnotherBodyIsAConflict) {
  Rig rig;
  rig.add_host("a");
  io::HttpClient client(rig.unix_endpoint());
  const io::Headers key = {{"Idempotency-Key", "11111111-2222-3333-4444-555555555556"}};
  const auto first = client.request("POST", "/workflows/noop?workspace=w", key, R"({"servers":["a"]})");
  ASSERT_EQ(first->status, 200) << first->body;
  const auto other = client.request("POST", "/workflows/noop?workspace=w", key, R"({"servers":["a"],"count":2})");
  EXPECT_EQ(other->status, 409) << other->body;
  const json error = json::parse(other->body)["error"];
  EXPECT_EQ(error["code"], "conflict");
  const std::string message = error["message"], made = json::parse(first->body)["data"]["workflow"];
  EXPECT_NE(message.find("11111111-2222-3333-4444-555555555556"), std::string::npos) << message;
  EXPECT_NE(message.find(made), std::string::npos) << message;
  const auto another_route = client.request("POST", "/workflows/" + made + "/cancel?workspace=w", key, "{}");
  EXPECT_EQ(another_route->status, 409) << another_route->body;
  EXPECT_EQ(rig.ask("GET", "/workflows")["total"], 1);
}

TEST(HttpApi, BlobsInAndAsked) {
  Rig rig;
  io::HttpClient client(rig.unix_endpoint());
  const std::string bytes(3 << 20, 'b');
  const std::string target = "/blobs/" + to_text(digest_of(bytes));
  EXPECT_EQ(client.request("HEAD", target)->status, 404);
  auto put = client.request("PUT", target + "?kind=bundle&name=redis", {}, bytes);
  ASSERT_EQ(put->status, 200) << put->body;
  EXPECT_EQ(json::parse(put->body)["data"]["changed"], true);
  EXPECT_EQ(client.request("HEAD", target)->status, 200);
  put = client.request("PUT", target, {}, bytes);
  EXPECT_EQ(json::parse(put->body)["data"]["changed"], false);
  EXPECT_EQ(rig.ask("GET", "/events?type=BlobStored")["total"], 1);
}

TEST(HttpApi, OutputInPieces) {
  Rig rig;
  rig.add_host("a");
  rig.play({std::string(2'500'000, 'o'), 0});
  const std::string workflow = rig.noop("a")["workflow"];
  const std::string task = to_text(task_id(*parse_id(workflow), 0));
  io::HttpClient client(rig.unix_endpoint());
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const auto piece = client.request("GET", "/tasks/" + task + "/output?offset=" + std::to_string(all.size()));
    ASSERT_EQ(piece->status, 200);
    all += piece->body;
    if (piece->header("x-output-complete") == "true") break;
    if (piece->body.empty()) ::usleep(2000);
  }
  EXPECT_EQ(all, std::string(2'500'000, 'o'));
}

TEST(HttpApi, StopAnswersFirst) {
  Rig rig;
  EXPECT_EQ(rig.ask("POST", "/platform/stop"), json({{"stopping", true}}));
  for (int i = 0; i < 500 && rig.stops_wanted() == 0; ++i) ::usleep(2000);
  EXPECT_EQ(rig.stops_wanted(), 1);
}

TEST(HttpApi, WhoWaitsForAnEndIsToldOfAStop) {
  Rig rig;
  rig.add_host("a");
  rig.play({"", std::nullopt});
  Result<io::HttpResponse> answer = fail(Code::internal, "nothing came");
  std::thread waits([&] {
    io::HttpClient client(rig.unix_endpoint());
    answer = client.request("POST", "/workflows/noop?workspace=w&wait=3600", {}, R"({"servers":["a"]})");
  });
  while (rig.ask("GET", "/status")["tasks"]["running"] != 1) ::usleep(2000);
  rig.stop_server();
  waits.join();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 503);
}

TEST(HttpApi, AfterTheStopNobodyIsThere) {
  Rig rig;
  io::HttpClient client(rig.unix_endpoint());
  EXPECT_EQ(client.request("GET", "/health")->status, 200);
  auto ws = io::WsClient::connect(rig.unix_endpoint(), "/ws");
  ASSERT_TRUE(ws.has_value());
  rig.stop_server();
  const auto bye = ws->receive(5000);
  ASSERT_TRUE(bye.has_value() && bye->has_value());
  EXPECT_EQ((*bye)->kind, io::WsMessage::Kind::closed);
  EXPECT_EQ((*bye)->close_code, 1001);
  const auto response = client.request("GET", "/health");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().hint, "start it with: provisioning platform start orchestrator");
  EXPECT_NE(::access(rig.socket_path.c_str(), F_OK), 0) << "the socket's file is gone";
}

// A client that we did not write.
std::string curl(const std::vector<std::string>& arguments) {
  std::array<int, 2> pipe_fds{};
  if (::pipe(pipe_fds.data()) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe_fds[1], 1);
    ::close(pipe_fds[0]);
    std::vector<char*> argv;
    std::string program = "curl", quiet = "-sS", limit = "-m10";
    for (std::string* text : {&program, &quiet, &limit}) argv.push_back(text->data());
    std::vector<std::string> copies = arguments;
    for (std::string& text : copies) argv.push_back(text.data());
    argv.push_back(nullptr);
    ::execvp("curl", argv.data());
    ::_exit(127);
  }
  ::close(pipe_fds[1]);
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(pipe_fds[0], buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<std::size_t>(n));
  }
  ::close(pipe_fds[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 127 ? "no curl" : out;
}

TEST(HttpApi, CurlUnderstandsUs) {
  Rig rig;
  const std::string health = curl({"--unix-socket", rig.socket_path, "http://localhost/health"});
  if (health == "no curl") GTEST_SKIP() << "curl is not installed";
  EXPECT_EQ(json::parse(health)["data"], "Orchestrator is healthy");
  const std::string base = "http://127.0.0.1:" + std::to_string(rig.tcp_port);
  EXPECT_EQ(curl({"-o", "/dev/null", "-w", "%{http_code}", base + "/status"}), "401");
  EXPECT_EQ(
      curl({"-o", "/dev/null", "-w", "%{http_code}", "-H", "Authorization: Bearer " + rig.token(), base + "/status"}),
      "200");
  EXPECT_EQ(curl({"-o", "/dev/null", "-w", "%{http_code}", "-H", "Host: evil.example", base + "/health"}), "403");
  const std::string big =
      curl({"--unix-socket", rig.socket_path, "-H", "Expect: 100-continue", "-w", "%{http_code}", "-o", "/dev/null",
            "--data-binary", "{\"name\":\"expected\"}", "http://localhost/workspaces"});
  EXPECT_EQ(big, "200");
  EXPECT_EQ(rig.ask("GET", "/workspaces")["items"][0]["name"], "expected");
}

}  // namespace
}  // namespace prov::api
