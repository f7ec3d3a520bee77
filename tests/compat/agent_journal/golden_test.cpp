// An agent reads the journals of every release before it, to the records that they were written of.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "agent/journal/record_codec.h"
#include "tests/compat/agent_journal/examples.h"

namespace prov::agent::golden {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string encoded(const std::vector<Record>& records) {
  std::string out;
  for (const Record& record : records) append_record(out, record);
  return out;
}

std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(PROV_GOLDEN_DIR)) {
    if (entry.path().extension() == ".bin") out.push_back(entry.path());
  }
  return out;
}

TEST(GoldenJournal, every_file_holds_the_recorded_records) {
  EXPECT_EQ(files().size(), 3U) << "one for each format: PJR1, PJR2, PJR3";
  for (const auto& path : files()) {
    SCOPED_TRACE(path);
    const JournalScan scan = scan_journal(bytes_of(path));
    EXPECT_EQ(scan.damage, "");
    EXPECT_EQ(scan.torn_bytes, 0U);
    EXPECT_EQ(encoded(scan.records), encoded(records()));
  }
}

// A host that was updated twice has all of them in one file.
TEST(GoldenJournal, formats_mix_in_one_file) {
  std::string mixed(kJournalMagic);
  for (const auto& path : files()) mixed += bytes_of(path).substr(kJournalMagic.size());
  const JournalScan scan = scan_journal(mixed);
  EXPECT_EQ(scan.damage, "");
  EXPECT_EQ(scan.records.size(), files().size() * records().size());
}

TEST(GoldenJournal, a_cut_is_a_torn_tail_and_a_flip_is_damage) {
  for (const auto& path : files()) {
    SCOPED_TRACE(path);
    const std::string whole = bytes_of(path);
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
      EXPECT_EQ(scan_journal(whole.substr(0, cut)).damage, "") << cut;
    for (std::size_t at = whole.rfind("PJR"); at < whole.size(); ++at) {
      if (at - whole.rfind("PJR") >= 4 && at - whole.rfind("PJR") < 8) continue;  // the length: see record_codec.h
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
      EXPECT_NE(scan_journal(flipped).damage, "") << at;
    }
  }
}

// And a payload of its own: PJR2 and PJR3 differ in nothing else, and in one bit of their markers.
TEST(GoldenJournal, a_record_is_of_no_other_format_than_its_own) {
  for (const auto& path : files()) {
    const std::string whole = bytes_of(path);
    for (std::size_t at = whole.find("PJR"); at != std::string::npos; at = whole.find("PJR", at + 1)) {
      for (const char format : {'1', '2', '3'}) {
        std::string other = whole;
        if (std::exchange(other[at + 3], format) != format) {
          EXPECT_NE(scan_journal(other).damage, "") << path << " at " << at;
        }
      }
    }
  }
}

// What is written today is what the newest golden file holds, to the byte: another format needs another marker.
TEST(GoldenJournal, the_newest_format_is_what_is_written) {
  EXPECT_EQ(std::string(kJournalMagic) + encoded(records()),
            bytes_of(std::filesystem::path(PROV_GOLDEN_DIR) / "pjr3.bin"));
}

}  // namespace
}  // namespace prov::agent::golden
