#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/event_json.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/compat/event_log/golden.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::event_log {
namespace {

using Json = nlohmann::ordered_json;
const std::string kFolder = PROV_GOLDEN_DIR "/";

template <std::size_t... I>
std::vector<std::string> type_names(std::index_sequence<I...>) {
  return {domain::name_of(domain::EventBody(std::in_place_index<I + 1>))...};
}

TEST(GoldenEvents, EveryTypeOfFormatOneMeansWhatItMeant) {
  for (const std::string& name : type_names(std::make_index_sequence<std::variant_size_v<domain::EventBody> - 1>())) {
    const std::string bytes = test::read_golden(kFolder + name + ".bin");
    ASSERT_FALSE(bytes.empty()) << name << " has no golden file: write it with the target golden_event_log";
    const auto event = decode_event(bytes);
    ASSERT_TRUE(event) << name << ": " << event.error().message;
    EXPECT_EQ(event_to_json(*event), Json::parse(test::read_golden(kFolder + name + ".json"))) << name;
    EXPECT_EQ(encode_event(*event), bytes) << name << ": this release writes another format than it released";
  }
}

TEST(GoldenLog, TheLogOfFormatOneVerifiesAndFoldsToItsState) {
  const Json expected = Json::parse(test::read_golden(kFolder + "log-1.json"));
  const auto disk = std::make_shared<test::MemoryDisk>();
  for (const std::string& commit : test::split_commits(test::read_golden(kFolder + "log-1.bin"))) {
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
  EXPECT_EQ(read.end.sequence, expected["sequence"]);
  EXPECT_EQ(to_text(read.end.commit_hash), expected["commit_hash"]);
  EXPECT_EQ(read.checkpoints, expected["checkpoints"]);
  EXPECT_EQ(to_text(state_hash(state)), expected["state_hash"]) << state_to_json(state).dump(1);
}

}  // namespace
}  // namespace prov::event_log
