// Storages and networks of a server: both forms, what is said and nothing else, and every mistake.
#include "coordinator/workspace/attachments.h"

#include <gtest/gtest.h>

namespace prov::workspace {
namespace {

Node node_of(const std::string& yaml) {
  auto tree = parse_yaml(yaml, "f");
  EXPECT_TRUE(tree.has_value()) << yaml;
  return tree ? std::move(*tree) : Node();
}

std::string refusals(const Reading& reading) {
  std::string text;
  for (const auto& one : reading.problems().all()) text += one.message + "\n";
  return text;
}

std::string storages(const std::string& yaml) {
  const Node node = node_of(yaml);
  Reading reading("f");
  const auto read = read_storages(reading, node);
  return reading.failed() ? refusals(reading) : to_json(read);
}

std::string networks(const std::string& yaml) {
  const Node node = node_of(yaml);
  Reading reading("f");
  const auto read = read_networks(reading, node);
  return reading.failed() ? refusals(reading) : to_json(read);
}

TEST(Attachments, AListOfNamesAndMappingsOrOneMappingByName) {
  EXPECT_EQ(storages("[]"), "[]");
  EXPECT_EQ(storages("[root, {name: data, size_gb: 100, type: ssd, filesystem: ext4, mount_path: /var/lib/x}]"),
            R"([{"name":"root"},)"
            R"({"name":"data","size_gb":100,"type":"ssd","filesystem":"ext4","mount_path":"/var/lib/x"}])");
  EXPECT_EQ(storages("{root: , data: {size_gb: 100}}"), R"([{"name":"root"},{"name":"data","size_gb":100}])");
  EXPECT_EQ(networks("[public, {name: lan, type: private, cidr: 10.0.0.0/24, address: 10.0.0.5}]"),
            R"([{"name":"public"},{"name":"lan","type":"private","cidr":"10.0.0.0/24","address":"10.0.0.5"}])");
  EXPECT_EQ(networks("lan:\n  cidr: fd00::/64\n  address: \"fd00::5\"\n"),
            R"([{"name":"lan","cidr":"fd00::/64","address":"fd00::5"}])");
}

TEST(Attachments, EveryMistakeIsTold) {
  EXPECT_EQ(storages("- {size_gb: 0, typ: ssd}\n"
                     "- {name: data, mount_path: var/lib, filesystem: \"e t\"}\n"
                     "- data\n"
                     "- [x]\n"),
            "f:1:3: a storage needs \"name\"\n"
            "f:1:13: \"size_gb\" must be a whole number from 1 to 1000000000, it is \"0\"\n"
            "f:1:16: \"typ\" is not known in a storage\n"
            "f:2:49: \"filesystem\" cannot be \"e t\"\n"
            "f:2:28: \"mount_path\" cannot be \"var/lib\"\n"
            "f:3:3: storage \"data\" is there twice\n"
            "f:4:3: a storage must be a text, it is a list\n");
  EXPECT_EQ(networks("{a: {cidr: 10.0.0.0/33}, b: {cidr: lan, address: 10.0.0}, \"-c\": , d: 5}"),
            "f:1:12: \"cidr\" cannot be \"10.0.0.0/33\"\n"
            "f:1:36: \"cidr\" cannot be \"lan\"\n"
            "f:1:50: \"address\" cannot be \"10.0.0\"\n"
            "f:1:59: \"-c\" cannot be the name of a network\n"
            "f:1:70: network \"d\" must be a mapping (key: value), it is \"5\"\n");
  EXPECT_EQ(storages("root"), "f:1:1: \"storages\" must be a list, it is a single value\n");
}

TEST(Attachments, NothingThatJsonWouldHaveToEscapeGetsThrough) {
  for (const char* bad : {"[\"a\\\"b\"]", "[\"a\\\\b\"]", "[\"a\\nb\"]", "[\"\"]", "[a b]", "[../x]",
                          "[{name: a, mount_path: \"/a\\\"b\"}]", "[{name: a, mount_path: \"/a\\nb\"}]",
                          "[{name: a, type: \"x\\ty\"}]"}) {
    EXPECT_EQ(storages(bad).find("[{"), std::string::npos) << bad;
  }
  std::string many = "[";
  for (int i = 0; i < 65; ++i) many += "s" + std::to_string(i) + ", ";
  EXPECT_EQ(storages(many + "]"), "f:1:1: more than 64 storages of one server\n");
}

}  // namespace
}  // namespace prov::workspace
