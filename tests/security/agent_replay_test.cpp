// The coordinator's frames said again later, and each byte of each of them flipped: an order is carried out once.
#include <cstdio>

#include "tests/unit/agent_core/rig.h"

namespace prov::agent {
namespace {

using Body = decltype(wire::ToAgent::body);

struct Recorded {
  explicit Recorded(Rig& rig) : order(rig.order(5)) {
    const auto keep = [&](const Body& body) {
      frames.push_back(wire::encode(wire::ToAgent{rig.epoch, rig.key, rig.settled_through, rig.log_sequence, body}));
    };
    keep(wire::Welcome{rig.log_id, 1'000, 4'000});
    keep(wire::Orders{{order}});
    keep(wire::ReportsAck{1});
    keep(wire::HeartbeatAnswer{1});
  }
  void say_all(Rig& to) const {
    for (const std::string& frame : frames) to.link.deliver(frame);
    to.go(500);
  }
  wire::Order order;
  std::vector<std::string> frames;
};

TEST(AgentReplay, AnOrderIsCarriedOutOnceWheneverItIsSaidAgain) {
  Rig rig;
  rig.boot();
  rig.go(1'000);
  const Recorded recorded(rig);
  const StepId step = Rig::id(recorded.order);
  recorded.say_all(rig);
  ASSERT_EQ(rig.host.starts[step], 1);
  recorded.say_all(rig);  // while it runs
  rig.host.end(step);
  rig.go(1'000);
  ASSERT_EQ(rig.heard[step].end.outcome, Outcome::done);
  recorded.say_all(rig);  // after it ended
  rig.crash();
  rig.boot();
  rig.go(1'000);
  recorded.say_all(rig);  // after the agent was started again
  rig.settled_through = rig.log_sequence;
  rig.send(wire::HeartbeatAnswer{0});
  rig.go(1'000);
  EXPECT_FALSE(rig.agent->knows(step));
  const auto refused = rig.agent->counters().orders_refused;
  recorded.say_all(rig);  // after it was settled and forgotten
  EXPECT_GT(rig.agent->counters().orders_refused, refused) << "counted";
  ++rig.epoch;
  rig.send(wire::Welcome{rig.log_id, 1'000, 4'000});
  rig.go(100);
  const auto frames = rig.agent->counters().frames_refused;
  recorded.say_all(rig);  // after the coordinator was started again
  EXPECT_EQ(rig.agent->counters().frames_refused, frames + recorded.frames.size());
  EXPECT_EQ(rig.host.starts[step], 1);
  EXPECT_EQ(rig.host.conflicts, 0) << "it is the journal that knows";

  Rig another(2);
  another.key.bytes.fill(8);
  another.boot();
  another.go(1'000);
  recorded.say_all(another);
  EXPECT_EQ(another.agent->counters().frames_refused, recorded.frames.size());
  EXPECT_TRUE(another.host.starts.empty());
}

TEST(AgentReplay, EachByteOfEachFrameFlipped) {
  const auto bodies = [](Rig& rig) {
    return std::vector<Body>{
        wire::Welcome{rig.log_id, 1'000, 4'000},
        wire::HeartbeatAnswer{1},
        wire::Orders{
            {rig.order(5),
             rig.order(6, wire::Script{{}, "scripts/install", {{"A", "b"}}, {{"x", "y", 0600}}, {{"p", "box"}}})}},
        wire::ReportsAck{1},
        wire::Cancel{{rig.order(7).task, 1, 0}},
        wire::BundleChunk{{}, 0, 9, "123"},
        wire::ShellOpen{rig.order(8).task, {"sh"}, 24, 80, "xterm"},
        wire::ShellData{rig.order(8).task, "ls"},
        wire::ShellResize{rig.order(8).task, 9, 9},
        wire::ShellClose{rig.order(8).task},
        wire::Refused{"no"},
        wire::ReportsWanted{{rig.order(7).task, 1, 0}}};
  };
  std::size_t flips = 0, refused = 0, kinds = 0;
  Rig count;
  kinds = bodies(count).size();
  ASSERT_EQ(kinds, std::variant_size_v<Body>);
  for (std::size_t kind = 0; kind < kinds; ++kind) {
    std::size_t size = 1;
    for (std::size_t at = 0; at < size; ++at, ++flips) {
      SCOPED_TRACE("kind " + std::to_string(kind) + ", byte " + std::to_string(at));
      Rig rig(at);
      rig.boot();
      rig.go(1'000);
      std::string frame = wire::encode(wire::ToAgent{rig.epoch, rig.key, 0, 1'000, bodies(rig)[kind]});
      size = frame.size();
      frame[at] = static_cast<char>(frame[at] ^ (1 << at % 8));
      const auto before = rig.agent->counters().frames_refused;
      rig.link.deliver(frame);
      rig.go(50);
      refused += rig.agent->counters().frames_refused > before;
      EXPECT_EQ(rig.fatal, 0);
      EXPECT_LE(rig.agent->counters().orders_accepted, 2U);
      for (const auto& [step, starts] : rig.host.starts) EXPECT_EQ(starts, 1);
      rig.crash();
      rig.boot();  // what it wrote down can be read again
      rig.go(20);
      EXPECT_EQ(rig.fatal, 0);
    }
  }
  std::printf("%zu flips in %zu kinds of frame: %zu refused, %zu still a frame of the coordinator\n", flips, kinds,
              refused, flips - refused);
  EXPECT_GT(refused, 0U);
}

}  // namespace
}  // namespace prov::agent
