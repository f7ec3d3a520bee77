// The drill: back up beside a running writer, lose everything, restore, go on.
#include "coordinator/audit/backup.h"
#include "common/json/json.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include "common/hash.h"
#include "coordinator/audit/audit_main.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/integration/audit/data_folder.h"

namespace prov::audit {
namespace {

namespace fs = std::filesystem;

class BackupTest : public testing::Test {
 protected:
  BackupTest() : data_(folder_ / "data") { data_.live(200); }

  Result<BackupReport> take(const std::string& name = "backup") {
    return backup(*data_.log, *data_.whole, folder_ / "data/keys", folder_ / name);
  }
  static int restore_by_program(const std::string& from, const std::string& to) {
    std::ostringstream out, err;
    return restore_main({from, "--data", to}, out, err);
  }
  static std::vector<std::string> files(const std::string& folder) {
    std::vector<std::string> out;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) out.push_back(entry.path().lexically_relative(folder).string());
    }
    return out;
  }

  test::TempFolder folder_;
  DataFolder data_;
};

TEST_F(BackupTest, TheDrill) {
  const std::string blob(700'000, 'b');
  for (auto& record : event_log::blob_records(digest_of(blob), blob)) data_.writer->write_side(std::move(record));
  std::ofstream(folder_ / "data/keys/master.key") << "secret";
  data_.settle();
  const std::string hash = to_text(event_log::state_hash(data_.life->state()));
  const std::uint64_t sequence = data_.writer->last_sequence();

  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->position.sequence, sequence);
  EXPECT_GT(taken->bytes, 10'000U);
  data_.live(30);  // the platform was never stopped
  data_.close();
  fs::remove_all(folder_ / "data");  // and then everything is lost

  ASSERT_EQ(restore_by_program(folder_ / "backup", folder_ / "data"), kExitOk);
  DataFolder restored(folder_ / "data");
  EXPECT_FALSE(restored.opened.damage);
  EXPECT_EQ(restored.opened.position.sequence, sequence);
  EXPECT_EQ(to_text(event_log::state_hash(restored.opened.state)), hash);
  EXPECT_EQ(restored.key->public_key(), data_.key->public_key());
  EXPECT_EQ(**event_log::read_blob(*restored.log, digest_of(blob)), blob);
  for (const std::string& name : files(folder_ / "data/keys")) {
    struct stat info {};
    ASSERT_EQ(::stat((folder_ / ("data/keys/" + name)).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U) << name;
  }
  domain::Event event;
  event.body = domain::WorkspaceRegistered{"it goes on"};
  restored.writer->append(std::move(event));
  restored.settle();
  EXPECT_EQ(restored.log->attested_commit(), restored.log->last_commit());
}

TEST_F(BackupTest, ABackupIsADataFolderToAnAuditor) {
  ASSERT_TRUE(take());
  std::ostringstream out, err;
  EXPECT_EQ(audit_main({"verify", "--data", folder_ / "backup"}, out, err), kExitOk) << out.str();
}

TEST_F(BackupTest, WhileEventsAreWrittenItIsStillOnePosition) {
  std::atomic<bool> enough = false;
  Result<BackupReport> taken;
  std::thread other([&] {
    taken = take();
    enough = true;
  });
  while (!enough) data_.live(8);
  other.join();
  ASSERT_TRUE(taken) << taken.error().message;
  const auto there = event_log::state_at(*data_.log, taken->position.sequence);
  ASSERT_TRUE(there);
  ASSERT_TRUE(restore(folder_ / "backup", folder_ / "restored"));
  DataFolder restored(folder_ / "restored");
  EXPECT_EQ(event_log::state_hash(restored.opened.state), event_log::state_hash(*there));
}

TEST_F(BackupTest, NothingIsEverPutOverSomething) {
  ASSERT_TRUE(take());
  EXPECT_EQ(take().error().code, Code::conflict);
  EXPECT_EQ(restore(folder_ / "backup", folder_ / "data").error().code, Code::conflict);
  fs::create_directory(folder_ / "empty");
  EXPECT_TRUE(restore(folder_ / "backup", folder_ / "empty/")) << "an empty folder is fine";
}

TEST_F(BackupTest, AnyFileThatWasAlteredOrLostIsFoundBeforeAnythingIsMade) {
  ASSERT_TRUE(take());
  std::size_t tried = 0;
  for (const std::string& name : files(folder_ / "backup")) {
    if (name == "manifest.json") continue;
    fs::remove_all(folder_ / "bad");
    fs::copy(folder_ / "backup", folder_ / "bad", fs::copy_options::recursive);
    const std::string file = folder_ / ("bad/" + name);
    if (tried++ % 2 == 0) {
      fs::remove(file);
    } else {
      std::ofstream(file, std::ios::app) << "x";
    }
    EXPECT_FALSE(restore(folder_ / "bad", folder_ / "restored")) << name;
    EXPECT_FALSE(fs::exists(folder_ / "restored"));
  }
  EXPECT_GT(tried, 5U);
}

TEST_F(BackupTest, SegmentsAreCarriedAndComeBack) {
  data_.live(600);
  data_.snapshot();
  data_.live(100);
  data_.snapshot();
  ASSERT_GT(data_.archive(100, 40'000), 1U);
  const std::uint64_t stored = data_.log->first_commit();
  ASSERT_GT(stored, 1U);
  const std::string hash = to_text(event_log::state_hash(data_.life->state()));
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().message;
  std::ostringstream out, err;
  EXPECT_EQ(audit_main({"verify", "--data", folder_ / "backup"}, out, err), kExitOk) << out.str() << err.str();

  data_.close();
  fs::remove_all(folder_ / "data");
  ASSERT_EQ(restore_by_program(folder_ / "backup", folder_ / "data"), kExitOk);
  DataFolder restored(folder_ / "data");
  EXPECT_EQ(to_text(event_log::state_hash(restored.opened.state)), hash);
  EXPECT_EQ(restored.log->first_commit(), stored);
  EXPECT_EQ(restored.whole->first_commit(), 1U);
  EXPECT_EQ(restored.whole->missing_before(), 0U);
  EXPECT_TRUE(event_log::state_at(*restored.whole, 5)) << "the past is all there";
}

TEST_F(BackupTest, AnArchiveThatIsElsewhereIsNoPartOfTheBackupAndNoObstacle) {
  data_.live(600);
  data_.snapshot();
  data_.live(100);
  data_.snapshot();
  ASSERT_GT(data_.archive(100, 40'000), 1U);
  data_.close();
  fs::rename(folder_ / "data/archive", folder_ / "cold");
  data_.open();
  const auto taken = take();
  ASSERT_TRUE(taken) << taken.error().message;
  const auto verify = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"verify", "--data", folder_ / "backup"};
    words.insert(words.end(), more.begin(), more.end());
    std::ostringstream out, err;
    const int exit = audit_main(words, out, err);
    return std::pair(exit, err.str());
  };
  const auto alone = verify({});
  EXPECT_EQ(alone.first, kExitDamage);
  const std::string begins = std::to_string(event_log::beginning_of(*data_.whole)->sequence + 1);
  const std::string hint = "name that archive: --archive FOLDER; or leave it out: --from " + begins;
  EXPECT_TRUE(alone.second.find(hint) != std::string::npos) << alone.second;
  const auto from_there = verify({"--from", begins});
  EXPECT_EQ(from_there.first, kExitOk) << from_there.second;
  EXPECT_TRUE(from_there.second.find("note: ") == std::string::npos) << from_there.second;
  const auto nowhere = verify({"--archive", folder_ / "nowhere"});
  EXPECT_EQ(nowhere.first, kExitNotFound);
  EXPECT_TRUE(nowhere.second.find("nowhere holds no segment of log ") != std::string::npos) << nowhere.second;
  for (const char* verb : {"log", "export"}) {
    const auto ask = [&](std::vector<std::string> more) {
      std::vector<std::string> words{verb, "--data", folder_ / "backup"};
      words.insert(words.end(), more.begin(), more.end());
      std::ostringstream out, err;
      const int exit = audit_main(words, out, err);
      return std::tuple(exit, out.str().size() > 1000, err.str());
    };
    EXPECT_EQ(ask({}), std::tuple(kExitNotFound, false,
                                  "error: what comes before event " + begins +
                                      " is not here, it is in an archive\n  hint: " + hint + "\n"))
        << "never less than was asked for without a word";
    EXPECT_EQ(ask({"--from", begins}), std::tuple(kExitOk, true, ""));
    EXPECT_EQ(ask({"--archive", folder_ / "cold"}), std::tuple(kExitOk, true, ""));
  }
  EXPECT_EQ(verify({"--archive", folder_ / "cold"}).first, kExitOk);
  EXPECT_EQ(verify({"--from", std::to_string(taken->position.sequence)}).first, kExitOk);
}

TEST_F(BackupTest, AManifestThatLiesIsRefused) {
  ASSERT_TRUE(take());
  std::ifstream in(folder_ / "backup/manifest.json");
  const auto good = nlohmann::ordered_json::parse(in);
  const auto refused = [&](const std::function<void(nlohmann::ordered_json&)>& change, Code code) {
    auto bad = good;
    change(bad);
    std::ofstream(folder_ / "backup/manifest.json") << bad;
    const auto restored = restore(folder_ / "backup", folder_ / "restored");
    EXPECT_FALSE(restored);
    EXPECT_FALSE(fs::exists(folder_ / "restored"));
    return !restored && restored.error().code == code;
  };
  EXPECT_TRUE(refused([](auto& m) { m["format"] = "another"; }, Code::corrupt));
  EXPECT_TRUE(refused([](auto& m) { m["commit"] = m["commit"].template get<int>() + 1; }, Code::corrupt));
  EXPECT_TRUE(refused([](auto& m) { m["commit_hash"] = std::string(64, '0'); }, Code::corrupt));
  EXPECT_TRUE(refused([](auto& m) { m.erase("files"); }, Code::corrupt));
  for (const char* path : {"../outside", "/etc/passwd", "log/../../outside", "elsewhere/file", ""}) {
    EXPECT_TRUE(refused([path](auto& m) { m["files"][0]["path"] = path; }, Code::corrupt)) << path;
  }
  std::ofstream(folder_ / "backup/manifest.json") << "{ not json";
  EXPECT_EQ(restore(folder_ / "backup", folder_ / "restored").error().code, Code::corrupt);
  fs::remove(folder_ / "backup/manifest.json");
  EXPECT_EQ(restore(folder_ / "backup", folder_ / "restored").error().code, Code::not_found) << "never finished";
}

TEST_F(BackupTest, ADamagedLogIsNotBackedUpAsIfItWereGood) {
  data_.close();
  {
    auto log = io::RocksRecordLog::open({.folder = folder_ / "data/log", .min_free_bytes = 0});
    const std::uint64_t last = (*log)->last_commit();
    std::promise<void> written;
    (*log)->append(std::make_shared<const LogBatch>(LogBatch{last + 1, "not a commit", {}}),
                   [&](const Result<void>&) { written.set_value(); });
    written.get_future().wait();
  }
  data_.open();
  ASSERT_TRUE(data_.opened.damage);
  const auto taken = take();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, Code::corrupt);
  EXPECT_FALSE(fs::exists(folder_ / "backup/manifest.json"));
}

}  // namespace
}  // namespace prov::audit
