// The real store while its disk fails: the n-th operation of a kind, for n = 1, 2, 3, ... until a run has none that
// many. Whatever happens to the process: what it acknowledged is there and whole, what was never offered is not, the
// chain verifies, and the log goes on from there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <random>
#include <thread>

#include "common/io/rocksdb/rocks_record_log.h"
#include "coordinator/event_log/replay.h"
#include "tests/faults/fault_fs.h"
#include "tests/faults/offered_log.h"
#include "tests/support/record_log/blocking.h"
#include "tests/support/record_log/temp_folder.h"

extern char** environ;

namespace prov::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBefore = 8, kCommits = 32, kSideBytes = 6000;
constexpr std::uint64_t kMostCases = 400;
constexpr int kPatienceMs = 20'000, kWorkers = 4;

struct Outcome {
  int status = 0;  // of waitpid
  std::uint64_t offered = 0, acknowledged = 0;
  bool fired = false, hung = false;
  std::string said;
};

unsigned long long number(std::uint64_t n) { return n; }

std::string rest_of(int fd) {
  std::string out;
  char buffer[512];
  for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  return out;
}

void hear(Outcome& outcome, int fd, pid_t child) {
  pollfd ready{fd, POLLIN, 0};
  for (;;) {
    if (::poll(&ready, 1, kPatienceMs) <= 0) {
      outcome.hung = true;
      ::kill(child, SIGKILL);
      return;
    }
    char line[9];
    if (::read(fd, line, sizeof line) != sizeof line) return;
    std::uint64_t n = 0;
    std::memcpy(&n, line + 1, sizeof n);
    if (line[0] == 'O') outcome.offered = n;
    if (line[0] == 'A') outcome.acknowledged = n;
    if (line[0] == 'F') outcome.fired = true;
  }
}

Outcome run_child(const std::string& folder, const FaultPlan& plan) {
  int says[2], errors[2];
  PROV_ASSERT(::pipe2(says, O_CLOEXEC) == 0 && ::pipe2(errors, O_CLOEXEC) == 0);
  std::vector<std::string> words{PROV_ROCKS_CHILD,
                                 folder,
                                 std::to_string(static_cast<int>(plan.operation)),
                                 std::to_string(static_cast<int>(plan.fault)),
                                 std::to_string(plan.nth),
                                 std::to_string(plan.seed),
                                 std::to_string(kCommits)};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, says[1], 3);
  pid_t pid = 0;
  PROV_ASSERT(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  ::close(says[1]);
  ::close(errors[1]);
  Outcome out;
  hear(out, says[0], pid);
  out.said = rest_of(errors[0]);
  ::waitpid(pid, &out.status, 0);
  ::close(says[0]);
  ::close(errors[0]);
  return out;
}

// How the process ended; empty: as it may not.
std::string way_of_ending(const Outcome& outcome, const std::string& folder) {
  if (outcome.hung) return "";
  const bool said = outcome.said.find(folder) != std::string::npos;
  // Closing a store whose flush failed may hit an assertion of RocksDB; what matters has been said by then.
  if (WIFSIGNALED(outcome.status)) return WTERMSIG(outcome.status) == SIGABRT && said ? "said why and aborted" : "";
  switch (WEXITSTATUS(outcome.status)) {
    case 0: return "went on";
    case 3:
    case 4: return said ? "ended and said why" : "";
    case kPowerCutExit: return "lost its power";
    default: return "";
  }
}

struct Sweep {
  const char* name;
  Operation operation;
  Fault fault;
  std::uint64_t at_least;  // faults that fire
};

void PrintTo(const Sweep& sweep, std::ostream* out) { *out << sweep.name; }

