#include <random>

#include "coordinator/event_log/commit.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::event_log {
namespace {

class LogWriterTest : public LogFixture {
 protected:
  LogWriterTest() {
    hold_syncs = true;
    start();
  }
  void append_some(int n) {
    for (int i = 0; i < n; ++i) append(domain::WorkspaceRegistered{"w" + std::to_string(i)});
  }
  std::uint32_t events_in(std::uint64_t number) { return CommitView::open(disk->commits.at(number))->header().count; }
};

TEST_F(LogWriterTest, NumbersTimesAndLogIdAreTheWritersOwn) {
  const auto first = append(domain::LogCreated{writer->durable().log_id, "test"});
  clock.wall -= 5000;  // the machine's clock was set back
  const auto second = append(domain::WorkspaceRegistered{"w"});
  EXPECT_EQ(first->meta.sequence, 1U);
  EXPECT_EQ(second->meta.sequence, 2U);
  EXPECT_EQ(second->meta.log_time_ms, first->meta.log_time_ms) << "log time never goes back";
  EXPECT_EQ(second->meta.wall_time_ms, first->meta.wall_time_ms - 5000);
  EXPECT_EQ(first->meta.log_id, writer->durable().log_id);
}

TEST_F(LogWriterTest, WhatComesDuringASyncIsTheNextCommit) {
  append_some(1);
  writer->flush();
  append_some(5);
  writer->flush();
  append_some(7);
  writer->flush();
  EXPECT_EQ(syncs.size(), 1U) << "one commit at a time";
  ASSERT_TRUE(sync_one());
  ASSERT_TRUE(sync_one());
  EXPECT_FALSE(sync_one());
  EXPECT_EQ(events_in(1), 1U);
  EXPECT_EQ(events_in(2), 12U);
}

TEST_F(LogWriterTest, AGroupIsOneCommitAlsoWhenNothingIsUnderWay) {
  {
    const LogWriter::Group together(*writer);
    for (int command = 0; command < 3; ++command) {
      const LogWriter::Group within(*writer);
      append_some(2);
      writer->flush();
    }
    EXPECT_TRUE(syncs.empty());
  }
  ASSERT_TRUE(sync_one());
  EXPECT_FALSE(sync_one());
  EXPECT_EQ(events_in(1), 6U);
}

TEST_F(LogWriterTest, AGroupIsOneMomentOfLogTime) {
  const auto append = [this] {
    return writer->append(domain::Event{{}, domain::WorkspaceRegistered{"w"}})->meta.log_time_ms;
  };
  const TimeMs before = append();
  clock.advance(500);
  {
    const LogWriter::Group together(*writer);
    const TimeMs then = append();
    EXPECT_EQ(then, before + 500) << "that of its beginning";
    clock.advance(70);
    EXPECT_EQ(append(), then);
    EXPECT_EQ(writer->now_ms(), then);
  }
  EXPECT_EQ(append(), before + 570);
}

TEST_F(LogWriterTest, ACommitIsClosedAtItsCapBetweenCommandsOnly) {
  append_some(1);
  writer->flush();
  for (int command = 0; command < 3; ++command) {
    append_some(3000);
    writer->flush();
  }
  append_some(2 * static_cast<int>(kMaxCommitEvents));  // one command is never split
  writer->flush();
  append_some(1);
  writer->flush();
  EXPECT_GT(writer->waiting_bytes(), 1000000U);
  while (sync_one()) continue;
  EXPECT_EQ(writer->waiting_bytes(), 0U);
  ASSERT_EQ(disk->commits.size(), 4U);
  EXPECT_EQ(events_in(2), 6000U);
  EXPECT_EQ(events_in(3), 3000U + 2 * kMaxCommitEvents);
  EXPECT_EQ(events_in(4), 1U);
}

TEST_F(LogWriterTest, ALargeSideRecordClosesACommitToo) {
  append_some(1);
  writer->flush();
  writer->write_side({"b/x", std::string(kMaxCommitBytes, 'x'), false});
  append_some(1);
  writer->flush();
  append_some(1);
  writer->flush();
  while (sync_one()) continue;
  EXPECT_EQ(disk->commits.size(), 3U);
  EXPECT_TRUE(disk->sides.contains("b/x"));
}

TEST_F(LogWriterTest, NothingLeavesTheGateBeforeItIsDurable) {
  std::vector<int> released;
  writer->when_durable([&] { released.push_back(0); });
  EXPECT_EQ(released, std::vector<int>{0}) << "nothing was appended: at once";
  append_some(1);
  writer->when_durable([&] { released.push_back(1); });
  writer->flush();
  append_some(1);
  writer->when_durable([&] { released.push_back(2); });
  writer->flush();
  EXPECT_EQ(released.size(), 1U);
  sync_one();
  EXPECT_EQ(released, (std::vector<int>{0, 1}));
  sync_one();
  EXPECT_EQ(released, (std::vector<int>{0, 1, 2}));
}

TEST_F(LogWriterTest, WhatTheGateReleasesMayAppendAndWaitAgain) {
  std::vector<int> released;
  append_some(1);
  writer->when_durable([&] {
    released.push_back(1);
    append_some(1);
    writer->when_durable([&] { released.push_back(3); });
    writer->flush();
    EXPECT_EQ(released.size(), 1U);
  });
  writer->when_durable([&] { released.push_back(2); });
  writer->flush();
  while (sync_one()) continue;
  EXPECT_EQ(released, (std::vector<int>{1, 2, 3}));
}

// The gate against a model: whatever the interleaving, releases come in order, each after its own append is on disk and
// none is lost.
TEST_F(LogWriterTest, TheGateHoldsUnderAnyInterleaving) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    syncs.clear();
    disk = std::make_shared<test::MemoryDisk>();
    start();
    std::mt19937_64 random(seed);
    std::uint64_t asked = 0, released = 0;
    for (int step = 0; step < 200; ++step) {
      switch (random() % 5) {
        case 0: append_some(1 + static_cast<int>(random() % 3)); break;
        case 1: writer->write_side({"k/" + std::to_string(step), "x", false}); break;
        case 2: {
          const std::uint64_t ticket = ++asked, needs = writer->last_sequence();
          writer->when_durable([&, ticket, needs] {
            ASSERT_EQ(ticket, ++released) << "seed " << seed;
            ASSERT_GE(writer->durable().sequence, needs) << "seed " << seed;
            ASSERT_TRUE(disk->commits.empty() || disk->unsynced == nullptr || needs <= writer->durable().sequence);
          });
          break;
        }
        case 3: writer->flush(); break;
        default: sync_one(); break;
      }
    }
    writer->flush();
    while (sync_one()) continue;
    ASSERT_EQ(released, asked) << "seed " << seed;
    ASSERT_EQ(writer->durable().sequence, writer->last_sequence());
    ASSERT_FALSE(open_log(*log).damage);
  }
}

