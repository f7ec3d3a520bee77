// Exit codes as docs/guides/extension-contract.md has them.
#include <gtest/gtest.h>

#include "agent/step/judge.h"

namespace prov::agent {
namespace {

struct Row {
  StepKind kind;
  int code;
  Outcome outcome;
  const char* says;
};

TEST(Judge, FollowsTheContractsTable) {
  const Row rows[] = {
      {StepKind::script, 0, Outcome::done, ""},
      {StepKind::script, 10, Outcome::unchanged, ""},
      {StepKind::script, 20, Outcome::failed, "exit code 20"},
      {StepKind::script, 75, Outcome::failed, "try again later"},
      {StepKind::script, 78, Outcome::failed, "cannot on this host"},
      {StepKind::script, 1, Outcome::failed, "exit code 1"},
      {StepKind::check, 0, Outcome::done, ""},
      {StepKind::check, 10, Outcome::failed, "exit code 10"},
      {StepKind::check, 20, Outcome::failed, "not installed"},
      {StepKind::check, 21, Outcome::failed, "differs"},
      {StepKind::check, 75, Outcome::failed, "try again later"},
      {StepKind::exec, 0, Outcome::done, ""},
      {StepKind::exec, 10, Outcome::failed, "exit code 10"},
      {StepKind::exec, 75, Outcome::failed, "exit code 75"},
  };
  for (const Row& row : rows) {
    ProcessEnd end;
    end.exit_code = row.code;
    const Verdict verdict = judge(row.kind, end, 60);
    EXPECT_EQ(verdict.outcome, row.outcome) << row.code;
    EXPECT_EQ(verdict.exit_code, row.code);
    EXPECT_NE(verdict.message.find(row.says), std::string::npos) << row.code << ": " << verdict.message;
  }
}

TEST(Judge, TellsWhoEndedTheStep) {
  ProcessEnd end;
  end.signal = 9;
  EXPECT_EQ(judge(StepKind::exec, end, 5).outcome, Outcome::failed);
  EXPECT_EQ(judge(StepKind::exec, end, 5).exit_code, -9);
  end.timed_out = true;
  EXPECT_EQ(judge(StepKind::exec, end, 5).outcome, Outcome::timed_out);
  EXPECT_NE(judge(StepKind::exec, end, 5).message.find("5 s"), std::string::npos);
  end.timed_out = false;
  end.cancelled = true;
  EXPECT_EQ(judge(StepKind::exec, end, 5).outcome, Outcome::cancelled);
  EXPECT_EQ(judge(StepKind::exec, {0, 0, true, false, ""}, 5).outcome, Outcome::timed_out) << "ended well, but late";
  const Verdict never = judge(StepKind::script, {0, 0, false, false, "no such program"}, 5);
  EXPECT_EQ(never.outcome, Outcome::failed);
  EXPECT_EQ(never.message, "no such program");
}

TEST(Judge, WhatAHostCannotRunAsOrderedIsRefused) {
  ProcessEnd end;
  end.refused = "no overlays here";
  EXPECT_EQ(judge(StepKind::script, end, 5).outcome, Outcome::refused);
  EXPECT_EQ(judge(StepKind::script, end, 5).message, "no overlays here");
}

TEST(Judge, ACheckMayRunScriptsCheckAlone) {
  const auto refused = [](wire::Mode mode, std::variant<wire::Noop, wire::Script, wire::Exec> action) {
    wire::Order order;
    order.mode = mode;
    order.action = std::move(action);
    return !refusal_of(order).empty();
  };
  const wire::Script install{{}, "scripts/install", {}, {}, {}}, check{{}, "scripts/check", {}, {}, {}};
  const wire::Script like_it{{}, "other/scripts/check", {}, {}, {}}, near_it{{}, "scripts/check/install", {}, {}, {}};
  EXPECT_TRUE(refused(wire::Mode::check, install));
  EXPECT_TRUE(refused(wire::Mode::check, like_it));
  EXPECT_TRUE(refused(wire::Mode::check, near_it));
  EXPECT_TRUE(refused(wire::Mode::check, wire::Exec{{"scripts/check"}, {}, {}}));
  EXPECT_FALSE(refused(wire::Mode::check, check));
  EXPECT_FALSE(refused(wire::Mode::check, wire::Noop{}));
  for (const wire::Mode mode : {wire::Mode::apply, wire::Mode::rehearse}) {
    EXPECT_FALSE(refused(mode, install));
    EXPECT_FALSE(refused(mode, wire::Exec{{"true"}, {}, {}}));
  }
}

TEST(Judge, KnowsACheckByItsName) {
  wire::Order order;
  order.action = wire::Script{{}, "scripts/check", {}, {}, {}};
  EXPECT_EQ(kind_of(order), StepKind::check);
  order.action = wire::Script{{}, "scripts/install", {}, {}, {}};
  EXPECT_EQ(kind_of(order), StepKind::script);
  order.action = wire::Exec{{"check"}, {}, {}};
  EXPECT_EQ(kind_of(order), StepKind::exec);
}

}  // namespace
}  // namespace prov::agent
