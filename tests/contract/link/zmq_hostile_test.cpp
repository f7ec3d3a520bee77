// Peers with and without a key, and people on the path, who mean harm: nobody else notices.
#include <cstdlib>
#include <random>

#include "common/io/zmq/connections.h"
#include "tests/contract/link/raw_peer.h"
#include "tests/contract/link/tcp_proxy.h"
#include "tests/contract/link/zmq_world.h"

namespace prov::test {
namespace {

class ZmqHostile : public LinkContract<ZmqWorld> {
 protected:
  RawPeer raw(const Key& key, const std::string& routing_id) {
    return RawPeer(world_.pair_of(key), world_.server_key(), routing_id, world_.endpoint());
  }
};

TEST_F(ZmqHostile, a_chosen_routing_id_gives_nothing) {
  const Key victim = world_.new_agent(), thief = world_.new_agent();
  auto agent = connected(victim);
  world_.coordinator().allow(thief);
  for (const std::string_view chosen : {victim.view(), std::string_view("agent-1")}) {
    RawPeer peer = raw(thief, std::string(chosen));
    peer.send({"I am the victim"});
    ASSERT_TRUE(world_.until([&] { return alarmed("routing_id"); }));
    EXPECT_TRUE(works(*agent, victim, "undisturbed"));
    EXPECT_FALSE(peer.receive());
  }
  EXPECT_FALSE(heard(victim, "I am the victim"));
  EXPECT_FALSE(heard(thief, "I am the victim"));
}

TEST_F(ZmqHostile, a_routing_id_that_looks_automatic_is_still_its_own_key) {
  const Key victim = world_.new_agent(), thief = world_.new_agent();
  auto agent = connected(victim);
  world_.coordinator().allow(thief);
  RawPeer peer = raw(thief, std::string("\0\1\2\3\4", 5));
  peer.send({"whose?"});
  ASSERT_TRUE(world_.until([&] { return heard(thief, "whose?"); }));
  ASSERT_TRUE(hears(*agent, victim, "for the victim"));
  EXPECT_FALSE(peer.receive());
  EXPECT_FALSE(heard(victim, "whose?"));
}

// libzmq aborts when a peer sits on the routing id that it would give out next, and without our seed it would begin
// with the same one in every process.
TEST_F(ZmqHostile, the_routing_ids_to_come_cannot_be_foreseen) {
  std::srand(1);  // as in a process that has just started; libzmq makes a first id of two numbers
  std::vector<std::uint32_t> expected;
  for (int i = 0; i < 6; ++i) {
    const auto low = static_cast<std::uint32_t>(std::rand());
    const auto high = static_cast<std::uint32_t>(std::rand());
    expected.push_back(low | (high << 31));
  }
  std::srand(1);
  world_.restart_coordinator();
  std::vector<std::unique_ptr<RawPeer>> squatters;
  for (const std::uint32_t first : expected) {
    for (std::uint32_t id = first; id < first + 5; ++id) {
      const Key hostile = world_.new_agent();
      world_.coordinator().allow(hostile);
      squatters.push_back(std::make_unique<RawPeer>(world_.pair_of(hostile), world_.server_key(),
                                                    io::routing_id_bytes(id), world_.endpoint()));
      squatters.back()->send({"squatter"});
      ASSERT_TRUE(world_.until([&] { return heard(hostile, "squatter"); }));
    }
  }
  const Key honest = world_.new_agent();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(connected(honest)) << "and the coordinator lives";
}

TEST_F(ZmqHostile, messages_in_parts_are_refused) {
  const Key key = world_.new_agent(), other = world_.new_agent();
  auto bystander = connected(other);
  world_.coordinator().allow(key);
  RawPeer peer = raw(key, "");
  peer.send({"one", "two", "three"});
  ASSERT_TRUE(world_.until([&] { return alarmed("malformed_frame"); }));
  EXPECT_FALSE(heard(key, "one"));
  EXPECT_TRUE(works(*bystander, other, "undisturbed"));
}

TEST_F(ZmqHostile, who_exceeds_the_frame_size_is_named) {
  const Key key = world_.new_agent(), other = world_.new_agent();
  auto bystander = connected(other);
  world_.coordinator().allow(key);
  RawPeer peer = raw(key, "");
  peer.send({std::string(kMaxFrameBytes + 1, 'x')});
  ASSERT_TRUE(world_.until([&] { return alarmed("frame_too_large"); }));
  EXPECT_EQ(world_.alarms().back().peer, to_text(key));
  RawPeer worse = raw(key, "");
  worse.send({std::string(8 * kMaxFrameBytes, 'x')});
  EXPECT_TRUE(works(*bystander, other, "undisturbed"));
  for (const auto& one : world_.heard()) EXPECT_EQ(one.agent, other);
}

TEST_F(ZmqHostile, an_agent_that_connects_again_and_again_is_held_back) {
  world_.config().handshakes_burst = 5;
  world_.config().handshakes_per_s = 0.001;
  world_.restart_coordinator();
  const Key key = world_.new_agent(), other = world_.new_agent();
  auto bystander = connected(other);
  world_.coordinator().allow(key);
  std::vector<std::unique_ptr<RawPeer>> storm;
  for (int i = 0; i < 10; ++i) {
    storm.push_back(std::make_unique<RawPeer>(world_.pair_of(key), world_.server_key(), "", world_.endpoint()));
  }
  ASSERT_TRUE(world_.until([&] { return alarmed("handshake_flood"); }));
  EXPECT_TRUE(works(*bystander, other, "undisturbed"));
}

TEST_F(ZmqHostile, garbage_and_half_open_connections_while_an_agent_works) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const Key key = world_.new_agent();
  auto agent = connected(key);
  std::vector<TcpSocket> crowd;
  for (std::size_t i = 0; i < 200; ++i) {
    crowd.push_back(TcpSocket::connected(world_.port()));
    std::string noise(i % 4 == 0 ? 0 : random() % 3000, '\0');  // every fourth says nothing at all
    for (auto& c : noise) c = static_cast<char>(random());
    if (i % 4 == 1) noise = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    if (i % 4 == 2)
      noise = std::string("\xFF\0\0\0\0\0\0\0\1\x7F\3\1", 12).substr(0, random() % 12);  // ZMTP's greeting, cut
    crowd.back().send(noise);
    if (i % 20 == 0) {
      EXPECT_TRUE(works(*agent, key, "in spite of " + std::to_string(i)));
    }
  }
  EXPECT_TRUE(works(*agent, key, "in spite of all"));
  EXPECT_TRUE(world_.until([&] { return alarmed("handshake_failed"); }));
  const Key late = world_.new_agent();
  EXPECT_TRUE(connected(late)) << "newcomers too";
}

TEST_F(ZmqHostile, connections_beyond_the_limit_are_closed_and_the_rest_goes_on) {
  world_.config().max_connections = 8;
  world_.restart_coordinator();
  const Key key = world_.new_agent();
  auto agent = connected(key);
  std::vector<TcpSocket> crowd;
  for (int i = 0; i < 30; ++i) crowd.push_back(TcpSocket::connected(world_.port()));
  EXPECT_TRUE(world_.until([&] { return alarmed("too_many_connections"); }));
  EXPECT_TRUE(works(*agent, key, "one of the eight"));
}

TEST_F(ZmqHostile, connections_that_never_speak_are_closed) {
  world_.config().silence_ms = 300;
  world_.restart_coordinator();
  const Key key = world_.new_agent(), silent = world_.new_agent();
  auto agent = connected(key);
  world_.coordinator().allow(silent);
  TcpProxy proxy(world_.loop(), world_.port(), [](std::string&) {});
  const std::string through = "tcp://127.0.0.1:" + std::to_string(proxy.port());
  RawPeer peer(world_.pair_of(silent), world_.server_key(), "", through);
  ASSERT_TRUE(world_.until([&] { return proxy.connections() == 1; }));
  EXPECT_TRUE(world_.until([&] { return proxy.dropped() >= 1; }));
  EXPECT_TRUE(works(*agent, key, "it spoke, and stays"));
}

TEST_F(ZmqHostile, an_agent_hears_nobody_but_the_coordinator_whose_key_it_has) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  auto agent = world_.agent(key, io::generate_key_pair().public_key, {world_.endpoint()});
  ASSERT_TRUE(world_.until([&] {
    agent->link->send("secret");
    world_.coordinator().send(key, "obey");
    return alarmed("handshake_failed");
  }));
  EXPECT_TRUE(agent->heard.empty());
  EXPECT_TRUE(world_.heard().empty());
}

