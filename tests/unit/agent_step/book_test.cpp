#include <gtest/gtest.h>

#include <random>

#include "agent/journal/record_codec.h"
#include "agent/step/book.h"

namespace prov::agent {
namespace {

StepId step(std::uint8_t task, std::uint32_t attempt = 1) {
  StepId out;
  out.task.bytes[0] = task;
  out.attempt = attempt;
  return out;
}

wire::Order order(std::uint8_t task, std::uint64_t sequence, std::uint32_t attempt = 1, bool exclusive = false) {
  wire::Order out;
  out.task = step(task).task;
  out.attempt = attempt;
  out.sequence = sequence;
  out.exclusive = exclusive;
  out.timeout_s = 60;
  out.action = wire::Exec{{"true"}, {}, {}};
  return out;
}

std::vector<StepId> startable_of(const Book& book) {
  std::vector<StepId> out;
  for (const Entry* entry : book.startable([](const Entry&) { return true; })) out.push_back(entry->step);
  return out;
}

struct Books : ::testing::Test {
  Book book{2, 4};
  std::vector<StepId> apply(decltype(Record::what) what) { return book.apply({++time, std::move(what)}); }
  void take(const wire::Order& each) { apply(Assigned{each, {}, "boot"}); }
  void start(const StepId& each) { apply(Started{each, "boot"}); }
  void end(const StepId& each, Outcome outcome = Outcome::done) { apply(StepEnded{each, {outcome, 0, {}, 0, {}}}); }
  std::vector<StepId> startable() { return startable_of(book); }
  TimeMs time = 0;
};

TEST_F(Books, TakesAnOrderOnce) {
  EXPECT_EQ(book.offer(order(1, 10)), Offer::take);
  take(order(1, 10));
  EXPECT_EQ(book.offer(order(1, 10)), Offer::known);
  start(step(1));
  EXPECT_EQ(book.offer(order(1, 10)), Offer::known);
  end(step(1));
  EXPECT_EQ(book.offer(order(1, 10)), Offer::known);
  apply(Reported{step(1)});
  EXPECT_EQ(book.offer(order(1, 10)), Offer::known);
  const auto forgotten = apply(Seen{1, 10, 20});
  EXPECT_EQ(forgotten, std::vector<StepId>{step(1)});
  EXPECT_EQ(book.offer(order(1, 10)), Offer::stale) << "settled: never again";
  EXPECT_EQ(book.offer(order(2, 9)), Offer::stale);
  EXPECT_EQ(book.offer(order(2, 11)), Offer::take);
}

// A log that lost its end, accepted so, gives an attempt out anew, with another number.
TEST_F(Books, AnOrderThatIsGivenOutAnewCountsByItsNewNumber) {
  take(order(1, 13));
  take(order(2, 14));
  start(step(1));
  apply(Seen{2, 15, 16});  // which says nothing of what has a number behind 15
  ASSERT_TRUE(book.find(step(1))) << "it still runs";
  EXPECT_FALSE(book.find(step(2)));
  take(order(1, 12));  // the log has lost more than it has written since
  EXPECT_EQ(book.find(step(1))->sequence, 12U);
  take(order(1, 17));
  EXPECT_EQ(book.find(step(1))->sequence, 17U);
  end(step(1));
  apply(Seen{2, 16, 18});
  EXPECT_TRUE(book.find(step(1))) << "its end is to be told";
  EXPECT_EQ(book.offer(order(1, 17)), Offer::known);
  Book again{2, 4};
  for (Record& record : book.condensed()) again.apply(std::move(record));
  EXPECT_EQ(again.find(step(1))->sequence, 17U);
  EXPECT_TRUE(apply(Seen{2, 17, 18}).empty()) << "and is kept until it has been told";
  EXPECT_EQ(apply(Reported{step(1)}), std::vector{step(1)});
}

TEST_F(Books, RefusesAnOlderAttempt) {
  take(order(1, 20, 2));
  EXPECT_EQ(book.offer(order(1, 10, 1)), Offer::stale);
  EXPECT_EQ(book.offer(order(1, 30, 3)), Offer::take);
}

TEST_F(Books, HoldsNoMoreThanItsCapacity) {
  for (std::uint8_t i = 1; i <= 4; ++i) take(order(i, i));
  EXPECT_EQ(book.offer(order(5, 5)), Offer::full);
  EXPECT_EQ(book.offer(order(4, 4)), Offer::known);
  end(step(1));
  EXPECT_EQ(book.offer(order(5, 5)), Offer::take) << "the coordinator has that credit back";
}

// An order that was lost on the way, or a step that runs for hours, keeps everything younger from being settled. What
// has ended meanwhile must neither keep the lost one out nor make the host idle.
TEST_F(Books, TakesAnOlderOrderBehindManyThatEnded) {
  take(order(1, 1));
  start(step(1));
  for (std::uint8_t i = 3; i < 40; ++i) {
    ASSERT_EQ(book.offer(order(i, i)), Offer::take) << int{i};
    take(order(i, i));
    end(step(i));
    apply(Reported{step(i)});
  }
  EXPECT_EQ(book.offer(order(2, 2)), Offer::take);
}

TEST_F(Books, RemembersABoundedNumberOfSteps) {
  for (std::uint32_t i = 1; i <= kMaxRemembered; ++i) {
    wire::Order one = order(0, i);
    one.task = task_id(Id{}, i);
    ASSERT_EQ(book.offer(one), Offer::take) << i;
    take(one);
    end({one.task, one.attempt});
  }
  EXPECT_EQ(book.offer(order(5, kMaxRemembered + 1)), Offer::full);
  apply(Reported{{task_id(Id{}, 1), 1}});
  apply(Seen{1, 1, 9});
  EXPECT_EQ(book.offer(order(5, kMaxRemembered + 1)), Offer::take);
}

TEST_F(Books, DistrustsWhatALostJournalMayHaveHeld) {
  apply(Distrust{15});
  EXPECT_EQ(book.offer(order(1, 15)), Offer::distrust);
  EXPECT_EQ(book.offer(order(1, 16)), Offer::take);
}

// It is taken only to end in doubt. Where a crash tears the end off, it must not start, nor be said never to have.
TEST_F(Books, DoubtsWhatWasTakenUnderDistrustAndLostItsEnd) {
  take(order(1, 10));  // before: the journal knows that it has not started
  apply(Distrust{15});
  take(order(2, 11));
  take(order(3, 16));
  Book again{2, 4};
  for (const Record& each : book.condensed()) again.apply(each);
  EXPECT_EQ(Book::recover(*again.find(step(1)), "boot"), Recovery::nothing);
  for (const char* boot : {"boot", "next"}) {
    EXPECT_EQ(Book::recover(*book.find(step(2)), boot), Recovery::doubt);
    EXPECT_EQ(Book::recover(*book.find(step(3)), boot),
              boot == std::string("boot") ? Recovery::nothing : Recovery::interrupt);
  }
}

TEST_F(Books, StartsTheOldestWithinTheLimit) {
  take(order(3, 30));
  take(order(1, 10));
  take(order(2, 20));
  EXPECT_EQ(startable(), (std::vector<StepId>{step(1), step(2)}));
  start(step(1));
  EXPECT_EQ(startable(), std::vector<StepId>{step(2)});
  start(step(2));
  EXPECT_TRUE(startable().empty());
  end(step(2));
  EXPECT_EQ(startable(), std::vector<StepId>{step(3)});
  EXPECT_TRUE(book.startable([](const Entry&) { return false; }).empty());
}

TEST_F(Books, OneExclusiveStepAtATime) {
  take(order(1, 10, 1, true));
  take(order(2, 20, 1, true));
  take(order(3, 30));
  EXPECT_EQ(startable(), (std::vector<StepId>{step(1), step(3)})) << "the plain one overtakes";
  start(step(1));
  EXPECT_EQ(startable(), std::vector<StepId>{step(3)});
  end(step(1));
  EXPECT_EQ(startable(), (std::vector<StepId>{step(2), step(3)}));
}

TEST_F(Books, AttemptsOfATaskNeverOverlap) {
  take(order(1, 10, 1));
  take(order(1, 20, 2));
  EXPECT_EQ(startable(), std::vector<StepId>{step(1, 1)});
  start(step(1, 1));
  EXPECT_TRUE(startable().empty());
  end(step(1, 1), Outcome::failed);
  EXPECT_EQ(startable(), std::vector<StepId>{step(1, 2)});
}

TEST_F(Books, ForgetsWhatIsSettledButLetsItEndAndTellsOfIt) {
  take(order(1, 10));
  take(order(2, 20));
  take(order(3, 30));
  start(step(1));
  EXPECT_EQ(apply(Seen{1, 20, 30}), std::vector<StepId>{step(2)}) << "withdrawn before it started";
  ASSERT_NE(book.find(step(1)), nullptr) << "it runs";
  EXPECT_TRUE(apply(StepEnded{step(1), {}}).empty());
  EXPECT_EQ(book.running(), 0U);
  EXPECT_EQ(apply(Reported{step(1)}), std::vector<StepId>{step(1)});
  EXPECT_NE(book.find(step(3)), nullptr);
}

TEST_F(Books, NumbersOnlyRise) {
  apply(Seen{5, 50, 500});
  apply(Seen{4, 60, 400});
  EXPECT_EQ(book.seen(), (Seen{5, 60, 500}));
}

TEST_F(Books, BeginsAnewWithALogThatLostItsEnd) {
  take(order(1, 80));   // before the end that is lost
  take(order(2, 400));  // in it
  start(step(1));
  apply(Seen{5, 60, 500});
  EXPECT_EQ(apply(Seen{7, 70, 100}), std::vector<StepId>{step(2)}) << "nobody knows it any more: it must not start";
  EXPECT_EQ(book.seen(), (Seen{7, 70, 100}));
  EXPECT_EQ(book.offer(order(1, 80)), Offer::known);
  EXPECT_EQ(book.offer(order(3, 70)), Offer::stale);
  EXPECT_EQ(book.offer(order(3, 90)), Offer::distrust) << "it may have run, and been settled in what is lost";
  EXPECT_EQ(book.offer(order(3, 101)), Offer::take) << "given out anew";
  Book again{2, 4};
  for (const Record& each : book.condensed()) again.apply(each);
  EXPECT_EQ(again.seen(), book.seen());
  EXPECT_EQ(again.offer(order(3, 90)), Offer::distrust);
  EXPECT_EQ(again.offer(order(3, 101)), Offer::take);
  apply(Seen{8, 20, 30});  // and once more, from a still older copy
  EXPECT_EQ(book.offer(order(3, 30)), Offer::distrust);
  EXPECT_EQ(book.offer(order(3, 31)), Offer::take);
}

TEST_F(Books, DecidesWhatARestartFinds) {
  take(order(1, 10));
  EXPECT_EQ(Book::recover(*book.find(step(1)), "boot"), Recovery::nothing) << "it may start in the same boot";
  EXPECT_EQ(Book::recover(*book.find(step(1)), "next"), Recovery::interrupt);
  start(step(1));
  EXPECT_EQ(Book::recover(*book.find(step(1)), "boot"), Recovery::adopt);
  EXPECT_EQ(Book::recover(*book.find(step(1)), "next"), Recovery::adopt);
  end(step(1));
  EXPECT_EQ(Book::recover(*book.find(step(1)), "next"), Recovery::nothing);
}

std::string dump(const Book& book) {
  std::string out;
  for (const Record& record : book.condensed()) out += encode_record(record);
  return out;
}

// What is settled is kept while it runs and until its end has been told, and no longer.
void expect_nothing_kept_for_ever(const Book& book) {
  for (const auto& [sequence, entry] : book.entries()) {
    const bool needed = entry->phase == Phase::started || (entry->phase == Phase::ended && !entry->reported);
    EXPECT_TRUE(needed || sequence > book.seen().settled_through);
    EXPECT_EQ(sequence, entry->sequence);
    EXPECT_EQ(book.find(entry->step), entry);
  }
}

// Whatever happens, in any order: the limits hold, nothing stays that nobody needs, a restart from a condensed journal
// is the same book, and applying records that make no sense changes nothing but what they may.
TEST(BookProperty, CondensedFoldsToTheSameBook) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  for (int round = 0; round < 50; ++round) {
    Book book(3, 20);
    std::uint64_t sequence = 0;
    for (int i = 0; i < 200; ++i) {
      const StepId any = step(static_cast<std::uint8_t>(below(12)), static_cast<std::uint32_t>(1 + below(2)));
      Record record{static_cast<TimeMs>(i), Reported{any}};
      switch (below(6)) {
        case 0:
        case 1: {
          auto each = order(any.task.bytes[0], ++sequence, any.attempt, below(3) == 0);
          const Offer offer = book.offer(each);
          if (offer != Offer::take && offer != Offer::known) continue;
          if (offer == Offer::known) each.sequence = 1 + below(sequence);  // given out anew, by another number
          record.what = Assigned{each, {}, "boot"};
          break;
        }
        case 2: {
          const auto ready = startable_of(book);
          ASSERT_LE(book.running() + ready.size(), 3U);
          record.what = Started{ready.empty() ? any : ready[0], "boot"};
          if (ready.empty()) continue;
          break;
        }
        case 3: record.what = StepEnded{any, {Outcome::failed, 3, "why", 7, {}}}; break;
        case 4: record.what = Seen{static_cast<std::uint32_t>(below(9)), below(sequence + 1), sequence}; break;
        default: break;
      }
      if (std::holds_alternative<StepEnded>(record.what) && book.find(any) == nullptr) continue;
      book.apply(record);
      ASSERT_LE(book.running(), 3U);
      ASSERT_LE(book.entries().size(), 20U);
      expect_nothing_kept_for_ever(book);
    }
    Book again(3, 20);
    for (const Record& record : book.condensed()) again.apply(record);
    ASSERT_TRUE(dump(again) == dump(book));
    ASSERT_EQ(again.running(), book.running());
    ASSERT_EQ(again.accepted(), book.accepted());
  }
}

}  // namespace
}  // namespace prov::agent
