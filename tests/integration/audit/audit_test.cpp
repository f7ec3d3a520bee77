// The auditor's way, over real folders: verify, export, replay and compare, offline and beside a running writer.
#include "coordinator/audit/audit.h"
#include "common/json/json.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "common/hash.h"
#include "coordinator/audit/audit_main.h"
#include "coordinator/event_log/blobs.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/integration/audit/data_folder.h"
#include "tests/support/record_log/blocking.h"

namespace prov::audit {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

struct Ran {
  int exit = 0;
  std::string out, err;
};

Ran run(std::vector<std::string> arguments) {
  std::ostringstream out, err;
  Ran ran;
  ran.exit = audit_main(arguments, out, err);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

std::vector<Json> json_lines(const std::string& text) {
  std::vector<Json> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out.push_back(Json::parse(line));
  return out;
}

class AuditTest : public testing::Test {
 protected:
  AuditTest() : data_(folder_ / "data") { data_.live(400); }

  // What an auditor gets: a copy of the log, and the public key by another way.
  std::string copy() {
    data_.close();
    const std::string to = folder_ / "copy";
    fs::remove_all(to);
    fs::create_directories(to);
    fs::copy(folder_ / "data/log", to + "/log", fs::copy_options::recursive);
    fs::copy_file(folder_ / "data/keys/signing.pub", folder_ / "their.pub", fs::copy_options::overwrite_existing);
    return to;
  }
  std::vector<std::string> verify_arguments(const std::string& data, const std::string& form = "json") {
    return {"verify", "--data", data, "--public-key", folder_ / "their.pub", "--out", form};
  }
  // Puts other commits behind `after` in the log of `data`.
  void rewrite(const std::string& data, std::uint64_t after, const std::vector<std::string>& commits) {
    auto log = io::RocksRecordLog::open({.folder = data + "/log", .min_free_bytes = 0});
    ASSERT_TRUE(log);
    ASSERT_TRUE((*log)->set_aside_after(after));
    for (std::uint64_t n = after + 1; const std::string& commit : commits) {
      ASSERT_TRUE(test::append_and_wait(**log, {n++, commit, {}}));
    }
  }
  std::vector<std::string> commits() {
    std::vector<std::string> out;
    EXPECT_TRUE(data_.log->read(1, [&](std::uint64_t, std::string_view bytes) {
      out.emplace_back(bytes);
      return true;
    }));
    return out;
  }

  test::TempFolder folder_;
  DataFolder data_;
};

TEST_F(AuditTest, ACopyVerifiesWithThePublicKeyAlone) {
  const std::uint64_t last = data_.writer->last_sequence();
  const std::string hash = to_text(event_log::state_hash(data_.life->state()));
  const Ran ran = run(verify_arguments(copy()));
  EXPECT_EQ(ran.exit, kExitOk) << ran.err;
  const Json report = Json::parse(ran.out);
  EXPECT_EQ(report["whole"], true);
  EXPECT_EQ(report["events"], last);
  EXPECT_EQ(report["state_hash"], hash) << "replay by somebody else is the live state";
  EXPECT_EQ(report["checkpoints"], 4);
  EXPECT_EQ(report["signatures_verified"], true);
  EXPECT_GT(report["covered"]["sequence"], 0);
  EXPECT_EQ(report["covered"]["sequence"].get<std::uint64_t>() + report["uncovered_events"].get<std::uint64_t>(), last);
  EXPECT_EQ(report["damage"], nullptr);

  const Ran text = run(verify_arguments(folder_ / "copy", "table"));
  EXPECT_TRUE(text.out.starts_with("the log is whole\n")) << text.out;
  EXPECT_NE(text.out.find(hash), std::string::npos);
}

TEST_F(AuditTest, BesideARunningWriterToo) {
  const Ran ran = run({"verify", "--data", folder_ / "data"});
  EXPECT_EQ(ran.exit, kExitOk) << ran.out;
  EXPECT_NE(ran.err.find("signing.pub is believed"), std::string::npos) << "and says whose key it took";
  data_.live(20);
  const Ran keyless = run({"verify", "--data", copy()});
  EXPECT_EQ(keyless.exit, kExitNotFound);
  EXPECT_NE(keyless.err.find("hint: name the one that you were given"), std::string::npos) << keyless.err;
  EXPECT_EQ(keyless.err.find("is believed"), std::string::npos) << keyless.err;
}

TEST_F(AuditTest, AForgedEventIsFoundWhereItIs) {
  const auto good = commits();
  const std::string copied = copy();
  // The forger keeps sizes and hashes right; the next commit still names the hash of the true one.
  auto commit = event_log::CommitView::open(good[20]);
  event_log::CommitBuilder builder;
  event_log::EventEncoder encoder;
  while (const auto view = commit->next()) {
    auto event = view->event();
    domain::Principal forged_name = *event->meta.principal;
    forged_name.subject = "somebody else";
    event->meta.principal = domain::Shared(forged_name);
    builder.add(encoder, *event);
  }
  auto forged = std::vector<std::string>(good.begin() + 20, good.end());
  Digest hash;
  forged[0] = builder.finish(21, commit->header().previous, hash);
  rewrite(copied, 20, forged);
  const Ran ran = run(verify_arguments(copied));
  EXPECT_EQ(ran.exit, kExitDamage);
  const Json report = Json::parse(ran.out);
  EXPECT_EQ(report["whole"], false);
  EXPECT_EQ(report["damage"]["commit"], 22) << report.dump(2);
  EXPECT_EQ(report["damage"]["what"], "it does not follow from the commit before it");
}

TEST_F(AuditTest, AlsoFromAPlaceInTheMiddle) {
  const std::uint64_t last = data_.writer->last_sequence();
  const std::string copied = copy();
  auto arguments = verify_arguments(copied);
  arguments.insert(arguments.end(), {"--from", std::to_string(last / 2)});
  const Ran ran = run(arguments);
  EXPECT_EQ(ran.exit, kExitOk) << ran.err;
  const Json report = Json::parse(ran.out);
  EXPECT_EQ(report["whole"], true);
  const auto from = report["from_sequence"].get<std::uint64_t>();
  EXPECT_LE(from, last / 2) << "the commit with that event";
  EXPECT_EQ(report["events"], last - from + 1);
  EXPECT_GT(report["checkpoints"], 0);
  EXPECT_EQ(report["covered"]["sequence"].get<std::uint64_t>() + report["uncovered_events"].get<std::uint64_t>(), last);
  EXPECT_EQ(report["state_hash"], nullptr) << "nobody can fold half a history";

  arguments.back() = std::to_string(last + 1);
  const Ran beyond = run(arguments);
  EXPECT_EQ(beyond.exit, kExitNotFound);
  EXPECT_NE(beyond.err.find("does not hold event " + std::to_string(last + 1)), std::string::npos) << beyond.err;
}

TEST_F(AuditTest, AnotherPlatformsKeyIsNotBelieved) {
  const std::string copied = copy();
  std::ofstream(folder_ / "their.pub") << std::string(64, 'a') << "\n";
  const Ran ran = run(verify_arguments(copied, "table"));
  EXPECT_EQ(ran.exit, kExitDamage);
  EXPECT_NE(ran.out.find("which is not a key that was given"), std::string::npos) << ran.out;
}

TEST_F(AuditTest, ALostEndIsFound) {
  const auto good = commits();
  const std::string copied = copy();
  const std::string attested = folder_ / "attested";
  fs::copy_file(copied + "/log/attested", attested);
  rewrite(copied, 40, {});
  fs::copy_file(attested, copied + "/log/attested", fs::copy_options::overwrite_existing);
  const Ran ran = run(verify_arguments(copied));
  EXPECT_EQ(ran.exit, kExitDamage);
  EXPECT_EQ(Json::parse(ran.out)["damage"]["commit"], 41);
}

TEST_F(AuditTest, RottenBytesAreFoundAndTheReportStillSaysWhatIsGood) {
  ASSERT_TRUE(data_.log->copy_to(folder_ / "still"));  // in table files
  data_.close();
  fs::create_directories(folder_ / "rotten");
  fs::rename(folder_ / "still", folder_ / "rotten/log");
  fs::copy_file(folder_ / "data/keys/signing.pub", folder_ / "their.pub");
  for (const auto& entry : fs::directory_iterator(folder_ / "rotten/log/db")) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(entry.file_size() / 3));
    file.write("rotten", 6);
  }
  const Ran ran = run(verify_arguments(folder_ / "rotten"));
  EXPECT_EQ(ran.exit, kExitDamage) << ran.err;
  const Json report = Json::parse(ran.out);
  EXPECT_NE(report["damage"]["what"].get<std::string>().find("cannot be read"), std::string::npos) << ran.out;
}