TEST_F(ZmqHostile, an_agent_survives_a_coordinator_that_talks_nonsense) {
  std::mt19937 random(4);
  const Key key = world_.new_agent();
  std::uint16_t port = 0;
  const TcpSocket listener = TcpSocket::listening(port);
  const std::string nonsense = "tcp://127.0.0.1:" + std::to_string(port);
  world_.coordinator().allow(key);
  auto agent = world_.agent(key, world_.server_key(), {nonsense, nonsense, nonsense, world_.endpoint()});
  for (int i = 0; i < 3; ++i) {
    pollfd ready{listener.fd(), POLLIN, 0};
    ASSERT_TRUE(world_.until([&] {
      agent->link->send("anybody?");
      return poll(&ready, 1, 0) == 1;
    }));
    const TcpSocket peer(::accept(listener.fd(), nullptr, nullptr));
    std::string noise(2000, '\0');
    for (auto& c : noise) c = static_cast<char>(random());
    if (i > 0) noise.replace(0, 12, std::string("\xFF\0\0\0\0\0\0\0\1\x7F\3\1", 12));
    peer.send(noise);
  }
  EXPECT_TRUE(works(*agent, key, "at last"));
  EXPECT_EQ(agent->heard.size(),
            static_cast<std::size_t>(std::count(agent->heard.begin(), agent->heard.end(), "at last")));
}

