// An id belongs to one command and its repetitions: with something else it is refused, before and after a restart.
#include "coordinator/event_log/command_codec.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/unit/command_handler/core_fixture.h"

namespace prov::command_handler {
namespace {

const Id kCommand{{0xc0, 1}};

class CommandIdTest : public CoreTest {
 protected:
  static domain::Command with_id(domain::CommandBody body, std::string workspace = "w") {
    return {kCommand, std::move(workspace), std::move(body)};
  }
  // What the log folds to when it is read again.
  domain::State replayed() { return event_log::open_log(log).state; }
};

const domain::CommandBody kCreateA = domain::CreateServers{"demo", {server("a")}};
const domain::CommandBody kCreateB = domain::CreateServers{"demo", {server("b")}};

TEST_F(CommandIdTest, WithAnotherBodyIsRefusedAndSaysWhatItWasUsedFor) {
  const auto first = give(with_id(kCreateA));
  ASSERT_TRUE(first) << first.error().message;
  const auto before = core.state().sequence;
  const auto other = give(with_id(kCreateB));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::conflict);
  for (const std::string& part : {to_text(kCommand), std::string("the workflow \"server_create\" "),
                                  to_text(first->made), std::string("this CreateServers asks for something else")}) {
    EXPECT_NE(other.error().message.find(part), std::string::npos) << part << " is not in: " << other.error().message;
  }
  EXPECT_NE(other.error().hint.find("Idempotency-Key"), std::string::npos) << other.error().hint;
  EXPECT_EQ(core.state().sequence, before) << "nothing of it was done";
  EXPECT_FALSE(core.state().servers.contains({"w", "b"}));

  const auto again = give(with_id(kCreateA));
  ASSERT_TRUE(again) << "the first one is still answered: " << again.error().message;
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->made, first->made);
}

TEST_F(CommandIdTest, WithAnotherKindOfCommandIsRefused) {
  ASSERT_TRUE(give(with_id(domain::RegisterWorkspace{})));
  const auto other = give(with_id(kCreateA));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, Code::conflict);
  EXPECT_NE(other.error().message.find("for another command, up to event "), std::string::npos);
}

TEST_F(CommandIdTest, IsEachCallersAndEachWorkspacesOwn) {
  ASSERT_TRUE(give(with_id(kCreateA)));
  EXPECT_TRUE(give(with_id(kCreateB, "elsewhere")));
  const auto stranger = give(with_id(kCreateB), kStranger);
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Code::denied) << "who may not ask is not told what others asked";
}

TEST_F(CommandIdTest, OfACommandThatChangedNothingIsFree) {
  ASSERT_TRUE(give(with_id(domain::DeleteServers{"demo", {"ghost"}})));
  EXPECT_TRUE(give(with_id(kCreateA)));
}

TEST_F(CommandIdTest, ARepetitionOfWhatChangedNothingDoesNothingWhateverHasHappenedSince) {
  ASSERT_TRUE(give(with_id(domain::DeleteServers{"demo", {"a"}})));
  ASSERT_TRUE(give({Id{{0xc0, 2}}, "w", kCreateA}));
  const auto before = core.state().sequence;
  const auto again = give(with_id(domain::DeleteServers{"demo", {"a"}}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(core.state().sequence, before);
}

TEST(QuietAnswers, AreForgottenWithTimeAndWhenThereAreTooMany) {
  QuietAnswers answers;
  const domain::CommandKey first{"uid:0", "w", Id{{1}}};
  answers.add(first, 7, 1000);
  EXPECT_TRUE(answers.knows(first, 7, 1000 + domain::kRememberMs));
  EXPECT_FALSE(answers.knows(first, 8, 1000)) << "another command";
  EXPECT_FALSE(answers.knows(first, 7, 1001 + domain::kRememberMs));
  answers.add(first, 7, 1000);
  for (std::size_t i = 0; i < kQuietAnswers; ++i) {
    answers.add({"uid:0", "w", Id{{2, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)}}}, 7, 1000);
  }
  EXPECT_FALSE(answers.knows(first, 7, 1000));
}

TEST_F(CommandIdTest, WhatThePlatformAddsDoesNotMakeItAnother) {
  ASSERT_TRUE(give(with_id(domain::CreateJoinToken{"a", Digest{{1}}, 600})));
  const auto again = give(with_id(domain::CreateJoinToken{"a", Digest{{2}}, 600}));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->repeated);
  EXPECT_FALSE(give(with_id(domain::CreateJoinToken{"b", Digest{{1}}, 600})));
}

TEST_F(CommandIdTest, IsKnownFromTheLogAndFromASnapshot) {
  ASSERT_TRUE(give(with_id(kCreateA)));
  const domain::CommandKey key{kOwner.subject, "w", kCommand};
  const domain::State state = replayed();
  ASSERT_TRUE(state.remembered.contains(key));
  EXPECT_EQ(state.remembered.at(key).command_digest, event_log::command_digest(kCreateA));
  const auto decoded = event_log::decode_state(event_log::encode_state(state));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->remembered.at(key).command_digest, event_log::command_digest(kCreateA));
}

TEST_F(CommandIdTest, OfAnOlderReleaseGoesWithAnything) {
  ASSERT_TRUE(give(with_id(kCreateA)));
  domain::State old = core.state();
  for (auto& [key, remembered] : old.remembered) remembered.command_digest = 0;
  Core later(config(), writer, std::move(old), timers, random);
  later.start();
  std::optional<Result<domain::Answer>> got;
  later.submit(with_id(kCreateB), kOwner, [&got](auto answer) { got = answer; });
  executor.run_all();
  ASSERT_TRUE(got && *got) << (got ? got->error().message : "no answer");
  EXPECT_TRUE((*got)->repeated);
}

TEST_F(CommandIdTest, OnlyWhatTheCallerCausedCarriesTheDigest) {
  std::vector<domain::Envelope> metas;
  core.on_event([&metas](const auto& events) {
    for (const auto& event : events) metas.push_back(event->meta);
  });
  ASSERT_TRUE(give(with_id(kCreateA)));
  std::size_t asked = 0, inside = 0;
  for (const domain::Envelope& meta : metas) {
    const bool callers = !meta.command_id.is_zero();
    EXPECT_EQ(meta.command_digest, callers ? event_log::command_digest(kCreateA) : 0U) << meta.sequence;
    ++(callers ? asked : inside);
  }
  EXPECT_GT(asked, 0U);
  EXPECT_GT(inside, 0U) << "the first task was dispatched";
}

}  // namespace
}  // namespace prov::command_handler
