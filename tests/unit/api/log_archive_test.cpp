#include "coordinator/api/log_archive.h"
#include "common/json/json.h"

#include <random>

#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/event_json.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::api {
namespace {

using nlohmann::json;

class LogArchiveTest : public event_log::LogFixture {
 protected:
  LogArchiveTest() { fill(7, 300); }

  std::vector<domain::Event> all() {
    std::vector<domain::Event> out;
    event_log::replay(*log, {}, {}, [&](const domain::Event& event) {
      out.push_back(event);
      return true;
    });
    return out;
  }
  static std::vector<std::uint64_t> sequences(const EventPage& page) {
    std::vector<std::uint64_t> out;
    for (const auto& item : page.items) out.push_back(json::parse(item)["sequence"]);
    return out;
  }
  EventPage must(const EventQuery& query) {
    auto page = archive.events(query);
    EXPECT_TRUE(page.has_value()) << (page ? "" : page.error().message);
    return page ? *page : EventPage{};
  }
  void print(const Id& task, std::uint64_t offset, const std::string& text) {
    auto record = event_log::output_record(task, 1, offset, text);
    disk->sides[record.key] = record.value;
  }
  LogArchive archive{*log, {}};
};

TEST_F(LogArchiveTest, PagesGoOnWhereTheLastOneEnded) {
  const std::uint64_t last = live.sequence;
  ASSERT_GT(last, 800U);
  std::vector<std::uint64_t> seen;
  EventQuery query;
  query.limit = 37;
  for (;;) {
    const EventPage page = must(query);
    for (const auto n : sequences(page)) seen.push_back(n);
    if (!page.next_from) break;
    EXPECT_EQ(page.items.size(), 37U);
    query.filter.from = *page.next_from;
  }
  ASSERT_EQ(seen.size(), last);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 1);
}

TEST_F(LogArchiveTest, EachFilterFindsWhatALookAtEveryEventFinds) {
  const auto events = all();
  std::vector<EventQuery> queries;
  for (const std::size_t i : {5U, 100U, 400U, 700U}) {
    const auto& meta = events[i].meta;
    queries.push_back({{.from = i, .to = i + 50}});
    queries.push_back({{.types = {domain::name_of(events[i].body)}}});
    queries.push_back({{.workspace = meta.workspace}});
    queries.push_back({{.since_ms = meta.log_time_ms, .until_ms = meta.log_time_ms + 5000}});
    queries.push_back({{.aggregate = event_log::event_to_json(events[i]).value("aggregate_id", "")}});
    queries.push_back({{.aggregate = event_log::event_to_json(events[i]).value("aggregate_kind", "")}});
    if (const auto* ended = std::get_if<domain::TaskEnded>(&events[i].body)) {
      queries.push_back({{.workflow = workflow_id(ended->task)}});
    }
  }
  for (EventQuery& query : queries) {
    query.limit = 1000;
    std::vector<std::uint64_t> expected;
    for (const auto& event : events) {
      if (event_log::matches(query.filter, event)) expected.push_back(event.meta.sequence);
    }
    EXPECT_FALSE(expected.empty());
    expected.resize(std::min<std::size_t>(expected.size(), 1000));
    EXPECT_EQ(sequences(must(query)), expected);
    query.newest = true;
    query.limit = 3;
    const std::size_t skipped = expected.size() - std::min<std::size_t>(expected.size(), 3);
    if (live.sequence <= 1000) {
      expected.erase(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(skipped));
      EXPECT_EQ(sequences(must(query)), expected);
    }
  }
}

TEST_F(LogArchiveTest, TheNewestAreFoundFromTheEnd) {
  const EventPage page = must({.limit = 5, .newest = true});
  const std::uint64_t last = live.sequence;
  EXPECT_EQ(sequences(page), (std::vector<std::uint64_t>{last - 4, last - 3, last - 2, last - 1, last}));
  EXPECT_FALSE(page.next_from.has_value());
}

TEST_F(LogArchiveTest, QuestionsBeyondTheLogAreEmptyAnswers) {
  EXPECT_TRUE(must({{.from = live.sequence + 1}}).items.empty());
  EXPECT_TRUE(must({{.since_ms = UINT64_MAX}}).items.empty());
  EXPECT_TRUE(must({{.from = 10, .to = 9}}).items.empty());
  disk->commits.clear();
  EXPECT_TRUE(must({}).items.empty());
  EXPECT_TRUE(must({.newest = true}).items.empty());
}

