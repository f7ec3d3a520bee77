#include "coordinator/projection/workflow_stats.h"
#include "common/json/json.h"

#include <gtest/gtest.h>

namespace prov::projection {
namespace {

using nlohmann::json;

TEST(WorkflowStats, NothingAddsUpToNothing) {
  EXPECT_EQ(workflow_stats({}), json({{"total", 0},
                                      {"running", 0},
                                      {"since_ms", nullptr},
                                      {"until_ms", nullptr},
                                      {"outcomes", json::object()},
                                      {"kinds", json::array()}}));
}

TEST(WorkflowStats, CountsByKindAndOutcomeAndTakesTheMiddle) {
  const json stats = workflow_stats({{"exec", 50, Outcome::done, 30},
                                     {"exec", 40, Outcome::failed, 10},
                                     {"exec", 30, Outcome::done, 20},
                                     {"exec", 20, Outcome::done, 1000},
                                     {"exec", 60, std::nullopt, 0},
                                     {"noop", 10, std::nullopt, 0}});
  EXPECT_EQ(stats["total"], 6);
  EXPECT_EQ(stats["running"], 2);
  EXPECT_EQ(stats["since_ms"], 10);
  EXPECT_EQ(stats["until_ms"], 60);
  EXPECT_EQ(stats["outcomes"], json({{"done", 3}, {"failed", 1}}));
  ASSERT_EQ(stats["kinds"].size(), 2U);
  EXPECT_EQ(stats["kinds"][0], json({{"kind", "exec"},
                                     {"total", 5},
                                     {"running", 1},
                                     {"outcomes", {{"done", 3}, {"failed", 1}}},
                                     {"median_ms", 20},
                                     {"longest_ms", 1000}}));
  EXPECT_EQ(stats["kinds"][1]["median_ms"], nullptr) << "none of them has ended";
}

}  // namespace
}  // namespace prov::projection
