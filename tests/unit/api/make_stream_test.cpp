#include "coordinator/api/ws_feed/make_stream.h"

#include "tests/unit/api/feed_fixture.h"

namespace prov::api {
namespace {

class NoShells final : public Shells {
 public:
  void open(const ShellWish&, const domain::Principal&, Events) override {}
  void input(const Id&, std::string) override {}
  void resize(const Id&, std::uint16_t, std::uint16_t) override {}
  void close(const Id&) override {}
};

class MakeStream : public FeedFixture {
 protected:
  Result<std::shared_ptr<Stream>> make(const std::string& target) {
    Admitted asked;
    for (const Route& route : routes()) {
      if (route.socket != Socket::none && target.substr(0, target.find('?')) == route.pattern) asked.route = &route;
    }
    asked.target = *parse_target(target);
    const StreamServices services{hub, backend, store, archive, history, shells, io, io, reader};
    return make_stream(asked, services);
  }
  NoShells shells;
  StateBackend backend;
  OutputStore store;
  PastStates history;
};

TEST_F(MakeStream, TakesWhatTheContractSays) {
  publish();
  const std::string id = "11111111-2222-3333-4444-000000000000", task = "11111111-2222-3333-4444-000000000001";
  for (const std::string& good :
       {std::string("/ws"), std::string("/ws?from=0"), std::string("/ws?from=1"),
        std::string("/ws?events=task,batch,system"), "/ws?workflow=" + id + "&output=tail", "/ws/output?task=" + task,
        "/ws/output?task=" + task + "&offset=5", std::string("/ws/shell?server=db-1&workspace=w"),
        std::string("/ws/shell?server=db-1&rows=50&columns=200&term=xterm&arg=ls&arg=-l")}) {
    const auto stream = make(good);
    EXPECT_TRUE(stream.has_value()) << good << ": " << (stream ? "" : stream.error().message);
  }
}

TEST_F(MakeStream, RefusesTheRestBeforeTheHandshake) {
  for (const std::string bad :
       {"/ws?from=x", "/ws?from=-1", "/ws?events=tusk", "/ws?events=task,,", "/ws?workflow=x", "/ws?output=tail",
        "/ws?output=all&workflow=11111111-2222-3333-4444-000000000000", "/ws?workspace=A", "/ws/output",
        "/ws/output?task=x", "/ws/output?task=11111111-2222-3333-4444-000000000000", "/ws/shell",
        "/ws/shell?server=../x", "/ws/shell?server=a&rows=0", "/ws/shell?server=a&columns=99999"}) {
    const auto stream = make(bad);
    ASSERT_FALSE(stream.has_value()) << bad;
    EXPECT_EQ(stream.error().code, Code::invalid) << bad;
  }
}

TEST_F(MakeStream, ASequenceBeyondTheLogIsNotWaitedFor) {
  publish();
  const auto stream = make("/ws?from=2");
  ASSERT_FALSE(stream.has_value());
  EXPECT_EQ(stream.error().code, Code::conflict);
  EXPECT_NE(stream.error().message.find("ends at sequence 1"), std::string::npos);
}

}  // namespace
}  // namespace prov::api