TEST_F(AuditTest, AlteredDocumentsAreFoundMissingOnesAreCounted) {
  const std::string bytes(100'000, 'x');
  for (const Digest& digest : {digest_of(bytes), digest_of("erased"), digest_of("good")}) {
    domain::Event event;
    event.body = domain::BlobStored{digest, 1, "bundle", "some"};
    data_.life->fold(data_.writer->append(std::move(event)));
  }
  auto altered = event_log::blob_records(digest_of(bytes), bytes);
  altered[0].value[7] = 'y';
  for (auto& record : altered) data_.writer->write_side(std::move(record));
  for (auto& record : event_log::blob_records(digest_of("good"), "good")) data_.writer->write_side(std::move(record));
  data_.settle();
  const VerifyReport report = verify(*data_.log, {});
  EXPECT_FALSE(report.whole());
  EXPECT_FALSE(report.damage) << "the chain itself is whole";
  EXPECT_EQ(report.blobs.altered, 1U);
  EXPECT_EQ(report.blobs.whole, 1U);
  EXPECT_GE(report.blobs.missing, 1U);
  ASSERT_EQ(report.altered.size(), 1U);
  EXPECT_EQ(report.altered[0], "blob " + to_text(digest_of(bytes)));
}

TEST_F(AuditTest, OutputsAreComparedWithTheirDigest) {
  Id task;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    task.bytes.fill(n);
    domain::TaskEnded ended;
    ended.task = task;
    ended.attempt = 1;
    ended.output_bytes = 5;
    ended.output_digest = digest_of("hello");
    domain::Event event;
    event.body = ended;
    data_.writer->append(std::move(event));
    if (n != 3) data_.writer->write_side(event_log::output_record(task, 1, 0, n == 1 ? "hello" : "hallo"));
  }
  data_.settle();
  const VerifyReport report = verify(*data_.log, {});
  EXPECT_EQ(report.outputs.whole, 1U);
  EXPECT_EQ(report.outputs.altered, 1U);
  EXPECT_GE(report.outputs.missing, 1U);
  EXPECT_FALSE(report.whole());
}

