// What a coordinator keeps in memory after very many workflows is what it keeps after many. Every byte that the core,
// the writer and the state own is counted where it is allocated.
#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <new>

#include "coordinator/command_handler/core.h"
#include "tests/support/record_log/fakes.h"

namespace {
std::size_t g_live_bytes = 0;  // one thread runs here

void give_back(void* at) {
  g_live_bytes -= malloc_usable_size(at);
  std::free(at);
}
}  // namespace

void* operator new(std::size_t size) {
  void* const at = std::malloc(size);
  if (at == nullptr) std::abort();
  g_live_bytes += malloc_usable_size(at);
  return at;
}
// std::stable_sort asks for its buffer so; a sanitizer's own would not match the delete below.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return operator new(size); }
void operator delete(void* at) noexcept { give_back(at); }
void operator delete(void* at, std::size_t) noexcept { give_back(at); }

namespace prov::command_handler {
namespace {

using namespace domain;

const Principal kOwner{"uid:0", "peer", Transport::unix_socket};
const Principal kInside{"system", "", Transport::internal};

// Says that everything is durable, and keeps nothing: what it would hold is the disk's.
class EndlessLog final : public RecordLog {
 public:
  void append(std::shared_ptr<const LogBatch> batch, Done done) override {
    if (batch->number != 0) last_ = batch->number;
    done({});
  }
  std::uint64_t last_commit() override { return last_; }
  std::uint64_t first_commit() override { return 1; }
  Result<void> set_aside_after(std::uint64_t) override { return {}; }
  Result<void> drop_before(std::uint64_t) override { return {}; }
  Result<void> read(std::uint64_t, const CommitVisitor&) override { return {}; }
  Result<std::optional<std::string>> get(std::string_view) override { return std::nullopt; }
  Result<void> scan(std::string_view, const SideVisitor&) override { return {}; }
  Result<void> scan_from(std::string_view, std::string_view, const SideVisitor&) override { return {}; }

 private:
  std::uint64_t last_ = 0;
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    const std::uint64_t n = ++n_;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(n >> (8 * (i % 8)));
  }

