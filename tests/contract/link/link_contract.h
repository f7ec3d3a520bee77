#pragma once
// What every implementation of the link's two ports must do, as typed tests. To run them over another network, give a
// World (as ZmqWorld is one) and INSTANTIATE_TYPED_TEST_SUITE_P(Name, LinkContract, World).
//
//   World::Agent            { CoordinatorLink* link; std::vector<std::string> heard; int connections; }
//   KeyType new_agent()     a key that nobody allowed yet; agent(key) connects an agent with it
//   coordinator()           the AgentLink, started; heard() and alarms() are what it called back
//   until(condition)        lets time pass until it holds; false after a generous deadline
//   restart_coordinator()   the same address and keys; forgets which agents are allowed
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/ports/link.h"

namespace prov::test {

struct Heard {
  Key agent;
  std::string frame;
  bool operator==(const Heard&) const = default;
};
struct Alarmed {
  std::string kind, peer, detail;
};

template <class World>
class LinkContract : public testing::Test {
 protected:
  using Agent = typename World::Agent;
  static constexpr int kTurnsBetween = 10;

  bool heard(const Key& agent, const std::string& frame) {
    for (const auto& one : world_.heard()) {
      if (one == Heard{agent, frame}) return true;
    }
    return false;
  }
  bool alarmed(const std::string& kind) {
    for (const auto& one : world_.alarms()) {
      if (one.kind == kind) return true;
    }
    return false;
  }
  // Sends until it arrives, now and then: a link may drop what is said before it is connected.
  bool says(Agent& agent, const Key& key, const std::string& frame) {
    return world_.until([&, turn = 0]() mutable {
      if (turn++ % kTurnsBetween == 0) agent.link->send(frame);
      return heard(key, frame);
    });
  }
  bool hears(Agent& agent, const Key& key, const std::string& frame) {
    return world_.until([&, turn = 0]() mutable {
      if (turn++ % kTurnsBetween == 0) world_.coordinator().send(key, frame);
      return !agent.heard.empty() && agent.heard.back() == frame;
    });
  }
  // Both speak now and then, as with heartbeats: only an agent's word tells the coordinator of its newest connection.
  bool works(Agent& agent, const Key& key, const std::string& word) {
    return world_.until([&, turn = 0]() mutable {
      if (turn++ % kTurnsBetween == 0) {
        agent.link->send(word);
        world_.coordinator().send(key, word);
      }
      return heard(key, word) && !agent.heard.empty() && agent.heard.back() == word;
    });
  }
  std::unique_ptr<Agent> connected(const Key& key) {
    world_.coordinator().allow(key);
    auto agent = world_.agent(key);
    EXPECT_TRUE(says(*agent, key, "hello"));
    return agent;
  }

  World world_;
};

TYPED_TEST_SUITE_P(LinkContract);

TYPED_TEST_P(LinkContract, frames_pass_in_both_directions) {
  const Key key = this->world_.new_agent();
  auto agent = this->connected(key);
  EXPECT_TRUE(this->works(*agent, key, "one"));
  const std::string binary("\0\xFF\n\0", 4);
  EXPECT_TRUE(this->works(*agent, key, binary));
  EXPECT_TRUE(this->works(*agent, key, std::string(kMaxFrameBytes, 'x')));
}

TYPED_TEST_P(LinkContract, a_connection_is_told_of_when_frames_can_go_out) {
  const Key key = this->world_.new_agent();
  this->world_.coordinator().allow(key);
  auto agent = this->world_.agent(key);
  ASSERT_TRUE(this->world_.until([&] { return agent->connections > 0; }));
  agent->link->send("at once");
  ASSERT_TRUE(this->world_.until([&] { return this->heard(key, "at once"); }));
  const int before = agent->connections;
  this->world_.restart_coordinator();
  this->world_.coordinator().allow(key);
  ASSERT_TRUE(this->world_.until([&] { return agent->connections > before; })) << "though nothing is sent";
  agent->link->send("again");
  EXPECT_TRUE(this->world_.until([&] { return this->heard(key, "again"); }));
}

TYPED_TEST_P(LinkContract, frames_keep_their_order) {
  const Key key = this->world_.new_agent();
  auto agent = this->connected(key);
  ASSERT_TRUE(this->hears(*agent, key, "go"));
  ASSERT_TRUE(this->says(*agent, key, "go"));
  agent->heard.clear();
  const auto from = this->world_.heard().size();
  for (int i = 0; i < 100; ++i) {
    agent->link->send("up " + std::to_string(i));
    this->world_.coordinator().send(key, "down " + std::to_string(i));
  }
  std::vector<std::string> up, down;
  ASSERT_TRUE(this->world_.until([&] {
    up.clear(), down.clear();
    for (std::size_t i = from; i < this->world_.heard().size(); ++i) {
      if (this->world_.heard()[i].frame.starts_with("up")) up.push_back(this->world_.heard()[i].frame);
    }
    for (const auto& frame : agent->heard) {
      if (frame.starts_with("down")) down.push_back(frame);
    }
    return up.size() == 100 && down.size() == 100;
  }));
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(up[i], "up " + std::to_string(i));
    EXPECT_EQ(down[i], "down " + std::to_string(i));
  }
}