// ---- what happened

TEST_F(AuditTest, ExportIsEveryEventOnceAndFiltersNarrowIt) {
  const std::uint64_t last = data_.writer->last_sequence();
  const std::string copied = copy();
  const auto all = json_lines(run({"export", "--data", copied}).out);
  ASSERT_EQ(all.size(), last);
  std::map<std::string, std::size_t> types;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i]["sequence"], i + 1);
    ++types[all[i]["type"]];
  }
  EXPECT_GT(types.size(), 15U);

  const auto some = json_lines(run({"export", "--data", copied, "--from", "10", "--to", "20"}).out);
  ASSERT_EQ(some.size(), 11U);
  EXPECT_EQ(some[0], all[9]);
  const auto ended = json_lines(run({"export", "--data", copied, "--type", "TaskEnded", "--type", "TaskStarted"}).out);
  EXPECT_EQ(ended.size(), types["TaskEnded"] + types["TaskStarted"]);
  EXPECT_EQ(json_lines(run({"export", "--data", copied, "--limit", "3"}).out).size(), 3U);
  const std::string kind = run({"export", "--data", copied, "--aggregate", "agent"}).out;
  for (const Json& event : json_lines(kind)) EXPECT_EQ(event["aggregate_kind"], "agent");
  const std::string about =
      all[9]["aggregate_kind"].get<std::string>() + "/" + all[9]["aggregate_id"].get<std::string>();
  EXPECT_FALSE(run({"export", "--data", copied, "--aggregate", about}).out.empty());
  EXPECT_EQ(Json::parse(run({"export", "--data", copied, "--to", "5", "--out", "json"}).out).size(), 5U);
}

TEST_F(AuditTest, TheTableShowsTheLastEvents) {
  const std::uint64_t last = data_.writer->last_sequence();
  const Ran ran = run({"log", "--data", copy(), "--limit", "5"});
  EXPECT_EQ(ran.exit, kExitOk);
  EXPECT_EQ(std::count(ran.out.begin(), ran.out.end(), '\n'), 6);
  EXPECT_TRUE(ran.out.starts_with("SEQUENCE"));
  EXPECT_NE(ran.out.find("\n" + std::to_string(last) + " "), std::string::npos) << ran.out;
}

// ---- what was

