// Every log of the past folds to the state that it folded to when it was written down. See README.md.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/compat/event_log/golden.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::event_log {
namespace {

using Json = nlohmann::json;

TEST(History, EveryLogOfThePastFoldsToItsState) {
  int logs = 0;
  for (const auto& file : std::filesystem::directory_iterator(PROV_HISTORY_DIR)) {
    if (file.path().extension() != ".json") continue;
    SCOPED_TRACE(file.path().filename());
    const Json expected = Json::parse(test::read_golden(file.path()));
    const auto disk = std::make_shared<test::MemoryDisk>();
    for (const std::string& commit :
         test::split_commits(test::read_golden(std::filesystem::path(file).replace_extension(".bin")))) {
      disk->commits[disk->commits.size() + 1] = commit;
    }
    test::MemoryRecordLog log(disk);
    const PublicKey key = *parse_hex<PublicKey>(expected["public_key"].get<std::string>());
    domain::State state;
    const Replayed read = replay(log, {}, {{key_id(key), key}}, [&](const domain::Event& event) {
      domain::evolve(state, event);
      return true;
    });
    ASSERT_FALSE(read.damage) << "commit " << read.damage->commit << ": " << read.damage->what;
    EXPECT_EQ(read.events, expected["events"]);
    EXPECT_EQ(to_text(read.end.commit_hash), expected["commit_hash"]);
    EXPECT_EQ(to_text(state_hash(state)), expected["state_hash"]) << expected["what"];
    // And a coordinator of today can go on from there.
    OpenedLog opened = open_log(log);
    EXPECT_FALSE(opened.damage);
    EXPECT_EQ(to_text(state_hash(opened.state)), expected["state_hash"]);
    domain::rebuild_agenda(opened.state);
    ++logs;
  }
  EXPECT_GE(logs, 5);
  std::printf("%d logs of the past\n", logs);
}

}  // namespace
}  // namespace prov::event_log
