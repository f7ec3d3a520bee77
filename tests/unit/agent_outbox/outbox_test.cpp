#include "agent/outbox/outbox.h"

#include <gtest/gtest.h>

#include "common/hash.h"
#include "common/ports/link.h"
#include "tests/unit/agent_support/fakes.h"

namespace prov::agent {
namespace {

using fakes::SeededRandom;
using fakes::VirtualTime;

StepId step(std::uint8_t n) {
  StepId out;
  out.task.bytes[0] = n;
  out.attempt = 1;
  return out;
}

wire::Ended silent_end() { return {Outcome::done, 0, {}, 0, digest_of(""), digest_of("an order"), {}}; }

// The coordinator's side: takes what is in order, drops what it has, complains about gaps.
struct Receiver {
  struct Stream {
    std::string output;
    int accepted = 0, started = 0, ended = 0;
    wire::Ended end;
  };
  std::map<StepId, Stream> streams;

  void take(const wire::Reports& frame) {
    std::vector<wire::Report> reports = frame.reports;
    for (const wire::PlainEnd& end : frame.plain_ends) wire::spell_out(end, reports);
    for (const wire::Report& report : reports) {
      Stream& to = streams[{report.task, report.attempt}];
      if (std::holds_alternative<wire::Accepted>(report.what)) ++to.accepted;
      if (std::holds_alternative<wire::Started>(report.what)) ++to.started;
      if (const auto* output = std::get_if<wire::Output>(&report.what)) {
        ASSERT_LE(output->data.size(), wire::kMaxOutputChunk);
        ASSERT_LE(output->offset, to.output.size()) << "a gap";
        if (output->offset + output->data.size() > to.output.size()) {
          to.output += output->data.substr(static_cast<std::size_t>(to.output.size() - output->offset));
        }
      }
      if (const auto* end = std::get_if<wire::Ended>(&report.what)) {
        EXPECT_EQ(end->output_bytes, to.output.size()) << "ended before its output";
        ++to.ended;
        to.end = *end;
      }
    }
  }
};

struct Outboxes : ::testing::Test {
  VirtualTime time;
  SeededRandom random{1};
  std::map<StepId, std::string> files;
  std::vector<wire::Reports> sent;
  std::vector<StepId> finished;
  Outbox outbox{
      time,
      time,
      random,
      {[this](const wire::Reports& frame) { sent.push_back(frame); },
       [this](const StepId& each, std::uint64_t offset, std::size_t max) -> Result<std::string> {
         if (!files.contains(each)) return fail(Code::not_found, "gone");
         return files[each].substr(static_cast<std::size_t>(offset), max);
       },
       [this](const std::vector<StepId>& ends) { finished.insert(finished.end(), ends.begin(), ends.end()); }}};

  void finish(const StepId& each) {
    outbox.about(each, 0).ended(3, {Outcome::done, 0, {}, files[each].size(), {}, {}});
    outbox.flush();
  }
};

TEST_F(Outboxes, SaysNothingWithoutASession) {
  outbox.about(step(1), 0).accepted(1);
  outbox.flush();
  time.advance(60'000);
  EXPECT_TRUE(sent.empty());
  outbox.open();
  EXPECT_EQ(sent.size(), 1U);
}

TEST_F(Outboxes, OneFrameForAllThatCameTogether) {
  outbox.open();
  for (std::uint8_t n = 1; n <= 64; ++n) {
    outbox.about(step(n), 0).accepted(1);
    outbox.about(step(n), 0).started(2);
    outbox.about(step(n), 0).ended(3, {});
  }
  outbox.flush();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].reports.size(), 128U) << "that a step was accepted goes without saying";
  outbox.acknowledge(sent[0].frame_id);
  EXPECT_EQ(finished.size(), 64U);
  EXPECT_TRUE(outbox.empty());
  outbox.acknowledge(sent[0].frame_id);
  EXPECT_EQ(finished.size(), 64U) << "a repeated acknowledgement";
}

TEST_F(Outboxes, AnEndOfWhichThereIsNoMoreToSayIsOneEntryToWhoeverTakesThat) {
  outbox.speak_plainly(true);
  outbox.open();
  outbox.about(step(1), 71).accepted(1).started(2).ended(3, silent_end());
  outbox.about(step(2), 72).started(4);
  outbox.flush();
  ASSERT_EQ(sent.size(), 1U);
  const wire::PlainEnd both{step(1).task, 1, 3, 2, Outcome::done, 71, digest_of("an order")};
  EXPECT_EQ(sent[0].plain_ends, std::vector{both});
  ASSERT_EQ(sent[0].reports.size(), 1U);
  outbox.acknowledge(sent[0].frame_id);
  EXPECT_EQ(finished, std::vector{step(1)});
  outbox.about(step(2), 72).ended(6, silent_end());
  outbox.flush();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].plain_ends.at(0).started_ms, 0U) << "that was told before";
}

