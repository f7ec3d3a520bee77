// Enrolment: an unknown key says one thing and hears one answer.
#include <future>

#include "common/io/zmq/zmq_enrol.h"
#include "tests/contract/link/raw_peer.h"
#include "tests/contract/link/zmq_world.h"

namespace prov::test {
namespace {

class ZmqEnrol : public LinkContract<ZmqWorld> {
 protected:
  wire::JoinToken token() const {
    Id id;
    id.bytes.fill(7);
    return {world_.server_key(), id, std::string(32, 's'), world_.enrol_endpoint()};
  }
  // enrol() blocks, as an agent that starts does; the coordinator's loop runs meanwhile.
  Result<wire::EnrolAnswer> enrolled(const wire::JoinToken& with, const io::KeyPair& keys, std::uint32_t timeout_ms) {
    auto answer = std::async(std::launch::async, [&] { return io::enrol(with, keys, Key{}, timeout_ms); });
    EXPECT_TRUE(world_.until([&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }));
    return answer.get();
  }
};

TEST_F(ZmqEnrol, one_request_one_answer_and_then_the_link) {
  const Key key = world_.new_agent();
  std::vector<Key> asked;
  world_.enrol = [&](const Key& from, const std::string& request, const std::function<void(std::string)>& answer) {
    asked.push_back(from);
    const auto decoded = wire::decode_enrol_request(request);
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->secret, std::string(32, 's'));
    world_.coordinator().allow(from);
    answer(wire::encode(wire::EnrolAnswer{"", "demo", "db-1", world_.endpoint(), {}, 3}));
  };
  const auto answer = enrolled(token(), world_.pair_of(key), 10'000);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->server, "db-1");
  EXPECT_EQ(asked, std::vector<Key>{key});
  auto agent = world_.agent(key, world_.server_key(), {answer->link_endpoint});
  EXPECT_TRUE(works(*agent, key, "enrolled"));
}

TEST_F(ZmqEnrol, the_answer_may_come_later_and_may_be_no) {
  std::function<void(std::string)> later;
  world_.enrol = [&](const Key&, const std::string&, std::function<void(std::string)> answer) {
    later = std::move(answer);
    world_.loop().after(50, [&] { later(wire::encode(wire::EnrolAnswer{"the token was used", "", "", "", {}, 0})); });
  };
  const auto answer = enrolled(token(), io::generate_key_pair(), 10'000);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->refused, "the token was used");
  later("twice");  // the one who asked has gone; nobody else hears it
}

TEST_F(ZmqEnrol, a_second_word_is_not_heard) {
  int asked = 0;
  world_.enrol = [&](const Key&, const std::string&, const std::function<void(std::string)>& answer) {
    ++asked;
    answer("answer");
  };
  RawPeer peer(io::generate_key_pair(), world_.server_key(), "", world_.enrol_endpoint(),
               RawPeer::AfterCut::stays_away);
  peer.send({"first"});
  std::vector<std::string> answers;
  ASSERT_TRUE(world_.until([&] {
    while (auto frame = peer.receive()) answers.push_back(*frame);
    return !answers.empty();
  }));
  for (int i = 0; i < 5; ++i) peer.send({"more"});
  ASSERT_TRUE(world_.until([&] { return alarmed("enrol_flood"); }));
  while (auto frame = peer.receive()) answers.push_back(*frame);
  EXPECT_EQ(answers, std::vector<std::string>{"answer"});
  EXPECT_EQ(asked, 1);
}

TEST_F(ZmqEnrol, requests_that_are_too_large_are_never_seen) {
  int asked = 0;
  world_.enrol = [&](const Key&, const std::string& request, const std::function<void(std::string)>& answer) {
    ++asked;
    EXPECT_LE(request.size(), kMaxEnrolFrameBytes);
    answer("answer");
  };
  for (const std::size_t size : {kMaxEnrolFrameBytes + 1, kMaxEnrolFrameBytes * 100}) {
    RawPeer peer(io::generate_key_pair(), world_.server_key(), "", world_.enrol_endpoint());
    peer.send({std::string(size, 'x')});
    RawPeer honest(io::generate_key_pair(), world_.server_key(), "", world_.enrol_endpoint());
    honest.send({"small"});
    EXPECT_TRUE(world_.until([&] { return honest.receive().has_value(); }));
    EXPECT_FALSE(peer.receive());
  }
  EXPECT_EQ(asked, 2);
}

TEST_F(ZmqEnrol, floods_are_refused_and_agents_do_not_notice) {
  world_.config().enrol_per_s = 0.001;
  world_.config().enrol_burst = 2;
  world_.restart_coordinator();
  const Key key = world_.new_agent();
  auto agent = connected(key);
  world_.enrol = [&](const Key&, const std::string&, const std::function<void(std::string)>& answer) {
    answer("answer");
  };
  std::vector<std::unique_ptr<RawPeer>> crowd;
  for (int i = 0; i < 10; ++i) {
    crowd.push_back(
        std::make_unique<RawPeer>(io::generate_key_pair(), world_.server_key(), "", world_.enrol_endpoint()));
    crowd.back()->send({"me"});
  }
  int answered = 0;
  ASSERT_TRUE(world_.until([&] {
    for (auto& peer : crowd) answered += peer->receive().has_value();
    return answered == 2 && alarmed("enrol_flood");
  }));
  EXPECT_TRUE(works(*agent, key, "undisturbed"));
  for (auto& peer : crowd) EXPECT_FALSE(peer->receive());
}

TEST_F(ZmqEnrol, nobody_there_or_not_the_coordinator_of_the_token) {
  wire::JoinToken wrong = token();
  wrong.server_key = io::generate_key_pair().public_key;
  int asked = 0;
  world_.enrol = [&](const Key&, const std::string&, const std::function<void(std::string)>&) { ++asked; };
  const auto impostor = enrolled(wrong, io::generate_key_pair(), 400);
  ASSERT_FALSE(impostor);
  EXPECT_EQ(impostor.error().code, Code::unavailable);
  EXPECT_FALSE(impostor.error().hint.empty());
  EXPECT_EQ(asked, 0) << "the secret of the token was not told to it";

  wire::JoinToken nobody = token();
  nobody.enrol_endpoint = "tcp://127.0.0.1:1";
  const auto silence = enrolled(nobody, io::generate_key_pair(), 300);
  ASSERT_FALSE(silence);
  EXPECT_EQ(silence.error().code, Code::unavailable);
}

}  // namespace
}  // namespace prov::test
