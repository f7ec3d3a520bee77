// What every RecordLog promises (common/ports/record_log.h), asked of each implementation.
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "common/io/rocksdb/rocks_record_log.h"
#include "coordinator/event_log/keys.h"
#include "tests/support/record_log/blocking.h"
#include "tests/support/record_log/memory_record_log.h"
#include "tests/support/record_log/temp_folder.h"

namespace prov {
namespace {

using test::append_and_wait;

class Store {  // one store, opened again and again
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<RecordLog> open() = 0;
};

class MemoryStore final : public Store {
 public:
  std::unique_ptr<RecordLog> open() override { return std::make_unique<test::MemoryRecordLog>(disk_); }

 private:
  std::shared_ptr<test::MemoryDisk> disk_ = std::make_shared<test::MemoryDisk>();
};

class RocksStore final : public Store {
 public:
  std::unique_ptr<RecordLog> open() override {
    auto log = io::RocksRecordLog::open({.folder = folder_.path(), .min_free_bytes = 0});
    EXPECT_TRUE(log) << log.error().message;
    return log ? std::move(*log) : nullptr;
  }

 private:
  test::TempFolder folder_;
};

struct Maker {
  const char* name;
  std::function<std::unique_ptr<Store>()> make;
};

class RecordLogContract : public testing::TestWithParam<Maker> {
 protected:
  void SetUp() override {
    store_ = GetParam().make();
    log_ = store_->open();
    ASSERT_NE(log_, nullptr);
  }
  void reopen() {
    log_.reset();
    log_ = store_->open();
    ASSERT_NE(log_, nullptr);
  }
  Result<void> append(std::uint64_t number, std::vector<SideRecord> sides = {}) {
    return append_and_wait(*log_, {number, number == 0 ? "" : commit_text(number), std::move(sides)});
  }
  static std::string commit_text(std::uint64_t number) { return "commit " + std::to_string(number); }

  std::vector<std::uint64_t> read(std::uint64_t from, std::size_t at_most = SIZE_MAX) {
    std::vector<std::uint64_t> out;
    auto ok = log_->read(from, [&](std::uint64_t number, std::string_view commit) {
      EXPECT_EQ(commit, commit_text(number));
      out.push_back(number);
      return out.size() < at_most;
    });
    EXPECT_TRUE(ok);
    return out;
  }
  std::map<std::string, std::string> scan(std::string_view prefix, std::size_t at_most = SIZE_MAX) {
    std::map<std::string, std::string> out;
    std::string last;
    auto ok = log_->scan(prefix, [&](std::string_view key, std::string_view value) {
      EXPECT_TRUE(out.empty() || key > last);
      last = key;
      out.emplace(key, value);
      return out.size() < at_most;
    });
    EXPECT_TRUE(ok);
    return out;
  }