TEST_F(Outboxes, WhateverElseThereIsToSayOfAnEndIsSaid) {
  outbox.speak_plainly(true);
  outbox.open();
  const auto told_in_full = [&](wire::Ended end) {
    outbox.about(step(9), 1).started(1).ended(2, std::move(end));
    outbox.flush();
    const wire::Reports frame = sent.back();
    outbox.acknowledge(frame.frame_id);
    return frame.plain_ends.empty() && std::holds_alternative<wire::Ended>(frame.reports.back().what);
  };
  EXPECT_FALSE(told_in_full(silent_end()));
  wire::Ended end = silent_end();
  end.exit_code = 3;
  EXPECT_TRUE(told_in_full(end));
  end = silent_end();
  end.message = "why";
  EXPECT_TRUE(told_in_full(end));
  end = silent_end();
  end.outputs = {{"port", "1"}};
  EXPECT_TRUE(told_in_full(end));
  end = silent_end();
  end.output_digest = {};
  EXPECT_TRUE(told_in_full(end));
  files[step(9)] = "x";
  end = silent_end();
  end.output_bytes = 1;
  EXPECT_TRUE(told_in_full(end));
}

TEST_F(Outboxes, ACoordinatorOfAnEarlierReleaseIsToldInFullAlsoWhatWasUnderWay) {
  outbox.speak_plainly(true);
  outbox.open();
  outbox.about(step(1), 71).started(2).ended(3, silent_end());
  outbox.flush();
  outbox.close();
  outbox.speak_plainly(false);
  outbox.open();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(sent[1].frame_id, sent[0].frame_id);
  std::vector<wire::Report> spelled_out;
  wire::spell_out(sent[0].plain_ends.at(0), spelled_out);
  EXPECT_EQ(sent[1].reports, spelled_out);
  EXPECT_TRUE(sent[1].plain_ends.empty());
}

TEST_F(Outboxes, OutputIsOfTheOrderThatWasToldLast) {
  outbox.open();
  files[step(1)] = "ab";
  outbox.output(step(1), 70, 1);
  outbox.flush();
  EXPECT_EQ(sent.back().reports.at(0).sequence, 70U);
  outbox.acknowledge(sent.back().frame_id);
  outbox.output(step(1), 71, 2);  // given out anew, which the journal does not have yet
  outbox.flush();
  EXPECT_EQ(sent.back().reports.at(0).sequence, 70U);
  outbox.acknowledge(sent.back().frame_id);
  outbox.about(step(1), 71).ended(3, {Outcome::done, 0, {}, 2, {}, {}});
  outbox.flush();
  EXPECT_EQ(sent.back().reports.at(0).sequence, 71U);
}

TEST_F(Outboxes, ManyOutputsAreSpreadOverFramesThatMayTravel) {
  outbox.open();
  wire::Ended end;
  for (int i = 10; i < 14; ++i) end.outputs.push_back({"n" + std::to_string(i), std::string(4000, 'v')});
  for (std::uint8_t n = 1; n <= 100; ++n) outbox.about(step(n), 0).ended(3, end);
  outbox.flush();
  ASSERT_GT(sent.size(), 1U);
  for (const wire::Reports& frame : sent) EXPECT_LE(wire::encode(wire::FromAgent{frame}).size(), kMaxFrameBytes);
}

