// An agent reads the journals of every release before it, to the records that they were written of.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

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
  EXPECT_EQ(files().size(), 2U) << "one for each format: PJR1, PJR2";
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

TEST(GoldenJournal, each_format_has_its_own_check) {
  for (const auto& path : files()) {
    std::string other = bytes_of(path);
    char& format = other[other.rfind("PJR") + 3];
    format = format == '1' ? '2' : '1';
    EXPECT_NE(scan_journal(other).damage, "") << path;
  }
}

}  // namespace
}  // namespace prov::agent::golden