 private:
  std::uint64_t n_ = 0;
};

class WorkingSetTest : public testing::Test {
 protected:
  WorkingSetTest()
      : writer(log, executor, clock, begin(), nullptr, [](const Error& error) { FAIL() << error.message; }),
        core(config(), writer, State{}, timers, random) {
    core.start();
    core.on_effect([this](const Effect& effect) {
      if (const auto* order = std::get_if<SendOrder>(&effect)) orders.push_back(*order);
    });
    Digest hash;
    hash.bytes.fill(9);
    agent.bytes.fill(1);
    const Id token = give(CreateJoinToken{"h", hash, 600}, kOwner);
    give(EnrolAgent{agent, agent, token, hash}, kInside);
    give(ConnectAgent{agent, Facts{.hostname = "h", .boot_id = "1"}}, kInside);
  }
  static event_log::LogPosition begin() {
    event_log::LogPosition out;
    out.log_id.bytes.fill(7);
    return out;
  }
  static CoreConfig config() {
    CoreConfig out;
    out.policy.owners = {"uid:0"};
    return out;
  }
  Id give(CommandBody body, const Principal& who) {
    Id made;
    core.submit({random.id(), "w", std::move(body), {}}, who, [&made](const Result<Answer>& answer) {
      EXPECT_TRUE(answer.has_value()) << (answer ? "" : answer.error().message);
      if (answer) made = answer->made;
    });
    executor.run_all();
    return made;
  }
  void answer_orders(Outcome outcome) {
    while (!orders.empty()) {
      const SendOrder order = orders.back();
      orders.pop_back();
      TaskEnded ended;
      ended.task = order.task;
      ended.attempt = order.attempt;
      ended.outcome = outcome;
      give(ReportEnded{agent, ended, 0, {}}, kInside);
    }
  }
  static SubmitBatch batch() {
    SubmitBatch out;
    out.name = "roll out";
    for (const char* id : {"first", "second"}) {
      BatchOperation operation;
      operation.id = id;
      operation.targets = "all";
      operation.exec.argv = operation.undo.argv = {"true"};
      operation.timeout_s = 30;
      operation.on_failure = OnFailure::rollback;
      operation.checkpoint = std::string("after ") + id;
      out.operations.push_back(std::move(operation));
    }
    return out;
  }
  // Of each ten workflows: batches that succeed, that are rolled back, retried and never heard of again; a cancelled
  // one, and steps alone.
  void live(int workflows) {
    for (int i = 0; i < workflows; ++i) {
      clock.advance(100'000);
      switch (i % 10) {
        case 0: give(batch(), kOwner); break;
        case 1: {
          give(batch(), kOwner);
          answer_orders(Outcome::failed);
          break;
        }
        case 2: {
          const Id id = give(RunExec{{"h"}, {"true"}, "", 30}, kOwner);
          answer_orders(Outcome::failed);
          give(RetryWorkflow{id, {}, false}, kOwner);
          break;
        }
        case 3: {
          give(RunExec{{"h"}, {"true"}, "", 30}, kOwner);
          orders.clear();  // nobody answers
          clock.advance(core.state().agenda.limits.delivery_ms + 200'000);
          give(Tick{}, kInside);
          break;
        }
        case 4: give(CancelWorkflow{give(RunNoop{{"h"}, 3}, kOwner)}, kOwner); break;
        default: give(RunNoop{{"h"}, 2}, kOwner); break;
      }
      answer_orders(Outcome::done);
    }
  }
  std::size_t open() const {
    return static_cast<std::size_t>(std::count_if(core.state().workflows.begin(), core.state().workflows.end(),
                                                  [](const auto& one) { return !one.second.ended; }));
  }

  EndlessLog log;
  test::ManualExecutor executor;
  test::ManualClock clock;
  test::NoTimers timers;
  CountingRandom random;
  event_log::LogWriter writer;
  Core core;
  Key agent;
  std::vector<SendOrder> orders;
};

TEST_F(WorkingSetTest, IsFlatOverVeryManyEndedWorkflows) {
  constexpr int kMany = 3000;
  const std::size_t empty = g_live_bytes;
  live(kMany);
  const std::size_t many = g_live_bytes - empty;
  const std::uint64_t ended = core.state().ended_workflows_total;
  ASSERT_GT(many, 500'000U) << "a thousand workflows are something";
  ASSERT_GT(ended, std::uint64_t{kMany}) << "rollbacks are workflows too, and a retry ends twice";
  for (int more = 1; more <= 4; ++more) {
    live(kMany);
    EXPECT_NEAR(static_cast<double>(g_live_bytes - empty), static_cast<double>(many), 0.02 * static_cast<double>(many));
    EXPECT_EQ(core.state().workflows.size(), kKeepEndedWorkflows + open());
    EXPECT_EQ(core.state().ended_workflows.size(), kKeepEndedWorkflows);
  }
  EXPECT_EQ(open(), 0U);
  EXPECT_EQ(core.state().ended_workflows_total, 5 * ended);
}

TEST_F(WorkingSetTest, HoldsFewerWhereTheyAreLarge) {
  constexpr std::uint32_t kTasks = 1500;
  for (int i = 0; i < 20; ++i) {
    give(RunNoop{{"h"}, kTasks}, kOwner);
    answer_orders(Outcome::done);
  }
  EXPECT_EQ(open(), 0U);
  EXPECT_EQ(core.state().workflows.size(), kKeepEndedTasks / kTasks);
  EXPECT_LE(core.state().ended_tasks, kKeepEndedTasks);
  const RunNoop too_many{{"h"}, static_cast<std::uint32_t>(kKeepEndedTasks) + 1};
  const Id settled = give(too_many, kOwner);
  answer_orders(Outcome::done);
  EXPECT_EQ(core.state().workflows.size(), kKeepEndedTasks / kTasks) << "and the others stay";
  EXPECT_FALSE(core.state().workflows.contains(settled)) << "there is nothing to retry or to undo";
  const Id failed = give(too_many, kOwner);
  answer_orders(Outcome::failed);
  EXPECT_EQ(core.state().workflows.size(), 1U) << "the newest stays, whatever its size";
  EXPECT_TRUE(core.state().workflows.contains(failed));
}

TEST_F(WorkingSetTest, WhatLeftItCanNotBeDoneAgainOrUndoneAndSaysSo) {
  const Id old = give(RunExec{{"h"}, {"true"}, "", 30}, kOwner);
  answer_orders(Outcome::failed);
  for (std::size_t i = 0; i < kKeepEndedWorkflows; ++i) {
    give(RunNoop{{"h"}, 1}, kOwner);
    answer_orders(Outcome::done);
  }
  ASSERT_FALSE(core.state().workflows.contains(old));
  for (const CommandBody& body : {CommandBody(RetryWorkflow{old, {}, false}), CommandBody(RollbackWorkflow{old, ""}),
                                  CommandBody(CancelWorkflow{old}), CommandBody(PauseWorkflow{old, ""})}) {
    const auto refused = core.check({random.id(), "w", body, {}}, kOwner);
    ASSERT_FALSE(refused) << name_of(body);
    EXPECT_EQ(refused.error().code, Code::not_found);
    EXPECT_NE(refused.error().hint.find("workflow history"), std::string::npos) << refused.error().hint;
  }
}

}  // namespace
}  // namespace prov::command_handler
