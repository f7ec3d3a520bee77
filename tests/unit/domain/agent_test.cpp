#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

Id token(Platform& p, const std::string& host, std::uint8_t secret, std::uint32_t valid_s = 60) {
  return all_of<JoinTokenCreated>(p.must(CreateJoinToken{host, digest_at(secret), valid_s})).at(0).id;
}

TEST(Agent, EnrolsOnceWithItsToken) {
  Platform p;
  const Id id = token(p, "db-1", 7);
  const auto events = p.must(EnrolAgent{key_of(1), key_of(2), id, digest_at(7)});
  ASSERT_EQ(all_of<AgentEnrolled>(events).size(), 1U);
  EXPECT_EQ(agent_of(p.state, "w", "db-1")->key, key_of(1));
  EXPECT_FALSE(p.state.join_tokens.contains(id));

  // Its answer was lost, and it asks again: accepted, and nothing is logged.
  EXPECT_TRUE(p.must(EnrolAgent{key_of(1), key_of(2), id, digest_at(7)}).empty());
  // Another key with the same token: the token is used up.
  const auto replayed = p.give(EnrolAgent{key_of(3), key_of(2), id, digest_at(7)});
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().code, Code::denied);
}

TEST(Agent, WrongSecretAndExpiredTokenAreRefusedAlike) {
  Platform p;
  const Id id = token(p, "db-1", 7, 60);
  const auto wrong = p.give(EnrolAgent{key_of(1), key_of(2), id, digest_at(8)});
  ASSERT_FALSE(wrong);
  p.advance(61'000);
  EXPECT_FALSE(p.state.join_tokens.contains(id));
  const auto late = p.give(EnrolAgent{key_of(1), key_of(2), id, digest_at(7)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().message, wrong.error().message);
}

TEST(Agent, AnotherAgentForTheSameHostReplacesTheFirstAndPutsItsWorkInDoubt) {
  Platform p;
  p.add_host("db-1", 1);
  p.must(RunExec{{"db-1"}, {"true"}, "", 10});
  const Id workflow = p.newest_workflow();
  ASSERT_EQ(p.task(workflow, 0).status, TaskStatus::dispatched);
  p.add_host("db-1", 2);
  EXPECT_FALSE(p.state.agents.contains(key_of(1)));
  EXPECT_EQ(p.task(workflow, 0).outcome, Outcome::in_doubt);
  EXPECT_EQ(p.state.workflows.at(workflow).outcome, Outcome::in_doubt);
}

TEST(Agent, NobodyWaitsForTheEndsOfOneThatIsGone) {
  Platform p;
  p.add_host("h1", 1);
  p.must(RunExec{{"h1"}, {"true"}, "", 10});
  const Host& host = *p.state.agenda.hosts.find({"w", "h1"});
  ASSERT_EQ(host.unsettled.size(), 1U);
  p.must(RemoveAgent{key_of(1), "it was sold"});
  EXPECT_TRUE(host.unsettled.empty());
  p.advance(1);
  EXPECT_EQ(p.task(p.newest_workflow(), 0).outcome, Outcome::in_doubt);
  p.add_host("h1", 2);
  rebuild_agenda(p.state);
  EXPECT_TRUE(p.state.agenda.hosts.find({"w", "h1"})->unsettled.empty()) << "nor after a restart";
}

TEST(Agent, AnEpochThatNoLogWasInIsNotAccepted) {
  Platform p;
  EXPECT_FALSE(p.give(AcceptDamage{"a liar", 0xFFFFFFFE}));
  EXPECT_FALSE(p.give(AcceptDamage{"a liar", 0xFFFFFFFF}));
  const std::uint32_t before = p.state.epoch;
  p.must(AcceptDamage{"a lost log", before + 1'000});
  EXPECT_EQ(p.state.epoch, before + 1'001);
}

TEST(Agent, LosingItSaysSoOnceAndTheTaskKeepsItsDeadline) {
  Platform p;
  p.add_host("db-1", 1);
  p.must(RunExec{{"db-1"}, {"true"}, "", 10});
  const Id workflow = p.newest_workflow();
  EXPECT_EQ(p.must(LoseAgent{key_of(1), p.now_ms, "silence"}).size(), 1U);
  EXPECT_TRUE(p.must(LoseAgent{key_of(1), p.now_ms, "silence"}).empty());
  EXPECT_EQ(p.task(workflow, 0).status, TaskStatus::dispatched);
  p.advance(60 * 60 * 1000);
  EXPECT_EQ(p.task(workflow, 0).outcome, Outcome::in_doubt);

  // The verdict came late, but it is the agent's own: it counts, and the workflow stays ended.
  p.must(ConnectAgent{key_of(1), Facts{.boot_id = "1"}});
  p.end(task_id(workflow, 0));
  EXPECT_EQ(p.task(workflow, 0).outcome, Outcome::done);
}

TEST(Agent, DrainingTakesNoMoreTasks) {
  Platform p;
  p.add_host("db-1", 1);
  p.must(DrainAgent{key_of(1), true});
  p.must(RunExec{{"db-1"}, {"true"}, "", 10});
  EXPECT_EQ(p.task(p.newest_workflow(), 0).status, TaskStatus::ready);
  p.must(DrainAgent{key_of(1), false});
  EXPECT_EQ(p.task(p.newest_workflow(), 0).status, TaskStatus::dispatched);
}

TEST(Agent, UnknownKeyIsNotFound) {
  Platform p;
  EXPECT_EQ(p.give(DrainAgent{key_of(9), true}).error().code, Code::not_found);
  EXPECT_EQ(p.give(RemoveAgent{key_of(9), ""}).error().code, Code::not_found);
  EXPECT_EQ(p.give(ConnectAgent{key_of(9), {}}).error().code, Code::not_found);
}

TEST(Agent, HostNamesAreCheckedAtTheDoor) {
  Platform p;
  for (const char* bad : {"", "..", "-a", "a-", "A", "a b", "a/b", "a..b", "x\n", "{{a}}"}) {
    EXPECT_FALSE(p.give(CreateJoinToken{bad, digest_at(1), 60})) << bad;
  }
  EXPECT_FALSE(p.give(CreateJoinToken{std::string(64, 'a'), digest_at(1), 60}));
  EXPECT_TRUE(p.give(CreateJoinToken{"db-1.example", digest_at(1), 60}));
}

}  // namespace
}  // namespace prov::domain
