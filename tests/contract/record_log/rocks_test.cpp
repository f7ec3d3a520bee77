// What RocksDB's adapter promises beyond the contract: nothing acknowledged is lost to kill -9; what is lost otherwise
// is said; one writer at a time; readers beside it; consistent copies; no room, no write.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <thread>

#include "common/io/rocksdb/rocks_record_log.h"
#include "tests/support/record_log/blocking.h"
#include "tests/support/record_log/temp_folder.h"

extern char** environ;

namespace prov::io {
namespace {

using test::append_and_wait;
using test::TempFolder;
namespace fs = std::filesystem;

std::unique_ptr<RocksRecordLog> open_log(const std::string& folder, std::uint64_t min_free_bytes = 0) {
  auto log = RocksRecordLog::open({.folder = folder, .min_free_bytes = min_free_bytes});
  EXPECT_TRUE(log) << log.error().message;
  return log ? std::move(*log) : nullptr;
}

void fill(RecordLog& log, std::uint64_t up_to, std::size_t bytes = 100) {
  for (std::uint64_t n = log.last_commit() + 1; n <= up_to; ++n) {
    ASSERT_TRUE(append_and_wait(log, {n, std::string(bytes, static_cast<char>('a' + n % 26)), {}}));
  }
}

std::uint64_t count(RecordLog& log) {
  std::uint64_t commits = 0;
  EXPECT_TRUE(log.read(1, [&](std::uint64_t number, std::string_view) { return number == ++commits; }));
  return commits;
}

std::vector<fs::path> wal_files(const std::string& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder + "/db")) {
    if (entry.path().extension() == ".log" && entry.file_size() > 0) out.push_back(entry.path());
  }
  return out;
}

