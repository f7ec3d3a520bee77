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

TEST(Connections, libzmq_may_tell_of_one_after_its_first_frame) {
  Connections connections(1);
  connections.spoke(7, 100, 5);
  connections.accepted(7, 6);
  EXPECT_TRUE(connections.is_open(7, 100));
  connections.closed(7);
  EXPECT_FALSE(connections.is_open(7, 100));
  connections.accepted(7, 8);
  EXPECT_FALSE(connections.is_open(7, 100)) << "another connection with the number of the old one";
  connections.spoke(7, 101, 9);
  connections.accepted(7, 10);
  EXPECT_FALSE(connections.is_open(7, 101)) << "the end of the one before was not told";
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
