#include "coordinator/event_log/replay.h"
#include "common/json/json.h"

#include "common/hash.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/keys.h"
#include "coordinator/event_log/snapshots.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::event_log {
namespace {

class ReplayTest : public LogFixture {
 protected:
  // Whoever reads the commits, the outcome is the same.
  Replayed verify() {
    const auto take = [](const domain::Event&) { return true; };
    Replayed here = replay(*log, {}, public_keys, take, Reading::here);
    const Replayed ahead = replay(*log, {}, public_keys, take, Reading::ahead);
    EXPECT_EQ(described(here), described(ahead));
    return here;
  }
  static std::string described(const Replayed& read) {
    std::string out = to_text(read.end.commit_hash);
    for (const std::uint64_t each : {read.end.commit, read.end.sequence, read.end.log_time_ms, read.commits,
                                     read.events, read.checkpoints, read.covered_commit, read.covered_sequence}) {
      out += " " + std::to_string(each);
    }
    return out + (read.damage ? " " + std::to_string(read.damage->commit) + ": " + read.damage->what : "");
  }
  void take_snapshot() {
    auto records = fold_snapshot(*log);
    ASSERT_TRUE(records);
    for (auto& record : *records) writer->write_side(std::move(record));
    commit();
  }
  std::size_t snapshots() {
    std::set<std::uint64_t> out;
    for (const auto& [side, value] : disk->sides) {
      if (side.starts_with("n/"))
        out.insert(static_cast<std::uint8_t>(side[8]) * 256U + static_cast<std::uint8_t>(side[9]));
    }
    return out.size();
  }
};

TEST_F(ReplayTest, TheFoldedLogIsTheLiveStateAtEveryRestart) {
  fill(1, 60);
  for (int i = 0; i < 3; ++i) {
    const OpenedLog opened = start();
    EXPECT_FALSE(opened.damage);
    EXPECT_EQ(opened.position.sequence, live.sequence);
    EXPECT_EQ(encode_state(opened.state), encode_state(live));
    append(domain::WorkspaceRegistered{"round" + std::to_string(i)});
    commit();
  }
}

TEST_F(ReplayTest, VerifyCountsAndSaysWhatIsCovered) {
  fill(2, 30);
  const Replayed read = verify();
  EXPECT_FALSE(read.damage);
  EXPECT_EQ(read.commits, 31U);
  EXPECT_EQ(read.events, writer->last_sequence());
  EXPECT_EQ(read.checkpoints, 4U);
  EXPECT_GT(read.covered_sequence, 0U);
  EXPECT_LT(read.covered_sequence, read.end.sequence);
  EXPECT_EQ(read.covered_sequence, read.end.checkpoint_sequence);
}

TEST_F(ReplayTest, AnyFlippedBitIsFoundInItsCommit) {
  fill(3, 25);
  std::mt19937_64 random(3);
  for (int i = 0; i < 1500; ++i) {
    const std::uint64_t number = 1 + random() % disk->commits.size();
    const std::size_t byte = random() % disk->commits.at(number).size();
    const auto mask = static_cast<std::uint8_t>(1 << random() % 8);
    disk->flip(number, byte, mask);
    const Replayed read = verify();
    ASSERT_TRUE(read.damage) << "commit " << number << " byte " << byte;
    ASSERT_EQ(read.damage->commit, number) << read.damage->what;
    ASSERT_EQ(read.end.commit, number - 1);
    disk->flip(number, byte, mask);
  }
  EXPECT_FALSE(verify().damage);
}

TEST_F(ReplayTest, WhoeverHasSeenEnoughWaitsForNothingThatWasReadAhead) {
  fill(7, 400);
  for (const std::uint64_t enough : {1U, 7U, 300U}) {
    std::uint64_t seen = 0;
    const Replayed read = replay(
        *log, {}, {}, [&](const domain::Event&) { return ++seen < enough; }, Reading::ahead);
    EXPECT_EQ(read.events, enough);
    EXPECT_FALSE(read.damage);
  }
}

TEST_F(ReplayTest, CutOffSwappedRemovedAndForeignCommitsAreFound) {
  fill(4, 12);
  const auto good = disk->commits;
  const auto expect_damage = [&](std::uint64_t at, const std::string& what) {
    const Replayed read = verify();
    ASSERT_TRUE(read.damage);
    EXPECT_EQ(read.damage->commit, at);
    EXPECT_NE(read.damage->what.find(what), std::string::npos) << read.damage->what;
    disk->commits = good;
  };
  disk->commits[5].resize(50);
  expect_damage(5, "cut off");
  std::swap(disk->commits[5], disk->commits[6]);
  expect_damage(5, "it says that it is commit 6");
  disk->commits.erase(7);
  expect_damage(7, "it is missing; the next one is 8");
  disk->commits[5] = disk->commits[4];
  expect_damage(5, "it says that it is commit 4");
  disk->commits.erase(1);
  expect_damage(1, "missing");

  auto other = std::make_shared<test::MemoryDisk>();
  std::swap(disk, other);
  live = {};
  start();
  fill(5, 12);
  std::swap(disk, other);
  start();
  disk->commits[9] = other->commits[9];
  expect_damage(9, "does not follow");
}

TEST_F(ReplayTest, ARewrittenChainIsFoundByItsCheckpoints) {
  fill(6, 20);
  // Somebody with the folder but without the key writes history again, with hashes that fit.
  const auto forged = std::make_shared<test::MemoryDisk>();
  Digest previous;
  for (const auto& [number, bytes] : disk->commits) {
    auto commit = CommitView::open(bytes);
    CommitBuilder builder;
    EventEncoder encoder;
    while (const auto view = commit->next()) {
      auto event = view->event();
      if (event->meta.sequence == 1) std::get<domain::LogCreated>(event->body).software = "something else";
      builder.add(encoder, *event);
    }
    forged->commits[number] = builder.finish(number, previous, previous);
  }
  disk = forged;
  start();
  const Replayed read = verify();
  ASSERT_TRUE(read.damage);
  EXPECT_NE(read.damage->what.find("which has another hash here"), std::string::npos) << read.damage->what;
}

// What comes before may be in an archive: every place of the log is one to begin at.
TEST_F(ReplayTest, VerifiesFromAnyPlaceOnWithoutWhatComesBefore) {
  fill(10, 30);
  const std::uint64_t last = writer->last_sequence();
  const auto visit = [](const domain::Event&) { return true; };
  const auto whole = *disk;
  for (std::uint64_t number = 1; number <= whole.commits.rbegin()->first; ++number) {
    const std::uint64_t first = CommitView::open(whole.commits.at(number))->header().first_sequence;
    auto from = position_before(*log, first);
    ASSERT_TRUE(from) << from.error().message;
    EXPECT_EQ(from->sequence, first - 1);
    const Replayed read = replay(*log, *from, public_keys, visit);
    EXPECT_FALSE(read.damage) << "from commit " << number << ": " << read.damage->what;
    EXPECT_EQ(read.end.sequence, last);
    if (number > 1) {
      EXPECT_EQ(position_before(*log, 1).error().code, Code::not_found) << "it is in the archive";
    }
    disk->commits.erase(number);
  }
  disk->commits = whole.commits;
  EXPECT_EQ(position_before(*log, last + 1).error().code, Code::not_found);
  disk->flip(20, 200);
  const std::uint64_t tenth = CommitView::open(whole.commits.at(10))->header().first_sequence;
  const Replayed read = replay(*log, *position_before(*log, tenth), public_keys, visit);
  ASSERT_TRUE(read.damage);
  EXPECT_EQ(read.damage->commit, 20U);
}

TEST_F(ReplayTest, ACheckpointByAnotherKeyOrWithAWrongSignatureIsDamage) {
  fill(7, 20);
  const SigningKey other(std::array<std::uint8_t, 32>{9});
  public_keys = {{key_id(other.public_key()), other.public_key()}};
  ASSERT_TRUE(verify().damage);
  EXPECT_NE(verify().damage->what.find("not a key that was given"), std::string::npos);
  public_keys = {{key_id(key.public_key()), other.public_key()}};  // the right name, the wrong key
  ASSERT_TRUE(verify().damage);
  EXPECT_NE(verify().damage->what.find("signature is wrong"), std::string::npos);
  public_keys.clear();
  EXPECT_FALSE(verify().damage) << "without keys the chain alone is looked at";
}

TEST_F(ReplayTest, DamageLeavesTheStateBeforeIt) {
  fill(8, 20);
  const domain::State before = *state_at(*log, CommitView::open(disk->commits.at(15))->header().first_sequence - 1);
  disk->flip(15, 200);
  const OpenedLog opened = start();
  ASSERT_TRUE(opened.damage);
  EXPECT_EQ(opened.damage->commit, 15U);
  EXPECT_EQ(opened.position.commit, 14U);
  EXPECT_EQ(opened.state.sequence, opened.position.sequence);
  EXPECT_EQ(encode_state(opened.state), encode_state(before));
}

TEST_F(ReplayTest, NoEventOfADamagedCommitIsBelieved) {
  fill(8, 5);
  const LogPosition end = writer->durable();
  CommitBuilder builder;
  EventEncoder encoder;
  domain::Event good;
  good.meta.log_id = end.log_id;
  good.meta.sequence = end.sequence + 1;
  good.meta.log_time_ms = end.log_time_ms;
  good.body = domain::WorkspaceRegistered{"half"};
  domain::Event bad = good;
  bad.meta.sequence += 1;
  bad.body = domain::UnknownEvent{6, 1, "no payload of that type"};
  builder.add(encoder, good);
  builder.add(encoder, bad);
  Digest hash;
  disk->commits[end.commit + 1] = builder.finish(end.commit + 1, end.commit_hash, hash);
  const OpenedLog opened = start();
  ASSERT_TRUE(opened.damage);
  EXPECT_NE(opened.damage->what.find("event " + std::to_string(end.sequence + 2) + " does not decode"),
            std::string::npos)
      << opened.damage->what;
  EXPECT_EQ(opened.state.sequence, end.sequence);
  EXPECT_FALSE(opened.state.workspaces.contains("half"));
}

TEST_F(ReplayTest, ATornCommitIsDamage) {
  hold_syncs = true;
  start();
  fill(9, 3);
  while (sync_one()) continue;
  append(domain::WorkspaceRegistered{"torn"});
  writer->flush();
  disk->crash(test::MemoryDisk::Tail::torn);
  EXPECT_TRUE(start().damage);
}

TEST_F(ReplayTest, AnUnknownEventFreezesItsAggregateAndNothingElse) {
  fill(10, 3);
  append(domain::WorkspaceRegistered{"before"});
  append(domain::UnknownEvent{500, 1, "from the future"});
  append(domain::WorkspaceRegistered{"after"});
  commit();
  const OpenedLog opened = start();
  EXPECT_FALSE(opened.damage);
  EXPECT_EQ(opened.state.frozen.size(), 1U);
  EXPECT_TRUE(opened.state.workspaces.contains("after"));
  EXPECT_FALSE(verify().damage);
}

TEST_F(ReplayTest, StateAtEverySequenceIsThePrefixFolded) {
  fill(11, 15);
  domain::State state;
  const Replayed read = replay(*log, {}, {}, [&](const domain::Event& event) {
    domain::evolve(state, event);
    const auto there = state_at(*log, event.meta.sequence);
    EXPECT_TRUE(there);
    EXPECT_EQ(state_hash(*there), state_hash(state)) << event.meta.sequence;
    return !HasFailure();
  });
  EXPECT_FALSE(read.damage);
  EXPECT_EQ(state_at(*log, writer->last_sequence() + 1).error().code, Code::not_found);
  EXPECT_EQ(encode_state(*state_at(*log, 0)), encode_state({}));
}

TEST_F(ReplayTest, SequenceAtATimeIsTheLastNotAfterIt) {
  append(domain::LogCreated{writer->durable().log_id, "test"});
  const TimeMs first = clock.wall;
  clock.advance(1000);
  append(domain::WorkspaceRegistered{"a"});
  append(domain::WorkspaceRegistered{"b"});
  commit();
  EXPECT_EQ(*sequence_at(*log, first - 1), 0U);
  EXPECT_EQ(*sequence_at(*log, first), 1U);
  EXPECT_EQ(*sequence_at(*log, first + 999), 1U);
  EXPECT_EQ(*sequence_at(*log, first + 1000), 3U);
  EXPECT_EQ(*sequence_at(*log, first + 100000), 3U);
}

TEST_F(ReplayTest, EventsAreFoundFromAnySequence) {
  fill(12, 40);
  for (std::uint64_t from = 1; from <= writer->last_sequence() + 2; from += 3) {
    std::uint64_t next = from;
    ASSERT_TRUE(read_events(*log, from, [&](const domain::Event& event) { return event.meta.sequence == next++; }));
    ASSERT_EQ(next, std::max(from, writer->last_sequence() + 1));
  }
  std::uint64_t seen = 0;
  ASSERT_TRUE(read_events(*log, 5, [&](const domain::Event&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3U);
  disk->flip(30, 90);
  const auto broken = read_events(*log, 1, [](const domain::Event&) { return true; });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, Code::corrupt);
}

// ---- snapshots

TEST_F(ReplayTest, ASnapshotAndTheTailAreTheWholeLog) {
  for (std::uint64_t seed = 20; seed < 40; ++seed) {
    disk = std::make_shared<test::MemoryDisk>();
    live = {};
    start();
    fill(seed, 30);
    take_snapshot();
    test::AnyEvent any(seed * 1000);
    for (int i = 0; i < 40; ++i) append(any.of_type(4 + any.number(26)).body);
    commit();
    const OpenedLog opened = open_log(*log);
    ASSERT_GT(opened.snapshot_sequence, 0U);
    ASSERT_EQ(opened.replayed_events, 40U);
    ASSERT_EQ(encode_state(opened.state), encode_state(live)) << "seed " << seed;
    EXPECT_EQ(opened.position.checkpoint_sequence, writer->durable().checkpoint_sequence);
  }
}

// The same with a log that means something, so that what evolve derives from one event to the next is tried as well.
TEST_F(ReplayTest, APlatformsLifeFoldsTheSameThroughSnapshotsAndRestarts) {
  std::size_t workflows = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    disk = std::make_shared<test::MemoryDisk>();
    start();
    test::History life = history(seed);
    life.begin();
    for (int part = 0; part < 4; ++part) {
      live_through(life, 300);
      ASSERT_EQ(state_to_json(open_log(*log).state).dump(), state_to_json(life.state()).dump())
          << "seed " << seed << " part " << part;
      ASSERT_EQ(state_hash(open_log(*log).state), state_hash(life.state())) << "seed " << seed << " part " << part;
      take_snapshot();
      const domain::State loaded = open_log(*log).state;
      ASSERT_EQ(loaded.remembered_order, life.state().remembered_order) << "seed " << seed;
      ASSERT_EQ(loaded.ended_workflows, life.state().ended_workflows) << "seed " << seed;
    }
    workflows += life.state().ended_workflows_total;
    disk->sides.clear();  // without any snapshot
    ASSERT_EQ(state_hash(start().state), state_hash(life.state())) << "seed " << seed;
  }
  EXPECT_GT(workflows, 100U) << "or the lives are too dull to show anything";
}

TEST_F(ReplayTest, TheLastTwoSnapshotsAreKept) {
  fill(13, 5);
  for (int i = 1; i <= 5; ++i) {
    take_snapshot();
    EXPECT_EQ(snapshots(), std::min<std::size_t>(static_cast<std::size_t>(i), kKeepSnapshots));
    append(domain::WorkspaceRegistered{"w" + std::to_string(i)});
    commit();
  }
  take_snapshot();
  EXPECT_TRUE(fold_snapshot(*log)->empty()) << "nothing new";
}

TEST_F(ReplayTest, ADamagedSnapshotIsPassedOverWithANote) {
  fill(14, 10);
  take_snapshot();
  const std::uint64_t older = writer->last_sequence();
  append(domain::WorkspaceRegistered{"later"});
  commit();
  take_snapshot();
  std::vector<std::string*> newest_first;
  for (auto& [side, value] : disk->sides) {
    if (side.starts_with("n/")) newest_first.insert(newest_first.begin(), &value);
  }
  ASSERT_EQ(newest_first.size(), 2U);
  (*newest_first[0])[200] ^= 1;
  OpenedLog opened = start();
  EXPECT_EQ(opened.snapshot_sequence, older);
  EXPECT_EQ(opened.notes.size(), 1U);
  newest_first[1]->resize(20);
  opened = start();
  EXPECT_EQ(opened.snapshot_sequence, 0U);
  EXPECT_EQ(opened.notes.size(), 2U);
  EXPECT_FALSE(opened.damage);
  EXPECT_EQ(encode_state(opened.state), encode_state(live));
}

TEST_F(ReplayTest, ASnapshotOfAnotherReleasesStateIsPassedOver) {
  fill(16, 10);
  take_snapshot();
  for (auto& [side, value] : disk->sides) {
    if (side.starts_with("n/")) value.replace(0, 8, "PRVSNAP1");
  }
  const OpenedLog opened = start();
  EXPECT_EQ(opened.snapshot_sequence, 0U);
  ASSERT_EQ(opened.notes.size(), 1U);
  EXPECT_NE(opened.notes[0].find("another release made it"), std::string::npos) << opened.notes[0];
  EXPECT_FALSE(opened.damage);
  EXPECT_EQ(encode_state(opened.state), encode_state(live));
}

TEST_F(ReplayTest, ASnapshotBeyondTheEndOrOfAnotherLogIsPassedOver) {
  fill(15, 10);
  take_snapshot();
  disk->forget_after(6);
  const OpenedLog opened = start();
  EXPECT_EQ(opened.snapshot_sequence, 0U);
  EXPECT_EQ(opened.position.commit, 6U);
  ASSERT_TRUE(opened.damage) << "and the lost end is still seen";
  EXPECT_FALSE(fold_snapshot(*log)) << "no snapshot of a damaged log";
}

// ---- the state's bytes

TEST_F(ReplayTest, AStateComesBackWhole) {
  for (std::uint64_t seed = 50; seed < 60; ++seed) {
    disk = std::make_shared<test::MemoryDisk>();
    live = {};
    start();
    fill(seed, 60);
    const std::string bytes = encode_state(live);
    const auto back = decode_state(bytes);
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(encode_state(*back), bytes);
    ASSERT_EQ(back->remembered_order, live.remembered_order);
    ASSERT_EQ(back->ended_workflows, live.ended_workflows);
    ASSERT_EQ(back->agent_by_host, live.agent_by_host);
    ASSERT_EQ(state_to_json(*back).dump(), state_to_json(live).dump());
  }
}

TEST_F(ReplayTest, StateBytesThatAreNotWholeNeverCrash) {
  fill(16, 40);
  const std::string bytes = encode_state(live);
  std::mt19937_64 random(16);
  for (int i = 0; i < 500; ++i) {
    std::string bad = bytes;
    if (i % 3 == 0) {
      bad.resize(random() % bytes.size());
    } else {
      bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
    }
    const auto state = decode_state(bad);
    if (!state) {
      ASSERT_EQ(state.error().code, Code::corrupt);
    }
  }
}

TEST(StateHash, DoesNotDependOnTheOrderOfInsertion) {
  test::AnyEvent any(1);
  std::vector<domain::Agent> agents(50);
  for (auto& agent : agents) agent.key = any.bytes<Key>(), agent.server = any.text();
  domain::State a, b;
  for (std::size_t i = 0; i < agents.size(); ++i) {
    a.agents.emplace(agents[i].key, agents[i]);
    const auto& last = agents[agents.size() - 1 - i];
    b.agents.emplace(last.key, last);
  }
  EXPECT_EQ(state_hash(a), state_hash(b));
  a.agents.begin()->second.draining = true;
  EXPECT_NE(state_hash(a), state_hash(b));
}

// ---- blobs and outputs

TEST_F(ReplayTest, BlobsAreWholeOrAnError) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kBlobChunkBytes, 3 * kBlobChunkBytes + 7}) {
    const std::string bytes(size, static_cast<char>('a' + size % 7));
    const Digest digest = digest_of(bytes);
    EXPECT_FALSE(*has_blob(*log, digest));
    EXPECT_EQ(*read_blob(*log, digest), std::nullopt);
    for (auto& record : blob_records(digest, bytes)) writer->write_side(std::move(record));
    commit();
    EXPECT_TRUE(*has_blob(*log, digest));
    EXPECT_EQ(**read_blob(*log, digest), bytes);
    disk->sides.begin()->second += "x";
    EXPECT_EQ(read_blob(*log, digest).error().code, Code::corrupt);
    disk->sides.clear();
  }
}

TEST_F(ReplayTest, OutputIsReadFromAnyOffsetUpToTheFirstGap) {
  Id task = test::AnyEvent(1).bytes<Id>();
  std::string all;
  for (int i = 0; i < 20; ++i) {
    const std::string part(static_cast<std::size_t>(10 + i), static_cast<char>('a' + i));
    writer->write_side(output_record(task, 1, all.size(), part));
    all += part;
  }
  writer->write_side(output_record(task, 1, all.size() + 5, "after a gap"));
  writer->write_side(output_record(task, 2, 0, "another attempt"));
  commit();
  EXPECT_EQ(*read_output(*log, task, 1, 0, SIZE_MAX), all);
  for (std::size_t from = 0; from <= all.size() + 3; from += 13) {
    for (const std::size_t limit : {std::size_t{1}, std::size_t{37}, all.size()}) {
      EXPECT_EQ(*read_output(*log, task, 1, from, limit), from < all.size() ? all.substr(from, limit) : "");
    }
  }
  EXPECT_EQ(*read_output(*log, task, 2, 0, 100), "another attempt");
  EXPECT_EQ(*read_output(*log, task, 3, 0, 100), "");
}

}  // namespace
}  // namespace prov::event_log
