#include "coordinator/event_log/commit.h"

#include <gtest/gtest.h>

#include <random>

#include "common/hash.h"
#include "tests/support/record_log/any_event.h"

namespace prov::event_log {
namespace {

using test::AnyEvent;

// A commit's events as a writer would number them: most are words of tasks, from few speakers, with what an envelope
// says of a task; one in `odd_of` says something else in one of its fields.
class Events {
 public:
  explicit Events(std::uint64_t seed, std::uint64_t odd_of = 8) : any_(seed), odd_of_(odd_of) {
    log_id_ = any_.bytes<Id>();
    for (domain::Principal& who : speakers_) who = {any_.text(80), any_.text(8), domain::Transport::agent_link};
  }

  std::vector<domain::Event> make(std::size_t count) {
    std::vector<domain::Event> out;
    for (std::size_t i = 0; i < count; ++i) {
      domain::Event event = any_.number(5) == 0 ? any_.any() : word_of_a_task();
      event.meta.log_id = log_id_;
      event.meta.sequence = ++sequence_;
      event.meta.log_time_ms = log_ms_ += any_.number(3);
      event.meta.wall_time_ms = log_ms_ - 1000 + any_.number(2000);
      out.push_back(std::move(event));
      if (any_.number(odd_of_) == 0) make_odd(out.back());
    }
    return out;
  }

 private:
  domain::Event word_of_a_task() {
    constexpr std::size_t kWords[] = {23, 24, 25};  // dispatched, started, ended
    domain::Event event = any_.of_type(kWords[any_.number(3)]);
    const domain::Aggregate about = domain::aggregate_of(event.body);
    event.meta.aggregate_kind = about.kind;
    event.meta.aggregate_id = about.id;
    event.meta.correlation = workflow_id(*Id::from(about.id));
    event.meta.command_id = {};
    event.meta.command_digest = 0;
    event.meta.epoch = 7;
    event.meta.workspace = any_.yes() ? "production" : "staging";
    event.meta.principal = domain::Shared(speakers_[any_.number(3)]);
    event.meta.causation = any_.yes() ? 0 : sequence_ - any_.number(90);
    if (auto* ended = std::get_if<domain::TaskEnded>(&event.body); ended != nullptr && any_.yes()) make_plain(*ended);
    return event;
  }

  // Of half of them there is a little more to say than that.
  void make_plain(domain::TaskEnded& ended) {
    domain::TaskEnded plain;
    plain.task = ended.task;
    plain.attempt = ended.attempt;
    plain.outcome = ended.outcome;
    plain.order_digest = ended.order_digest;
    plain.output_digest = digest_of("");
    plain.started = ended.started;
    plain.took_ms = ended.took_ms % (1ULL << 32);
    switch (any_.number(14)) {
      case 0: plain.output_digest = ended.output_digest; break;
      case 1: plain.output_bytes = 1; break;
      case 2: plain.exit_code = -1; break;
      case 3: plain.message = "x"; break;
      case 4: plain.outputs = {{"a", "b"}}; break;
      case 5: plain.retry_at_ms = 1; break;
      case 6: plain.took_ms = 1ULL << 32; break;
      default: break;
    }
    ended = plain;
  }

  void make_odd(domain::Event& event) {
    domain::Envelope& meta = event.meta;
    switch (any_.number(12)) {
      case 0: meta.log_id = any_.bytes<Id>(); break;
      case 1: meta.epoch = any_.small(); break;
      case 2: meta.sequence += any_.number(3); break;
      case 3: meta.workspace = any_.text(); break;
      case 4: meta.aggregate_kind = domain::AggregateKind::server; break;
      case 5: meta.aggregate_id = any_.text(); break;
      case 6: meta.principal = domain::Shared(domain::Principal{"odd", any_.text(), {}}); break;
      case 7: meta.command_id = any_.bytes<Id>(); break;
      case 8: meta.correlation = any_.bytes<Id>(); break;
      case 9: meta.causation = any_.yes() ? any_.number(UINT64_MAX) : meta.sequence + any_.number(2); break;
      case 10: meta.wall_time_ms = any_.number(UINT64_MAX); break;
      default: meta.command_digest = any_.small(); break;
    }
  }