class RocksFaults : public testing::TestWithParam<Sweep> {
 protected:
  static void SetUpTestSuite() {
    seed_ = std::random_device{}() % 1'000'000;
    if (const char* given = std::getenv("PROV_SEED")) seed_ = std::strtoull(given, nullptr, 10);
    std::printf("seed %llu; the same again: PROV_SEED=%llu\n", number(seed_), number(seed_));
    offered_ = offered_log(seed_, kCommits, kSideBytes);
    base_ = std::make_unique<TempFolder>();
    // Left as a killed process leaves it: something is in tables, the rest in the write-ahead log.
    auto log = io::RocksRecordLog::open({.folder = *base_ / "log", .min_free_bytes = 0});
    for (std::size_t n = 0; n < kBefore / 2; ++n) ASSERT_TRUE(append_and_wait(**log, offered_[n]));
    log->reset();
    log = io::RocksRecordLog::open({.folder = *base_ / "log", .min_free_bytes = 0});
    for (std::size_t n = kBefore / 2; n < kBefore; ++n) ASSERT_TRUE(append_and_wait(**log, offered_[n]));
    fs::copy(*base_ / "log", *base_ / "killed", fs::copy_options::recursive);
  }
  static void TearDownTestSuite() { base_.reset(); }

  // Whether the log in `folder` is what it may be after that.
  void check(const std::string& folder, const Outcome& outcome, bool disk_lied) {
    auto opened = io::RocksRecordLog::open({.folder = folder, .min_free_bytes = 0});
    if (!opened && disk_lied) {
      EXPECT_EQ(opened.error().code, Code::corrupt) << opened.error().message;
      ++said_lost_;
      return;
    }
    ASSERT_TRUE(opened) << opened.error().message;
    RecordLog& log = **opened;
    const std::uint64_t acknowledged = std::max<std::uint64_t>(kBefore, outcome.acknowledged);
    const std::uint64_t last = log.last_commit();
    ASSERT_LE(last, std::max<std::uint64_t>(kBefore, outcome.offered)) << "a commit that nobody offered";
    if (disk_lied) return check_after_a_lie(log, acknowledged);
    ASSERT_GE(last, acknowledged) << "acknowledged commits are lost";
    ASSERT_EQ(log.attested_commit(), last);
    check_content(log, last);
    if (last == kCommits) return;
    ASSERT_TRUE(append_and_wait(log, offered_[last])) << "it does not go on";
  }
  // What a disk that lied has kept may end early, or have a hole; but never without a word.
  void check_after_a_lie(RecordLog& log, std::uint64_t acknowledged) {
    const event_log::Replayed read = event_log::replay(log, {}, {}, [](const domain::Event&) { return true; });
    const auto damage = event_log::damage_at_end(read, log.last_commit(), log.attested_commit());
    ASSERT_TRUE(damage || read.commits >= acknowledged) << "acknowledged commits are lost, silently";
    if (damage) ++said_lost_;
    std::uint64_t count = 0;
    ASSERT_TRUE(log.read(1, [&](std::uint64_t number, std::string_view commit) {
      if (count == read.commits) return false;
      return number == ++count && commit == offered_[number - 1].commit;
    }));
    ASSERT_EQ(count, read.commits) << "what verifies is not what was offered";
  }
  void check_content(RecordLog& log, std::uint64_t last) {
    std::uint64_t count = 0;
    ASSERT_TRUE(log.read(1, [&](std::uint64_t number, std::string_view commit) {
      return number == ++count && commit == offered_[number - 1].commit;
    }));
    ASSERT_EQ(count, last) << "a commit is not what was offered";
    for (const LogBatch& batch : offered_) {
      const auto side = log.get(batch.sides[0].key);
      ASSERT_TRUE(side);
      ASSERT_EQ(side->has_value(), batch.number <= last)
          << "a commit without its side record, or one without the other";
      ASSERT_TRUE(!*side || **side == batch.sides[0].value) << "a side record is not what was offered";
    }
    const event_log::Replayed read = event_log::replay(log, {}, {}, [](const domain::Event&) { return true; });
    ASSERT_FALSE(read.damage) << read.damage->what;
    ASSERT_EQ(read.commits, last);
  }