TYPED_TEST_P(LinkContract, each_agent_hears_its_own_frames_alone) {
  const Key a = this->world_.new_agent(), b = this->world_.new_agent();
  auto agent_a = this->connected(a);
  auto agent_b = this->connected(b);
  ASSERT_TRUE(this->hears(*agent_a, a, "for a"));
  ASSERT_TRUE(this->hears(*agent_b, b, "for b"));
  for (const auto& frame : agent_a->heard) EXPECT_EQ(frame, "for a");
  for (const auto& frame : agent_b->heard) EXPECT_EQ(frame, "for b");
}

TYPED_TEST_P(LinkContract, a_frame_that_is_too_large_is_refused) {
  const Key key = this->world_.new_agent(), other = this->world_.new_agent();
  auto agent = this->connected(key);
  auto bystander = this->connected(other);
  const std::string too_large(kMaxFrameBytes + 1, 'x');
  for (int i = 0; i < 3; ++i) agent->link->send(too_large);
  this->world_.coordinator().send(key, too_large);
  EXPECT_TRUE(this->works(*bystander, other, "still here"));
  EXPECT_TRUE(this->works(*agent, key, "small again"));
  for (const auto& one : this->world_.heard()) EXPECT_LE(one.frame.size(), kMaxFrameBytes);
  for (const auto& frame : agent->heard) EXPECT_LE(frame.size(), kMaxFrameBytes);
}

TYPED_TEST_P(LinkContract, an_unknown_key_is_refused_and_others_do_not_notice) {
  const Key key = this->world_.new_agent(), stranger = this->world_.new_agent();
  auto agent = this->connected(key);
  auto intruder = this->world_.agent(stranger);
  ASSERT_TRUE(this->world_.until([&] {
    intruder->link->send("let me in");
    return this->alarmed("unknown_key");
  }));
  EXPECT_TRUE(this->works(*agent, key, "undisturbed"));
  this->world_.coordinator().send(stranger, "secret");
  EXPECT_TRUE(this->works(*agent, key, "and again"));
  EXPECT_FALSE(this->heard(stranger, "let me in"));
  EXPECT_TRUE(intruder->heard.empty());

  this->world_.coordinator().allow(stranger);  // it keeps trying, and now it may
  EXPECT_TRUE(this->works(*intruder, stranger, "thank you"));
}

TYPED_TEST_P(LinkContract, a_forbidden_key_is_cut_off_at_once) {
  const Key key = this->world_.new_agent(), other = this->world_.new_agent();
  auto agent = this->connected(key);
  auto bystander = this->connected(other);
  ASSERT_TRUE(this->works(*agent, key, "before"));
  for (int i = 0; i < 50; ++i) agent->link->send("on its way");
  this->world_.coordinator().forbid(key);
  const auto heard_before = this->world_.heard().size();
  this->world_.coordinator().send(key, "too late");
  ASSERT_TRUE(this->world_.until([&] {  // it comes back by itself, and is not known any more
    agent->link->send("again");
    return this->alarmed("unknown_key");
  }));
  EXPECT_TRUE(this->works(*bystander, other, "undisturbed"));
  for (std::size_t i = heard_before; i < this->world_.heard().size(); ++i) {
    EXPECT_EQ(this->world_.heard()[i].agent, other);
  }
  for (const auto& frame : agent->heard) EXPECT_NE(frame, "too late");
}

TYPED_TEST_P(LinkContract, of_two_connections_with_one_key_the_newest_counts) {
  const Key key = this->world_.new_agent(), other = this->world_.new_agent();
  auto bystander = this->connected(other);
  auto older = this->connected(key);
  ASSERT_TRUE(this->hears(*older, key, "to the first"));
  auto newer = this->world_.agent(key);
  ASSERT_TRUE(this->says(*newer, key, "I am the newer one"));
  older->heard.clear();
  ASSERT_TRUE(this->hears(*newer, key, "to the second"));
  EXPECT_TRUE(older->heard.empty());
  EXPECT_TRUE(this->works(*bystander, other, "undisturbed"));
  for (const auto& frame : bystander->heard) EXPECT_EQ(frame, "undisturbed");
}

TYPED_TEST_P(LinkContract, an_agent_can_reconnect) {
  const Key key = this->world_.new_agent();
  auto agent = this->connected(key);
  for (int i = 0; i < 3; ++i) {
    agent->link->reconnect();
    EXPECT_TRUE(this->works(*agent, key, "round " + std::to_string(i)));
  }
}

TYPED_TEST_P(LinkContract, agents_come_back_when_the_coordinator_restarts) {
  const Key key = this->world_.new_agent();
  auto agent = this->connected(key);
  this->world_.restart_coordinator();
  this->world_.coordinator().allow(key);
  EXPECT_TRUE(this->works(*agent, key, "after the restart"));
}

REGISTER_TYPED_TEST_SUITE_P(LinkContract, frames_pass_in_both_directions,
                            a_connection_is_told_of_when_frames_can_go_out, frames_keep_their_order,
                            each_agent_hears_its_own_frames_alone, a_frame_that_is_too_large_is_refused,
                            an_unknown_key_is_refused_and_others_do_not_notice, a_forbidden_key_is_cut_off_at_once,
                            of_two_connections_with_one_key_the_newest_counts, an_agent_can_reconnect,
                            agents_come_back_when_the_coordinator_restarts);

}  // namespace prov::test
