// Commits on their way from the store to segments: whoever reads, before, during and after, sees one log.
#include "coordinator/event_log/archiver.h"

#include "coordinator/event_log/workflow_history.h"
#include "tests/support/record_log/forwarding_log.h"
#include "tests/unit/event_log/archive_fixture.h"

namespace prov::event_log {
namespace {

namespace fs = std::filesystem;

class ArchiverTest : public ArchiveFixture {
 protected:
  // Long enough for several segments, with two snapshots behind them.
  void live_long() {
    live(1200);
    snapshot();
    live(60);
    snapshot();
  }
};

TEST_F(ArchiverTest, ALogThatIsPartlyInSegmentsIsTheSameLog) {
  live_long();
  const Seen before = seen(*log);
  ASSERT_TRUE(before.whole);
  auto whole = opened();
  EXPECT_EQ(seen(*whole), before) << "without segments";
  ASSERT_GT(archive(*whole), 2U);
  EXPECT_GT(log->first_commit(), 100U);
  EXPECT_EQ(whole->first_commit(), 1U);
  EXPECT_EQ(whole->missing_before(), 0U);
  EXPECT_EQ(seen(*whole), before);
  EXPECT_EQ(seen(*opened()), before) << "found again after a restart";
  for (const std::string& file : files()) EXPECT_TRUE(verify_segment(file, public_keys)) << file;

  for (const std::uint64_t from : {log->first_commit() - 1, log->first_commit(), std::uint64_t{2}}) {
    std::uint64_t first = 0;
    EXPECT_TRUE(whole->read(from, [&](std::uint64_t number, std::string_view) { return (first = number) == 0; }));
    EXPECT_EQ(first, from);
  }
  const std::uint64_t old = before.commits.size() / 4;
  EXPECT_TRUE(state_at(*whole, old)) << "states of the past are folded from segments";
  const auto page = read_history(*whole, {.limit = 1000});
  ASSERT_TRUE(page);
  EXPECT_GT(page->items.size(), 30U);
  for (const auto& entry : page->items) EXPECT_TRUE(fold_workflow(*whole, entry.id)) << to_text(entry.id);
}

TEST_F(ArchiverTest, AStartNeedsNoArchive) {
  live_long();
  auto whole = opened();
  ASSERT_GT(archive(*whole), 2U);
  const std::string hash = to_text(state_hash(life->state()));
  whole.reset();
  fs::remove_all(segment_folder());
  OpenedLog again = start();
  EXPECT_FALSE(again.damage);
  EXPECT_EQ(to_text(state_hash(again.state)), hash);
  auto newest = std::prev(disk->sides.upper_bound("n0"));
  newest->second[60] = static_cast<char>(newest->second[60] ^ 1);
  again = start();
  EXPECT_EQ(again.notes.size(), 1U) << "the newest snapshot cannot be used";
  EXPECT_FALSE(again.damage) << "the one before it can, and nothing it needs has gone";
  EXPECT_EQ(to_text(state_hash(again.state)), hash);
  EXPECT_EQ(opened()->missing_before(), log->first_commit());
}

TEST_F(ArchiverTest, ASnapshotFromBeforeTheStoresFirstCommitIsGoodWithTheArchiveAlone) {
  const auto snapshots = [&] { return std::pair(disk->sides.lower_bound("n/"), disk->sides.lower_bound("n0")); };
  live(600);
  snapshot();
  const std::map<std::string, std::string> old(snapshots().first, snapshots().second);
  const std::uint64_t old_commit = snapshot_positions(*log)->front().commit;
  live_long();
  const std::string hash = to_text(state_hash(life->state()));
  auto whole = opened();
  ASSERT_GT(archive(*whole), 2U);
  ASSERT_GT(log->first_commit(), old_commit);
  disk->sides.erase(snapshots().first, snapshots().second);
  disk->sides.insert(old.begin(), old.end());

  const OpenedLog with = open_log(*whole);
  EXPECT_FALSE(with.damage);
  EXPECT_GT(with.snapshot_sequence, 0U) << "its commit is in a segment";
  EXPECT_EQ(to_text(state_hash(with.state)), hash);
  const OpenedLog without = open_log(*log);
  ASSERT_TRUE(without.damage);
  EXPECT_EQ(without.damage->commit, 1U) << "nothing is folded onto a state that is not vouched for";
  ASSERT_EQ(without.notes.size(), 1U);
  EXPECT_TRUE(without.notes[0].ends_with("the log has no such commit")) << without.notes[0];
}

TEST_F(ArchiverTest, NothingGoesThatASnapshotAPolicyOrAnUnsignedEndHolds) {
  live(600);
  auto whole = opened();
  EXPECT_EQ(archive(*whole), 0U) << "there is no snapshot";
  snapshot();
  policy = {};
  EXPECT_EQ(archive(*whole), 0U) << "no policy: off";
  policy = {.keep_events = writer->last_sequence(), .segment_bytes = 40'000};
  EXPECT_EQ(archive(*whole), 0U) << "the newest are to stay";
  policy = {.keep_ms = 1ULL << 40, .segment_bytes = 40'000};
  EXPECT_EQ(archive(*whole), 0U) << "the young are to stay";
  policy = {.keep_events = 1, .segment_bytes = 1ULL << 30};
  EXPECT_EQ(archive(*whole), 0U) << "less than a segment is not moved";
  EXPECT_EQ(log->first_commit(), 1U);
  policy = {.keep_events = 1, .segment_bytes = 1};
  EXPECT_GT(archive(*whole), 1U);
  const auto snapshots = snapshot_positions(*log);
  ASSERT_TRUE(snapshots && snapshots->size() == 1);
  EXPECT_LE(log->first_commit(), snapshots->front().commit);
  EXPECT_EQ(archive(*whole), 0U) << "what a start needs stays";
}

TEST_F(ArchiverTest, AgeIsCountedInLogTime) {
  live_long();
  policy = {.keep_ms = 3600'000, .segment_bytes = 40'000};
  auto whole = opened();
  Archiver mover = archiver(*whole);
  EXPECT_FALSE(*mover.step(1'700'000'000'000));
  const auto moved = mover.step(writer->now_ms() + 3600'000);
  ASSERT_TRUE(moved && *moved) << "all of it is old by then";
  EXPECT_LE((*moved)->log_time_ms, writer->now_ms());
}

// Every state that a crash can leave on the disk, one after the other.
TEST_F(ArchiverTest, ACrashAtAnyPointLosesNothingAndLeavesNothingTwice) {
  live_long();
  const Seen before = seen(*log);
  SegmentPlan plan(policy.segment_bytes);
  const auto header = plan.next(*log);
  ASSERT_TRUE(header && *header);
  const std::string path = segment_folder() + "/" + segment_name((*header)->first_commit, (*header)->last_commit);
  fs::create_directories(segment_folder());
  fs::permissions(segment_folder(), fs::perms::owner_all);

  std::ofstream(path + ".part") << "half of it";
  EXPECT_EQ(seen(*opened()), before) << "while it was written";
  ASSERT_TRUE(write_segment(*log, **header, path));
  EXPECT_EQ(seen(*opened()), before) << "it is whole, and the store has its commits too";
  {
    auto whole = opened();
    Archiver mover = archiver(*whole);
    const auto finished = mover.step(clock.wall);
    ASSERT_TRUE(finished && *finished) << "what was begun is finished";
    EXPECT_EQ((*finished)->last_commit, (*header)->last_commit);
    EXPECT_EQ(log->first_commit(), (*header)->last_commit + 1);
    EXPECT_EQ(seen(*whole), before);
  }
  auto whole = opened();
  EXPECT_EQ(seen(*whole), before) << "after it was dropped";
  EXPECT_GT(archive(*whole), 0U);
  EXPECT_EQ(seen(*whole), before);
}

TEST_F(ArchiverTest, ASegmentThatIsNotWhatTheLogHoldsStopsEverythingBeforeADrop) {
  live_long();
  auto whole = opened();
  SegmentPlan plan(policy.segment_bytes);
  const SegmentHeader header = **plan.next(*log);
  const std::string path = segment_folder() + "/" + segment_name(header.first_commit, header.last_commit);
  fs::create_directories(segment_folder());
  ASSERT_TRUE(write_segment(*log, header, path));
  flip(path, fs::file_size(path) / 2);
  const auto damaged = Archiver(archiver(*opened())).step(clock.wall);
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().code, Code::corrupt);
  EXPECT_EQ(log->first_commit(), 1U);
  flip(path, fs::file_size(path) / 2);

  // Another history of the same log, as after a restore from before this segment was written.
  disk = std::make_shared<test::MemoryDisk>();
  life.reset();
  clock = {};
  start();
  clock.advance(5);
  live_long();
  auto forked = opened();
  const auto conflict = Archiver(archiver(*forked)).step(clock.wall);
  ASSERT_FALSE(conflict);
  EXPECT_EQ(conflict.error().code, Code::conflict);
  EXPECT_TRUE(conflict.error().message.find(path) != std::string::npos) << conflict.error().message;
  EXPECT_EQ(log->first_commit(), 1U);
}

TEST_F(ArchiverTest, DamageInASegmentIsFoundNamedAndNeverSetAside) {
  live_long();
  auto whole = opened();
  ASSERT_GT(archive(*whole), 2U);
  const auto range = *parse_segment_name(fs::path(files()[1]).filename().string());
  flip(files()[1], fs::file_size(files()[1]) / 2);
  const Replayed read = replay(*whole, {}, public_keys, [](const domain::Event&) { return true; });
  ASSERT_TRUE(read.damage);
  EXPECT_GE(read.damage->commit, range.first);
  EXPECT_LE(read.damage->commit, range.second);
  flip(files()[0], 8);
  const Replayed frame = replay(*whole, {}, public_keys, [](const domain::Event&) { return true; });
  ASSERT_TRUE(frame.damage);
  EXPECT_TRUE(frame.damage->what.find("its header does not have the digest") != std::string::npos)
      << frame.damage->what;
  EXPECT_FALSE(start().damage) << "a start does not read it";
  const auto refused = opened()->set_aside_after(range.first);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_GT(log->last_commit(), range.second);
  EXPECT_TRUE(opened()->set_aside_after(log->last_commit() - 1)) << "behind the segments it is as ever";
}

TEST_F(ArchiverTest, AMissingSegmentIsAGapThatIsSaid) {
  live_long();
  auto whole = opened();
  ASSERT_GT(archive(*whole), 2U);
  const auto range = *parse_segment_name(fs::path(files()[1]).filename().string());
  fs::rename(files()[1], folder / "elsewhere");
  whole = opened();
  EXPECT_EQ(whole->missing_before(), range.second + 1);
  EXPECT_EQ(whole->first_commit(), 1U);
  const Replayed read = replay(*whole, {}, public_keys, [](const domain::Event&) { return true; });
  ASSERT_TRUE(read.damage);
  EXPECT_EQ(read.damage->commit, range.first);
  EXPECT_EQ(read.damage->what, "it is missing; the next one is " + std::to_string(range.second + 1));
  const auto listed = read_events(*whole, 1, [](const domain::Event&) { return true; });
  ASSERT_FALSE(listed) << "events are not left out without a word";
  EXPECT_EQ(listed.error().message.find("commits " + std::to_string(range.first) + " to " +
                                        std::to_string(range.second) + " are neither in the log nor in an archive"),
            0U)
      << listed.error().message;
  const std::uint64_t behind = beginning_of(*whole)->sequence + 1;
  EXPECT_TRUE(listed.error().hint.ends_with("--from " + std::to_string(behind))) << listed.error().hint;
  std::uint64_t first = 0;
  EXPECT_TRUE(read_events(*whole, behind, [&](const domain::Event& event) {
    first = first == 0 ? event.meta.sequence : first;
    return true;
  }));
  EXPECT_EQ(first, behind);
}

// Does something between a reader's decision to ask the store and the store's answer.
class InterruptedLog final : public test::ForwardingLog {
 public:
  using ForwardingLog::ForwardingLog;
  Result<void> read(std::uint64_t from, const CommitVisitor& visit) override {
    if (auto go = std::exchange(before_read, nullptr)) go();
    return ForwardingLog::read(from, visit);
  }
  std::function<void()> before_read;
};

TEST_F(ArchiverTest, CommitsThatMoveUnderAReadersHandsAreReadFromTheirSegments) {
  live_long();
  const Seen before = seen(*log);
  InterruptedLog store(*log);
  auto whole = *ArchivedLog::open(store, {folder.path()});
  store.before_read = [&] { EXPECT_GT(archive(*whole), 2U); };
  EXPECT_EQ(seen(*whole), before);
  ASSERT_GT(log->first_commit(), 2U) << "they did move";
}

TEST_F(ArchiverTest, FoldersOfOtherLogsAreNotTouched) {
  live_long();
  fs::create_directories(folder / "11111111-2222-3333-4444-555555555555");
  std::ofstream(folder / ("11111111-2222-3333-4444-555555555555/" + segment_name(1, 5))) << "another log's";
  auto whole = opened();
  EXPECT_TRUE(whole->paths().empty());
  EXPECT_GT(archive(*whole), 0U);
  EXPECT_EQ(whole->paths().size(), files().size());
  auto direct = ArchivedLog::open(*log, {segment_folder()});
  ASSERT_TRUE(direct);
  EXPECT_EQ((*direct)->paths(), whole->paths()) << "the log's own folder may be named too";
}

}  // namespace
}  // namespace prov::event_log