  void run_cases() {
    for (;;) {
      const std::uint64_t nth = ++last_;
      if (clean_ || nth > kMostCases || HasFailure()) return;
      SCOPED_TRACE(std::string(GetParam().name) + " " + std::to_string(nth) + ", PROV_SEED=" + std::to_string(seed_));
      run_case(nth);
    }
  }
  void run_case(std::uint64_t nth) {
    const Sweep& sweep = GetParam();
    const TempFolder folder;
    fs::copy(*base_ / "killed", folder / "log", fs::copy_options::recursive);
    const Outcome outcome = run_child(folder / "log", {sweep.operation, sweep.fault, nth, seed_});
    const std::string ending = way_of_ending(outcome, folder.path());
    ++cases_;
    if (outcome.fired) ++fired_;
    if (outcome.acknowledged > kBefore) acknowledged_ += outcome.acknowledged - kBefore;
    {
      const std::lock_guard guard(mutex_);
      ++endings_[ending];
    }
    ASSERT_NE(ending, "") << "status " << outcome.status << (outcome.hung ? ", hung" : "") << ": " << outcome.said;
    check(folder / "log", outcome, sweep.fault == Fault::lie && outcome.fired);
    if (outcome.fired) return;
    clean_ = true;
    ASSERT_EQ(outcome.acknowledged, kCommits) << "without a fault everything has to work: " << outcome.said;
  }

  inline static std::uint64_t seed_ = 0;
  inline static std::vector<LogBatch> offered_;
  inline static std::unique_ptr<TempFolder> base_;
  std::atomic<std::uint64_t> last_ = 0, cases_ = 0, fired_ = 0, acknowledged_ = 0, said_lost_ = 0;
  std::atomic<bool> clean_ = false;
  std::mutex mutex_;
  std::map<std::string, std::uint64_t> endings_;
};

TEST_P(RocksFaults, NothingAcknowledgedIsLost) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> workers;  // RocksDB waits a second after some faults
  for (int n = 0; n < kWorkers; ++n) workers.emplace_back([this] { run_cases(); });
  for (std::thread& worker : workers) worker.join();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  std::string ways;
  for (const auto& [ending, count] : endings_) ways += ", " + std::to_string(count) + " " + ending;
  const Sweep& sweep = GetParam();
  std::printf("%s: %llu cases, %llu faults fired, %llu commits acknowledged, %llu losses said%s, %lld ms\n", sweep.name,
              number(cases_), number(fired_), number(acknowledged_), number(said_lost_), ways.c_str(),
              static_cast<long long>(ms.count()));
  EXPECT_TRUE(clean_) << "the sweep did not end with a clean run";
  EXPECT_GE(fired_, sweep.at_least) << "too few faults";
  EXPECT_GE(acknowledged_, kCommits - kBefore + 4 * (sweep.at_least - 1)) << "what does not work shows nothing";
  EXPECT_GE(said_lost_, sweep.fault == Fault::lie ? sweep.at_least / 2 : 0);
}

constexpr Sweep kSweeps[] = {
    {"append_once", Operation::append, Fault::once, 40},     {"append_half", Operation::append, Fault::half, 40},
    {"disk_full", Operation::append, Fault::full, 40},       {"sync_once", Operation::sync, Fault::once, 30},
    {"sync_ever", Operation::sync, Fault::ever, 30},         {"open_once", Operation::open, Fault::once, 10},
    {"open_ever", Operation::open, Fault::ever, 10},         {"rename_once", Operation::rename, Fault::once, 1},
    {"read_once", Operation::read, Fault::once, 10},         {"read_ever", Operation::read, Fault::ever, 10},
    {"remove_once", Operation::remove, Fault::once, 1},      {"power_at_append", Operation::append, Fault::power, 40},
    {"power_at_sync", Operation::sync, Fault::power, 30},    {"power_at_open", Operation::open, Fault::power, 10},
    {"power_at_rename", Operation::rename, Fault::power, 1}, {"lying_sync", Operation::sync, Fault::lie, 30},
};

INSTANTIATE_TEST_SUITE_P(Sweeps, RocksFaults, testing::ValuesIn(kSweeps),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace prov::test
