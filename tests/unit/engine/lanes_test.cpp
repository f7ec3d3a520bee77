// Who goes before whom, and whose turn it is.
#include "coordinator/domain/lanes.h"

#include <gtest/gtest.h>

namespace prov::domain {
namespace {

Id id_of(std::uint8_t n) {
  Id id;
  id.bytes[0] = n;
  return id;
}

std::string order_of(Lanes lanes) {
  std::string out;
  while (lanes.peek() != nullptr) {
    const Lanes::Entry next = *lanes.peek();  // pop() may give its place back
    EXPECT_EQ(next, *lanes.pop()) << "what goes first is what stands first";
    out += static_cast<char>(next.task.bytes[0]);
  }
  EXPECT_TRUE(lanes.empty());
  return out;
}

TEST(Lanes, OfOnePriorityInTheOrderInWhichTheyCame) {
  Lanes lanes;
  for (const char c : {'a', 'b', 'c'}) lanes.push(0, 5, id_of(static_cast<std::uint8_t>(c)));
  EXPECT_EQ(order_of(lanes), "abc");
}

TEST(Lanes, WhatComesLateStandsWhereItBelongs) {
  Lanes lanes;
  lanes.push(0, 10, id_of('b'));
  lanes.push(0, 30, id_of('d'));
  lanes.push(0, 20, id_of('c'));
  lanes.push(0, 5, id_of('a'));
  lanes.push(0, 30, id_of('e'));
  EXPECT_EQ(order_of(lanes), "abcde");
}

TEST(Lanes, AStepOfPriorityIsWorthTenSecondsOfWaiting) {
  Lanes lanes;
  lanes.push(0, 0, id_of('b'));
  lanes.push(1, 10'001, id_of('c'));
  lanes.push(1, 9'999, id_of('a'));
  EXPECT_EQ(order_of(lanes), "abc");
  lanes = {};
  lanes.push(0, 0, id_of('b'));
  lanes.push(1, 10'000, id_of('a'));
  EXPECT_EQ(order_of(lanes), "ab") << "of equals the higher priority";
  lanes = {};
  lanes.push(-100, 0, id_of('b'));
  lanes.push(100, 1'999'999, id_of('a'));
  EXPECT_EQ(order_of(lanes), "ab");
}

TEST(Lanes, BeforeIsStrict) {
  Lanes lanes, other;
  EXPECT_FALSE(lanes.before(Lanes::rank(0, 10)));
  EXPECT_FALSE(lanes.before(other));
  lanes.push(0, 10, id_of('a'));
  EXPECT_FALSE(lanes.before(Lanes::rank(0, 10)));
  EXPECT_TRUE(lanes.before(Lanes::rank(0, 11)));
  EXPECT_TRUE(lanes.before(other)) << "before nothing";
  other.push(0, 9, id_of('b'));
  EXPECT_FALSE(lanes.before(other));
  EXPECT_TRUE(other.before(lanes));
}

TEST(FairShare, WorkspacesTakeTurnsWhateverTheirQueuesHold) {
  FairShare<std::deque<char>> share;
  share.of("much") = {'1', '2', '3', '4'};
  share.of("none") = {};
  share.of("some") = {'a', 'b'};
  std::string out;
  while (auto* queue = share.next()) {
    out += queue->front();
    queue->pop_front();
  }
  EXPECT_EQ(out, "1a2b34");
}

}  // namespace
}  // namespace prov::domain
