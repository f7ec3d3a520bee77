#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "agent/host/disk_journal.h"
#include "agent/journal/journal.h"
#include "agent/journal/payload.h"
#include "agent/journal/record_codec.h"
#include "agent/step/judge.h"
#include "common/hash.h"
#include "common/wire/outputs.h"
#include "tests/unit/agent_support/fakes.h"

namespace prov::agent {
namespace {

using fakes::MemoryJournalFile;

StepId step(std::uint8_t n) {
  StepId out;
  out.task.bytes.fill(n);
  out.attempt = n;
  return out;
}

std::vector<Record> examples() {
  wire::Order order;
  order.task = step(3).task;
  order.attempt = 3;
  order.sequence = 77;
  order.timeout_s = 60;
  order.mode = wire::Mode::rehearse;
  order.action = wire::Script{digest_of("bundle"), "scripts/install", {{"A", "b"}}, {}, {{"password", "sealed box"}}};
  Verdict verdict{Outcome::timed_out, -9, "stopped", 123, digest_of("out"), {{"port", "5432"}, {"url", "http://x/"}}};
  Key key;
  key.bytes.fill(9);
  return {{1, Identity{key, step(1).task}},
          {2, Seen{7, 70, 700}},
          {3, Assigned{order, digest_of("order"), "boot-id"}},
          {4, Started{step(3), "boot-id"}},
          {5, StepEnded{step(3), verdict}},
          {6, StepEnded{step(3), silent_success()}},
          {6, Reported{step(3)}},
          {7, Distrust{~0ULL}}};
}

std::string image(const std::vector<Record>& records) {
  std::string out(kJournalMagic);
  for (const Record& record : records) out += encode_record(record);
  return out;
}

TEST(Journal, EveryRecordComesBack) {
  const JournalScan scan = scan_journal(image(examples()));
  EXPECT_EQ(scan.damage, "");
  EXPECT_EQ(scan.torn_bytes, 0U);
  ASSERT_EQ(scan.records.size(), examples().size());
  EXPECT_EQ(image(scan.records), image(examples()));
  EXPECT_EQ(std::get<StepEnded>(scan.records[4].what).verdict, std::get<StepEnded>(examples()[4].what).verdict);
  EXPECT_EQ(std::get<Assigned>(scan.records[2].what).order.mode, wire::Mode::rehearse);
}

// However a crash cuts the file: what is whole comes back, the rest is a torn tail, and never damage.
TEST(Journal, CutAtEveryByte) {
  const std::string whole = image(examples());
  std::vector<std::size_t> ends = {kJournalMagic.size()};
  for (const Record& record : examples()) ends.push_back(ends.back() + encode_record(record).size());
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    MemoryJournalFile file;
    file.content = whole.substr(0, cut);
    Journal journal(file);
    auto opened = journal.open();
    ASSERT_TRUE(opened);
    ASSERT_EQ(opened->damage, "") << cut;
    std::size_t expected = 0;
    while (expected < examples().size() && ends[expected + 1] <= cut) ++expected;
    ASSERT_EQ(opened->records.size(), expected) << cut;
    const std::size_t kept = cut < kJournalMagic.size() ? 0 : ends[expected];
    ASSERT_EQ(opened->torn_bytes, cut - kept) << cut;
    ASSERT_EQ(file.content, whole.substr(0, kept)) << "cut back to whole records";
    journal.add(examples()[1]);
    ASSERT_TRUE(journal.flush());
    ASSERT_EQ(scan_journal(file.content).records.size(), expected + 1) << "and it goes on from there";
  }
}

TEST(Journal, ZeroesAtTheEndAreATornTail) {
  MemoryJournalFile file;
  file.content = image(examples()) + std::string(4096, '\0');
  auto opened = Journal(file).open();
  EXPECT_EQ(opened->damage, "");
  EXPECT_EQ(opened->torn_bytes, 4096U);
  EXPECT_EQ(opened->records.size(), examples().size());
}

// A flipped bit anywhere before the last record is damage: it is named, the file is kept, the rest is saved.
TEST(Journal, AFlippedBitInTheMiddleIsNotTakenForATornTail) {
  const std::string whole = image(examples());
  const std::size_t last = whole.size() - encode_record(examples().back()).size();
  for (std::size_t at = 0; at < last; ++at) {
    MemoryJournalFile file;
    file.content = whole;
    file.content[at] = static_cast<char>(file.content[at] ^ 0x10);
    const std::string damaged = file.content;
    auto opened = Journal(file).open();
    ASSERT_TRUE(opened);
    ASSERT_NE(opened->damage, "") << at;
    ASSERT_EQ(opened->kept_as, "memory.damaged");
    ASSERT_EQ(file.aside, damaged);
    ASSERT_GE(opened->records.size(), examples().size() - 1) << at;
  }
}

// Of the last one too: it may be an end that was acknowledged, without which the step would start. Where the length is
// harmed, it cannot be told from a write that was cut.
TEST(Journal, AFlippedBitInTheLastRecordIsNotTakenForATornTail) {
  constexpr std::size_t kLengthAt = 4, kLengthBytes = 4;
  const std::string whole = image(examples());
  const std::size_t last = whole.size() - encode_record(examples().back()).size();
  for (std::size_t at = last; at < whole.size(); ++at) {
    if (at >= last + kLengthAt && at < last + kLengthAt + kLengthBytes) continue;
    MemoryJournalFile file;
    file.content = whole;
    file.content[at] = static_cast<char>(file.content[at] ^ 0x10);
    auto opened = Journal(file).open();
    ASSERT_TRUE(opened);
    ASSERT_NE(opened->damage, "") << at - last;
    ASSERT_EQ(opened->records.size(), examples().size() - 1) << at - last;
  }
}

TEST(Journal, GarbageIsNeverRecords) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 300; ++i) {
    std::string bytes(kJournalMagic);
    for (std::uint64_t n = random() % 400; n > 0; --n)
      bytes +=
          random() % 20 == 0 ? "PJR" + std::to_string(1 + random() % 3) : std::string(1, static_cast<char>(random()));
    EXPECT_TRUE(scan_journal(bytes).records.empty());
  }
}

