#include "common/ids.h"

#include <gtest/gtest.h>

#include <random>

namespace prov {
namespace {

Id drawn(std::mt19937_64& random) {
  Id out;
  for (std::uint8_t& byte : out.bytes) byte = static_cast<std::uint8_t>(random());
  return out;
}

TEST(Ids, ATaskIsItsWorkflowAndItsPlace) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 1000; ++i) {
    const Id any = drawn(random);
    const Id workflow = workflow_id(any);
    EXPECT_EQ(workflow.view().substr(0, 12), any.view().substr(0, 12));
    EXPECT_EQ(workflow.view().substr(12), std::string_view("\0\0\0\0", 4));
    EXPECT_EQ(workflow_id(workflow), workflow);
    EXPECT_FALSE(task_index(workflow));
    for (const std::uint32_t index : {0U, 1U, 255U, 256U, 999'999U, static_cast<std::uint32_t>(random() >> 33)}) {
      const Id task = task_id(workflow, index);
      EXPECT_EQ(task_index(task), index);
      EXPECT_EQ(workflow_id(task), workflow);
      EXPECT_LT(workflow, task);
    }
    EXPECT_LT(task_id(workflow, 255), task_id(workflow, 256)) << "in the order of their places";
  }
}

TEST(Ids, CompareAsTheirBytes) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    const Id a = drawn(random);
    Id b = a;
    b.bytes[random() % Id::kSize] = static_cast<std::uint8_t>(random());
    EXPECT_EQ(a < b, a.view() < b.view());
    EXPECT_EQ(a == b, a.view() == b.view());
  }
}

TEST(Ids, AreReadAsTheyAreWritten) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 100; ++i) {
    const Id id = drawn(random);
    const std::string text = to_text(id);
    EXPECT_EQ(parse_id(text), id);
    EXPECT_FALSE(parse_id(text.substr(1)));
    EXPECT_FALSE(parse_id(text + "0"));
    EXPECT_FALSE(parse_id("g" + text.substr(1)));
    EXPECT_FALSE(parse_id(text.substr(0, 8) + "0" + text.substr(9))) << "a digit where a dash belongs";
  }
}

}  // namespace
}  // namespace prov
