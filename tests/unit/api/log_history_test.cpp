#include "coordinator/api/log_history.h"
#include "common/json/json.h"

#include "coordinator/projection/workflows.h"
#include "tests/unit/event_log/log_fixture.h"

namespace prov::api {
namespace {

class LogHistoryTest : public event_log::LogFixture {
 protected:
  LogHistory history_of_all{*log};
};

TEST_F(LogHistoryTest, TellsOfEachWorkflowWhatTheWorkingSetTells) {
  test::History life = history(11);
  life.begin();
  live_through(life, 1500);
  auto page = history_of_all.page({.limit = 1000});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), life.state().workflows.size());
  ASSERT_GT(page->items.size(), 30U);
  for (const auto& entry : page->items) {
    const auto one = history_of_all.one(entry.id);
    ASSERT_TRUE(one && *one);
    EXPECT_EQ(projection::workflow_with_tasks((*one)->workflows.at(entry.id), {1000, 0}),
              projection::workflow_with_tasks(life.state().workflows.at(entry.id), {1000, 0}));
  }
}

TEST_F(LogHistoryTest, KeepsTheLastOneUntilThereIsNewsOfIt) {
  const Id id = workflow_id(Id{{1}});
  domain::WorkflowSubmitted submitted{id, "exec", "name", "", 1, {}};
  submitted.tasks = std::vector<domain::TaskPlan>(1);
  append(submitted);
  commit();
  const auto first = history_of_all.one(id).value();
  EXPECT_EQ(history_of_all.one(id).value(), first) << "made once";
  append(domain::WorkflowCancelRequested{id, "operator"});
  commit();
  const auto second = history_of_all.one(id).value();
  EXPECT_NE(second, first);
  EXPECT_TRUE(second->workflows.at(id).cancelling);
  EXPECT_EQ(history_of_all.one(workflow_id(Id{{2}})).value(), nullptr);
}

TEST_F(LogHistoryTest, TellsOfOneThatLeftAsItEnded) {
  const Id id = workflow_id(Id{{1}});
  domain::WorkflowSubmitted submitted{id, "exec", "name", "", 1, {}};
  submitted.tasks = std::vector<domain::TaskPlan>(1);
  append(submitted);
  domain::WorkflowEnded end{.id = id, .outcome = Outcome::done, .done = 1};
  end.leaves = true;
  append(end);
  commit();
  const auto told = history_of_all.one(id).value();
  EXPECT_TRUE(told->workflows.at(id).ended);
  history_of_all.forget();
  EXPECT_NE(history_of_all.one(id).value(), told) << "made again";
}

}  // namespace
}  // namespace prov::api
