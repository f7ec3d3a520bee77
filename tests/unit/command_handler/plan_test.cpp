// A command that carries a plan does exactly what the plan said, or nothing.
#include "tests/unit/command_handler/core_fixture.h"

namespace prov::command_handler {
namespace {

using PlanTest = CoreTest;

TEST_F(PlanTest, SaysWhereInTheLogItWasMadeAndChangesNothing) {
  const auto before = core.state().sequence;
  const auto planned = plan(domain::CreateServers{"demo", {server("a")}});
  EXPECT_EQ(planned.sequence, before);
  EXPECT_EQ(planned.log_id, core.state().log_id);
  EXPECT_FALSE(planned.digest.is_zero());
  EXPECT_FALSE(planned.events.empty());
  EXPECT_EQ(core.state().sequence, before);
  EXPECT_FALSE(core.check(command(domain::CreateServers{"demo", {server("a")}}), kStranger));
}

TEST_F(PlanTest, IsCarriedOutWhileItHolds) {
  const domain::CreateServers create{"demo", {server("a")}};
  const auto planned = plan(create);
  clock.advance(3'600'000);
  ASSERT_TRUE(give(command(domain::RegisterWorkspace{})));  // the first use of the workspace is no other plan
  const auto answer = give(command(create, planned.digest));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_FALSE(answer->made.is_zero());
}

TEST_F(PlanTest, IsRefusedWhenWhatItLookedAtMoved) {
  const domain::CreateServers create{"demo", {server("a"), server("b")}};
  const auto planned = plan(create);
  ASSERT_TRUE(give(command(domain::CreateServers{"demo", {server("b", "large")}})));
  const auto before = core.state().sequence;
  const auto answer = give(command(create, planned.digest));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::conflict);
  EXPECT_EQ(answer.error().message.find("the plan does not hold any more"), 0U) << answer.error().message;
  EXPECT_FALSE(answer.error().hint.empty());
  EXPECT_EQ(core.state().sequence, before);
}

TEST_F(PlanTest, IsNotTheSameForAnotherCommand) {
  const auto planned = plan(domain::CreateServers{"demo", {server("a")}});
  const auto answer = give(command(domain::CreateServers{"demo", {server("a", "large")}}, planned.digest));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::conflict);
}

TEST_F(PlanTest, ARepeatedCommandGetsItsFirstAnswerAlthoughThePlanIsCarriedOut) {
  const domain::CreateServers create{"demo", {server("a")}};
  const auto once = command(create, plan(create).digest);
  const auto first = give(once), again = give(once);
  ASSERT_TRUE(first && again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->made, first->made);
}

TEST_F(PlanTest, OfNothingToDoIsAPlanToo) {
  const domain::DeleteServers remove{"demo", {"ghost"}};
  const auto planned = plan(remove);
  EXPECT_TRUE(planned.events.empty());
  EXPECT_TRUE(give(command(remove, planned.digest)));
  ASSERT_TRUE(give(command(domain::CreateServers{"demo", {server("ghost")}})));
  EXPECT_FALSE(give(command(remove, planned.digest))) << "now there is something to delete";
}

TEST_F(PlanTest, BindsCommandsThatMakeNoWorkflow) {
  const domain::CommandBody token = domain::CreateJoinToken{"a", Digest{{1}}, 600};
  const auto planned = plan(token);
  clock.advance(5000);
  EXPECT_TRUE(give(command(token, planned.digest)));
  const auto other = give(command(domain::CreateJoinToken{"a", Digest{{1}}, 601}, planned.digest));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::conflict);
}

TEST_F(PlanTest, WhatCannotBeDoneAnyMoreSaysWhy) {
  const domain::CreateServers create{"demo", {server("a")}};
  const auto planned = plan(create);
  ASSERT_TRUE(give(command(create)));
  const auto answer = give(command(create, planned.digest));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::conflict);
  EXPECT_NE(answer.error().message.find("already creates or deletes server \"a\""), std::string::npos)
      << answer.error().message;
}

}  // namespace
}  // namespace prov::command_handler
