#include <random>

#include "tests/unit/api/feed_fixture.h"

namespace prov::api {
namespace {

using projection::Topic;

class Feed : public FeedFixture {};

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t n = first; n <= last; ++n) out.push_back(n);
  return out;
}

TEST_F(Feed, WithoutFromItBeginsNow) {
  for (int i = 0; i < 5; ++i) publish();
  FakeChannel channel;
  const auto feed = client({});
  feed->on_open(channel);
  settle();
  EXPECT_TRUE(channel.sent.empty());
  publish();
  settle();
  EXPECT_EQ(sequences(channel), from_to(6, 6));
  EXPECT_EQ(archive.pages, 0);
  feed->on_closed();
}

TEST_F(Feed, WhatIsOnItsWayIsNotReadFromTheLog) {
  FakeChannel channel;
  auto feed = client({});
  feed->on_open(channel);
  publish();
  publish();
  drain(channel, *feed);  // between the publishing and the delivery
  settle();
  EXPECT_EQ(sequences(channel), from_to(1, 2));
  EXPECT_EQ(archive.pages, 0);
  for (std::size_t i = 0; i < FeedHub::kRecentEvents + 100; ++i) publish();  // more at once than is kept
  settle();
  EXPECT_EQ(sequences(channel), from_to(1, FeedHub::kRecentEvents + 102));
  EXPECT_EQ(archive.pages, 0);
  feed->on_closed();
}

TEST_F(Feed, WithFromTheLogComesFirst) {
  for (int i = 0; i < 35; ++i) publish();
  FakeChannel channel;
  const auto feed = client({.from = 4});
  feed->on_open(channel);
  publish();  // while the log is read
  settle();
  publish();
  settle();
  EXPECT_EQ(sequences(channel), from_to(5, 37));
  feed->on_closed();
}

TEST_F(Feed, FiltersMoveTheCursorToo) {
  const Id mine = workflow_id(Id{{7}});
  FakeChannel channel;
  const auto feed = client({.from = 0, .filter = {{Topic::workflow}, "", mine}});
  feed->on_open(channel);
  for (int i = 0; i < 25; ++i) publish(i == 3 || i == 20 ? mine : workflow_id(Id{{8}}));
  settle();
  EXPECT_EQ(sequences(channel), (std::vector<std::uint64_t>{4, 21}));
  feed->on_ping_due();
  EXPECT_EQ(channel.texts().back(), nlohmann::json({{"kind", "ping"}, {"sequence", 25}})) << "resume from there";
  feed->on_closed();
}

TEST_F(Feed, ASlowClientIsReadForOnlyAsFastAsItTakes) {
  live_bytes = 100'000;
  FakeChannel channel;
  const auto feed = client({.from = 0});
  feed->on_open(channel);
  for (int i = 0; i < 200; ++i) {
    publish();
    settle();
  }
  EXPECT_LT(channel.most_queued, kPauseBytes + (200'000U));
  EXPECT_LT(sequences(channel).size(), 15U);
  for (int i = 0; i < 100; ++i) {
    drain(channel, *feed);
    settle();
  }
  EXPECT_EQ(sequences(channel), from_to(1, 200)) << "and misses nothing";
  feed->on_closed();
}

TEST_F(Feed, WhoIsFarBehindReadsTheLogAgain) {
  FakeChannel channel;
  const auto feed = client({});
  feed->on_open(channel);
  channel.queued = std::size_t{1} << 30;  // it takes nothing for a while
  for (std::size_t i = 0; i < FeedHub::kRecentEvents + 100; ++i) publish();
  settle();
  EXPECT_TRUE(channel.sent.empty());
  drain(channel, *feed);
  settle();
  EXPECT_EQ(sequences(channel), from_to(1, FeedHub::kRecentEvents + 100));
  EXPECT_GT(archive.pages, 0);
  feed->on_closed();
}

TEST_F(Feed, WhenTheHandOverOverflowsTheLogFillsTheGap) {
  archive.page_events = 100'000;
  FakeChannel channel;
  const auto feed = client({});
  feed->on_open(channel);
  for (std::size_t i = 0; i < FeedHub::kPendingEvents + 100; ++i) publish();  // the io thread does not run
  settle();
  EXPECT_EQ(sequences(channel).size(), FeedHub::kPendingEvents + 100);
  EXPECT_EQ(sequences(channel).back(), FeedHub::kPendingEvents + 100);
  feed->on_closed();
}

TEST_F(Feed, ADamagedLogEndsTheFeedWithItsReason) {
  for (int i = 0; i < 5; ++i) publish();
  archive.broken = true;
  FakeChannel channel;
  const auto feed = client({.from = 0});
  feed->on_open(channel);
  settle();
  EXPECT_EQ(channel.code, kCloseInternal);
  EXPECT_EQ(channel.reason, "commit 7 is damaged");
  feed->on_closed();
}

TEST_F(Feed, ClosedWhileThePageIsReadItStaysClosed) {
  for (int i = 0; i < 5; ++i) publish();
  FakeChannel channel;
  auto feed = client({.from = 0});
  feed->on_open(channel);
  feed->on_closed();
  settle();
  EXPECT_TRUE(channel.sent.empty());
  feed->on_open(channel);
  std::weak_ptr<FeedClient> weak = feed;
  feed->on_closed();
  feed.reset();
  EXPECT_TRUE(weak.expired()) << "nothing that is under way keeps it";
  settle();
}

TEST_F(Feed, TailsAreTheNewestPerTaskAndGoBehindEvents) {
  const Id mine = workflow_id(Id{{7}});
  FakeChannel channel;
  const auto feed = client({.filter = {{}, "", mine}, .output_tail = true});
  feed->on_open(channel);
  channel.queued = 10;  // something is still on its way
  for (int i = 0; i < 50; ++i) hub.publish_output(task_id(mine, 1), 1, static_cast<std::uint64_t>(i), "x");
  hub.publish_output(task_id(mine, 2), 1, 0, std::string(5000, 'a') + "last line\n");
  hub.publish_output(task_id(workflow_id(Id{{9}}), 1), 1, 0, "another's");
  settle();
  EXPECT_TRUE(channel.sent.empty());
  drain(channel, *feed);
  const auto frames = channel.texts();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0]["offset"], 49);
  EXPECT_EQ(frames[1]["data"].get<std::string>().size(), kNewsBytes);
  EXPECT_EQ(frames[1]["offset"], 5010 - kNewsBytes);
  EXPECT_TRUE(frames[1]["data"].get<std::string>().ends_with("last line\n"));
  feed->on_closed();
}

