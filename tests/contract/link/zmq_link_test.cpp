// The contract over ZeroMQ, and what is particular to it.
#include "tests/contract/link/zmq_world.h"

namespace prov::test {
namespace {

INSTANTIATE_TYPED_TEST_SUITE_P(Zmq, LinkContract, ZmqWorld);

class ZmqLink : public LinkContract<ZmqWorld> {};

TEST_F(ZmqLink, further_addresses_have_the_same_ports) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  ASSERT_TRUE(world_.coordinator().listen("127.0.0.2"));
  ASSERT_TRUE(world_.coordinator().listen("127.0.0.2")) << "again";
  auto agent = world_.agent(key, world_.server_key(), {"tcp://127.0.0.2:" + std::to_string(world_.port())});
  EXPECT_TRUE(works(*agent, key, "elsewhere"));
  for (const char* wrong : {"", "localhost", "*", "203.0.113.7", "127.0.0.1:80"}) {
    const auto refused = world_.coordinator().listen(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_FALSE(refused.error().hint.empty());
  }
}

TEST_F(ZmqLink, a_port_in_use_is_told) {
  io::EventLoop loop;
  const auto second = io::ZmqAgentLink::create(
      {.keys = io::generate_key_pair(), .addresses = {"127.0.0.1"}, .link_port = world_.port()}, loop);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::conflict);
}

TEST_F(ZmqLink, reconnect_takes_the_next_endpoint) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  auto agent = world_.agent(key, world_.server_key(), {"tcp://127.0.0.1:1", world_.endpoint()});
  world_.loop().turn(0);
  agent->link->reconnect();
  EXPECT_TRUE(works(*agent, key, "found"));
}

TEST_F(ZmqLink, later_connections_are_made_to_the_endpoints_that_were_set) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  auto agent = world_.agent(key);
  ASSERT_TRUE(says(*agent, key, "here"));
  const std::string before = world_.endpoint();
  EXPECT_EQ(agent->owner->endpoint(), before);

  world_.config().link_port = world_.config().enrol_port = 0;
  world_.restart_coordinator();
  world_.coordinator().allow(key);
  ASSERT_NE(world_.endpoint(), before);
  agent->owner->set_endpoints({before, world_.endpoint()});
  EXPECT_EQ(agent->owner->endpoint(), before) << "the connection stays, dead as it may be";
  agent->link->reconnect();
  EXPECT_EQ(agent->owner->endpoint(), world_.endpoint()) << "what comes behind the one that was used";
  EXPECT_TRUE(works(*agent, key, "moved"));
}

TEST_F(ZmqLink, endpoints_are_checked) {
  SodiumRandom random;
  for (const std::vector<std::string>& wrong :
       {std::vector<std::string>{}, {"tcp://somewhere:1"}, {"127.0.0.1:7442"}}) {
    const auto link = io::ZmqCoordinatorLink::create({io::generate_key_pair(), world_.server_key(), wrong, 0, 300},
                                                     *io::ZmqContext::create(), world_.loop(), world_.loop(), random);
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().code, Code::invalid);
  }
}

TEST_F(ZmqLink, an_agent_may_reconnect_from_within_its_handler) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  auto agent = world_.agent(key);
  ASSERT_TRUE(says(*agent, key, "hello"));
  int rounds = 0;
  agent->then = [&] {
    if (++rounds <= 3) agent->link->reconnect();
  };
  EXPECT_TRUE(world_.until([&] {
    agent->link->send("hello");
    world_.coordinator().send(key, "again");
    return rounds > 6;
  }));
}

TEST_F(ZmqLink, many_agents_in_one_thread) {
  constexpr std::size_t kAgents = 40;
  std::vector<Key> keys;
  std::vector<std::unique_ptr<Agent>> agents;
  for (std::size_t i = 0; i < kAgents; ++i) {
    keys.push_back(world_.new_agent());
    world_.coordinator().allow(keys.back());
    agents.push_back(world_.agent(keys.back()));
  }
  for (std::size_t i = 0; i < kAgents; ++i) EXPECT_TRUE(works(*agents[i], keys[i], "agent " + std::to_string(i)));
}

TEST_F(ZmqLink, nothing_is_called_after_the_end) {
  const Key key = world_.new_agent();
  auto agent = connected(key);
  for (int i = 0; i < 100; ++i) agent->link->send("late");
  ASSERT_TRUE(world_.until([&] { return heard(key, "late"); }));
  for (int i = 0; i < 100; ++i) agent->link->send("later");
  world_.restart_coordinator();  // hand-overs of the old link are still posted
  const auto before = world_.heard().size();
  for (int i = 0; i < 20; ++i) world_.loop().turn(1);
  EXPECT_EQ(world_.heard().size(), before);
}

}  // namespace
}  // namespace prov::test
