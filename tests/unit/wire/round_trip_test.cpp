// Whatever one side may say, the other understands as it was meant.
#include <gtest/gtest.h>

#include "common/hash.h"
#include "common/ports/link.h"
#include "tests/unit/wire/random_message.h"

namespace prov::wire::test {
namespace {

constexpr std::uint64_t kSeeds = 300;

// One segment: the builder's size estimates hold, so nothing was copied, and equal messages have equal bytes.
bool one_segment(const std::string& bytes) { return bytes.size() >= 16 && bytes.substr(0, 4) == std::string(4, '\0'); }

template <class Message, class Decode>
void expect_round_trip(const Message& message, Decode decode) {
  const std::string bytes = encode(message);
  EXPECT_TRUE(one_segment(bytes));
  EXPECT_EQ(encode(message), bytes);
  const auto back = decode(bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_TRUE(*back == message);
}

TEST(RoundTrip, enrolment) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Generator make(seed);
    expect_round_trip(make.enrol_request(), decode_enrol_request);
    expect_round_trip(make.enrol_answer(), decode_enrol_answer);
  }
}

TEST(RoundTrip, from_agent) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Generator make(seed);
    for (std::size_t kind = 0; kind < kFromAgentKinds; ++kind) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " kind " + std::to_string(kind));
      const FromAgent message = make.from_agent(kind);
      ASSERT_EQ(message.index(), kind);
      expect_round_trip(message, decode_from_agent);
    }
  }
}

TEST(RoundTrip, to_agent) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Generator make(seed);
    for (std::size_t kind = 0; kind < kToAgentKinds; ++kind) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " kind " + std::to_string(kind));
      const ToAgent message = make.to_agent(kind);
      ASSERT_EQ(message.body.index(), kind);
      expect_round_trip(message, decode_to_agent);
    }
  }
}

TEST(RoundTrip, order) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Generator make(seed);
    for (std::size_t kind = 0; kind < kOrderKinds; ++kind) {
      SCOPED_TRACE("seed " + std::to_string(seed) + " kind " + std::to_string(kind));
      expect_round_trip(make.order(kind), decode_order);
    }
  }
}

TEST(RoundTrip, bytes_need_not_be_aligned) {
  Generator make(7);
  const ToAgent message = make.to_agent(2);
  const std::string bytes = encode(message);
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string moved = std::string(shift, 'x') + bytes;
    const auto back = decode_to_agent(std::string_view(moved).substr(shift));
    ASSERT_TRUE(back) << shift;
    EXPECT_TRUE(*back == message);
  }
}

TEST(RoundTrip, the_largest_frames_fit) {
  Generator make(1);
  Reports reports{1, {}};
  for (std::size_t i = 0; i < kMaxReportsInFrame; ++i) {
    reports.reports.push_back(
        {make.fixed<Id>(), 1, 2,
         Ended{Outcome::done, 0, std::string(500, 'm'), 3, make.fixed<Digest>(), make.fixed<Digest>()}});
  }
  const FromAgent full = reports;
  EXPECT_LE(encode(full).size(), kMaxFrameBytes);
  expect_round_trip(full, decode_from_agent);

  Hello hello;
  hello.unfinished.assign(kMaxUnfinished, Attempt{make.fixed<Id>(), 1, 0});
  const FromAgent busy = hello;
  EXPECT_LE(encode(busy).size(), kMaxFrameBytes);
  expect_round_trip(busy, decode_from_agent);
}

TEST(RoundTrip, prose_is_cut_at_a_character_and_always_decodes) {
  std::string reason(kMaxProseBytes - 1, 'a');
  reason += "\xC3\xA9 and more";  // its two bytes straddle the limit
  const auto cut = decode_from_agent(encode(FromAgent{Goodbye{reason}}));
  ASSERT_TRUE(cut);
  EXPECT_EQ(std::get<Goodbye>(*cut).reason, std::string(kMaxProseBytes - 1, 'a'));

  const auto nul = decode_from_agent(encode(FromAgent{ShellClosed{{}, 0, std::string("a\0b", 3)}}));
  ASSERT_TRUE(nul);
  EXPECT_EQ(std::get<ShellClosed>(*nul).reason, "a?b");

  const auto refused = decode_enrol_answer(encode(EnrolAnswer{std::string(1 << 20, 'r'), "", "", "", {}, 0}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->refused, std::string(kMaxEnrolFrameBytes / 2, 'r'));
}

TEST(RoundTrip, the_digest_of_an_order_does_not_depend_on_its_frame) {
  Generator make(3);
  const Order order = make.order(1);
  ToAgent frame{1, make.fixed<Key>(), 0, 0, Orders{{make.order(2), order}}};
  const auto back = decode_to_agent(encode(frame));
  ASSERT_TRUE(back);
  EXPECT_EQ(digest_of(encode(std::get<Orders>(back->body).orders[1])), digest_of(encode(order)));
}

}  // namespace
}  // namespace prov::wire::test
