// Providers as real processes: what they may do to whoever runs them.
#include "coordinator/providers/process_runner.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "common/hash.h"
#include "common/io/loop/event_loop.h"
#include "common/wire/agent_wire.h"
#include "coordinator/event_log/blobs.h"
#include "tests/support/record_log/memory_record_log.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov::providers {
namespace {

struct Providers : ::testing::Test {
  // As its scripts/provider; which becomes its whole life.
  void ask(const std::string& script, std::uint32_t timeout_s) {
    const std::string bundle = wire::encode_bundle({{"scripts/provider", "#!/bin/sh\n" + script, 0755}});
    LogBatch batch;
    batch.sides = event_log::blob_records(digest_of(bundle), bundle);
    disk->keep(batch);
    runner->run(
        {"test", digest_of(bundle), "{}", timeout_s}, [this](const std::string& text) { said += text; },
        [this](Result<std::string> with) { answer = std::move(with); });
  }
  void wait() {
    while (!answer) loop.turn(100);
  }

  test::TempFolder folder;
  std::shared_ptr<test::MemoryDisk> disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log{disk};
  io::EventLoop loop;
  std::optional<ProcessRunner> runner{std::in_place, ProcessRunnerConfig{folder / "providers", ""}, log, loop};
  std::string said;
  std::optional<Result<std::string>> answer;
};

TEST_F(Providers, AnswersAndSaysHowFarItIs) {
  ask("cat >/dev/null; echo half >&2; echo '{}'", 60);
  wait();
  EXPECT_EQ(answer->value_or(""), "{}\n");
  EXPECT_EQ(said, "half\n");
}

TEST_F(Providers, OneThatClosesItsAnswerAndLivesOnIsStoppedInTime) {
  ask("exec >&- 2>&-; exec sleep 1000", 1);
  wait();
  ASSERT_FALSE(*answer);
  EXPECT_NE(answer->error().message.find("took too long"), std::string::npos) << answer->error().message;
}

TEST_F(Providers, OneThatClosesItsAnswerDoesNotHoldUpTheEnd) {
  ask("exec >&- 2>&-; exec sleep 1000", 1'000);
  runner.reset();
}

}  // namespace
}  // namespace prov::providers
