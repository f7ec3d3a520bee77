#include "coordinator/event_log/command_codec.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "coordinator/domain/authorize.h"
#include "tests/support/record_log/any_command.h"

namespace prov::event_log {
namespace {

using test::AnyCommand;

std::string encode(const AskedCommand& asked) { return encode_command(asked.command, asked.who); }
std::string bytes_of(domain::CommandBody body) { return encode_command({Id{{1}}, "w", std::move(body)}, {}); }

TEST(CommandCodec, HasAFormForExactlyWhatOperatorsMaySend) {
  const domain::Policy policy{{"uid:0"}};
  const domain::Principal owner{"uid:0", "peer", domain::Transport::unix_socket};
  std::size_t kinds = 0;
  const auto compare = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    const domain::CommandBody body(std::in_place_index<I>);
    EXPECT_EQ(has_bytes(body), domain::authorize(policy, owner, {{}, "w", body}).has_value()) << domain::name_of(body);
    EXPECT_EQ(command_digest(body) != 0, has_bytes(body)) << domain::name_of(body);
    kinds += has_bytes(body) ? 1 : 0;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (compare(std::integral_constant<std::size_t, I>()), ...); }
  (std::make_index_sequence<domain::kCommandTypes>());
  EXPECT_EQ(kinds, AnyCommand::kinds().size());
  EXPECT_GE(kinds, 21U);
}

TEST(CommandCodec, AnyCommandComesBack) {
  std::map<std::size_t, int> seen;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    const AskedCommand asked = AnyCommand(seed).any();
    const std::string bytes = encode(asked);
    const auto back = decode_command(bytes);
    ASSERT_TRUE(back) << "seed " << seed << ": " << back.error().message;
    ASSERT_EQ(back->command.body.index(), asked.command.body.index()) << "seed " << seed;
    ASSERT_EQ(back->command.id, asked.command.id) << "seed " << seed;
    ASSERT_EQ(back->command.workspace, asked.command.workspace) << "seed " << seed;
    ASSERT_EQ(back->command.plan, asked.command.plan) << "seed " << seed;
    ASSERT_EQ(back->who, asked.who) << "seed " << seed;
    ASSERT_EQ(encode(*back), bytes) << "seed " << seed;
    ++seen[asked.command.body.index()];
  }
  EXPECT_EQ(seen.size(), AnyCommand::kinds().size());
}

// Each field that a decoder drops is a field by which two commands no longer differ.
TEST(CommandCodec, FieldsComeBackAsTheyWere) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    AnyCommand any(seed, true);
    for (const std::size_t kind : AnyCommand::kinds()) {
      const AskedCommand asked = any.of_kind(kind);
      const auto back = decode_command(encode(asked));
      ASSERT_TRUE(back) << domain::name_of(asked.command.body) << ": " << back.error().message;
      ASSERT_EQ(command_digest(back->command.body), command_digest(asked.command.body));
    }
    const auto asked = any.of_kind(domain::CommandBody(domain::SubmitBatch{}).index());
    const auto back = decode_command(encode(asked));
    const auto& before = std::get<domain::SubmitBatch>(asked.command.body);
    const auto& after = std::get<domain::SubmitBatch>(back->command.body);
    ASSERT_EQ(after.params, before.params);
    ASSERT_EQ(after.operations.size(), before.operations.size());
    for (std::size_t i = 0; i < before.operations.size(); ++i) {
      const auto &was = before.operations[i], &is = after.operations[i];
      EXPECT_EQ(is.exec, was.exec);
      EXPECT_EQ(is.undo, was.undo);
      EXPECT_EQ(is.cluster, was.cluster);
      EXPECT_EQ(is.retry, was.retry);
      EXPECT_EQ(is.servers, was.servers);
      EXPECT_EQ(is.seed, was.seed);
      EXPECT_EQ(is.priority, was.priority);
      EXPECT_EQ(is.rolling.batch, was.rolling.batch);
      EXPECT_EQ(is.taskservs.back().after, was.taskservs.back().after);
      EXPECT_EQ(is.prompt, was.prompt);
    }
  }
}

