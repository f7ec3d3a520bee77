// What an operator and a report see of a disk that fills up and empties again: core, writer and disk guard together, on
// virtual time.
#include <gtest/gtest.h>

#include <filesystem>

#include "coordinator/command_handler/core.h"
#include "coordinator/event_log/disk_guard.h"
#include "coordinator/event_log/replay.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/memory_record_log.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::command_handler {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kBallast = 4 * kMiB, kMargin = 2 * kMiB, kStoreNeeds = kMiB;

const domain::Principal kOwner{"uid:0", "peer", domain::Transport::unix_socket};
const domain::Principal kInside{"system", "", domain::Transport::internal};

class ManualTimers final : public Timers {
 public:
  TimerId after(std::uint64_t delay_ms, std::function<void()> fire) override {
    timers_[++last_] = {now_ms + delay_ms, std::move(fire)};
    return last_;
  }
  void cancel(TimerId id) override { timers_.erase(id); }
  void advance(std::uint64_t ms) {
    now_ms += ms;
    for (auto at = timers_.begin(); at != timers_.end();) {
      if (at->second.first > now_ms) {
        ++at;
        continue;
      }
      const auto fire = std::move(at->second.second);
      timers_.erase(at);
      fire();
      at = timers_.begin();
    }
  }
  std::uint64_t now_ms = 0;

 private:
  std::map<TimerId, std::pair<std::uint64_t, std::function<void()>>> timers_;
  TimerId last_ = 0;
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (auto& byte : out) byte = ++n_;
  }

 private:
  std::uint8_t n_ = 0;
};

class LogRoomTest : public testing::Test {
 protected:
  LogRoomTest()
      : log(disk),
        guard(
            {folder / "ballast", kBallast, kMargin}, [this]() -> Result<std::uint64_t> { return free(); }, clock),
        writer(log, executor, clock, begin(), nullptr, [](const Error& error) { FAIL() << error.message; }) {
    CoreConfig config;
    config.policy.owners = {"uid:0"};
    config.admission = [this] { return guard.admit(); };
    config.written = [this](std::size_t bytes) { guard.appended(bytes); };
    config.make_room = [this] {
      const bool gave = guard.give_way();
      look();
      return gave;
    };
    core = std::make_unique<Core>(std::move(config), writer, domain::State{}, timers, random);
    core->start();
    settle();
  }

  static event_log::LogPosition begin() {
    event_log::LogPosition out;
    out.log_id.bytes.fill(7);
    return out;
  }
  bool has_ballast() const { return std::filesystem::exists(folder / "ballast"); }
  std::uint64_t free() const {
    const std::uint64_t taken = has_ballast() ? kBallast : 0;
    return room > taken ? room - taken : 0;
  }
  void look() { log.set_full(free() < kStoreNeeds); }  // as the store does each time it is offered a commit

  // The machine's other programs leave so much to the log's disk, the ballast included.
  void set_room(std::uint64_t bytes) {
    room = bytes;
    look();
  }
  void settle() {
    do look();
    while (executor.run_one());
  }
  void pass(std::uint64_t ms) {
    clock.advance(ms);
    timers.advance(ms);
    settle();
  }
  Result<domain::Answer> ask(const std::string& name) {
    std::optional<Result<domain::Answer>> got;
    core->submit({random.id(), name, domain::RegisterWorkspace{}}, kOwner, [&got](auto answer) { got = answer; });
    settle();
    return got ? *got : fail(Code::internal, "no answer yet");
  }
  // What an agent's message becomes: it passes whatever the disk is like.
  void report(std::string detail = "it said hello") {
    core->submit({{}, "", domain::RaiseAlarm{{"test", "agent", std::move(detail), 1}}}, kInside,
                 [this](auto answer) { acknowledged += answer ? 1 : 0; });
    settle();
  }

  test::TempFolder folder;
  std::uint64_t room = 100 * kMiB;
  test::ManualClock clock;
  test::ManualExecutor executor;
  ManualTimers timers;
  CountingRandom random;
  std::shared_ptr<test::MemoryDisk> disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log;
  event_log::DiskGuard guard;
  event_log::LogWriter writer;
  std::unique_ptr<Core> core;
  int acknowledged = 0;
};

TEST_F(LogRoomTest, ReportsTakeTheReserveWhileNoOperatorAsks) {
  clock.advance(1000);
  set_room(kBallast + kMargin - 1);  // somebody fills the disk
  report();
  EXPECT_EQ(acknowledged, 1);
  EXPECT_FALSE(has_ballast()) << "the report's commit is reason enough to look at the disk";
  set_room(kMargin);  // what the ballast was is used up, but for the margin
  report();
  EXPECT_EQ(acknowledged, 2);
}

TEST_F(LogRoomTest, AStoreWithoutRoomGetsTheReserveAtOnce) {
  set_room(kBallast);  // within the same second: the guard has not looked
  report();
  EXPECT_EQ(acknowledged, 1) << "no timer has to pass";
  EXPECT_FALSE(has_ballast());
  const auto refused = ask("new");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
  EXPECT_NE(refused.error().message.find("no new work"), std::string::npos) << refused.error().message;
}

TEST_F(LogRoomTest, AFullDiskHoldsReportsAndGoesOnByItselfOnAnIdlePlatform) {
  set_room(0);
  report();
  report();
  EXPECT_EQ(acknowledged, 0);
  EXPECT_FALSE(core->flowing());
  EXPECT_EQ(core->flowing().error().code, Code::exhausted);
  for (int i = 0; i < 10; ++i) pass(500);
  EXPECT_EQ(acknowledged, 0);

  set_room(100 * kMiB);  // nobody asks, nobody reports
  pass(500);
  EXPECT_EQ(acknowledged, 2);
  EXPECT_TRUE(core->flowing());
  pass(1000);
  EXPECT_TRUE(ask("new")) << "and new work is taken again";
  EXPECT_TRUE(has_ballast());
}

TEST_F(LogRoomTest, NothingOfItIsLost) {
  set_room(0);
  for (int i = 0; i < 5; ++i) report("report " + std::to_string(i));
  set_room(100 * kMiB);
  pass(500);
  test::MemoryRecordLog reader(disk);
  const auto opened = event_log::open_log(reader);
  EXPECT_FALSE(opened.damage);
  EXPECT_EQ(opened.position.sequence, core->state().sequence);
}

TEST_F(LogRoomTest, AnOperatorIsRefusedWhileACommitWaitsWhateverTheGuardSays) {
  set_room(100 * kMiB);
  log.set_full(true);  // the store sees what the guard does not, e.g. a quota
  core->submit({{}, "", domain::RaiseAlarm{{"test", "agent", "x", 1}}}, kInside, {});
  executor.run_all();
  const auto refused = ask("new");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::exhausted);
}

TEST_F(LogRoomTest, ARepeatedRefusalKeepsOneTimer) {
  set_room(0);
  report();
  for (int i = 0; i < 100; ++i) report();
  const auto offered = log.syncs();
  for (int i = 0; i < 4; ++i) pass(500);
  EXPECT_EQ(log.syncs(), offered) << "nothing was synced";
  set_room(100 * kMiB);
  pass(500);
  EXPECT_EQ(acknowledged, 101);
}

}  // namespace
}  // namespace prov::command_handler