TEST_F(Outboxes, ResendsWithGrowingPausesUntilAcknowledged) {
  outbox.open();
  outbox.about(step(1), 0).accepted(1);
  outbox.flush();
  time.advance(1'999);
  EXPECT_EQ(sent.size(), 1U);
  time.advance(1'002);
  EXPECT_EQ(sent.size(), 2U);
  time.advance(600'000);
  EXPECT_GT(sent.size(), 12U);
  EXPECT_LT(sent.size(), 28U) << "backing off";
  for (const auto& frame : sent) EXPECT_EQ(frame.frame_id, sent[0].frame_id);
  const std::size_t before = sent.size();
  outbox.close();
  time.advance(600'000);
  EXPECT_EQ(sent.size(), before);
  outbox.open();
  EXPECT_EQ(sent.size(), before + 1) << "at once after a new welcome";
  outbox.acknowledge(sent[0].frame_id);
  time.advance(600'000);
  EXPECT_EQ(sent.size(), before + 1);
  EXPECT_EQ(time.pending(), 0U);
}

TEST_F(Outboxes, LargeOutputGoesInBoundedFramesAndTheEndComesLast) {
  files[step(1)] = std::string(3'000'000, 'x');
  outbox.open();
  outbox.about(step(1), 0).accepted(1);
  outbox.about(step(1), 0).output(files[step(1)].size());
  finish(step(1));
  Receiver receiver;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    std::size_t bytes = 0;
    for (const auto& report : sent[i].reports) {
      if (const auto* output = std::get_if<wire::Output>(&report.what)) bytes += output->data.size();
    }
    EXPECT_LE(bytes, 512U << 10);
    EXPECT_EQ(sent.size(), i + 1) << "one frame of a step at a time";
    receiver.take(sent[i]);
    outbox.acknowledge(sent[i].frame_id);
  }
  EXPECT_EQ(receiver.streams[step(1)].output, files[step(1)]);
  EXPECT_EQ(receiver.streams[step(1)].ended, 1);
  EXPECT_EQ(finished, std::vector<StepId>{step(1)});
}

TEST_F(Outboxes, ALotOfStepsShareAFewFrames) {
  outbox.open();
  for (std::uint8_t n = 1; n <= 40; ++n) {
    files[step(n)] = std::string(60'000, static_cast<char>('a' + n % 26));
    outbox.about(step(n), 0).accepted(1);
    finish(step(n));
  }
  EXPECT_LE(sent.size(), 8U) << "unacknowledged frames are bounded";
  Receiver receiver;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    receiver.take(sent[i]);
    outbox.acknowledge(sent[i].frame_id);
  }
  for (std::uint8_t n = 1; n <= 40; ++n) EXPECT_EQ(receiver.streams[step(n)].output, files[step(n)]);
  EXPECT_EQ(finished.size(), 40U);
}

TEST_F(Outboxes, LostOutputDoesNotHoldBackTheEnd) {
  outbox.open();
  outbox.about(step(1), 0).ended(3, {Outcome::done, 0, {}, 100, {}, {}});
  outbox.flush();
  ASSERT_EQ(sent.size(), 1U);
  ASSERT_EQ(sent[0].reports.size(), 1U);
  outbox.acknowledge(sent[0].frame_id);
  EXPECT_EQ(finished.size(), 1U);
}

TEST_F(Outboxes, AnEndWithoutItsOutputPromisesNone) {
  files[step(1)] = "some output";
  files[step(2)] = "kept";
  finish(step(1));
  finish(step(2));
  files.erase(step(1));
  outbox.open();
  Receiver receiver;
  for (const auto& frame : sent) receiver.take(frame);  // which minds an end that promises more than came
  EXPECT_EQ(receiver.streams[step(1)].ended, 1);
  EXPECT_EQ(receiver.streams[step(1)].end.outcome, Outcome::done);
  EXPECT_NE(receiver.streams[step(1)].end.message.find(kOutputGone), std::string::npos);
  EXPECT_EQ(receiver.streams[step(2)].output, "kept");
  EXPECT_TRUE(receiver.streams[step(2)].end.message.empty());
}

TEST_F(Outboxes, DroppedStepsAreNotToldAnyMore) {
  outbox.open();
  outbox.about(step(1), 0).accepted(1);
  outbox.about(step(2), 0).accepted(1);
  outbox.flush();
  outbox.drop(step(1));
  time.advance(5'000);
  ASSERT_EQ(sent.size(), 2U);
  ASSERT_EQ(sent[1].reports.size(), 1U);
  EXPECT_EQ(sent[1].reports[0].task, step(2).task);
  outbox.drop(step(2));
  EXPECT_TRUE(outbox.empty());
}

// An operator has accepted a log whose end was lost, and with it output that had been acknowledged.
TEST_F(Outboxes, OutputThatTheCoordinatorLostIsSentAgain) {
  outbox.open();
  files[step(1)] = std::string(100'000, 'a') + std::string(100'000, 'b');
  outbox.about(step(1), 0).output(150'000);
  outbox.flush();
  Receiver receiver;
  receiver.take(sent.back());
  outbox.acknowledge(sent.back().frame_id);
  receiver.streams[step(1)].output.resize(1'000);
  outbox.about(step(2), 0).started(2);
  finish(step(1));
  const std::uint64_t shared = sent.back().frame_id;
  sent.clear();

  outbox.rewind(step(3), 0);  // an unknown one
  outbox.rewind(step(1), 1'000);
  for (const auto& frame : sent) receiver.take(frame);
  EXPECT_EQ(receiver.streams[step(1)].output, files[step(1)]);
  EXPECT_EQ(receiver.streams[step(1)].ended, 1);
  const std::size_t frames = sent.size();
  outbox.rewind(step(1), 1'000);  // said twice
  EXPECT_EQ(sent.size(), frames);

  time.advance(4'000);  // what shared its frame goes on
  for (const auto& frame : sent) receiver.take(frame);
  EXPECT_GE(receiver.streams[step(2)].started, 1);
  outbox.acknowledge(shared);
  for (const auto& frame : sent) outbox.acknowledge(frame.frame_id);
  EXPECT_EQ(finished, std::vector{step(1)});
  EXPECT_TRUE(outbox.empty());
}

// Frames and acknowledgements are lost, repeated and late; sessions come and go: everything arrives, once and in order.
TEST(OutboxProperty, EverythingArrivesInOrder) {
  const std::uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SeededRandom dice(seed);
  for (int round = 0; round < 20; ++round) {
    VirtualTime time;
    std::map<StepId, std::string> files;
    std::vector<wire::Reports> wire_up;
    std::vector<std::uint64_t> wire_down;
    std::map<StepId, int> finished;
    Receiver receiver;
    Outbox outbox(time, time, dice,
                  {[&](const wire::Reports& frame) {
                     for (auto copies = dice.below(3); copies > 0; --copies) wire_up.push_back(frame);
                   },
                   [&](const StepId& each, std::uint64_t offset, std::size_t max) -> Result<std::string> {
                     return files[each].substr(static_cast<std::size_t>(offset), max);
                   },
                   [&](const std::vector<StepId>& ends) {
                     for (const StepId& each : ends) ++finished[each];
                   }});
    outbox.open();
    std::map<StepId, int> phase;
    for (int turn = 0; turn < 3'000 && finished.size() < 10; ++turn) {
      const StepId each = step(static_cast<std::uint8_t>(dice.below(10)));
      if (turn % 3 == 0 && phase[each] < 5) {
        if (phase[each] == 0) outbox.about(each, 0).accepted(1);
        if (phase[each] == 1) outbox.about(each, 0).started(2);
        const bool silent = each.task.bytes[0] % 2 == 0;
        if (!silent && (phase[each] == 2 || phase[each] == 3)) {
          files[each] += std::string(dice.below(200'000), static_cast<char>('a' + dice.below(26)));
          outbox.about(each, 0).output(files[each].size());
        }
        if (phase[each] == 4) {
          wire::Ended end = silent_end();
          end.output_bytes = files[each].size();
          outbox.about(each, 0).ended(3, end);
        }
        ++phase[each];
        outbox.flush();
      }
      if (dice.below(50) == 0) {
        outbox.close();
        outbox.speak_plainly(dice.below(2) == 0);
        outbox.open();
      }
      if (!wire_up.empty() && dice.below(2) == 0) {
        const auto at = static_cast<std::ptrdiff_t>(dice.below(wire_up.size()));
        receiver.take(wire_up[static_cast<std::size_t>(at)]);
        wire_down.push_back(wire_up[static_cast<std::size_t>(at)].frame_id);
        wire_up.erase(wire_up.begin() + at);
      }
      if (!wire_down.empty() && dice.below(2) == 0) {
        const auto at = static_cast<std::ptrdiff_t>(dice.below(wire_down.size()));
        if (dice.below(3) != 0) outbox.acknowledge(wire_down[static_cast<std::size_t>(at)]);
        if (dice.below(2) == 0) wire_down.erase(wire_down.begin() + at);
      }
      time.advance(dice.below(400));
    }
    ASSERT_EQ(finished.size(), 10U);
    for (const auto& [each, times] : finished) {
      EXPECT_EQ(times, 1);
      EXPECT_EQ(receiver.streams[each].output, files[each]);
      EXPECT_GE(receiver.streams[each].ended, 1);
    }
  }
}

}  // namespace
}  // namespace prov::agent