TEST_F(AuditTest, ReplayGivesTheStateAtASequenceAndATime) {
  const TimeMs then = data_.clock.wall;
  const std::uint64_t middle = data_.writer->last_sequence();
  const std::string hash = to_text(event_log::state_hash(data_.life->state()));
  data_.clock.advance(10'000);
  data_.live(50);
  const std::string end_hash = to_text(event_log::state_hash(data_.life->state()));
  const std::string copied = copy();
  EXPECT_EQ(Json::parse(run({"replay", "--data", copied}).out)["state_hash"], end_hash);
  const Json by_sequence = Json::parse(run({"replay", "--data", copied, "--at", std::to_string(middle)}).out);
  EXPECT_EQ(by_sequence["state_hash"], hash);
  EXPECT_EQ(by_sequence["sequence"], middle);
  EXPECT_EQ(by_sequence["state"]["sequence"], middle);
  EXPECT_EQ(Json::parse(run({"replay", "--data", copied, "--at", to_iso8601(then)}).out), by_sequence);
  const Ran beyond = run({"replay", "--data", copied, "--at", "99999999"});
  EXPECT_EQ(beyond.exit, kExitNotFound);
  EXPECT_NE(beyond.err.find("the log ends at event"), std::string::npos) << beyond.err;
}

TEST_F(AuditTest, ADifferenceNamesWhatChanged) {
  const std::uint64_t before = data_.writer->last_sequence();
  domain::Event registered, declared;
  registered.body = domain::WorkspaceRegistered{"brand-new"};
  registered.meta.workspace = "brand-new";
  declared.body = domain::ServerDeclared{
      domain::Shared(domain::ServerSpec{"web-9", "infra", "local", {}, "container", "small", {}, {}})};
  declared.meta.workspace = "brand-new";
  data_.writer->append(std::move(registered));
  data_.writer->append(std::move(declared));
  const std::uint64_t declared_at = data_.writer->last_sequence();
  domain::Event created;
  created.body = domain::ServerCreated{"web-9", "id-9", "10.0.0.9", "container", "10.0.0.1"};
  created.meta.workspace = "brand-new";
  data_.writer->append(std::move(created));
  data_.settle();
  const std::uint64_t after = data_.writer->last_sequence();
  const std::string copied = copy();

  const auto text = [&](std::uint64_t from, std::uint64_t to) {
    return run({"replay", "--data", copied, "--diff", std::to_string(from), std::to_string(to)}).out;
  };
  EXPECT_NE(text(before, declared_at).find("+ workspaces/brand-new: true\n"), std::string::npos);
  EXPECT_NE(text(before, declared_at).find("+ servers/brand-new/web-9: {"), std::string::npos);
  EXPECT_NE(text(declared_at, after).find("~ servers/brand-new/web-9/status: \"declared\" -> \"created\"\n"),
            std::string::npos)
      << text(declared_at, after);
  EXPECT_NE(text(after, before).find("- servers/brand-new/web-9: {"), std::string::npos);

  const Json json = Json::parse(run({"replay", "--data", copied, "--at", std::to_string(declared_at), "--to",
                                     std::to_string(after), "--out", "json"})
                                    .out);
  EXPECT_EQ(json["from"], declared_at);
  EXPECT_EQ(json["to"], after);
  bool found = false;
  for (const Json& change : json["changes"]) {
    if (change["path"] != "servers/brand-new/web-9/address") continue;
    found = true;
    EXPECT_EQ(change["change"], "changed");
    EXPECT_EQ(change["after"], "10.0.0.9");
  }
  EXPECT_TRUE(found) << json.dump(2);
  const Ran same = run({"replay", "--data", copied, "--diff", "5", "5"});
  EXPECT_EQ(same.out, "");
  EXPECT_NE(same.err.find("nothing changed"), std::string::npos);
}

// ---- how it is asked

TEST_F(AuditTest, WrongUsageSaysWhatIsWrong) {
  const std::string data = folder_ / "data";
  const auto expect = [](const Ran& ran, int exit, const std::string& says) {
    EXPECT_EQ(ran.exit, exit);
    EXPECT_NE(ran.err.find(says), std::string::npos) << ran.err;
    EXPECT_EQ(ran.out, "");
  };
  expect(run({}), kExitUsage, "verify, export, log or replay");
  expect(run({"burn", "--data", data}), kExitUsage, "there is no audit burn");
  expect(run({"verify"}), kExitUsage, "--data DIR");
  expect(run({"verify", "--data"}), kExitUsage, "--data wants 1 value");
  expect(run({"verify", "--data", data, "--colour", "red"}), kExitUsage, "there is no flag --colour");
  expect(run({"verify", "more", "--data", data}), kExitUsage, "\"more\" was not expected");
  expect(run({"export", "--data", data, "--from", "soon"}), kExitUsage, "--from wants a number");
  expect(run({"export", "--data", data, "--since", "soon"}), kExitUsage, "2026-01-31T23:59:59Z");
  expect(run({"export", "--data", data, "--type", "TaskBegun"}), kExitUsage, "is no event type");
  expect(run({"export", "--data", data, "--workflow", "7"}), kExitUsage, "a UUID");
  expect(run({"export", "--data", data, "--out", "xml"}), kExitUsage, "json, jsonl or table");
  expect(run({"replay", "--data", data, "--at", "noon"}), kExitUsage, "neither a sequence nor a time");
  expect(run({"verify", "--data", data, "--public-key", data + "/none"}), kExitNotFound, "none");
  expect(run({"verify", "--data", folder_ / "nowhere"}), kExitNotFound, "there is no log");
  EXPECT_EQ(run({"--help"}).exit, kExitOk);
}

}  // namespace
}  // namespace prov::audit