std::string payload_of(const Record& record) {
  constexpr std::size_t kHeadBytes = 16;
  return encode_record(record).substr(kHeadBytes);
}

// A check that fits says only that this is what was written: by a later release, or with a fault.
TEST(Journal, APayloadIsReadToItsLastByteOrNotAtAll) {
  for (const Record& record : examples()) {
    const std::string whole = payload_of(record);
    ASSERT_TRUE(read_payload(whole)) << record.time_ms;
    for (std::size_t cut = 0; cut < whole.size(); ++cut) EXPECT_FALSE(read_payload(whole.substr(0, cut))) << cut;
    EXPECT_FALSE(read_payload(whole + '\0')) << record.time_ms;
    EXPECT_FALSE(read_payload(whole + std::string(8, '\0'))) << record.time_ms;
  }
}

TEST(Journal, APayloadBeyondALimitIsRefused) {
  const auto ended = [](Verdict verdict) { return payload_of({5, StepEnded{step(3), std::move(verdict)}}); };
  const auto with_outputs = [&](std::vector<wire::Variable> outputs) {
    return ended({Outcome::done, 0, "", 0, digest_of(""), std::move(outputs)});
  };
  ASSERT_TRUE(read_payload(with_outputs({{"a", "1"}, {"b", "2"}})));
  EXPECT_FALSE(read_payload(with_outputs({{"b", "2"}, {"a", "1"}}))) << "not in order";
  EXPECT_FALSE(read_payload(with_outputs({{"a", std::string(wire::kMaxOutputValueBytes + 1, 'v')}})));
  EXPECT_FALSE(read_payload(with_outputs(std::vector<wire::Variable>(wire::kMaxOutputs + 1, {"a", "1"}))));
  EXPECT_FALSE(read_payload(ended({static_cast<Outcome>(kOutcomes), 0, "", 0, digest_of("")})));
  EXPECT_FALSE(read_payload(payload_of({4, Started{step(3), std::string(257, 'b')}})));
  EXPECT_FALSE(read_payload(payload_of({4, Started{step(3), std::string(1, '\0')}})));
  for (const unsigned kind : {0U, 9U, 255U}) {
    std::string other = payload_of(examples()[6]);
    other[0] = static_cast<char>(kind);
    EXPECT_FALSE(read_payload(other)) << kind;
  }
  std::string lengths = payload_of(examples()[3]);  // a text that says it has 4 GiB
  lengths.replace(lengths.find("boot-id") - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(read_payload(lengths));
}

TEST(Journal, AMessageIsCutSoThatItCanBeRead) {
  const std::string longest(wire::kMaxProseBytes, 'm');
  const Record long_one{5, StepEnded{step(3), {Outcome::failed, 1, longest + "more", 0, digest_of("")}}};
  const Record with_nul{5, StepEnded{step(3), {Outcome::failed, 1, std::string("a\0b", 3), 0, digest_of("")}}};
  const auto message_of = [](const Record& record) {
    return std::get<StepEnded>(read_payload(payload_of(record))->what).verdict.message;
  };
  EXPECT_EQ(message_of(long_one), longest);
  EXPECT_EQ(message_of(with_nul), "a?b");
}

TEST(Journal, AFullDiskLosesNothing) {
  MemoryJournalFile file;
  Journal journal(file);
  ASSERT_TRUE(journal.open());
  file.full = true;
  for (const Record& record : examples()) journal.add(record);
  auto flushed = journal.flush();
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, Code::exhausted);
  EXPECT_TRUE(journal.pending());
  file.full = false;
  ASSERT_TRUE(journal.flush());
  EXPECT_EQ(scan_journal(file.content).records.size(), examples().size());
  EXPECT_EQ(file.syncs, 1) << "one sync for all that came together";
}

