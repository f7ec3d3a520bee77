// The client against a server that says exactly what the test wants, byte by byte.
#include "common/io/http_client/http_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "common/io/http_client/ws_client.h"

namespace prov::io {
namespace {

// Accepts one connection after the other; each reads up to a request's empty line and gets the next answer.
class ScriptedServer {
 public:
  struct Turn {
    std::string answer;
    bool close_after = false;  // instead of waiting for another request
    bool byte_by_byte = false;
  };
  explicit ScriptedServer(std::vector<Turn> turns) : turns_(std::move(turns)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(listener_, 5), 0);
    socklen_t size = sizeof at;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  Endpoint endpoint() const { return {"", "127.0.0.1", port, "secret-token"}; }

  std::uint16_t port = 0;
  std::vector<std::string> requests;  // heads; read them after the client is done
  int connections = 0;

 private:
  void run() {
    for (std::size_t next = 0; next < turns_.size();) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      ++connections;
      while (next < turns_.size()) {
        std::string head;
        char c = 0;
        while (head.find("\r\n\r\n") == std::string::npos && ::read(fd, &c, 1) == 1) head.push_back(c);
        if (head.empty()) break;
        requests.push_back(head);
        const Turn& turn = turns_[next++];
        const std::size_t step = turn.byte_by_byte ? 1 : turn.answer.size();
        for (std::size_t at = 0; at < turn.answer.size(); at += step) {
          if (::send(fd, turn.answer.data() + at, std::min(step, turn.answer.size() - at), MSG_NOSIGNAL) < 0) break;
        }
        if (turn.close_after) break;
      }
      ::shutdown(fd, SHUT_WR);
      char rest[4096];
      while (next >= turns_.size() && ::read(fd, rest, sizeof rest) > 0) continue;
      ::close(fd);
    }
  }
  std::vector<Turn> turns_;
  int listener_ = -1;
  std::thread thread_;
};

HttpLimits quick() {
  HttpLimits limits;
  limits.connect_ms = 1000;
  limits.wait_ms = 2000;
  limits.max_body_bytes = 1 << 20;
  return limits;
}

Result<HttpResponse> ask(ScriptedServer::Turn turn) {
  ScriptedServer server({std::move(turn)});
  HttpClient client(server.endpoint(), quick());
  return client.request("GET", "/x");
}

TEST(HttpClientTest, EveryWayToEndABody) {
  const std::vector<ScriptedServer::Turn> turns = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
      {"HTTP/1.1 200 OK\r\ncontent-length:5\r\n\r\nhello", false, true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: 1\r\n\r\n"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", false, true},
      {"HTTP/1.1 200 OK\r\n\r\nhello", true},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"}};
  for (const auto& turn : turns) {
    const auto response = ask(turn);
    ASSERT_TRUE(response.has_value()) << response.error().message << "\n" << turn.answer;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello") << turn.answer;
  }
}

TEST(HttpClientTest, HostileAnswersAreRefused) {
  const std::vector<std::string> answers = {"nonsense\r\n\r\n",
                                            "HTTP/1.1 abc OK\r\n\r\n",
                                            "HTTP/1.1 99 OK\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
                                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n",
                                            "HTTP/1.1 200 OK\r\nX: " + std::string(100 << 10, 'x'),
                                            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort"};
  for (const auto& answer : answers) {
    const auto response = ask({answer, true});
    ASSERT_FALSE(response.has_value()) << answer.substr(0, 80);
    EXPECT_FALSE(response.error().message.empty());
  }
}

TEST(HttpClientTest, TheConnectionIsKeptAndTheTokenSent) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1"},
                         {"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n2"},
                         {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: Close\r\n\r\n3", true}});
  HttpClient client(server.endpoint(), quick());
  EXPECT_EQ(client.request("GET", "/a")->body, "1");
  EXPECT_EQ(client.request("POST", "/b", {{"X-Own", "y"}}, "body")->status, 404);
  EXPECT_EQ(client.request("GET", "/c")->body, "3");
  EXPECT_EQ(server.connections, 1);
  ASSERT_EQ(server.requests.size(), 3U);
  EXPECT_NE(server.requests[1].find("Authorization: Bearer secret-token\r\n"), std::string::npos);
  EXPECT_NE(server.requests[1].find("Content-Length: 4\r\n"), std::string::npos);
  EXPECT_NE(server.requests[1].find("X-Own: y\r\n"), std::string::npos);
  EXPECT_NE(server.requests[1].find("Host: 127.0.0.1:"), std::string::npos);
}

TEST(HttpClientTest, OnlyWhatMayBeRepeatedIsSentAgain) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1", true},  // closed without a word
                         {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2", true}});
  HttpClient client(server.endpoint(), quick());
  EXPECT_EQ(client.request("GET", "/a")->body, "1");
  const auto plain = client.request("POST", "/b");
  EXPECT_FALSE(plain.has_value()) << "nobody knows whether it was done";
  EXPECT_EQ(client.request("POST", "/b", {{"Idempotency-Key", "k"}})->body, "2");
}

TEST(HttpClientTest, ARequestCannotBeSplit) {
  HttpClient client({"", "127.0.0.1", 1, ""}, quick());
  EXPECT_EQ(client.request("GET", "/a b").error().code, Code::invalid);
  EXPECT_EQ(client.request("GET", "/a\r\nX: y").error().code, Code::invalid);
  EXPECT_EQ(client.request("GET", "relative").error().code, Code::invalid);
  EXPECT_EQ(client.request("GET", "/a", {{"X", "a\r\nY: b"}}).error().code, Code::invalid);
  EXPECT_EQ(encode_query("a b/ü&=%"), "a%20b%2F%C3%BC%26%3D%25");
}

TEST(HttpClientTest, WhoIsNotThereIsNamedWithTheCommandToType) {
  HttpClient client({"/nonexistent/orchestrator.sock", "", 0, ""}, quick());
  const auto response = client.request("GET", "/health");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::unavailable);
  EXPECT_EQ(response.error().message,
            "cannot reach the coordinator at /nonexistent/orchestrator.sock: No such file or directory");
  EXPECT_EQ(response.error().hint, "start it with: provisioning platform start orchestrator");
  HttpClient far({std::string(200, 'x'), "", 0, ""}, quick());
  EXPECT_FALSE(far.request("GET", "/health").has_value());
  HttpClient name({"", "example.invalid", 1, ""}, quick());
  EXPECT_EQ(name.request("GET", "/health").error().code, Code::invalid) << "no name is looked up";
}

TEST(HttpClientTest, ASilentServerIsGivenUp) {
  HttpLimits limits = quick();
  limits.wait_ms = 50;
  ScriptedServer server({{""}});
  HttpClient client(server.endpoint(), limits);
  const auto response = client.request("GET", "/x");
  ASSERT_FALSE(response.has_value());
  EXPECT_EQ(response.error().code, Code::unavailable);
}

TEST(WsClientTest, ARefusedHandshakeKeepsItsReason) {
  const std::string body =
      R"({"error":{"code":"conflict","hint":"read \"anew\"","message":"the log ends"},"success":false})";
  ScriptedServer server(
      {{"HTTP/1.1 409 Conflict\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body}});
  const auto ws = WsClient::connect(server.endpoint(), "/ws", quick());
  ASSERT_FALSE(ws.has_value());
  EXPECT_EQ(ws.error().code, Code::conflict);
  EXPECT_EQ(ws.error().message, "the log ends");
  EXPECT_EQ(ws.error().hint, "read \"anew\"");
}

TEST(WsClientTest, AWrongProofIsRefused) {
  ScriptedServer server({{"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n"}});
  EXPECT_FALSE(WsClient::connect(server.endpoint(), "/ws", quick()).has_value());
}

}  // namespace
}  // namespace prov::io