  std::unique_ptr<Store> store_;
  std::unique_ptr<RecordLog> log_;
};

using Numbers = std::vector<std::uint64_t>;
using Records = std::map<std::string, std::string>;

TEST_P(RecordLogContract, AnEmptyLogIsEmpty) {
  EXPECT_EQ(log_->last_commit(), 0U);
  EXPECT_EQ(log_->attested_commit(), 0U);
  EXPECT_EQ(read(0), Numbers{});
  EXPECT_EQ(read(1), Numbers{});
  EXPECT_EQ(scan(""), Records{});
  EXPECT_EQ(*log_->get("b/none"), std::nullopt);
}

TEST_P(RecordLogContract, CommitsAreReadInOrderFromAnywhere) {
  for (std::uint64_t n = 1; n <= 300; ++n) ASSERT_TRUE(append(n));
  EXPECT_EQ(log_->last_commit(), 300U);
  EXPECT_EQ(read(1).size(), 300U);
  EXPECT_EQ(read(298), (Numbers{298, 299, 300}));
  EXPECT_EQ(read(300), Numbers{300});
  EXPECT_EQ(read(301), Numbers{});
  EXPECT_EQ(read(5, 1), Numbers{5});
  EXPECT_EQ(read(5, 2), (Numbers{5, 6}));
}

TEST_P(RecordLogContract, EverythingIsThereAfterOpeningAgain) {
  for (std::uint64_t n = 1; n <= 10; ++n) ASSERT_TRUE(append(n, {{"k/" + std::to_string(n), "value", false}}));
  reopen();
  EXPECT_EQ(log_->last_commit(), 10U);
  EXPECT_EQ(log_->attested_commit(), 10U);
  EXPECT_EQ(read(1).size(), 10U);
  EXPECT_EQ(scan("k/").size(), 10U);
  ASSERT_TRUE(append(11));
  EXPECT_EQ(read(10), (Numbers{10, 11}));
}

TEST_P(RecordLogContract, ACommitThatDoesNotFollowIsRefusedAndNothingIsWritten) {
  ASSERT_TRUE(append(1));
  for (const std::uint64_t wrong : {1U, 3U, 1000U}) {
    const auto refused = append(wrong, {{"k/x", "value", false}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::conflict);
  }
  EXPECT_EQ(log_->last_commit(), 1U);
  EXPECT_EQ(*log_->get("k/x"), std::nullopt);
  EXPECT_TRUE(append(2));
}

TEST_P(RecordLogContract, SideRecordsAreWrittenOverwrittenAndErased) {
  ASSERT_TRUE(append(1, {{"k/a", "1", false}, {"k/b", std::string("\0\xff", 2), false}}));
  ASSERT_TRUE(append(0, {{"k/a", "2", false}}));
  EXPECT_EQ(log_->last_commit(), 1U);
  EXPECT_EQ(*log_->get("k/a"), "2");
  EXPECT_EQ(*log_->get("k/b"), std::string("\0\xff", 2));
  ASSERT_TRUE(append(2, {{"k/a", "", true}, {"k/none", "", true}}));
  EXPECT_EQ(*log_->get("k/a"), std::nullopt);
  EXPECT_EQ(scan("k/"), (Records{{"k/b", std::string("\0\xff", 2)}}));
}

TEST_P(RecordLogContract, AScanKeepsToItsPrefixAndOrder) {
  ASSERT_TRUE(append(0, {{"a", "0", false},
                         {"b", "1", false},
                         {"b\x01", "2", false},
                         {"b\xff", "3", false},
                         {"b\xff\xff", "4", false},
                         {"c", "5", false}}));
  EXPECT_EQ(scan("b"), (Records{{"b", "1"}, {"b\x01", "2"}, {"b\xff", "3"}, {"b\xff\xff", "4"}}));
  EXPECT_EQ(scan("b", 2), (Records{{"b", "1"}, {"b\x01", "2"}}));
  EXPECT_EQ(scan("").size(), 6U);
  EXPECT_EQ(scan("zz"), Records{});
}

TEST_P(RecordLogContract, AScanCanBeginAnywhereInItsPrefix) {
  ASSERT_TRUE(
      append(0, {{"a9", "0", false}, {"b1", "1", false}, {"b3", "3", false}, {"b5", "5", false}, {"c", "6", false}}));
  const auto from = [this](std::string_view first) {
    std::string out;
    EXPECT_TRUE(log_->scan_from("b", first, [&](std::string_view, std::string_view value) {
      out += value;
      return out.size() < 2;
    }));
    return out;
  };
  EXPECT_EQ(from("b"), "13");
  EXPECT_EQ(from("b2"), "35") << "a key that is not there: the next one";
  EXPECT_EQ(from("b5"), "5") << "it ends where its prefix does";
  EXPECT_EQ(from("b6"), "");
}

TEST_P(RecordLogContract, LargeValuesComeBack) {
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(append_and_wait(*log_, {1, large, {{"b/large", large, false}}}));
  reopen();
  EXPECT_EQ(*log_->get("b/large"), large);
  std::string commit;
  ASSERT_TRUE(log_->read(1, [&](std::uint64_t, std::string_view bytes) {
    commit = bytes;
    return true;
  }));
  EXPECT_EQ(commit, large);
}

TEST_P(RecordLogContract, ReadingWithinAVisitIsFine) {
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(append(n));
  std::size_t inner = 0;
  ASSERT_TRUE(log_->read(1, [&](std::uint64_t number, std::string_view) {
    inner += read(number, 1).size();
    return true;
  }));
  EXPECT_EQ(inner, 5U);
}

TEST_P(RecordLogContract, CommitsThatAreSetAsideCanBeFoundAndTheLogGoesOn) {
  for (std::uint64_t n = 1; n <= 5; ++n) ASSERT_TRUE(append(n));
  ASSERT_TRUE(log_->set_aside_after(2));
  EXPECT_EQ(log_->last_commit(), 2U);
  EXPECT_EQ(log_->attested_commit(), 2U);
  EXPECT_EQ(read(1), (Numbers{1, 2}));
  for (std::uint64_t n = 3; n <= 5; ++n) {
    EXPECT_EQ(*log_->get(event_log::set_aside_key(n, commit_text(n))), commit_text(n));
  }
  ASSERT_TRUE(append(3));
  reopen();
  EXPECT_EQ(read(1), (Numbers{1, 2, 3}));
  EXPECT_EQ(log_->attested_commit(), 3U);
  EXPECT_EQ(scan("d/").size(), 3U);
}

TEST_P(RecordLogContract, WhatIsDroppedFromTheBeginningIsGoneAndTheRestStays) {
  EXPECT_EQ(log_->first_commit(), 1U);
  for (std::uint64_t n = 1; n <= 300; ++n) ASSERT_TRUE(append(n, {{"k/" + std::to_string(n), "value", false}}));
  ASSERT_TRUE(log_->drop_before(101));
  EXPECT_EQ(log_->first_commit(), 101U);
  EXPECT_EQ(log_->last_commit(), 300U);
  EXPECT_EQ(read(1, 2), (Numbers{101, 102})) << "what is asked for before it begins with what there is";
  EXPECT_EQ(read(100, 1), Numbers{101});
  EXPECT_EQ(read(1).size(), 200U);
  EXPECT_EQ(scan("k/").size(), 300U) << "side records stay";
  ASSERT_TRUE(log_->drop_before(50)) << "again, or less: nothing happens";
  EXPECT_EQ(log_->first_commit(), 101U);
  ASSERT_TRUE(append(301));
  ASSERT_TRUE(log_->drop_before(301));
  EXPECT_EQ(read(1), Numbers{301});
  reopen();
  EXPECT_EQ(log_->first_commit(), 301U);
  EXPECT_EQ(log_->last_commit(), 301U);
  EXPECT_EQ(log_->attested_commit(), 301U);
  EXPECT_EQ(read(0), Numbers{301});
  ASSERT_TRUE(append(302));
  EXPECT_EQ(read(1), (Numbers{301, 302}));
}

INSTANTIATE_TEST_SUITE_P(Stores, RecordLogContract,
                         testing::Values(Maker{"memory", [] { return std::make_unique<MemoryStore>(); }},
                                         Maker{"rocksdb", [] { return std::make_unique<RocksStore>(); }}),
                         [](const auto& store) { return std::string(store.param.name); });

}  // namespace
}  // namespace prov
