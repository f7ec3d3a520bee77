#include "coordinator/event_log/segment.h"

#include "tests/unit/event_log/archive_fixture.h"

namespace prov::event_log {
namespace {

namespace fs = std::filesystem;

class SegmentTest : public ArchiveFixture {
 protected:
  SegmentTest() {
    live(400);
    SegmentPlan plan(policy.segment_bytes);
    auto planned = plan.next(*log);
    EXPECT_TRUE(planned && *planned);
    if (planned && *planned) header = **planned;
    path = folder / segment_name(header.first_commit, header.last_commit);
  }
  void write() {
    const auto written = write_segment(*log, header, path);
    ASSERT_TRUE(written) << written.error().message;
  }
  std::vector<std::string> commits(std::uint64_t from) {
    std::vector<std::string> out;
    EXPECT_TRUE(read_segment(path, from, [&](std::uint64_t, std::string_view bytes) {
      out.emplace_back(bytes);
      return true;
    }));
    return out;
  }
  SegmentHeader header;
  std::string path;
};

TEST_F(SegmentTest, HoldsTheCommitsAsTheStoreHadThem) {
  write();
  std::vector<std::string> expected;
  for (std::uint64_t n = header.first_commit; n <= header.last_commit; ++n) expected.push_back(disk->commits.at(n));
  ASSERT_GT(expected.size(), 20U);
  EXPECT_EQ(commits(0), expected);
  expected.erase(expected.begin(), expected.begin() + 10);
  EXPECT_EQ(commits(header.first_commit + 10), expected);
  EXPECT_TRUE(commits(header.last_commit + 1).empty());
  std::size_t looked = 0;
  EXPECT_TRUE(read_segment(path, 1, [&](std::uint64_t, std::string_view) { return ++looked < 3; }));
  EXPECT_EQ(looked, 3U) << "no further than it is wanted";
  EXPECT_TRUE(verify_segment(path, public_keys));
  EXPECT_TRUE(verify_segment(path, {}));
  const auto read = read_segment_header(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->log_id, writer->durable().log_id);
  EXPECT_EQ(read->last_hash, header.last_hash);
  EXPECT_EQ(read->signature, header.signature);
}

TEST_F(SegmentTest, ProvesItselfWithTheRightKeyAlone) {
  write();
  const SigningKey other(std::array<std::uint8_t, 32>{9});
  const auto stranger = verify_segment(path, {{key_id(other.public_key()), other.public_key()}});
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, Code::corrupt);
  header.signature[5] = static_cast<char>(header.signature[5] ^ 1);
  write();
  const auto forged = verify_segment(path, public_keys);
  ASSERT_FALSE(forged);
  EXPECT_TRUE(forged.error().message.ends_with("the signature over its last commit is wrong"))
      << forged.error().message;
}

TEST_F(SegmentTest, AnyBitThatFlipsIsFound) {
  write();
  const std::size_t size = fs::file_size(path);
  std::vector<std::size_t> places{0, 7, 8, 20, 40, 50, 70, 100, 130, 150, 205, 232, 240, size - 1, size - 9};
  for (std::size_t at = 300; at < size; at += size / 40) places.push_back(at);
  for (const std::size_t at : places) {
    flip(path, at);
    EXPECT_FALSE(verify_segment(path, public_keys)) << at;
    flip(path, at);
  }
  EXPECT_TRUE(verify_segment(path, public_keys));
}

TEST_F(SegmentTest, OneThatWasCutOffIsDamagedWhereverThatWas) {
  write();
  const std::size_t size = fs::file_size(path);
  for (const std::size_t left : {size - 1, size - 8, size / 2, std::size_t{300}, std::size_t{232}, std::size_t{100}}) {
    fs::resize_file(path, left);
    const auto verified = verify_segment(path, public_keys);
    ASSERT_FALSE(verified) << left;
    EXPECT_EQ(verified.error().code, Code::corrupt) << left;
    write();
  }
  fs::remove(path);
  EXPECT_EQ(read_segment_header(path).error().code, Code::not_found);
}

TEST_F(SegmentTest, NothingOfItsNameIsThereBeforeItIsWhole) {
  const std::uint64_t middle = header.first_commit + 5;
  const std::string kept = disk->commits.at(middle);
  disk->commits.erase(middle);
  EXPECT_FALSE(write_segment(*log, header, path)) << "a commit is missing";
  EXPECT_FALSE(fs::exists(path));
  EXPECT_TRUE(fs::exists(path + ".part"));
  disk->commits[middle] = kept;
  write();
  EXPECT_TRUE(verify_segment(path, public_keys)) << "what was half there was begun again";
  EXPECT_FALSE(fs::exists(path + ".part"));
}

TEST(SegmentName, IsReadBackAndNothingElseIs) {
  EXPECT_EQ(segment_name(1, 20), "00000000000000000001-00000000000000000020.segment");
  EXPECT_EQ(parse_segment_name(segment_name(7, UINT64_MAX)), std::pair(std::uint64_t{7}, UINT64_MAX));
  for (const char* name :
       {"", "00000000000000000001-00000000000000000020.segment.part",
        "00000000000000000021-00000000000000000020.segment", "00000000000000000000-00000000000000000020.segment",
        "0000000000000000000x-00000000000000000020.segment", "00000000000000000001+00000000000000000020.segment"}) {
    EXPECT_FALSE(parse_segment_name(name)) << name;
  }
}

}  // namespace
}  // namespace prov::event_log