TEST(Journal, KnowsWhenItIsMostlyGarbage) {
  MemoryJournalFile file;
  Journal journal(file);
  ASSERT_TRUE(journal.open());
  int flushes = 0;
  for (; !journal.mostly_garbage(); ++flushes) {
    for (const Record& record : examples()) journal.add(record);
    ASSERT_TRUE(journal.flush());
    ASSERT_LT(flushes, 100'000);
  }
  ASSERT_TRUE(journal.rewrite(examples()));
  EXPECT_FALSE(journal.mostly_garbage());
  EXPECT_EQ(file.content, image(examples()));
}

TEST(DiskJournal, IsTheSameFileAfterEachOperation) {
  char dir[] = "/tmp/prov-journal-XXXXXX";
  ASSERT_NE(mkdtemp(dir), nullptr);
  const std::string path = std::string(dir) + "/journal";
  {
    DiskJournal file(path);
    EXPECT_EQ(*file.read_all(), "");
    ASSERT_TRUE(file.append("one"));
    ASSERT_TRUE(file.append("two"));
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(*DiskJournal(path).read_all(), "onetwo");
    ASSERT_TRUE(file.replace("three"));
    ASSERT_TRUE(file.append("four"));
    ASSERT_TRUE(file.sync());
    EXPECT_EQ(*DiskJournal(path).read_all(), "threefour");
    EXPECT_EQ(std::filesystem::status(path).permissions(), std::filesystem::perms(0600));
    for (int times = 0; times < 2; ++times) {  // whoever keeps it may be killed before he has replaced it
      EXPECT_EQ(file.keep_damaged().value_or(""), path + ".damaged");
      EXPECT_EQ(*file.read_all(), "threefour");
    }
    ASSERT_TRUE(file.replace("five"));
    EXPECT_EQ(*DiskJournal(path + ".damaged").read_all(), "threefour");
    EXPECT_EQ(file.keep_damaged().value_or(""), path + ".damaged-2") << "the first one is kept as well";
    EXPECT_EQ(*DiskJournal(path + ".damaged-2").read_all(), "five");
  }
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace prov::agent
