#include "coordinator/command_handler/ordered_ids.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace prov::command_handler {
namespace {

struct Seeded final : Random {
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>(engine());
  }
  std::mt19937_64 engine{7};
};

struct Ones final : Random {  // the highest that there are
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = 0xFF;
  }
};

TEST(OrderedIds, RiseWithTimeAndWithinAMillisecond) {
  Seeded random;
  OrderedIds ids(random);
  Id before;
  for (TimeMs now = 1'700'000'000'000; now < 1'700'000'000'100; ++now) {
    for (int i = 0; i < 50; ++i) {
      const Id id = ids.next(now);
      EXPECT_LT(workflow_id(before), workflow_id(id));
      before = id;
    }
  }
}

TEST(OrderedIds, BeginWithTheTimeAndAreRandomBehindIt) {
  Seeded random;
  OrderedIds ids(random);
  EXPECT_EQ(to_text(ids.next(0x0123456789AB)).substr(0, 13), "01234567-89ab");
  std::set<std::string> tails;
  for (TimeMs now = 1; now <= 100; ++now) tails.insert(std::string(OrderedIds(random).next(now).view().substr(6)));
  EXPECT_EQ(tails.size(), 100U);
}

TEST(OrderedIds, NoneComesTwiceWhenTheMillisecondHasNoHigherOne) {
  Ones ones;
  OrderedIds ids(ones);
  std::set<Id> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(workflow_id(ids.next(42)));
  EXPECT_EQ(seen.size(), 1000U);
  EXPECT_TRUE(seen.insert(workflow_id(ids.next(43))).second);
}

// Time that stands still makes no neighbours: one id's rollback is no other id.
TEST(OrderedIds, NoneIsTheRollbackOfAnother) {
  Seeded random;
  OrderedIds ids(random);
  std::set<Id> seen;
  for (int i = 0; i < 5000; ++i) seen.insert(workflow_id(ids.next(42)));
  for (Id id : seen) {
    id.bytes[11] = static_cast<std::uint8_t>(id.bytes[11] ^ 0xA5U);
    EXPECT_FALSE(seen.contains(id));
  }
}

}  // namespace
}  // namespace prov::command_handler