// libzmq gives a connection up for good when its bytes were wrong.
TEST_F(ZmqHostile, a_connection_that_was_tampered_with_is_replaced) {
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  bool tampering = false;
  TcpProxy proxy(world_.loop(), world_.port(), [&](std::string& bytes) {
    if (tampering) bytes.back() = static_cast<char>(bytes.back() ^ 1);
  });
  auto agent = world_.agent(key, world_.server_key(), {"tcp://127.0.0.1:" + std::to_string(proxy.port())});
  ASSERT_TRUE(works(*agent, key, "before"));
  for (int round = 0; round < 2; ++round) {
    tampering = true;
    world_.coordinator().send(key, "tampered with");
    const int dropped = proxy.dropped();
    ASSERT_TRUE(world_.until([&] { return proxy.dropped() > dropped; }));
    tampering = false;
    EXPECT_TRUE(works(*agent, key, "after " + std::to_string(round)));
  }
  for (const auto& frame : agent->heard) EXPECT_NE(frame, "tampered with");
}

TEST_F(ZmqHostile, flipped_bits_never_become_a_frame) {
  const std::uint32_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  world_.config().handshakes_burst = 10'000;
  world_.restart_coordinator();
  const Key key = world_.new_agent();
  world_.coordinator().allow(key);
  int flips = 0;
  bool flipping = true;
  TcpProxy proxy(world_.loop(), world_.port(), [&](std::string& bytes) {
    if (!flipping || random() % 8 != 0) return;
    auto& byte = bytes[random() % bytes.size()];
    byte = static_cast<char>(byte ^ (1 << random() % 8));
    ++flips;
  });
  auto agent = world_.agent(key, world_.server_key(), {"tcp://127.0.0.1:" + std::to_string(proxy.port())});
  int sent = 0;
  const std::string body(300, 'b');
  ASSERT_TRUE(world_.until([&] {
    if (++sent % 20 == 0) agent->link->reconnect();  // rather than to wait until it has recovered
    agent->link->send("up" + body);
    world_.coordinator().send(key, "down" + body);
    return flips >= 100;
  }));
  flipping = false;
  agent->link->reconnect();  // a flipped length can leave one end waiting: only silence tells, and that is its owner's
  EXPECT_TRUE(works(*agent, key, "healed"));
  std::size_t up = 0, down = 0;
  for (const auto& one : world_.heard()) {
    ASSERT_TRUE(one.frame == "up" + body || one.frame == "healed");
    ++up;
  }
  for (const auto& frame : agent->heard) {
    ASSERT_TRUE(frame == "down" + body || frame == "healed");
    ++down;
  }
  EXPECT_GT(up, 1U) << "something did pass in between";
  EXPECT_GT(down, 1U);
}

}  // namespace
}  // namespace prov::test
