// A plan's digest: the same for the same events, another for any other.
#include "coordinator/event_log/plan_digest.h"

#include <gtest/gtest.h>

namespace prov::event_log {
namespace {

using domain::EventBody;

domain::WorkflowSubmitted workflow(const std::string& argument) {
  domain::WorkflowSubmitted out;
  out.id = Id{{1}};
  out.kind = "exec";
  domain::TaskPlan task;
  task.server = "a";
  task.action = domain::Shared<domain::Action>(domain::ExecAction{{"ls", argument}, "", {}, "", {}});
  out.tasks = std::vector<domain::TaskPlan>{task};
  return out;
}

TEST(PlanDigest, IsMadeOfEverythingThatWouldBeDone) {
  const Digest one = plan_digest("w", {workflow("x")}, 5);
  EXPECT_EQ(plan_digest("w", {workflow("x")}, 5), one);
  EXPECT_EQ(plan_digest("w", {workflow("x")}, 99), one) << "the clock is no part of it";
  EXPECT_NE(plan_digest("w", {workflow("y")}, 5), one);
  EXPECT_NE(plan_digest("other", {workflow("x")}, 5), one);
  EXPECT_NE(plan_digest("w", {workflow("x"), workflow("x")}, 5), one);
  EXPECT_NE(plan_digest("w", {}, 5), one);
}

TEST(PlanDigest, ThatAWorkspaceBecomesKnownMakesNoOtherPlan) {
  const std::vector<EventBody> first{domain::WorkspaceRegistered{"w"}, workflow("x")};
  EXPECT_EQ(plan_digest("w", first, 5), plan_digest("w", {workflow("x")}, 5));
}

TEST(PlanDigest, TimesCountFromTheMomentOfDeciding) {
  const auto token = [](TimeMs expires_ms) { return domain::JoinTokenCreated{Id{{1}}, {}, "w", "a", expires_ms}; };
  EXPECT_EQ(plan_digest("w", {token(1600)}, 1000), plan_digest("w", {token(9600)}, 9000));
  EXPECT_NE(plan_digest("w", {token(1600)}, 1000), plan_digest("w", {token(1601)}, 1000));
}

}  // namespace
}  // namespace prov::event_log
