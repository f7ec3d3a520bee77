#include "tests/unit/domain/harness.h"

namespace prov::domain {
namespace {

const Policy kPolicy{{"uid:0"}};

Principal agent(std::uint8_t n) { return {"agent:" + to_text(key_of(n)), "curve", Transport::agent_link}; }

// Every kind of command against every kind of caller has a row; a new command must add one.
TEST(Authorize, DispatchMatrix) {
  enum Row { operators, agents, inside };
  const std::vector<std::pair<CommandBody, Row>> table{{RegisterWorkspace{}, operators},
                                                       {CreateServers{}, operators},
                                                       {DeleteServers{}, operators},
                                                       {CreateTaskservs{}, operators},
                                                       {DeleteTaskservs{}, operators},
                                                       {CheckTaskservs{}, operators},
                                                       {RunExec{}, operators},
                                                       {RunNoop{}, operators},
                                                       {CancelWorkflow{}, operators},
                                                       {CreateJoinToken{}, operators},
                                                       {DrainAgent{}, operators},
                                                       {RemoveAgent{}, operators},
                                                       {StoreBlob{}, operators},
                                                       {OpenSession{}, operators},
                                                       {AcceptDamage{}, operators},
                                                       {EnrolAgent{key_of(1), {}, {}, {}}, agents},
                                                       {ConnectAgent{key_of(1), {}}, agents},
                                                       {ReportStarted{key_of(1), {}, 0, 0}, agents},
                                                       {ReportEnded{key_of(1), {}, 0, {}}, agents},
                                                       {LoseAgent{}, inside},
                                                       {CloseSession{}, inside},
                                                       {Tick{}, inside},
                                                       {RaiseAlarm{}, inside},
                                                       {RecordSecret{}, inside},
                                                       {RecordCheckpoint{}, inside},
                                                       {SubmitBatch{}, operators},
                                                       {PauseWorkflow{}, operators},
                                                       {ResumeWorkflow{}, operators},
                                                       {RetryWorkflow{}, operators},
                                                       {RollbackWorkflow{}, operators},
                                                       {ApproveTask{}, operators}};
  ASSERT_EQ(table.size(), kCommandTypes);
  std::set<std::size_t> covered;
  for (const auto& [body, row] : table) {
    covered.insert(body.index());
    const Command command{{}, "w", body};
    const char* name = name_of(body);
    EXPECT_EQ(authorize(kPolicy, kOperator, command).has_value(), row == operators) << name;
    EXPECT_EQ(authorize(kPolicy, {"uid:0", "token:1", Transport::tcp}, command).has_value(), row == operators) << name;
    EXPECT_FALSE(authorize(kPolicy, {"uid:1000", "peer", Transport::unix_socket}, command)) << name;
    EXPECT_FALSE(authorize(kPolicy, {"", "", Transport::tcp}, command)) << name;
    EXPECT_EQ(authorize(kPolicy, agent(1), command).has_value(), row == agents) << name;
    EXPECT_FALSE(authorize(kPolicy, agent(2), command)) << name << " in another's name";
    EXPECT_TRUE(authorize(kPolicy, kInside, command)) << name;
  }
  EXPECT_EQ(covered.size(), kCommandTypes);
}

TEST(Authorize, NobodyReadsWithoutBeingKnown) {
  EXPECT_TRUE(authorize_read(kPolicy, kOperator));
  EXPECT_FALSE(authorize_read(kPolicy, {"uid:1", "peer", Transport::unix_socket}));
  EXPECT_FALSE(authorize_read(kPolicy, agent(1)));
}

TEST(Authorize, ATaskIsAskedAboutAgainWhenItGoesOut) {
  Workflow workflow;
  workflow.initiator = kOperator;
  EXPECT_TRUE(authorize_task(kPolicy, workflow, {}));
  EXPECT_FALSE(authorize_task(Policy{{"uid:7"}}, workflow, {}));
}

}  // namespace
}  // namespace prov::domain
