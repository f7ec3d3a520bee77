// Far more than may be read ahead at once: all of it comes, in order; and who wants no more does not wait for it.
#include "coordinator/event_log/read_ahead.h"

#include <gtest/gtest.h>

#include "tests/support/record_log/memory_record_log.h"

namespace prov::event_log {
namespace {

constexpr std::uint64_t kCommits = 40;

class ReadAheadTest : public testing::Test {
 protected:
  ReadAheadTest() {
    for (std::uint64_t n = 1; n <= kCommits; ++n) {
      disk->commits[n] = std::string(1 << 20, static_cast<char>(n));  // no commits: how they are taken does not matter
    }
  }
  std::shared_ptr<test::MemoryDisk> disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log{disk};
};

TEST_F(ReadAheadTest, AllComesInOrder) {
  ReadAhead ahead(log, 3);
  std::uint64_t next = 3;
  while (auto load = ahead.next()) {
    ASSERT_FALSE(load->empty());
    for (const ReadAhead::Commit& commit : *load) {
      ASSERT_EQ(commit.number, next);
      ASSERT_EQ(commit.bytes, disk->commits[next]);
      ASSERT_FALSE(commit.view) << "its hash is not looked at";
      ++next;
    }
  }
  EXPECT_EQ(next, kCommits + 1);
  EXPECT_TRUE(ahead.result());
}

TEST_F(ReadAheadTest, WhoWantsNoMoreMayGo) {
  ReadAhead untouched(log, 1);
  ReadAhead ahead(log, 1);
  ASSERT_TRUE(ahead.next());
}

}  // namespace
}  // namespace prov::event_log
