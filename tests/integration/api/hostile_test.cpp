// What enemies and broken programs do.
#include <unistd.h>

#include <thread>

#include "tests/integration/api/raw_socket.h"
#include "tests/integration/api/rig.h"

namespace prov::api {
namespace {

using namespace std::string_literals;
using nlohmann::json;

int status_of(const std::string& response) {
  return response.size() > 12 && response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}

TEST(Hostile, TheBodyOfOneWhoMayNotIsNeverRead) {
  Rig rig;
  RawSocket socket = RawSocket::tcp(rig.tcp_port);
  // 16 MiB are announced and none is sent: the refusal comes all the same.
  ASSERT_TRUE(socket.send(request("POST /workflows/noop?workspace=w", "Content-Length: 16777216\r\n")));
  const std::string response = socket.read_response();
  EXPECT_EQ(status_of(response), 401) << response;
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  socket.finish_sending();
  EXPECT_EQ(socket.read_to_end(5000), "");
}

TEST(Hostile, OneByteTooMuchIsRefusedByItsAnnouncement) {
  Rig rig;
  for (const auto& [bytes, expected] :
       {std::pair{std::size_t{16 << 20}, 400}, std::pair{(std::size_t{16} << 20) + 1, 413}}) {
    io::HttpClient client(rig.unix_endpoint());
    const auto response = client.request("POST", "/workflows/noop?workspace=w", {}, std::string(bytes, ' '));
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->status, expected) << bytes;
  }
  io::HttpClient client(rig.unix_endpoint());
  EXPECT_EQ(client.request("GET", "/status", {}, "a body that GET does not take")->status, 413);
  EXPECT_EQ(client.request("GET", "/health")->status, 200);
}

TEST(Hostile, AChunkedBodyThatGrowsTooLargeIsCutOff) {
  Rig rig;
  RawSocket socket = RawSocket::unix_path(rig.socket_path);
  ASSERT_TRUE(socket.send(request("POST /workspaces", "Transfer-Encoding: chunked\r\n")));
  const std::string chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
  for (int i = 0; i < 64; ++i) {
    if (!socket.send(chunk)) break;
  }
  EXPECT_EQ(status_of(socket.read_response()), 413);
}

TEST(Hostile, HeadsAreBoundedInSizeAndTime) {
  RigOptions options;
  options.http.head_ms = 300;
  Rig rig(options);
  RawSocket large = RawSocket::tcp(rig.tcp_port);
  large.send(request("GET /health", "X: " + std::string(20'000, 'x') + "\r\n"));
  EXPECT_EQ(status_of(large.read_response()), 431);
  // Slowloris: a byte now and then. The time is for the whole head, so it does not help.
  RawSocket slow = RawSocket::tcp(rig.tcp_port);
  const auto begin = std::chrono::steady_clock::now();
  const std::string head = request("GET /health", "X: " + std::string(1000, 'x') + "\r\n");
  for (std::size_t i = 0; i < head.size() && slow.send(head.substr(i, 1)); ++i) {
    if (slow.read_to_end(20) != "(open)") break;
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::seconds(5)) << "it would have taken 20 s";
  RawSocket silent = RawSocket::tcp(rig.tcp_port);
  EXPECT_EQ(silent.read_to_end(5000), "") << "who says nothing is not waited for either";
}

TEST(Hostile, ABodyThatTricklesIsCutOff) {
  RigOptions options;
  options.http.body_ms = 300;
  Rig rig(options);
  RawSocket socket = RawSocket::unix_path(rig.socket_path);
  ASSERT_TRUE(socket.send(request("POST /workspaces", "Content-Length: 20\r\n") + "{"));
  EXPECT_EQ(socket.read_to_end(5000), "");
  EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
}

TEST(Hostile, WhoLeavesWhileHeWaitsKeepsNoPlace) {
  RigOptions options;
  options.http.look_ms = 20;
  options.http.max_unix_connections = 3;
  Rig rig(options);
  rig.add_host("a");
  rig.play({"", std::nullopt});
  const std::string body = R"({"servers":["a"]})";
  const std::string wait =
      request("POST /workflows/noop?workspace=w&wait=3600", "Content-Length: " + std::to_string(body.size()) + "\r\n") +
      body;
  RawSocket stays = RawSocket::unix_path(rig.socket_path);
  ASSERT_TRUE(stays.send(wait));
  {
    RawSocket leaves = RawSocket::unix_path(rig.socket_path), leaves_too = RawSocket::unix_path(rig.socket_path);
    ASSERT_TRUE(leaves.send(wait));
    ASSERT_TRUE(leaves_too.send(wait));
    while (rig.on_owner([&] { return rig.core().state().workflows.size(); }) < 3) std::this_thread::yield();
  }
  const auto served = [&] {
    io::HttpClient client(rig.unix_endpoint());
    const auto response = client.request("GET", "/health");
    return response && response->status == 200;
  };
  while (!served()) std::this_thread::yield();
  EXPECT_EQ(stays.read_to_end(200), "(open)") << "who is still there is not cut off";
}

TEST(Hostile, ForeignHostsAndOriginsAreRefused) {
  Rig rig;
  const std::string bearer = "Authorization: Bearer " + rig.token() + "\r\n";
  for (const auto& [head, expected] : std::vector<std::pair<std::string, int>>{
           {"GET /status HTTP/1.1\r\nHost: evil.example\r\n" + bearer + "\r\n", 403},
           {"GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n" + bearer + "\r\n", 403},
           {"GET /status HTTP/1.1\r\n" + bearer + "\r\n", 403},
           {"GET /status HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" + bearer + "\r\n", 403},
           {"GET http://evil.example/status HTTP/1.1\r\nHost: localhost\r\n" + bearer + "\r\n", 400},
           {"GET /status HTTP/1.1\r\nHost: localhost:1\r\n" + bearer + "\r\n", 200}}) {
    RawSocket socket = RawSocket::tcp(rig.tcp_port);
    ASSERT_TRUE(socket.send(head));
    EXPECT_EQ(status_of(socket.read_response()), expected) << head;
  }
}

TEST(Hostile, WhatIsNoHttpIsToldSoAndNobodyElseNotices) {
  Rig rig;
  for (const std::string& bytes :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello over TLS\r\n\r\n"), std::string("GET\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("\r\n\r\n\r\n\r\nx\r\n\r\n"),
        request("GET /health", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        request("GET /health", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        request("GET /health", "Content-Length: -5\r\n"), "GET /he\0alth HTTP/1.1\r\n\r\n"s,
        "GET /" + std::string(9000, 'x') + " HTTP/1.1\r\nHost: localhost\r\n\r\n"}) {
    RawSocket socket = RawSocket::unix_path(rig.socket_path);
    socket.send(bytes);
    socket.finish_sending();
    const int status = status_of(socket.read_to_end(5000));
    EXPECT_TRUE(status == 0 || status == 400 || status == 404) << status << " for " << bytes.substr(0, 40);
    EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
  }
}

TEST(Hostile, PipelinedRequestsAreAnsweredInOrder) {
  Rig rig;
  RawSocket socket = RawSocket::unix_path(rig.socket_path);
  const std::string name = R"({"name":"piped"})";
  ASSERT_TRUE(socket.send(request("GET /health") + request("POST /workspaces", "", name) + request("GET /nothing") +
                          request("GET /workspaces")));
  EXPECT_NE(socket.read_response().find("healthy"), std::string::npos);
  EXPECT_NE(socket.read_response().find("\"changed\":true"), std::string::npos);
  EXPECT_EQ(status_of(socket.read_response()), 404);
  EXPECT_NE(socket.read_response().find("\"piped\""), std::string::npos);
}

TEST(Hostile, ARefusedHeadHasNoBodyEither) {
  Rig rig;
  RawSocket socket = RawSocket::tcp(rig.tcp_port);
  ASSERT_TRUE(socket.send(request("HEAD /blobs/x") + request("HEAD /nothing") + request("GET /health")));
  EXPECT_EQ(status_of(socket.read_response()), 401);
  EXPECT_EQ(status_of(socket.read_response()), 404);
  EXPECT_EQ(status_of(socket.read_response()), 200) << "what follows is in step";
}

TEST(Hostile, TooManyConnectionsAreToldSoAndTheUnixSocketHasItsOwnRoom) {
  RigOptions options;
  options.http.max_tcp_connections = 4;
  Rig rig(options);
  std::vector<RawSocket> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(RawSocket::tcp(rig.tcp_port));
    ASSERT_TRUE(held.back().send(request("GET /health")));
    EXPECT_EQ(status_of(held.back().read_response()), 200);
  }
  RawSocket fifth = RawSocket::tcp(rig.tcp_port);
  const std::string refused = fifth.read_to_end(5000);
  EXPECT_EQ(status_of(refused), 503);
  EXPECT_EQ(json::parse(refused.substr(refused.find("\r\n\r\n") + 4))["error"]["code"], "unavailable");
  EXPECT_NE(refused.find("Content-Length: " + std::to_string(refused.size() - refused.find("\r\n\r\n") - 4)),
            std::string::npos);
  EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
  held.pop_back();
  for (int i = 0; i < 500; ++i) {
    RawSocket again = RawSocket::tcp(rig.tcp_port);
    again.send(request("GET /health"));
    if (status_of(again.read_response()) == 200) return;
    ::usleep(2000);
  }
  FAIL() << "a place that was given back is not taken again";
}

TEST(Hostile, BodiesTogetherAreBounded) {
  RigOptions options;
  options.http.max_bodies_bytes = 1 << 20;
  Rig rig(options);
  RawSocket first = RawSocket::unix_path(rig.socket_path);
  ASSERT_TRUE(first.send(request("POST /workflows/noop?workspace=w", "Content-Length: 1000000\r\n") + "{"));
  std::string response;
  for (int i = 0; i < 500 && status_of(response) != 503; ++i) {
    RawSocket second = RawSocket::unix_path(rig.socket_path);
    second.send(request("POST /workflows/noop?workspace=w", "Content-Length: 1000000\r\nConnection: close\r\n"));
    second.finish_sending();
    response = second.read_to_end(5000);
  }
  EXPECT_EQ(status_of(response), 503);
  EXPECT_EQ(rig.ask("POST", "/workspaces", {{"name", "small"}})["changed"], true);
}

TEST(Hostile, ManyWhoGoAwayInTheMiddle) {
  Rig rig;
  rig.add_host("a");
  for (int i = 0; i < 100; ++i) {
    RawSocket socket = RawSocket::unix_path(rig.socket_path);
    const std::string whole = request("POST /workflows/noop?workspace=w", "", R"({"servers":["a"],"count":5})");
    socket.send(whole.substr(0, static_cast<std::size_t>(i) * whole.size() / 90));
  }
  EXPECT_EQ(rig.ask("GET", "/health"), "Orchestrator is healthy");
}

}  // namespace
}  // namespace prov::api
