// What comes in one message passes the gate together.
#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "tests/unit/command_handler/core_fixture.h"

namespace prov::command_handler {
namespace {

using domain::CreateServers;

class GroupTest : public CoreTest {
 protected:
  GroupTest() {
    core.on_event([this](const auto& events) {
      for (const auto& event : events) told.push_back(domain::name_of(event->body));
    });
    core.on_effect([this](const auto&) { told.push_back("effect"); });
  }
  void submit(const std::string& host) {
    core.submit(command(CreateServers{"demo", {server(host)}}), kOwner,
                [this, host](const Result<domain::Answer>& answer) {
                  told.push_back((answer ? "answer " : "refusal ") + host);
                });
  }
  std::size_t count(const std::string& what) const {
    return static_cast<std::size_t>(std::count(told.begin(), told.end(), what));
  }
  std::size_t place(const std::string& what) const {
    return static_cast<std::size_t>(std::find(told.begin(), told.end(), what) - told.begin());
  }

  std::vector<std::string> told;
};

TEST_F(GroupTest, NothingLeavesBeforeItsEndAndItIsOneCommit) {
  const std::uint64_t before = log.last_commit();
  {
    const Core::Group together(core);
    submit("a");
    const Core::Group within(core);
    submit("b");
    executor.run_all();
    EXPECT_EQ(told, std::vector<std::string>()) << "decided and folded, but nobody hears of it";
    EXPECT_EQ(core.state().servers.size(), 2U);
    EXPECT_EQ(log.last_commit(), before);
  }
  executor.run_all();
  EXPECT_EQ(log.last_commit(), before + 1);
  EXPECT_EQ(count("ServerDeclared"), 2U);
  EXPECT_EQ(count("answer a") + count("answer b"), 2U);
  EXPECT_EQ(count("effect"), 2U) << "each asks its provider";
}

TEST_F(GroupTest, AllEventsThenAllAnswersThenAllEffects) {
  {
    const Core::Group together(core);
    submit("a");
    submit("b");
  }
  executor.run_all();
  const std::size_t last_event = told.rend() - std::find(told.rbegin(), told.rend(), "TaskDispatched") - 1;
  EXPECT_LT(last_event, place("answer a"));
  EXPECT_LT(place("answer a"), place("answer b"));
  EXPECT_LT(place("answer b"), place("effect"));
}

TEST_F(GroupTest, ARefusalAmongThemIsOnlyThatOnes) {
  {
    const Core::Group together(core);
    submit("a");
    submit("a");  // asked for already
    submit("Not A Name");
  }
  executor.run_all();
  EXPECT_EQ(count("answer a") + count("refusal a"), 2U);
  EXPECT_EQ(count("answer a"), 1U);
  EXPECT_EQ(count("refusal Not A Name"), 1U);
}

TEST_F(GroupTest, AfterItEachPassesByItself) {
  { const Core::Group together(core); }
  submit("a");
  executor.run_all();
  EXPECT_EQ(count("answer a"), 1U);
}

const event_log::SigningKey kKey{std::array<std::uint8_t, 32>{1, 2, 3}};

class CheckpointsTest : public CoreTest {
 protected:
  CheckpointsTest() : CoreTest({}, &kKey, often()) {
    core.on_event([this](const auto& events) {
      for (const auto& event : events) {
        told.push_back(event->meta.sequence);
        checkpoints += std::holds_alternative<domain::CheckpointSigned>(event->body) ? 1 : 0;
      }
    });
  }
  static CoreConfig often() {
    CoreConfig out = config();
    out.checkpoint_events = 3;
    return out;
  }

  std::vector<std::uint64_t> told;
  int checkpoints = 0;
};

TEST_F(CheckpointsTest, PassTheGateInTheirTurnBehindWhatCameBefore) {
  for (const char* host : {"a", "b", "c", "d"}) give(command(CreateServers{"demo", {server(host)}}));
  EXPECT_GE(checkpoints, 2);
  for (std::size_t i = 1; i < told.size(); ++i) EXPECT_EQ(told[i], told[i - 1] + 1);
  EXPECT_EQ(told.back(), core.state().sequence) << "nothing stays behind";
}

}  // namespace
}  // namespace prov::command_handler
