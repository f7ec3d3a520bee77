#include "coordinator/api/ws_feed/shell_stream.h"

#include "tests/unit/api/feed_fixture.h"

namespace prov::api {
namespace {

class FakeShells final : public Shells {
 public:
  void open(const ShellWish& wanted, const domain::Principal& by, Events with) override {
    wish = wanted;
    who = by;
    events = std::move(with);
    ++opened;
  }
  void input(const Id& session, std::string data) override {
    EXPECT_EQ(session, id);
    typed += data;
    most = std::max(most, data.size());
  }
  void resize(const Id&, std::uint16_t rows, std::uint16_t columns) override { sizes.emplace_back(rows, columns); }
  void close(const Id& session) override { closed.push_back(session); }

  const Id id{{9}};
  ShellWish wish;
  domain::Principal who;
  Events events;
  int opened = 0;
  std::string typed;
  std::size_t most = 0;
  std::vector<std::pair<int, int>> sizes;
  std::vector<Id> closed;
};

class Shell : public testing::Test {
 protected:
  void settle() {
    while (io.run_one() || owner.run_one()) continue;
  }
  FakeShells shells;
  test::ManualExecutor io, owner;
  FakeChannel channel;
  std::shared_ptr<ShellStream> stream = std::make_shared<ShellStream>(
      ShellWish{"w", "db-1", "xterm", 30, 100, {}}, domain::Principal{"uid:0", "peer", domain::Transport::unix_socket},
      shells, io, owner);
};

TEST_F(Shell, CarriesBothWaysAndEndsWithTheExitCode) {
  stream->on_open(channel);
  settle();
  EXPECT_EQ(shells.wish.server, "db-1");
  EXPECT_EQ(shells.who.subject, "uid:0");
  shells.events.opened(shells.id);
  stream->on_message(true, "ls\n");
  stream->on_message(false, R"({"kind":"resize","rows":50,"columns":200})");
  settle();
  EXPECT_EQ(shells.typed, "ls\n");
  EXPECT_EQ(shells.sizes, (std::vector<std::pair<int, int>>{{50, 200}}));
  shells.events.output("file\r\n");
  shells.events.ended(3, "");
  settle();
  EXPECT_EQ(channel.bytes(), "file\r\n");
  EXPECT_EQ(channel.texts().at(0), nlohmann::json({{"kind", "end"}, {"exit_code", 3}, {"reason", ""}}));
  EXPECT_EQ(channel.code, kCloseNormal);
  stream->on_closed();
  settle();
  EXPECT_TRUE(shells.closed.empty()) << "it is over already";
}

TEST_F(Shell, WhatIsTypedBeforeItIsOpenComesInOrderAfterwards) {
  stream->on_open(channel);
  for (int i = 0; i < 50; ++i) stream->on_message(true, std::to_string(i) + ",");
  settle();
  EXPECT_EQ(shells.typed, "");
  shells.events.opened(shells.id);
  stream->on_message(true, "end");
  settle();
  EXPECT_TRUE(shells.typed.starts_with("0,1,2,3,"));
  EXPECT_TRUE(shells.typed.ends_with("48,49,end"));
}

TEST_F(Shell, AFloodOfInputIsHeldAtTheSocket) {
  stream->on_open(channel);
  settle();
  shells.events.opened(shells.id);
  int taken = 0;
  while (stream->takes_more() && taken < 10'000) {
    stream->on_message(true, "x");
    ++taken;
  }
  EXPECT_LE(taken, 100);
  settle();
  EXPECT_TRUE(stream->takes_more());
  EXPECT_EQ(shells.typed.size(), static_cast<std::size_t>(taken));
}

TEST_F(Shell, LongInputIsCutForTheLink) {
  stream->on_open(channel);
  settle();
  shells.events.opened(shells.id);
  stream->on_message(true, std::string(200 << 10, 'x'));
  settle();
  EXPECT_EQ(shells.typed.size(), std::size_t{200} << 10);
  EXPECT_EQ(shells.most, std::size_t{64} << 10);
}

TEST_F(Shell, ARefusalIsTheEnd) {
  stream->on_open(channel);
  settle();
  shells.events.opened(fail(Code::not_found, "no agent is enrolled for \"db-1\""));
  settle();
  EXPECT_EQ(channel.texts().at(0)["reason"], "no agent is enrolled for \"db-1\"");
  EXPECT_EQ(channel.texts().at(0)["exit_code"], -1);
}

TEST_F(Shell, WhenTheOperatorGoesTheSessionIsClosed) {
  stream->on_open(channel);
  settle();
  shells.events.opened(shells.id);
  stream->on_closed();
  settle();
  EXPECT_EQ(shells.closed, std::vector<Id>{shells.id});
}

TEST_F(Shell, EvenWhenItWasNotOpenYet) {
  stream->on_open(channel);
  stream->on_closed();
  stream.reset();
  settle();
  ASSERT_EQ(shells.opened, 1);
  shells.events.opened(shells.id);
  settle();
  EXPECT_EQ(shells.closed, std::vector<Id>{shells.id});
  shells.events.output("nobody hears this");
  settle();
}

TEST_F(Shell, AnUnreadShellIsCutOffBeforeItFillsTheMemory) {
  stream->on_open(channel);
  settle();
  shells.events.opened(shells.id);
  for (int i = 0; i < 200 && channel.code == 0; ++i) {
    shells.events.output(std::string(64 << 10, 'x'));
    settle();
  }
  EXPECT_EQ(channel.code, kClosePolicy);
  EXPECT_LE(channel.queued, kMaxQueuedBytes);
}

TEST_F(Shell, NonsenseFromTheClientClosesIt) {
  for (const std::string bad :
       {"", "{", "[]", "7", R"({"kind":"resize"})", R"({"kind":"resize","rows":0,"columns":1})",
        R"({"kind":"resize","rows":70000,"columns":1})", R"({"kind":"other","rows":1,"columns":1})",
        R"({"kind":"resize","rows":"1","columns":1})"}) {
    channel = {};
    const auto one = std::make_shared<ShellStream>(ShellWish{}, domain::Principal{}, shells, io, owner);
    one->on_open(channel);
    one->on_message(false, bad);
    EXPECT_EQ(channel.code, kCloseBadData) << bad;
    one->on_closed();
    settle();
  }
}

}  // namespace
}  // namespace prov::api