TEST_F(LogArchiveTest, DamageIsSaidNotSkipped) {
  disk->flip(disk->commits.rbegin()->first / 2, 100);
  auto page = archive.events({.limit = 1000});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, Code::corrupt);
}

TEST_F(LogArchiveTest, WhatIsInAnArchiveElsewhereIsSaidNotSkipped) {
  ASSERT_TRUE(log->drop_before(100));
  EventQuery query;
  query.limit = 5;
  const auto refused = archive.events(query);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::corrupt);
  EXPECT_EQ(refused.error().message.find("commits 1 to 99 are neither in the log nor in an archive"), 0U);
  const std::string hint = refused.error().hint;
  query.filter.from = std::stoull(hint.substr(hint.rfind(' ') + 1));
  EXPECT_EQ(sequences(must(query)).front(), query.filter.from) << "as the hint says";
  query = {};
  query.limit = 5;
  query.newest = true;
  EXPECT_EQ(sequences(must(query)).back(), live.sequence) << "which the newest have nothing to do with";
  query.filter.types = {"LogCreated"};
  EXPECT_FALSE(archive.events(query)) << "it looked for more than there is";
}

TEST_F(LogArchiveTest, FeedPagesCoverEveryEventOnceWithAndWithoutHints) {
  std::vector<std::uint64_t> seen;
  projection::FeedFilter filter;
  for (std::uint64_t next = 1; next <= live.sequence;) {
    if (next % 3 == 0) archive.feed_page(1, 5, filter).value();  // another client in between
    auto page = archive.feed_page(next, std::min(live.sequence, next + 100), filter);
    ASSERT_TRUE(page.has_value());
    ASSERT_GT(page->next, next);
    for (const auto& frame : page->frames) seen.push_back(json::parse(frame)["sequence"]);
    next = page->next;
  }
  ASSERT_EQ(seen.size(), live.sequence);
  for (std::size_t i = 0; i < seen.size(); ++i) ASSERT_EQ(seen[i], i + 1);
  filter.topics = {projection::Topic::agent};
  auto filtered = archive.feed_page(1, live.sequence, filter);
  ASSERT_TRUE(filtered.has_value());
  EXPECT_LT(filtered->frames.size(), live.sequence);
  EXPECT_EQ(filtered->next, live.sequence + 1) << "what was filtered out was looked at";
  EXPECT_EQ(archive.feed_page(live.sequence + 1, live.sequence + 5, {})->next, live.sequence + 1);
}

TEST_F(LogArchiveTest, OutputOfAnySizeIsFoundAtAnyOffset) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 60; ++round) {
    const Id task = task_id(workflow_id(Id{{static_cast<std::uint8_t>(round + 1)}}), 0);
    std::string whole;
    const auto records = random() % 30;
    for (std::size_t i = 0; i < records; ++i) {
      const std::size_t most = random() % 3 == 0 ? 64 << 10 : random() % 20 == 0 ? 300 << 10 : 500;
      std::string text(1 + random() % most, '\0');
      for (char& c : text) c = static_cast<char>('a' + random() % 26);
      print(task, whole.size(), text);
      whole += text;
    }
    print(task_id(task, 1), 0, "another task's");
    auto bytes = archive.output_bytes(task, 1);
    ASSERT_TRUE(bytes.has_value());
    ASSERT_EQ(*bytes, whole.size());
    for (int look = 0; look < 20; ++look) {
      const std::size_t offset = whole.empty() ? 0 : random() % (whole.size() + 1), limit = 1 + random() % 200'000;
      auto piece = archive.output(task, 1, offset, limit);
      ASSERT_TRUE(piece.has_value());
      ASSERT_EQ(*piece, whole.substr(offset, limit)) << offset << " of " << whole.size();
    }
    ASSERT_EQ(*archive.output(task, 1, whole.size() + 12345, 10), "");
  }
}

TEST_F(LogArchiveTest, AnAttemptHasItsOwnOutput) {
  const Id task = task_id(workflow_id(Id{{1}}), 0);
  print(task, 0, "first");
  EXPECT_EQ(*archive.output_bytes(task, 1), 5U);
  EXPECT_EQ(*archive.output_bytes(task, 2), 0U);
  EXPECT_EQ(*archive.output(task, 2, 0, 10), "");
}

}  // namespace
}  // namespace prov::api
