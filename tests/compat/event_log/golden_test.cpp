#include <gtest/gtest.h>

#include "common/hash.h"
#include "common/json/json.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/event_json.h"
#include "tests/compat/event_log/past.h"

namespace prov::event_log {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t... I>
std::vector<std::string> type_names(std::index_sequence<I...>) {
  return {domain::name_of(domain::EventBody(std::in_place_index<I + 1>))...};
}

// Paths at which `now` does not say what `then` says. It may say more.
void find_changed(const Json& then, const Json& now, const std::string& path, std::vector<std::string>& out) {
  const bool same_shape =
      then.type() == now.type() && then.is_structured() && (then.is_object() || then.size() == now.size());
  if (!same_shape) {
    if (then != now) out.push_back(path + ": " + then.dump() + " is " + now.dump());
    return;
  }
  for (const auto& [key, inner] : then.items()) {
    const Json* found = then.is_object() ? (now.contains(key) ? &now[key] : nullptr) : &now[std::stoul(key)];
    if (found == nullptr) {
      out.push_back(path + "/" + key + " is gone");
    } else {
      find_changed(inner, *found, path + "/" + key, out);
    }
  }
}

void expect_means_what_it_meant(const std::string& stem, bool newest) {
  const std::string bytes = test::read_golden(stem + ".bin");
  const auto event = decode_event(bytes);
  ASSERT_TRUE(event) << stem << ": " << event.error().message;
  const Json then = Json::parse(test::read_golden(stem + ".json")), now = event_to_json(*event);
  std::vector<std::string> changed;
  find_changed(then, now, "", changed);
  EXPECT_EQ(changed, std::vector<std::string>()) << stem;
  const auto again = decode_event(encode_event(*event));
  ASSERT_TRUE(again) << stem << ": " << again.error().message;
  EXPECT_EQ(event_to_json(*again), now) << stem;
  if (!newest) return;
  EXPECT_EQ(now, then) << stem << ": it has new fields: write a file of them with the target golden_event_log";
  EXPECT_EQ(encode_event(*event), bytes) << stem << ": this release writes another format than it released";
}

TEST(GoldenEvents, EveryTypeOfFormatOneMeansWhatItMeant) {
  for (const std::string& name : type_names(std::make_index_sequence<domain::kEventTypes - 1>())) {
    const auto stems = test::golden_stems(PROV_GOLDEN_DIR, name);
    ASSERT_FALSE(stems.empty()) << name << " has no golden file: write it with the target golden_event_log";
    for (const std::string& stem : stems) expect_means_what_it_meant(stem, stem == stems.back());
  }
}

TEST(GoldenLog, TheLogOfFormatOneVerifiesAndFoldsToItsState) {
  const std::string stem = PROV_GOLDEN_DIR "/log-1";
  const Json expected = Json::parse(test::read_golden(stem + ".json"));
  test::MemoryRecordLog log(test::disk_of(stem));
  const PublicKey key = *parse_hex<PublicKey>(expected["public_key"].get<std::string>());
  const auto [read, state] = test::fold(log, {{key_id(key), key}});
  ASSERT_FALSE(read.damage) << "commit " << read.damage->commit << ": " << read.damage->what;
  EXPECT_EQ(read.end.sequence, expected["sequence"]);
  EXPECT_EQ(to_text(read.end.commit_hash), expected["commit_hash"]);
  EXPECT_EQ(read.checkpoints, expected["checkpoints"]);
  EXPECT_EQ(to_text(state_hash(test::as_release_0_1(state))), expected["state_hash"]) << state_to_json(state).dump(1);
  EXPECT_EQ(to_text(state_hash(state)), expected["state_hash_2"]) << state_to_json(state).dump(1);
}

TEST(GoldenState, TheStateOfTheFirstReleaseIsTheStateThatItWas) {
  const std::string bytes = test::read_golden(PROV_GOLDEN_DIR "/state-1.bin");
  const Json expected = Json::parse(test::read_golden(PROV_GOLDEN_DIR "/log-1.json"));
  EXPECT_EQ(to_text(digest_of(bytes)), expected["state_hash"]);
  const auto state = decode_state(bytes);
  ASSERT_TRUE(state) << state.error().message;
  ASSERT_FALSE(state->workflows.empty());
  for (const auto& [id, workflow] : state->workflows) {
    EXPECT_EQ(workflow.operations.size(), 1U) << to_text(id) << ": it was all of one operation";
  }
  // Fields that it does not use take no place, and change no hash.
  EXPECT_EQ(encode_state(test::as_release_0_1(*state)), bytes);
}

}  // namespace
}  // namespace prov::event_log
