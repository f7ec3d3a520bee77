#include "common/io/zmq/limits.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/io/zmq/connections.h"
#include "common/io/zmq/curve_keys.h"

namespace prov::io {
namespace {

TEST(TokenBucket, a_burst_and_then_a_rate) {
  TokenBucket bucket(2, 3);
  EXPECT_TRUE(bucket.take(1'000));
  EXPECT_TRUE(bucket.take(1'000));
  EXPECT_TRUE(bucket.take(1'000));
  EXPECT_FALSE(bucket.take(1'000));
  EXPECT_FALSE(bucket.take(1'400));
  EXPECT_TRUE(bucket.take(1'500));
  EXPECT_FALSE(bucket.take(1'500));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(bucket.take(1'000'000)) << "never more than the burst";
  EXPECT_FALSE(bucket.take(1'000'000));
}

struct Collected {
  std::vector<std::string> lines;
  AlarmGate gate{[this](const std::string& kind, const std::string& peer, const std::string& detail) {
    lines.push_back(kind + "|" + peer + "|" + detail);
  }};
};

TEST(AlarmGate, repeats_are_counted_and_told_once) {
  Collected alarms;
  alarms.gate.raise(1'000, "unknown_key", "10.0.0.9", "key a");
  for (int i = 0; i < 500; ++i) alarms.gate.raise(1'100, "unknown_key", "10.0.0.9", "key b");
  alarms.gate.sweep(1'200);
  ASSERT_EQ(alarms.lines.size(), 1U);
  EXPECT_EQ(alarms.lines[0], "unknown_key|10.0.0.9|key a");
  alarms.gate.sweep(1'000 + AlarmGate::kWindowMs);
  ASSERT_EQ(alarms.lines.size(), 2U);
  EXPECT_EQ(alarms.lines[1], "unknown_key|10.0.0.9|key b (500 more times)");
  alarms.gate.raise(20'000, "unknown_key", "10.0.0.9", "key c");
  EXPECT_EQ(alarms.lines.size(), 3U) << "a new window";
}

TEST(AlarmGate, many_peers_share_one_entry) {
  Collected alarms;
  for (int i = 0; i < 10'000; ++i) alarms.gate.raise(1, "unknown_key", "peer " + std::to_string(i), "");
  EXPECT_LE(alarms.lines.size(), AlarmGate::kMaxOpen + 1);
  EXPECT_TRUE(alarms.lines.back().starts_with("unknown_key|others|"));
}

TEST(RoutingId, only_libzmqs_own_are_taken) {
  EXPECT_EQ(parse_routing_id(routing_id_bytes(0x01020304)), 0x01020304U);
  EXPECT_EQ(parse_routing_id(routing_id_bytes(0xFFFFFFFF)), 0xFFFFFFFFU);
  for (const std::string& chosen :
       {std::string("agent"), std::string("\0abc", 4), std::string("\0abcde", 6), std::string()}) {
    EXPECT_FALSE(parse_routing_id(chosen));
  }
}

TEST(CurveKeys, a_pair_comes_back_from_its_secret) {
  const KeyPair pair = generate_key_pair();
  EXPECT_EQ(key_pair_from(pair.secret_key).public_key, pair.public_key);
  EXPECT_NE(generate_key_pair().public_key, pair.public_key);
}

}  // namespace
}  // namespace prov::io
