#pragma once
// What every StepRunner must do. A world W gives the runner and orders of known behaviour:
//
//   StepRunner& runner();
//   void restart();                               // the agent dies and comes back: a new runner over the same host
//   wire::Order prints(const StepId&, text);      // prints the text, ends with 0
//   wire::Order ends_with(const StepId&, code);   // prints nothing
//   wire::Order hangs(const StepId&);             // until it is stopped
//   bool run_until(std::function<bool()>);        // lets the world go on; false: it did not happen in a long time
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "agent/executor/step_runner.h"
#include "common/hash.h"

namespace prov::agent {

inline StepId step_number(std::uint8_t n, std::uint32_t attempt = 1) {
  StepId out;
  out.task.bytes.fill(n);
  out.attempt = attempt;
  return out;
}

template <class World>
class StepRunnerContract : public ::testing::Test {
 protected:
  void SetUp() override { attach(); }

  void attach() {
    world.runner().attach({[this](const StepId& step, std::uint64_t bytes) {
                             EXPECT_FALSE(in_call) << "callback inside a call";
                             EXPECT_GT(bytes, grown[step]);
                             grown[step] = bytes;
                           },
                           [this](const StepId& step, Verdict verdict) {
                             EXPECT_FALSE(in_call) << "callback inside a call";
                             ended[step].push_back(std::move(verdict));
                           }});
  }
  void restart() {
    world.restart();
    grown.clear();
    attach();
  }
  Result<void> start(const StepId& step, const wire::Order& order) {
    in_call = true;
    auto out = world.runner().start(step, order);
    in_call = false;
    return out;
  }
  void adopt(const StepId& step, Boot boot) {
    in_call = true;
    world.runner().adopt(step, boot);
    in_call = false;
  }
  bool wait_for(const StepId& step) {
    return world.run_until([&] { return !ended[step].empty(); });
  }
  std::string output_of(const StepId& step) {
    auto out = world.runner().read_output(step, 0, 1 << 20);
    return out ? *out : "<" + out.error().message + ">";
  }

  World world;
  std::map<StepId, std::vector<Verdict>> ended;
  std::map<StepId, std::uint64_t> grown;
  bool in_call = false;
};

TYPED_TEST_SUITE_P(StepRunnerContract);

TYPED_TEST_P(StepRunnerContract, ReportsTheEndAndKeepsTheOutput) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.prints(step, "one\ntwo\n")));
  ASSERT_TRUE(this->wait_for(step));
  const Verdict& verdict = this->ended[step][0];
  EXPECT_EQ(verdict.outcome, Outcome::done);
  EXPECT_EQ(verdict.exit_code, 0);
  EXPECT_EQ(this->output_of(step), "one\ntwo\n");
  EXPECT_EQ(verdict.output_bytes, 8U);
  EXPECT_EQ(verdict.output_digest, digest_of("one\ntwo\n"));
  EXPECT_EQ(*this->world.runner().read_output(step, 4, 2), "tw");
  EXPECT_EQ(*this->world.runner().read_output(step, 8, 10), "");
}

TYPED_TEST_P(StepRunnerContract, TellsAFailureByItsExitCode) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.ends_with(step, 3)));
  ASSERT_TRUE(this->wait_for(step));
  EXPECT_EQ(this->ended[step][0].outcome, Outcome::failed);
  EXPECT_EQ(this->ended[step][0].exit_code, 3);
  EXPECT_EQ(this->ended[step][0].output_digest, digest_of(""));
}

TYPED_TEST_P(StepRunnerContract, StartsAnAttemptOnce) {
  const StepId step = step_number(1);
  const wire::Order order = this->world.prints(step, "x");
  ASSERT_TRUE(this->start(step, order));
  auto again = this->start(step, order);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::conflict);
  ASSERT_TRUE(this->wait_for(step));
  again = this->start(step, order);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_TRUE(this->start(step_number(1, 2), this->world.prints(step_number(1, 2), "y"))) << "another attempt may";
  EXPECT_TRUE(this->wait_for(step_number(1, 2)));
  EXPECT_EQ(this->ended[step].size(), 1U);
}

TYPED_TEST_P(StepRunnerContract, CancelEndsARunningStep) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.hangs(step)));
  this->world.runner().cancel(step);
  ASSERT_TRUE(this->wait_for(step));
  EXPECT_EQ(this->ended[step][0].outcome, Outcome::cancelled);
  this->world.runner().cancel(step);            // over already
  this->world.runner().cancel(step_number(9));  // never heard of
}

TYPED_TEST_P(StepRunnerContract, ARunningStepIsFoundAgain) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.hangs(step)));
  this->restart();
  this->adopt(step, Boot::same);
  this->world.runner().cancel(step);
  ASSERT_TRUE(this->wait_for(step));
  ASSERT_EQ(this->ended[step].size(), 1U);
  EXPECT_EQ(this->ended[step][0].outcome, Outcome::cancelled);
}

TYPED_TEST_P(StepRunnerContract, AVerdictWaitsForTheAgent) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.prints(step, "done while nobody looked")));
  ASSERT_TRUE(this->wait_for(step));
  for (const Boot boot : {Boot::same, Boot::other}) {
    this->restart();
    this->ended.clear();
    this->adopt(step, boot);
    ASSERT_TRUE(this->wait_for(step));
    EXPECT_EQ(this->ended[step][0].outcome, Outcome::done);
    EXPECT_EQ(this->output_of(step), "done while nobody looked");
  }
}

TYPED_TEST_P(StepRunnerContract, WhatNeverBeganIsInterruptedAndCannotBeginLater) {
  const StepId step = step_number(1);
  this->adopt(step, Boot::same);
  ASSERT_TRUE(this->wait_for(step));
  EXPECT_EQ(this->ended[step][0].outcome, Outcome::interrupted);
  EXPECT_EQ(this->ended[step][0].output_bytes, 0U);
}

TYPED_TEST_P(StepRunnerContract, AfterAnotherBootARunningStepWasInterrupted) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.hangs(step)));
  this->restart();
  this->adopt(step, Boot::other);
  ASSERT_TRUE(this->wait_for(step));
  EXPECT_EQ(this->ended[step][0].outcome, Outcome::interrupted);
}

TYPED_TEST_P(StepRunnerContract, ForgetsWhatItIsToldToForget) {
  const StepId step = step_number(1);
  ASSERT_TRUE(this->start(step, this->world.prints(step, "x")));
  ASSERT_TRUE(this->wait_for(step));
  this->world.runner().forget(step);
  EXPECT_FALSE(this->world.runner().read_output(step, 0, 10));
  this->world.runner().forget(step);
}

REGISTER_TYPED_TEST_SUITE_P(StepRunnerContract, ReportsTheEndAndKeepsTheOutput, TellsAFailureByItsExitCode,
                            StartsAnAttemptOnce, CancelEndsARunningStep, ARunningStepIsFoundAgain,
                            AVerdictWaitsForTheAgent, WhatNeverBeganIsInterruptedAndCannotBeginLater,
                            AfterAnotherBootARunningStepWasInterrupted, ForgetsWhatItIsToldToForget);

}  // namespace prov::agent