TEST(CommandCodec, EveryFieldOfAnOperationIsInTheBytes) {
  using Change = void (*)(domain::BatchOperation&);
  const std::vector<std::pair<const char*, Change>> changes{
      {"id", [](auto& o) { o.id = "x"; }},
      {"kind", [](auto& o) { o.kind = domain::OperationKind::approval; }},
      {"dependencies",
       [](auto& o) {
         o.dependencies = {{"a", domain::DependencyKind::soft}};
       }},
      {"when", [](auto& o) { o.when = "x"; }},
      {"targets", [](auto& o) { o.targets = "x"; }},
      {"limit", [](auto& o) { o.limit = "1"; }},
      {"seed", [](auto& o) { o.seed = 1; }},
      {"for each", [](auto& o) { o.for_each_targets = "x"; }},
      {"batch", [](auto& o) { o.rolling.batch = "1"; }},
      {"canary", [](auto& o) { o.rolling.canary = 1; }},
      {"pause", [](auto& o) { o.rolling.pause_s = 1; }},
      {"health", [](auto& o) { o.rolling.health_check = true; }},
      {"retries", [](auto& o) { o.retries = 1; }},
      {"timeout", [](auto& o) { o.timeout_s = 1; }},
      {"retry", [](auto& o) { o.retry.on_failure = true; }},
      {"priority", [](auto& o) { o.priority = -1; }},
      {"on failure", [](auto& o) { o.on_failure = domain::OnFailure::rollback; }},
      {"max failures", [](auto& o) { o.max_failures = "1"; }},
      {"group", [](auto& o) { o.concurrency_group = "x"; }},
      {"group limit", [](auto& o) { o.group_limit = 1; }},
      {"checkpoint", [](auto& o) { o.checkpoint = "x"; }},
      {"outputs", [](auto& o) { o.outputs = {"x"}; }},
      {"mode", [](auto& o) { o.mode = domain::OrderMode::rehearse; }},
      {"servers", [](auto& o) { o.servers.resize(1); }},
      {"hostnames", [](auto& o) { o.hostnames = {"x"}; }},
      {"taskservs", [](auto& o) { o.taskservs.resize(1); }},
      {"cluster", [](auto& o) { o.cluster.emplace(); }},
      {"exec", [](auto& o) { o.exec.argv = {"x"}; }},
      {"undo", [](auto& o) { o.undo.argv = {"x"}; }},
      {"wait", [](auto& o) { o.wait_s = 1; }},
      {"until", [](auto& o) { o.until = "x"; }},
      {"prompt", [](auto& o) { o.prompt = "x"; }},
  };
  std::set<std::string> all;
  std::set<std::uint32_t> digests;
  domain::SubmitBatch batch;
  batch.operations.resize(1);
  all.insert(bytes_of(batch));
  digests.insert(command_digest(batch));
  for (const auto& [what, change] : changes) {
    domain::SubmitBatch other = batch;
    change(other.operations[0]);
    const std::string bytes = bytes_of(other);
    EXPECT_TRUE(all.insert(bytes).second) << what << " makes no difference";
    EXPECT_TRUE(digests.insert(command_digest(other)).second) << what;
    const auto back = decode_command(bytes);
    ASSERT_TRUE(back) << what;
    EXPECT_EQ(bytes_of(back->command.body), bytes) << what << " is lost";
  }
}

TEST(CommandDigest, IsOfWhatIsAskedForAndNothingElse) {
  const AskedCommand one = AnyCommand(1, true).of_kind(domain::CommandBody(domain::RunExec{}).index());
  AskedCommand other = one;
  std::get<domain::RunExec>(other.command.body).timeout_s += 1;
  EXPECT_NE(command_digest(one.command.body), command_digest(other.command.body));
  // What the platform adds itself differs each time that the same is asked for.
  using domain::CreateJoinToken, domain::AcceptDamage;
  EXPECT_EQ(command_digest(CreateJoinToken{"a", Digest{{1}}, 60}),
            command_digest(CreateJoinToken{"a", Digest{{2}}, 60}));
  EXPECT_NE(command_digest(CreateJoinToken{"a", Digest{{1}}, 60}),
            command_digest(CreateJoinToken{"b", Digest{{1}}, 60}));
  EXPECT_EQ(command_digest(AcceptDamage{"why", 0}), command_digest(AcceptDamage{"why", 7}));
  EXPECT_NE(command_digest(AcceptDamage{"why", 0}), command_digest(AcceptDamage{"because", 0}));
}

TEST(CommandCodec, WhatDoesNotFitTogetherIsCorrupt) {
  const auto code_of = [](domain::CommandBody body) {
    const auto back = decode_command(bytes_of(std::move(body)));
    return back ? std::optional<Code>() : back.error().code;
  };
  domain::CreateTaskservs services;
  services.taskservs.resize(2);
  services.taskservs[1].after = {0};
  EXPECT_EQ(code_of(services), std::nullopt);
  services.taskservs[1].after = {1};
  EXPECT_EQ(code_of(services), Code::corrupt) << "a service after itself";

  domain::SubmitBatch batch;
  batch.operations.resize(1);
  batch.operations[0].taskservs.resize(1);
  EXPECT_EQ(code_of(batch), std::nullopt);
  for (const std::int32_t priority : {101, -101}) {
    auto bad = batch;
    bad.operations[0].priority = priority;
    EXPECT_EQ(code_of(bad), Code::corrupt) << priority;
  }
  auto bad = batch;
  bad.operations[0].retry.jitter_percent = 101;
  EXPECT_EQ(code_of(bad), Code::corrupt);
  bad = batch;
  bad.operations[0].taskservs[0].after = {0xffffffff};
  EXPECT_EQ(code_of(bad), Code::corrupt);
}

TEST(CommandCodec, WhatALaterReleaseAddedIsNotTakenForSomethingElse) {
  domain::SubmitBatch batch;
  batch.operations.resize(1);
  batch.operations[0].kind = static_cast<domain::OperationKind>(900);
  const auto back = decode_command(bytes_of(batch));
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::unsupported);
  EXPECT_FALSE(back.error().hint.empty());
}

TEST(CommandCodec, CutOffOrFlippedBytesNeverCrash) {
  std::size_t refused = 0, taken = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const std::string bytes = encode(AnyCommand(seed).any());
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i) {
      std::string bad = bytes;
      if (i % 4 == 0) {
        bad.resize(random() % bytes.size());
      } else {
        for (int flips = 0; flips < i % 4; ++flips) bad[random() % bad.size()] ^= static_cast<char>(1 << random() % 8);
      }
      const auto back = decode_command(bad);
      if (back) {
        ++taken;
        const std::string once = encode(*back);
        ASSERT_EQ(encode(*decode_command(once)), once) << "seed " << seed;
      } else {
        ++refused;
        ASSERT_TRUE(back.error().code == Code::corrupt || back.error().code == Code::unsupported) << "seed " << seed;
        ASSERT_FALSE(back.error().message.empty());
      }
    }
  }
  EXPECT_GT(refused, 4000U);
  EXPECT_GT(taken, 1000U);
}

}  // namespace
}  // namespace prov::event_log
