// Who may call what: the table of routes is walked, so a new route is covered the moment it exists.
#include "tests/unit/api/fake_platform.h"

namespace prov::api {
namespace {

std::string target_of(const Route& route) {
  std::string out;
  for (std::size_t i = 0; i < route.pattern.size(); ++i) {
    if (route.pattern[i] != '{') {
      out.push_back(route.pattern[i]);
      continue;
    }
    out += "x";
    i = route.pattern.find('}', i);
  }
  return out;
}

class Access : public ApiTest {
 protected:
  int status_of(const Route& route, const std::optional<domain::Principal>& who, const std::string& authorization = {},
                const std::string& host = "localhost:1234") {
    const std::string target = target_of(route);
    Head head;
    head.method = route.method;
    head.target = target;
    head.peer = who;
    head.authorization = authorization;
    head.host = host;
    const auto admitted = router.admit(head);
    const auto* refused = std::get_if<Response>(&admitted);
    return refused == nullptr ? 200 : refused->status;
  }
};

TEST_F(Access, OnlyHealthIsOpen) {
  std::size_t open = 0, closed = 0;
  for (const Route& route : routes()) {
    const int nobody = status_of(route, std::nullopt), stranger = status_of(route, kStranger);
    if (route.pattern == "/health") {
      EXPECT_EQ(nobody, 200);
      ++open;
      continue;
    }
    EXPECT_EQ(nobody, 401) << name_of(route.method) << " " << route.pattern;
    EXPECT_EQ(stranger, 403) << name_of(route.method) << " " << route.pattern;
    EXPECT_EQ(status_of(route, kOwner), 200) << name_of(route.method) << " " << route.pattern;
    ++closed;
  }
  EXPECT_EQ(open, 1U);
  EXPECT_GT(closed, 30U);
}

TEST_F(Access, EveryKindOfWrongTokenIs401Everywhere) {
  for (const Route& route : routes()) {
    if (route.access == api::Access::open) continue;
    for (const std::string wrong : {"Bearer ", "Bearer wrong", "Basic cm9vdDpyb290", "Bearer", "bearer  ", "Token x"}) {
      EXPECT_EQ(status_of(route, std::nullopt, wrong), 401) << route.pattern << " with " << wrong;
    }
    EXPECT_EQ(status_of(route, std::nullopt, "Bearer " + kToken), 200) << route.pattern;
    EXPECT_EQ(status_of(route, std::nullopt, "Bearer " + kToken + "x"), 401) << route.pattern;
  }
}

TEST_F(Access, AgentsHaveNoBusinessHere) {
  const domain::Principal agent{"agent:00", "curve", domain::Transport::agent_link};
  for (const Route& route : routes()) {
    if (route.access == api::Access::open) continue;
    EXPECT_EQ(status_of(route, agent), 403) << route.pattern;
  }
}

TEST_F(Access, ATokenInTheQueryCountsForWebSocketsAlone) {
  Head head;
  head.method = Method::get;
  head.host = "localhost";
  const std::string socket = "/ws?token=" + kToken, plain = "/status?token=" + kToken;
  head.target = socket;
  EXPECT_TRUE(std::holds_alternative<Admitted>(router.admit(head)));
  head.target = plain;
  EXPECT_EQ(std::get<Response>(router.admit(head)).status, 401);
}

TEST_F(Access, WhatIsNotListedIsNotThere) {
  for (const std::string target :
       {"/", "/statu", "/status/x", "/agents/a/b/c", "/workflows/servers/create/x", "/admin"}) {
    const auto answer = call(Method::get, target);
    EXPECT_EQ(answer.status(), 404) << target;
    EXPECT_EQ(answer.code(), "not_found");
  }
}

TEST_F(Access, AWrongMethodNamesTheRightOnes) {
  const auto answer = call(Method::put, "/workflows/noop");
  EXPECT_EQ(answer.status(), 405);
  EXPECT_EQ(answer.header("Allow"), "POST");
  EXPECT_EQ(call(Method::post, "/agents/x").header("Allow"), "GET, DELETE");
  EXPECT_EQ(call(Method::other, "/status").status(), 405);
}

TEST_F(Access, AForeignHostOrOriginIsRefusedOnTcp) {
  Head head;
  head.method = Method::get;
  head.target = "/health";
  for (const std::string_view good : {"localhost", "localhost:80", "127.0.0.1:9", "[::1]", "[::1]:9"}) {
    head.host = good;
    EXPECT_TRUE(std::holds_alternative<Admitted>(router.admit(head))) << good;
  }
  for (const std::string_view bad : {"", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[::2]:1",
                                     "[::1", "10.0.0.1", "localhost@evil"}) {
    head.host = bad;
    EXPECT_EQ(std::get<Response>(router.admit(head)).status, 403) << bad;
  }
  head.host = "localhost";
  for (const std::string_view bad : {"http://evil.example", "null", "file://", "http://localhost.evil.example"}) {
    head.origin = bad;
    EXPECT_EQ(std::get<Response>(router.admit(head)).status, 403) << bad;
  }
  head.origin = "http://127.0.0.1:8080";
  EXPECT_TRUE(std::holds_alternative<Admitted>(router.admit(head)));
  head.hosts = 2;
  EXPECT_EQ(std::get<Response>(router.admit(head)).status, 403) << "two Host headers";
  head.peer = kOwner;
  head.host = "whatever";
  EXPECT_TRUE(std::holds_alternative<Admitted>(router.admit(head))) << "a Unix socket has no such danger";
}

TEST_F(Access, EveryRouteRefusesAQueryFieldThatItDoesNotKnow) {
  for (const Route& route : routes()) {
    const std::string target = target_of(route) + "?nonsense=1";
    Head head;
    head.method = route.method;
    head.target = target;
    head.peer = kOwner;
    const auto refused = router.admit(head);
    ASSERT_TRUE(std::holds_alternative<Response>(refused)) << route.pattern;
    EXPECT_EQ(std::get<Response>(refused).status, 400) << route.pattern;
  }
  const auto answer = call(Method::get, "/servers?infro=x");
  EXPECT_EQ(answer.json["error"]["hint"], "did you mean \"infra\"?");
  EXPECT_EQ(call(Method::get, "/servers?infra=x&infra=y").status(), 400);
}

// Whatever a handler does with a body that makes no sense, it answers, and never with 500.
TEST_F(Access, EveryRouteAnswersNonsenseWithAClearRefusal) {
  for (const Route& route : routes()) {
    if (route.socket != Socket::none || route.max_body == 0) continue;
    for (const std::string body : {"", "{}", "[]", "null", "7", "{", "\xff", R"({"nonsense":1})", R"({"name":7})"}) {
      const auto answer = call(route.method, target_of(route), body);
      const bool fine = answer.status() == 200 || (answer.status() >= 400 && answer.status() < 500);
      EXPECT_TRUE(fine) << route.pattern << " with " << body << ": " << answer.status();
      if (answer.status() < 400) continue;
      EXPECT_FALSE(answer.message().empty()) << route.pattern << " with " << body;
    }
  }
}

TEST_F(Access, TheCommandItselfIsAuthorizedAgain) {
  services.policy.owners.insert("uid:7");  // may read; the domain's policy knows only uid:0
  Head head;
  head.method = Method::post;
  head.target = "/workspaces";
  head.peer = domain::Principal{"uid:7", "peer", domain::Transport::unix_socket};
  const auto answer = send(head, R"({"name":"demo"})");
  EXPECT_EQ(answer.status(), 403);
  EXPECT_EQ(answer.code(), "denied");
}

}  // namespace
}  // namespace prov::api
