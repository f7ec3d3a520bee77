// A log that is not to be trusted takes nothing but what decides about it.
#include "tests/unit/command_handler/core_fixture.h"

namespace prov::command_handler {
namespace {

using ReadOnlyTest = CoreTest;

TEST_F(ReadOnlyTest, TakesWhatLeadsOutOfItAndNothingElse) {
  core.set_read_only("an agent has seen more");
  const auto refused = give(command(domain::CreateServers{"demo", {server("a")}}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().hint.find("agent remove"), std::string::npos) << refused.error().hint;
  const auto removed = give(command(domain::RemoveAgent{Key{}, "it lies"}));
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, Code::not_found) << "it was looked for: " << removed.error().message;
  EXPECT_TRUE(give(command(domain::AcceptDamage{"it was looked at", 0})));
}

}  // namespace
}  // namespace prov::command_handler