TEST_F(LogWriterTest, AFailedSyncIsFatalAndNothingLeavesTheGateAfterIt) {
  bool released = false;
  append_some(1);
  writer->when_durable([&] { released = true; });
  log->fail_next_sync({Code::io, "input/output error", ""});
  writer->flush();
  sync_one();
  ASSERT_EQ(fatal.size(), 1U);
  append_some(1);
  writer->flush();
  while (sync_one()) continue;
  EXPECT_FALSE(released);
  EXPECT_TRUE(disk->commits.empty());
  EXPECT_EQ(fatal.size(), 1U);
}

TEST_F(LogWriterTest, AFullDiskKeepsTheGateShutLosesNothingAndGoesOn) {
  std::vector<int> released;
  append_some(1);
  writer->when_durable([&] { released.push_back(1); });
  log->set_full(true);
  writer->flush();
  executor.run_all();
  EXPECT_TRUE(writer->out_of_room());
  append_some(1);
  writer->when_durable([&] { released.push_back(2); });
  writer->flush();
  executor.run_all();
  EXPECT_TRUE(released.empty());
  EXPECT_TRUE(fatal.empty());
  log->set_full(false);
  writer->flush();
  while (sync_one()) continue;
  EXPECT_EQ(released, (std::vector<int>{1, 2}));
  EXPECT_FALSE(writer->out_of_room());
  EXPECT_EQ(disk->commits.size(), 2U);
}

TEST_F(LogWriterTest, SaysWhatBecomesOfTheRoom) {
  std::vector<std::size_t> written;
  int refused = 0;
  writer->on_room([&](std::size_t bytes) { written.push_back(bytes); }, [&] { ++refused; });
  append_some(1);
  writer->write_side({"k", std::string(1000, 'x'), false});
  log->set_full(true);
  writer->flush();
  writer->flush();  // the store has not answered yet: it is not offered the same commit twice
  executor.run_all();
  EXPECT_EQ(refused, 1);
  writer->flush();
  executor.run_all();
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(written.empty());
  log->set_full(false);
  writer->flush();
  EXPECT_TRUE(writer->out_of_room()) << "until it is written";
  while (sync_one()) continue;
  EXPECT_FALSE(writer->out_of_room());
  std::size_t stored = disk->commits.at(1).size();
  for (const auto& [name, value] : disk->sides) stored += name.size() + value.size();
  EXPECT_EQ(written, std::vector<std::size_t>{stored}) << "all that goes to disk, the index of workflows too";
  EXPECT_GE(stored, disk->commits.at(1).size() + 1001);
}

