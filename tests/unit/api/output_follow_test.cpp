#include "coordinator/api/ws_feed/output_follow.h"

#include <random>

#include "tests/unit/api/feed_fixture.h"

namespace prov::api {
namespace {

class Follow : public FeedFixture {
 protected:
  Follow() {
    domain::Workflow& workflow = backend.state_.workflows[id];
    workflow.id = id;
    workflow.workspace = "w";
    workflow.tasks.resize(1);
  }
  domain::Task& task() { return backend.state_.workflows.at(id).tasks[0]; }
  void changed() {  // an event of the task became durable
    auto event = std::make_shared<domain::Event>();
    event->meta.sequence = hub.head() + 1;
    event->meta.aggregate_kind = domain::AggregateKind::task;
    event->meta.aggregate_id = std::string(task_id(id, 0).view());
    event->body = domain::TaskStarted{task_id(id, 0), 1};
    const EventPtr news = event;
    hub.publish({news});
  }
  void print(const std::string& text) {
    std::string& all = store.stored[task().attempt];
    const std::uint64_t offset = all.size();
    all += text;
    hub.publish_output(task_id(id, 0), task().attempt, offset, text);
  }
  void end(Outcome outcome, int exit_code) {
    task().status = domain::TaskStatus::ended;
    task().outcome = outcome;
    task().exit_code = exit_code;
    changed();
  }
  void settle_all() {
    while (io.run_one() || owner.run_one() || reader.run_one()) continue;
  }
  std::shared_ptr<OutputFollow> open(std::uint64_t offset = 0, const std::string& workspace = {}) {
    auto out = std::make_shared<OutputFollow>(task_id(id, 0), workspace, offset,
                                              OutputFollow::Reach{hub, backend, store, history, io, owner, reader});
    out->on_open(channel);
    return out;
  }
  const Id id = workflow_id(Id{{1, 2}});
  StateBackend backend;
  OutputStore store;
  PastStates history;
  test::ManualExecutor owner;
  FakeChannel channel;
};

TEST_F(Follow, FromTheStoreThenLiveThenTheEnd) {
  task().attempt = 1;
  task().status = domain::TaskStatus::running;
  store.stored[1] = std::string(2500, 'a');
  const auto follow = open();
  settle_all();
  print("more");
  settle_all();
  EXPECT_EQ(channel.bytes(), std::string(2500, 'a') + "more");
  EXPECT_EQ(channel.code, 0);
  print("!");
  end(Outcome::failed, 3);
  settle_all();
  EXPECT_EQ(channel.bytes(), std::string(2500, 'a') + "more!");
  ASSERT_EQ(channel.texts().size(), 1U);
  EXPECT_EQ(channel.texts()[0], nlohmann::json({{"kind", "end"}, {"outcome", "failed"}, {"exit_code", 3}}));
  EXPECT_EQ(channel.code, kCloseNormal);
  follow->on_closed();
}

TEST_F(Follow, AnEndedTaskIsToldFromTheOffset) {
  task().attempt = 1;
  task().status = domain::TaskStatus::ended;
  store.stored[1] = "0123456789";
  const auto follow = open(7);
  settle_all();
  EXPECT_EQ(channel.bytes(), "789");
  EXPECT_EQ(channel.texts().size(), 1U);
  follow->on_closed();
}

TEST_F(Follow, ATaskThatHasNotBegunIsWaitedFor) {
  const auto follow = open();
  settle_all();
  EXPECT_TRUE(channel.sent.empty());
  EXPECT_EQ(channel.code, 0);
  task().attempt = 1;
  task().status = domain::TaskStatus::running;
  changed();
  print("hello");
  settle_all();
  EXPECT_EQ(channel.bytes(), "hello");
  follow->on_closed();
}

TEST_F(Follow, OneThatEndsWithoutEverBeginningIsToldToo) {
  const auto follow = open();
  settle_all();
  end(Outcome::skipped, 0);
  settle_all();
  ASSERT_EQ(channel.texts().size(), 1U);
  EXPECT_EQ(channel.texts()[0]["outcome"], "skipped");
  follow->on_closed();
}

TEST_F(Follow, TheNextAttemptBeginsAnew) {
  task().attempt = 1;
  task().status = domain::TaskStatus::running;
  const auto follow = open();
  print("first");
  settle_all();
  print(" cut");
  task().attempt = 2;
  changed();
  print("second");
  end(Outcome::done, 0);
  settle_all();
  EXPECT_EQ(channel.bytes(), "first cutsecond");
  const auto texts = channel.texts();
  ASSERT_EQ(texts.size(), 2U);
  EXPECT_EQ(texts[0], nlohmann::json({{"kind", "attempt"}, {"attempt", 2}}));
  EXPECT_EQ(texts[1]["kind"], "end");
  follow->on_closed();
}

TEST_F(Follow, AnUnknownTaskOrAnothersWorkspaceIsRefused) {
  const auto other = open(0, "elsewhere");
  settle_all();
  EXPECT_EQ(channel.code, kClosePolicy);
  other->on_closed();
}

TEST_F(Follow, ATaskOfAWorkflowThatLeftTheWorkingSetIsToldFromTheLog) {
  task().attempt = 1;
  task().status = domain::TaskStatus::ended;
  task().outcome = Outcome::failed;
  task().exit_code = 3;
  store.stored[1] = "what it said";
  history.states[id] = std::make_shared<const domain::State>(backend.state_);
  backend.state_.workflows.clear();
  const auto follow = open();
  settle_all();
  EXPECT_EQ(channel.bytes(), "what it said");
  EXPECT_EQ(channel.texts().back()["outcome"], "failed");
  EXPECT_EQ(channel.code, kCloseNormal);
  follow->on_closed();

  channel = {};
  const auto another = open(0, "other");
  settle_all();
  EXPECT_EQ(channel.code, kClosePolicy) << "in another workspace it is not";
  another->on_closed();
}

TEST_F(Follow, ATaskWhoseWorkflowLeavesAsItEndsIsToldOfItsEnd) {
  task().attempt = 1;
  task().status = domain::TaskStatus::running;
  const auto follow = open();
  print("what it said");
  settle_all();
  EXPECT_TRUE(channel.texts().empty());
  end(Outcome::done, 0);
  history.states[id] = std::make_shared<const domain::State>(backend.state_);
  backend.state_.workflows.clear();
  settle_all();
  EXPECT_EQ(channel.bytes(), "what it said");
  ASSERT_EQ(channel.texts().size(), 1U);
  EXPECT_EQ(channel.texts()[0]["outcome"], "done");
  EXPECT_EQ(channel.code, kCloseNormal);
  follow->on_closed();
}

TEST_F(Follow, ALogThatCannotTellIsNotTakenForOneWithoutTheTask) {
  backend.state_.workflows.clear();
  history.broken = true;
  const auto follow = open();
  settle_all();
  EXPECT_EQ(channel.code, kCloseInternal);
  EXPECT_EQ(channel.reason, "commit 7 is damaged");
  EXPECT_EQ(history.asked, 1);
  follow->on_closed();
}

TEST_F(Follow, ASlowReaderGetsItAllAtItsOwnPace) {
  store.piece = 256 << 10;
  task().attempt = 1;
  task().status = domain::TaskStatus::ended;
  store.stored[1] = std::string(10 << 20, 'z');
  const auto follow = open();
  for (int i = 0; i < 100 && channel.code == 0; ++i) {
    settle_all();
    EXPECT_LE(channel.queued, kPauseBytes + store.piece);
    drain(channel, *follow);
  }
  EXPECT_EQ(channel.bytes().size(), std::size_t{10} << 20);
  EXPECT_EQ(channel.code, kCloseNormal);
  follow->on_closed();
}

TEST_F(Follow, WholeAndInOrderUnderAnyInterleaving) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    task() = {};
    store.stored.clear();
    channel = {};
    const auto follow = open();
    settle_all();
    std::string expected;
    const auto attempts = 1 + random() % 3;
    for (std::uint32_t attempt = 1; attempt <= attempts; ++attempt) {
      task().attempt = attempt;
      task().status = domain::TaskStatus::running;
      changed();
      for (auto n = random() % 12; n > 0; --n) {
        const std::string text = std::to_string(random());
        expected += text;
        print(text);
        for (auto k = random() % 4; k > 0; --k) {
          const auto which = random() % 4;
          which == 0 ? io.run_one() : which == 1 ? owner.run_one() : which == 2 ? reader.run_one() : false;
        }
        if (random() % 5 == 0) drain(channel, *follow);
      }
    }
    end(Outcome::done, 0);
    settle_all();
    ASSERT_EQ(channel.bytes(), expected) << "round " << round;
    ASSERT_EQ(channel.code, kCloseNormal);
    ASSERT_EQ(channel.texts().back()["kind"], "end");
    follow->on_closed();
  }
}

}  // namespace
}  // namespace prov::api
