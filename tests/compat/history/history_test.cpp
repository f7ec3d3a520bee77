// Every log of the past folds to the state that it folded to when it was written down. See README.md.
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "common/json/json.h"
#include "tests/compat/event_log/past.h"

namespace prov::event_log {
namespace {

using Json = nlohmann::json;

TEST(History, EveryLogOfThePastFoldsToItsState) {
  std::set<std::string> logs;
  for (const auto& file : std::filesystem::directory_iterator(PROV_HISTORY_DIR)) {
    if (file.path().extension() != ".json") continue;
    SCOPED_TRACE(file.path().filename());
    const Json expected = Json::parse(test::read_golden(file.path()));
    const std::string stem = std::filesystem::path(file).replace_extension().string();
    test::MemoryRecordLog log(test::disk_of(stem));
    const PublicKey key = *parse_hex<PublicKey>(expected["public_key"].get<std::string>());
    const auto [read, state] = test::fold(log, {{key_id(key), key}});
    ASSERT_FALSE(read.damage) << "commit " << read.damage->commit << ": " << read.damage->what;
    EXPECT_EQ(read.events, expected["events"]);
    EXPECT_EQ(to_text(read.end.commit_hash), expected["commit_hash"]);
    EXPECT_EQ(to_text(state_hash(state)), expected["state_hash_2"]) << expected["what"];
    if (expected.contains("state_hash")) {
      EXPECT_EQ(to_text(state_hash(test::as_release_0_1(state))), expected["state_hash"]) << expected["what"];
    }
    // And a coordinator of today can go on from there.
    OpenedLog opened = open_log(log);
    EXPECT_FALSE(opened.damage);
    EXPECT_EQ(to_text(state_hash(opened.state)), expected["state_hash_2"]);
    domain::rebuild_agenda(opened.state);
    logs.insert(std::filesystem::path(stem).filename());
  }
  const std::set<std::string> all{
      "attempt-forgotten", "bundle-denied", "bundle-refused", "clock-set-back", "consequence-without-workspace",
      "cut-twice",         "hostile-facts", "late-report",    "plain-ends",     "release-0.1.0",
      "rollback-same-id",  "table-of-tasks"};
  EXPECT_EQ(logs, all) << "a log of the past is never removed, and a new one is named here";
}

}  // namespace
}  // namespace prov::event_log
