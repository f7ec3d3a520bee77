// Bytes of every released message decode for ever, to the values that they were made of.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "common/hash.h"
#include "tests/compat/agent_wire/examples.h"

namespace prov::wire::golden {
namespace {

std::string bytes_of(const std::string& name) {
  std::ifstream file(std::string(PROV_GOLDEN_DIR) + "/" + name + ".bin", std::ios::binary);
  EXPECT_TRUE(file.good()) << name << ".bin is missing";
  return {std::istreambuf_iterator<char>(file), {}};
}

template <class Message, class Decode>
void check(const std::vector<Example<Message>>& examples, Decode decode, std::set<std::string>& seen) {
  for (const auto& example : examples) {
    SCOPED_TRACE(example.name);
    EXPECT_TRUE(seen.insert(example.name + ".bin").second);
    const auto message = decode(bytes_of(example.name));
    ASSERT_TRUE(message) << message.error().message;
    EXPECT_TRUE(*message == example.message);
  }
}

TEST(GoldenAgentWire, every_file_decodes_to_its_recorded_value) {
  std::set<std::string> seen;
  check(enrol_requests(), decode_enrol_request, seen);
  check(enrol_answers(), decode_enrol_answer, seen);
  check(from_agent(), decode_from_agent, seen);
  check(to_agent(), decode_to_agent, seen);
  check(orders(), decode_order, seen);
  check(bundles(), decode_bundle, seen);
  std::set<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(PROV_GOLDEN_DIR)) {
    if (entry.path().extension() == ".bin") files.insert(entry.path().filename());
  }
  EXPECT_EQ(files, seen);
}

// Digests of these two are stored: today's encoder still writes what an older one wrote.
TEST(GoldenAgentWire, orders_and_bundles_keep_their_digest) {
  for (const auto& example : orders()) {
    EXPECT_EQ(digest_of(encode(example.message)), digest_of(bytes_of(example.name))) << example.name;
  }
  for (const auto& example : bundles()) {
    EXPECT_EQ(digest_of(encode_bundle(example.message)), digest_of(bytes_of(example.name))) << example.name;
  }
}

TEST(GoldenAgentWire, there_is_one_of_each_kind) {
  std::set<std::size_t> up, down, actions;
  for (const auto& example : from_agent()) up.insert(example.message.index());
  for (const auto& example : to_agent()) down.insert(example.message.body.index());
  for (const auto& example : orders()) actions.insert(example.message.action.index());
  EXPECT_EQ(up.size(), std::variant_size_v<FromAgent>);
  EXPECT_EQ(down.size(), std::variant_size_v<decltype(ToAgent::body)>);
  EXPECT_EQ(actions.size(), std::variant_size_v<decltype(Order::action)>);
}

}  // namespace
}  // namespace prov::wire::golden
