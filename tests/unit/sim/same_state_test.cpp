// Comparing states field by field has to say what comparing the hashes of their canonical bytes says.
#include "tests/sim/same_state.h"

#include <gtest/gtest.h>

#include <random>

#include "coordinator/event_log/state_codec.h"
#include "tests/support/record_log/history.h"

namespace prov::sim {
namespace {

using event_log::decode_state, event_log::encode_state, event_log::state_hash;

class SameState : public ::testing::Test {
 protected:
  SameState() { history_.begin(); }

  std::shared_ptr<const domain::Event> number(domain::Event event) {
    event.meta.sequence = ++sequence_;
    event.meta.log_time_ms = event.meta.wall_time_ms = clock_.wall_ms();
    return std::make_shared<const domain::Event>(std::move(event));
  }

  test::ManualClock clock_;
  std::uint64_t sequence_ = 0;
  test::History history_{7, clock_, [this](domain::Event event) { return number(std::move(event)); },
                         test::History::Asks::batches};
};

TEST_F(SameState, ACopyIsTheSameAndWhatCameAfterIsNot) {
  for (int i = 0; i < 100; ++i) {
    const domain::State before = history_.state();
    ASSERT_TRUE(same_state(before, history_.state()));
    history_.step();
    ASSERT_EQ(same_state(before, history_.state()), state_hash(before) == state_hash(history_.state())) << i;
  }
}

TEST_F(SameState, ADecodedOneIsTheSame) {
  for (int i = 0; i < 100; ++i) {
    history_.step();
    const auto decoded = decode_state(encode_state(history_.state()));
    ASSERT_TRUE(decoded);
    ASSERT_TRUE(same_state(*decoded, history_.state())) << i;
  }
}

// Whatever bit of the encoded state is another one: where the hash notices it, so do the fields.
TEST_F(SameState, NoticesWhateverTheHashNotices) {
  for (int i = 0; i < 150; ++i) history_.step();
  const std::string bytes = encode_state(history_.state());
  const auto whole = decode_state(bytes);
  ASSERT_TRUE(whole);
  const Digest hash = state_hash(*whole);
  std::mt19937_64 dice(3);
  int differ = 0;
  for (int i = 0; i < 3'000; ++i) {
    std::string flipped = bytes;
    const std::size_t bit = dice() % (bytes.size() * 8);
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    const auto other = decode_state(flipped);
    if (!other) continue;
    const bool same = state_hash(*other) == hash;
    ASSERT_EQ(same_state(*whole, *other), same) << "bit " << bit;
    differ += same ? 0 : 1;
  }
  EXPECT_GT(differ, 500);
}

}  // namespace
}  // namespace prov::sim