TEST_F(LogWriterTest, AWriterThatIsGoneHearsNothing) {
  append_some(1);
  bool released = false;
  writer->when_durable([&] { released = true; });
  writer->flush();
  syncs.front()();
  writer.reset();
  executor.run_all();
  EXPECT_FALSE(released);
}

TEST_F(LogWriterTest, ACrashKeepsWhatWasReleased) {
  for (const auto tail : {test::MemoryDisk::Tail::lost, test::MemoryDisk::Tail::kept}) {
    disk = std::make_shared<test::MemoryDisk>();
    syncs.clear();
    start();
    append_some(3);
    writer->flush();
    sync_one();
    append_some(4);
    writer->flush();
    disk->crash(tail);
    const OpenedLog opened = start();
    EXPECT_FALSE(opened.damage);
    EXPECT_EQ(opened.position.sequence, tail == test::MemoryDisk::Tail::lost ? 3U : 7U);
    EXPECT_EQ(writer->last_sequence(), opened.position.sequence);
  }
}

TEST_F(LogWriterTest, CheckpointsCoverWhatIsDurableAndAreNotRepeated) {
  EXPECT_EQ(writer->checkpoint_now(), nullptr);
  append_some(3);
  EXPECT_EQ(writer->checkpoint_now(), nullptr) << "nothing is durable yet";
  writer->flush();
  sync_one();
  const auto checkpoint = writer->checkpoint_now();
  ASSERT_NE(checkpoint, nullptr);
  const auto& body = std::get<domain::CheckpointSigned>(checkpoint->body);
  EXPECT_EQ(body.sequence, 3U);
  EXPECT_EQ(body.commit, 1U);
  EXPECT_EQ(checkpoint->meta.epoch, 1U) << "of the event before";
  EXPECT_TRUE(verify_checkpoint(key.public_key(), writer->durable().log_id, body));
  EXPECT_EQ(writer->durable().checkpoint_sequence, 3U);
  writer->flush();
  sync_one();
  EXPECT_EQ(writer->checkpoint_now(), nullptr) << "its own event is no reason for another";
  append_some(1);
  writer->flush();
  sync_one();
  EXPECT_NE(writer->checkpoint_now(), nullptr);
}

TEST_F(LogWriterTest, ALogThatLostItsEndIsNotWrittenBeforeSomebodyDecides) {
  hold_syncs = false;
  start();
  for (int i = 0; i < 4; ++i) {
    append_some(1);
    commit();
  }
  disk->forget_after(2);
  OpenedLog opened = start();
  ASSERT_TRUE(opened.damage);
  EXPECT_EQ(opened.damage->commit, 3U);
  EXPECT_NE(opened.damage->what.find("up to 4 were once acknowledged"), std::string::npos) << opened.damage->what;

  append_some(1);
  commit();
  EXPECT_EQ(disk->commits.size(), 2U);
  EXPECT_EQ(disk->attested, 4U) << "the evidence stays";
  append(domain::DamageAccepted{"a disk was replaced", "", 5});
  commit();
  EXPECT_EQ(disk->commits.size(), 3U);
  EXPECT_FALSE(start().damage);
}

TEST_F(LogWriterTest, CommitsBehindDamageAreSetAsideOnceAnOperatorDecides) {
  hold_syncs = false;
  start();
  for (int i = 0; i < 6; ++i) {
    append_some(1);
    commit();
  }
  disk->flip(4, 100);
  OpenedLog opened = start();
  ASSERT_TRUE(opened.damage);
  EXPECT_EQ(opened.damage->commit, 4U);
  EXPECT_EQ(opened.position.commit, 3U);
  append(domain::DamageAccepted{"known", "", 2});
  commit();
  EXPECT_EQ(disk->commits.size(), 4U);
  std::size_t aside = 0;
  EXPECT_TRUE(log->scan("d/", [&](std::string_view, std::string_view) { return ++aside > 0; }));
  EXPECT_EQ(aside, 3U);
  opened = start();
  EXPECT_FALSE(opened.damage);
  EXPECT_EQ(opened.position.commit, 4U);
  EXPECT_EQ(opened.state.epoch, 2U);
}

}  // namespace
}  // namespace prov::event_log