  AnyEvent any_;
  std::uint64_t odd_of_, sequence_ = 100;
  TimeMs log_ms_ = 1'700'000'000'000;
  Id log_id_;
  domain::Principal speakers_[3];
};

std::string commit_of(const std::vector<domain::Event>& events, std::size_t* said_bytes = nullptr) {
  CommitBuilder builder;
  EventEncoder encoder;
  for (const domain::Event& event : events) builder.add(encoder, event);
  if (said_bytes != nullptr) *said_bytes = builder.bytes();
  Digest hash;
  return builder.finish(5, Digest{{1}}, hash);
}

std::string with_right_hash(std::string bytes) {
  bytes.resize(bytes.size() - Digest::kSize);
  return bytes + std::string(digest_of(bytes).view());
}

// Whoever reads it gets what was written, whatever a table can say of it.
TEST(Commit, EveryEventComesBackInItsPlace) {
  std::uint64_t in_tables = 0, others = 0, plain = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto events = Events(seed).make(1 + seed % 60);
    const std::string bytes = commit_of(events);
    auto commit = CommitView::open(bytes);
    ASSERT_TRUE(commit) << commit.error().message;
    EXPECT_EQ(commit->header().count, events.size());
    EXPECT_EQ(commit->header().first_sequence, events.front().meta.sequence);
    EXPECT_EQ(commit->header().log_time_ms, events.back().meta.log_time_ms);
    EXPECT_NE(bytes.starts_with("PRVCMT1\n"), commit->header().in_table > 0);
    plain += bytes.starts_with("PRVCMT3\n") ? 1 : 0;
    in_tables += commit->header().in_table;
    others += commit->header().count - commit->header().in_table;
    for (const domain::Event& event : events) {
      const auto view = commit->next();
      ASSERT_TRUE(view);
      const auto back = view->event();
      ASSERT_TRUE(back) << back.error().message;
      EXPECT_EQ(encode_event(*back), encode_event(event));
      const auto meta = view->envelope();
      ASSERT_TRUE(meta) << meta.error().message;
      EXPECT_EQ(encode_event({*meta, event.body}), encode_event(event));
    }
    EXPECT_FALSE(commit->next());
  }
  EXPECT_GT(in_tables, 9'000U);
  EXPECT_GT(others, 3'000U);
  EXPECT_GT(plain, 300U);
  EXPECT_LT(plain, 600U);
}

TEST(Commit, SaysAboutHowLongItWillBe) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    std::size_t said = 0;
    const std::string bytes = commit_of(Events(seed).make(200), &said);
    EXPECT_LE(bytes.size(), said * 11 / 10) << "seed " << seed;
    EXPECT_GE(bytes.size(), said * 8 / 10) << "seed " << seed;
  }
}

TEST(Commit, WithoutAWordOfATaskItIsOfTheFirstVersion) {
  domain::Event event;
  event.meta.sequence = 1;
  event.body = domain::WorkspaceRegistered{"production"};
  EXPECT_TRUE(commit_of({event}).starts_with("PRVCMT1\n"));
}

TEST(Commit, OfALaterVersionIsRefusedAsSuch) {
  std::string bytes = commit_of(Events(1).make(3));
  bytes[6] = '4';
  EXPECT_EQ(CommitView::open(bytes).error().code, Code::unsupported);
}

TEST(Commit, OneThatIsCutIsCorrupt) {
  const std::string bytes = commit_of(Events(2, 1'000'000).make(9));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const auto cut = CommitView::open(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(cut);
    EXPECT_EQ(cut.error().code, Code::corrupt);
    if (length < kCommitHeaderBytes + Digest::kSize) continue;
    auto signed_anew = CommitView::open(with_right_hash(bytes.substr(0, length)));
    EXPECT_FALSE(signed_anew) << length;
  }
}

// Somebody who makes the hash right can say anything; it is refused, or has as many events as it says.
TEST(Commit, AnyByteMayBeAnother) {
  std::size_t opened = 0, decoded = 0;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const std::string good = commit_of(Events(seed).make(12));
    for (std::size_t at = 64; at < good.size() - Digest::kSize; ++at) {
      for (const int other : {0x01, 0x80, 0xff}) {
        std::string bad = good;
        bad[at] = static_cast<char>(bad[at] ^ other);
        bad = with_right_hash(std::move(bad));
        auto commit = CommitView::open(bad);
        if (!commit) continue;
        ++opened;
        std::uint32_t count = 0;
        while (const auto view = commit->next()) {
          ++count;
          if (const auto event = view->event()) ++decoded;
        }
        ASSERT_EQ(count, commit->header().count) << "seed " << seed << ", byte " << at;
      }
    }
  }
  EXPECT_GT(opened, 1'000U);
  EXPECT_GT(decoded, opened);
}

}  // namespace
}  // namespace prov::event_log