void flip_bit(const fs::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const char byte = static_cast<char>(stream.get() ^ 4);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

constexpr char kManyFlushes[] = "256", kSomeFlushes[] = "1024", kNoFlush[] = "65536";

class Child {  // a writer that is killed at the latest with this object
 public:
  // A small write buffer means many flushes; with a large one everything stays in one write-ahead log.
  Child(const std::string& folder, std::uint64_t seed, const char* buffer_kib) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    out_ = Fd(ends[0]);
    const Fd writing(ends[1]);
    const std::string number = std::to_string(seed);
    std::string program = PROV_WRITER_CHILD;
    char* argv[] = {program.data(), const_cast<char*>(folder.c_str()), const_cast<char*>(number.c_str()),
                    const_cast<char*>(buffer_kib), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, writing.get(), STDOUT_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Child() { kill_it(); }

  // Waits for one acknowledgement; 0: it has ended.
  std::uint64_t acknowledged() {
    std::uint64_t n = 0;
    return ::read(out_.get(), &n, sizeof n) == static_cast<ssize_t>(sizeof n) ? n : 0;
  }
  // Kills it, and answers the last commit that it was heard to acknowledge.
  std::uint64_t kill_it() {
    if (pid_ <= 0) return last_;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
    while (const std::uint64_t n = acknowledged()) last_ = n;
    return last_;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  Fd out_;
  std::uint64_t last_ = 0;
};

TEST(RocksRecordLog, WhatWasAcknowledgedSurvivesKill9) {
  const std::uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 random(seed);
  const TempFolder folder;
  std::uint64_t before = 0;
  for (int round = 0; round < 20; ++round) {
    Child child(folder.path(), random(), kManyFlushes);
    const std::uint64_t first = child.acknowledged();
    ASSERT_NE(first, 0U) << "seed " << seed;
    ::usleep(static_cast<useconds_t>(random() % 60000));  // anywhere in a commit, a flush, a compaction
    const std::uint64_t acknowledged = std::max(first, child.kill_it());
    auto log = open_log(folder.path());
    ASSERT_NE(log, nullptr);
    ASSERT_GE(log->last_commit(), acknowledged) << "seed " << seed << " round " << round;
    ASSERT_LE(log->last_commit(), acknowledged + 1) << "seed " << seed;  // at most the one that was under way
    ASSERT_EQ(log->attested_commit(), log->last_commit());
    ASSERT_GT(log->last_commit(), before);
    ASSERT_EQ(count(*log), log->last_commit());
    before = log->last_commit();
    std::uint64_t sides = 0;
    ASSERT_TRUE(log->scan("side/", [&](std::string_view, std::string_view) { return ++sides > 0; }));
    ASSERT_EQ(sides, before / 3) << "side records and commits are durable together";
  }
}

TEST(RocksRecordLog, ABitFlipInTheWriteAheadLogIsReportedNotSwallowed) {
  for (const double where : {0.02, 0.5, 0.999}) {
    const TempFolder folder;
    {
      Child child(folder.path(), 1, kNoFlush);  // killed, so that the write-ahead log is not flushed away
      while (child.acknowledged() < 5) continue;
    }
    const auto wals = wal_files(folder.path());
    ASSERT_FALSE(wals.empty());
    const std::uint64_t written = *AttestedFile::read(folder / "attested");
    flip_bit(wals.back(), static_cast<std::uint64_t>(where * static_cast<double>(fs::file_size(wals.back()))));
    std::uint64_t last = 0;
    {
      auto log = open_log(folder.path());
      ASSERT_NE(log, nullptr);
      last = log->last_commit();
      if (where < 0.9) {
        EXPECT_LT(last, written);
      }
      EXPECT_EQ(count(*log), last);
      if (last < written) {
        EXPECT_EQ(log->attested_commit(), written) << "the store must know that its end is lost";
        ASSERT_FALSE(log->notes().empty());
        EXPECT_NE(log->notes()[0].find("wal-damaged-1"), std::string::npos) << log->notes()[0];
        EXPECT_TRUE(fs::exists(folder / "wal-damaged-1"));
      }
    }
    if (last == written) continue;  // the flip hit a write that was never acknowledged
    auto again = open_log(folder.path());
    EXPECT_EQ(again->attested_commit(), written) << "and still know it after the next start";
    ASSERT_TRUE(append_and_wait(*again, {last + 1, "an operator decided", {}}));
    EXPECT_EQ(again->attested_commit(), last + 1);
  }
}

TEST(RocksRecordLog, AnEndThatIsCutOffIsReported) {
  const TempFolder folder;
  {
    Child child(folder.path(), 1, kNoFlush);
    while (child.acknowledged() < 8) continue;
  }
  const auto wals = wal_files(folder.path());
  ASSERT_FALSE(wals.empty());
  const std::uint64_t written = *AttestedFile::read(folder / "attested");
  fs::resize_file(wals.back(), fs::file_size(wals.back()) / 2);
  auto log = open_log(folder.path());
  EXPECT_LT(log->last_commit(), written);
  EXPECT_EQ(log->attested_commit(), written);
}

TEST(RocksRecordLog, AWriteThatWasNeverAcknowledgedIsDroppedQuietly) {
  const TempFolder folder;
  {
    Child child(folder.path(), 1, kNoFlush);
    while (child.acknowledged() < 5) continue;
  }
  const auto wals = wal_files(folder.path());
  ASSERT_FALSE(wals.empty());
  std::ofstream(wals.back(), std::ios::app | std::ios::binary) << "a record that was not finished";
  const std::uint64_t written = *AttestedFile::read(folder / "attested");
  auto log = open_log(folder.path());
  ASSERT_GE(log->last_commit(), written);
  EXPECT_EQ(log->attested_commit(), log->last_commit());
  EXPECT_FALSE(fs::exists(folder / "wal-damaged-1"));
  EXPECT_EQ(log->notes().size(), 1U);
}

std::ptrdiff_t tables_in(const std::string& folder) {
  const fs::directory_iterator all(folder + "/db");
  return std::count_if(begin(all), end(all), [](const auto& entry) { return entry.path().extension() == ".sst"; });
}

bool comes_to_have_tables(const std::string& folder) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (tables_in(folder) == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return tables_in(folder) > 0;
}

// Nothing that is larger than what is kept in memory on purpose stays there until somebody writes again.
TEST(RocksRecordLog, ALargeWriteGoesToItsFileWithoutAnother) {
  const TempFolder folder;
  auto log = open_log(folder.path());
  fill(*log, 3);
  ASSERT_EQ(tables_in(folder.path()), 0) << "small ones wait in memory";
  ASSERT_TRUE(append_and_wait(*log, {4, std::string(10 << 20, 'x'), {}}));
  EXPECT_TRUE(comes_to_have_tables(folder.path()));
}

TEST(RocksRecordLog, WhatWasWrittenGoesToFilesWhenThereIsNothingToDo) {
  const TempFolder folder;
  auto log =
      RocksRecordLog::open({.folder = folder.path(), .quiet = std::chrono::milliseconds(1), .min_free_bytes = 0});
  ASSERT_TRUE(log);
  for (std::uint64_t n = 1; n <= 3; ++n) ASSERT_TRUE(append_and_wait(**log, {n, std::string(500 << 10, 'x'), {}}));
  EXPECT_TRUE(comes_to_have_tables(folder.path()));
  ASSERT_TRUE(append_and_wait(**log, {4, "after it", {}}));
  log->reset();
  EXPECT_EQ(count(*open_log(folder.path())), 4U);
}

TEST(RocksRecordLog, ABlockThatRottedIsAnErrorWithWhatCameBefore) {
  const TempFolder folder;
  {
    auto log = open_log(folder.path());
    std::mt19937_64 random(1);
    for (std::uint64_t n = 1; n <= 200; ++n) {  // random bytes: they stay where they are, compressed or not
      std::string bytes(4000, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      ASSERT_TRUE(append_and_wait(*log, {n, bytes, {}}));
    }
    ASSERT_TRUE(log->copy_to(folder / "copy"));  // everything is in a table file now
  }
  for (const auto& entry : fs::directory_iterator(folder / "copy/db")) {
    if (entry.path().extension() == ".sst") flip_bit(entry.path(), entry.file_size() / 2);
  }
  auto log = RocksRecordLog::open_read_only(folder / "copy");
  ASSERT_TRUE(log) << log.error().message;
  std::uint64_t commits = 0;
  const auto read = (*log)->read(1, [&](std::uint64_t, std::string_view) { return ++commits > 0; });
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::corrupt);
  EXPECT_GT(commits, 10U);
  EXPECT_LT(commits, 190U);
}

TEST(RocksRecordLog, AFileThatIsMissingIsDamageWithAWayOn) {
  const TempFolder folder;
  fill(*open_log(folder.path()), 3);
  for (const auto& entry : fs::directory_iterator(folder / "db")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
  }
  const auto refused = RocksRecordLog::open({.folder = folder.path(), .min_free_bytes = 0});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::corrupt);
  EXPECT_NE(refused.error().hint.find("restore a backup"), std::string::npos) << refused.error().hint;
}

TEST(RocksRecordLog, ASecondWriterIsRefusedAndToldWhoHoldsIt) {
  const TempFolder folder;
  Child child(folder.path(), 1, kManyFlushes);
  ASSERT_NE(child.acknowledged(), 0U);
  auto second = RocksRecordLog::open({.folder = folder.path(), .min_free_bytes = 0});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_NE(second.error().message.find("pid " + std::to_string(child.pid()) + ")"), std::string::npos)
      << second.error().message;
  child.kill_it();
  EXPECT_NE(open_log(folder.path()), nullptr) << "a lock must not outlive its holder";
}

TEST(RocksRecordLog, AReaderBesideTheWriterSeesWhatIsDurableAndChangesNothing) {
  const TempFolder folder;
  auto writer = open_log(folder.path());
  fill(*writer, 50);
  auto reader = RocksRecordLog::open_read_only(folder.path());
  ASSERT_TRUE(reader) << (reader ? "" : reader.error().message);
  EXPECT_EQ(count(**reader), 50U);
  EXPECT_EQ((*reader)->attested_commit(), 50U);
  fill(*writer, 60);
  EXPECT_EQ((*reader)->last_commit(), 50U) << "a reader stays at the position that it opened";
  const auto refused = append_and_wait(**reader, {51, "x", {}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unsupported);
  EXPECT_FALSE((*reader)->set_aside_after(1));
  reader->reset();
  EXPECT_EQ(count(*writer), 60U);
}

TEST(RocksRecordLog, ReadersBesideABusyWriterAlwaysGetAPrefix) {
  const TempFolder folder;
  Child child(folder.path(), 1, kSomeFlushes);
  ASSERT_NE(child.acknowledged(), 0U);
  std::uint64_t before = 0;
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t attested = AttestedFile::read(folder / "attested").value_or(0);
    auto reader = RocksRecordLog::open_read_only(folder.path());
    ASSERT_TRUE(reader) << (reader ? "" : reader.error().message);
    ASSERT_GE((*reader)->last_commit(), std::max(before, attested));
    ASSERT_EQ((*reader)->attested_commit(), (*reader)->last_commit());
    ASSERT_EQ(count(**reader), (*reader)->last_commit());
    before = (*reader)->last_commit();
  }
}

TEST(RocksRecordLog, AFolderWithoutALogIsNotMadeByAReader) {
  const TempFolder folder;
  const auto reader = RocksRecordLog::open_read_only(folder.path());
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, Code::not_found);
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(RocksRecordLog, ACopyIsOnePositionAndALogOfItsOwn) {
  const TempFolder folder;
  auto log = open_log(folder / "log");
  fill(*log, 20);
  std::atomic<bool> enough = false;
  std::thread busy([&] {
    while (!enough) fill(*log, log->last_commit() + 1, 5000);
  });
  const auto copied = log->copy_to(folder / "copy");
  enough = true;
  busy.join();
  ASSERT_TRUE(copied) << copied.error().message;
  auto copy = open_log(folder / "copy");
  EXPECT_GE(copy->last_commit(), 20U);
  EXPECT_EQ(count(*copy), copy->last_commit());
  EXPECT_EQ(copy->attested_commit(), copy->last_commit());
  fill(*copy, copy->last_commit() + 5);
  EXPECT_FALSE(log->copy_to(folder / "copy")) << "never over something";
}

class SmallDisk {  // a tmpfs of its own; empty path(): this machine does not let us
 public:
  explicit SmallDisk(const std::string& size) {
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0) mounted_ = true;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  std::string operator/(const std::string& name) const { return folder_ / name; }

 private:
  TempFolder folder_;
  bool mounted_ = false;
};

// There is room for each append, and none for the file that all of them would be flushed to.
TEST(RocksRecordLog, AFullDiskIsNotMetByGivingMemoryBackEither) {
  const SmallDisk disk("96m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a tmpfs";
  const std::uint64_t floor = 24 << 20;
  auto log =
      RocksRecordLog::open({.folder = disk / "log", .quiet = std::chrono::milliseconds(1), .min_free_bytes = floor});
  ASSERT_TRUE(log);
  fill(**log, 1);  // which sets aside what the write-ahead log will need
  std::ofstream(disk / "somebody-else") << std::string(fs::space(disk / "log").available - floor - (2 << 20), 'x');
  for (std::uint64_t n = 2; n <= 10; ++n) ASSERT_TRUE(append_and_wait(**log, {n, std::string(200'000, 'x'), {}}));
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(50);  // many times as long as is quiet
  while (std::chrono::steady_clock::now() < until) ASSERT_EQ(tables_in(disk / "log"), 0);
  fs::remove(disk / "somebody-else");
  EXPECT_TRUE(comes_to_have_tables(disk / "log")) << "with room it does, without another append";
  EXPECT_TRUE(append_and_wait(**log, {11, "after it", {}}));
}

TEST(RocksRecordLog, AFullDiskIsNeverMet) {
  const SmallDisk disk("48m");
  if (!disk.mounted()) GTEST_SKIP() << "this process may not mount a tmpfs";
  const std::uint64_t floor = 24 << 20;
  {
    auto log = open_log(disk / "log", floor);
    Result<void> result;
    std::mt19937_64 random(1);
    for (std::uint64_t n = 1; result && n < 1000; ++n) {
      std::string bytes(200'000, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      result = append_and_wait(*log, {n, bytes, {}});
    }
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Code::exhausted);
    EXPECT_EQ(count(*log), log->last_commit()) << "what was written before is there";
    EXPECT_GT(log->last_commit(), 10U);
    // A flush may have made room meanwhile; then it goes on, and otherwise it says why it does not.
    const auto again = append_and_wait(*log, {log->last_commit() + 1, std::string(200'000, 'x'), {}});
    EXPECT_TRUE(again || again.error().code == Code::exhausted);
  }
  std::ofstream(disk / "somebody-else") << std::string(22 << 20, 'x');
  const auto refused = RocksRecordLog::open({.folder = disk / "log", .min_free_bytes = floor});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  fs::remove(disk / "somebody-else");
  auto log = open_log(disk / "log", 8 << 20);
  fill(*log, log->last_commit() + 3);
}

}  // namespace
}  // namespace prov::io