TEST_F(Feed, WithoutListenersNothingIsKept) {
  for (std::size_t i = 0; i < 100; ++i) publish();
  EXPECT_FALSE(io.run_one());
  EXPECT_EQ(hub.recent(100), nullptr);
  EXPECT_EQ(hub.head(), 100U);
}

// Whatever the order in which events come, pages end, queues drain and clients reconnect: each client sees every
// sequence that passes its filter exactly once and in order.
TEST_F(Feed, EverySequenceOnceAndInOrderUnderAnyInterleaving) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 100; ++round) {
    struct One {
      FakeChannel channel;
      std::shared_ptr<FeedClient> feed;
      std::uint64_t from;
      std::vector<std::uint64_t> seen;
      projection::FeedFilter filter;
    };
    archive.page_events = 1 + random() % 20;
    live_bytes = random() % 2 == 0 ? 10 : 150'000;
    std::vector<std::unique_ptr<One>> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(std::make_unique<One>());
      One& one = *clients.back();
      one.from = random() % (hub.head() + 1);
      if (i == 2) one.filter.workspace = "w";
      one.feed = client({.from = one.from, .filter = one.filter});
      one.feed->on_open(one.channel);
    }
    const auto take = [&](One& one) {
      for (const std::uint64_t n : sequences(one.channel)) one.seen.push_back(n);
      one.channel.sent.clear();
    };
    for (int step = 0; step < 120; ++step) {
      One& one = *clients[random() % clients.size()];
      switch (random() % 6) {
        case 0:
        case 1:
          for (auto n = random() % 8; n > 0; --n) publish();
          break;
        case 2: io.run_one(); break;
        case 3: reader.run_one(); break;
        case 4: drain(one.channel, *one.feed); break;
        default:
          if (random() % 10 != 0) break;
          take(one);  // it reconnects, and resumes after the last that it saw
          one.feed->on_closed();
          one.channel = FakeChannel();
          const std::uint64_t last = one.seen.empty() ? one.from : one.seen.back();
          one.feed = client({.from = last, .filter = one.filter});
          one.feed->on_open(one.channel);
          break;
      }
    }
    for (int quiet = 0; quiet < 2;) {
      settle();
      std::size_t left = 0;
      for (auto& one : clients) {
        left += one->channel.queued;
        drain(one->channel, *one->feed);
      }
      quiet = left == 0 ? quiet + 1 : 0;
    }
    for (auto& one : clients) {
      take(*one);
      std::vector<std::uint64_t> expected;
      for (std::uint64_t n = one->from + 1; n <= hub.head(); ++n) {
        if (projection::passes(one->filter, archive.log[n - 1]->meta)) expected.push_back(n);
      }
      ASSERT_EQ(one->seen, expected) << "round " << round;
      one->feed->on_closed();
    }
    if (archive.log.size() > 400) {  // keep rounds small: begin a new log
      archive.log.clear();
      for (std::uint64_t n = 0; n < hub.head(); ++n) archive.log.push_back(workflow_event(n + 1));
    }
  }
}

}  // namespace
}  // namespace prov::api
