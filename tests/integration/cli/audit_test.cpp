// What an auditor does with the operator's program: on the running platform, on a copy, on a backup.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/json/json.h"
#include "tests/integration/cli/rig.h"

namespace prov::test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Words = std::vector<std::string>;

class Audit : public testing::Test {
 protected:
  // A platform that has done something, stopped and started once, so that a signed checkpoint covers it.
  Audit() {
    rig_.start();
    rig_.start_agent("host-a");
    EXPECT_EQ(rig_.run({"server", "ssh", "host-a", "--", "echo", "kept"}).status, 0);
    EXPECT_EQ(rig_.run({"platform", "stop"}).status, 0);
    rig_.start();
  }
  Ran expect(int status, const Words& words) {
    const Ran ran = rig_.run(words);
    EXPECT_EQ(ran.status, status) << words[0] << " " << words[1] << "\n" << ran.err << ran.out;
    return ran;
  }
  std::string backup() {
    const Ran made = expect(0, {"platform", "backup", rig_.path("backup"), "-o", "json"});
    last_ = std::to_string(json::parse(made.out)["sequence"].get<std::uint64_t>());
    return rig_.path("backup");
  }
  std::string last_;  // the last event in the backup
  Rig rig_;
};

TEST_F(Audit, ACopyIsVerifiedWithThePublicKeyAlone) {
  const std::string folder = backup(), copy = rig_.path("copy"), key = rig_.path("signing.pub");
  fs::create_directories(copy);
  fs::copy(folder + "/log", copy + "/log", fs::copy_options::recursive);
  fs::copy(folder + "/keys/signing.pub", key);
  expect(0, {"platform", "stop"});
  const json report =
      json::parse(expect(0, {"audit", "verify", "--data", copy, "--public-key", key, "-o", "json"}).out);
  EXPECT_EQ(report["whole"], true);
  EXPECT_EQ(report["signatures_verified"], true);
  EXPECT_GE(report["checkpoints"], 1);
  const Ran without = expect(4, {"audit", "verify", "--data", copy});
  EXPECT_NE(without.err.find("signing.pub"), std::string::npos) << without.err;
  const std::string stranger = rig_.write("stranger.pub", std::string(64, '1') + "\n");
  expect(3, {"audit", "verify", "--data", copy, "--public-key", stranger});
}

TEST_F(Audit, AnAlteredCopyIsFoundOut) {
  const std::string folder = backup();
  bool altered = false;
  for (const auto& entry : fs::recursive_directory_iterator(folder + "/log/db")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes((std::istreambuf_iterator<char>(in)), {});
    const std::size_t at = bytes.find("kept");
    if (!entry.is_regular_file() || at == std::string::npos) continue;
    bytes[at] = 'w';
    std::ofstream(entry.path(), std::ios::binary) << bytes;
    altered = true;
  }
  ASSERT_TRUE(altered) << "the command's words are nowhere in the copy";
  expect(3, {"audit", "verify", "--data", folder});
}

TEST_F(Audit, EveryFormIsTheSameOverRestAndFromTheFolder) {
  const std::string folder = backup();
  const std::vector<Words> questions{{"audit", "log", "--to", last_},
                                     {"audit", "log", "--from", "2", "--to", last_, "--limit", "3"},
                                     {"audit", "log", "--to", last_, "--type", "TaskEnded", "--workspace", "demo"},
                                     {"audit", "replay", "--at", "4"},
                                     {"audit", "replay", "--at", "4", "--to", "8"}};
  for (const Words& question : questions) {
    for (const char* form : {"table", "json", "yaml"}) {
      Words words = question;
      words.insert(words.end(), {"--out", form});
      const std::string online = expect(0, words).out;
      words.insert(words.end(), {"--data", folder});
      EXPECT_TRUE(expect(0, words).out == online) << question[1] << " as " << form;
      EXPECT_GT(online.size(), 30U);
    }
  }
  const std::string online = expect(0, {"audit", "export", "--to", last_}).out;
  EXPECT_TRUE(expect(0, {"audit", "export", "--to", last_, "--data", folder}).out == online);
  std::istringstream lines(online);
  std::uint64_t expected = 1;
  for (std::string line; std::getline(lines, line); ++expected) EXPECT_EQ(json::parse(line)["sequence"], expected);
  EXPECT_EQ(std::to_string(expected - 1), last_);
}

TEST_F(Audit, ATimeIsAPointAsWell) {
  const json items = json::parse(expect(0, {"audit", "log", "--type", "WorkflowEnded", "-o", "json"}).out)["items"];
  ASSERT_EQ(items.size(), 1U);
  const std::string sequence = std::to_string(items[0]["sequence"].get<std::uint64_t>());
  const auto state_at = [&](const std::string& point) {
    return json::parse(expect(0, {"audit", "replay", "--at", point, "-o", "json"}).out);
  };
  EXPECT_EQ(state_at(sequence)["state"]["workflows"].size(), 1U);
  EXPECT_EQ(state_at("2")["state"]["workflows"].size(), 0U);
  EXPECT_EQ(state_at("2099-01-01T00:00:00Z")["state"]["workflows"].size(), 1U);
  expect(4, {"audit", "replay", "--at", "1999-01-01T00:00:00Z"});
}

TEST_F(Audit, BackupAndRestoreBringTheLogBack) {
  const std::string folder = backup();
  expect(5, {"platform", "restore", folder, "--yes"});  // it runs
  expect(0, {"platform", "stop"});
  expect(5, {"platform", "restore", folder, "--yes"});  // there is a log already
  fs::remove_all(rig_.path("home/orchestrator/data"));
  expect(2, {"platform", "restore", folder});  // nobody can be asked
  expect(0, {"platform", "restore", folder, "--yes"});
  rig_.start();
  EXPECT_EQ(rig_.run({"workflow", "output", "1"}).out, "kept\n");
}

}  // namespace
}  // namespace prov::test
