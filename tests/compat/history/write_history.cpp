// Writes the logs that are not there yet: `write_history FOLDER`; or takes one from a coordinator's data folder:
// `write_history FOLDER NAME DATA WHAT`. See README.md.
#include <cstdio>
#include <filesystem>

#include "common/hash.h"
#include "common/io/rocksdb/rocks_record_log.h"
#include "common/json/json.h"
#include "coordinator/event_log/log_writer.h"
#include "tests/compat/event_log/past.h"
#include "tests/support/record_log/history.h"

namespace {

using namespace prov;
using Json = nlohmann::ordered_json;

struct Writing {  // what a past process did to the life that it recorded
  test::ManualClock& clock;
  std::uint32_t epoch = 1;
  int step = 0;
};

struct Past {
  const char *name, *what;
  std::uint64_t seed;
  int steps;
  std::function<void(Writing&, domain::Event&)> write;  // each event, before it is appended
  std::function<void(Writing&)> live;                   // before each step
};

void as_it_is(Writing&, domain::Event&) {}
void nothing(Writing&) {}

void without_workspace(Writing&, domain::Event& event) {
  const bool consequence = std::holds_alternative<domain::TaskservInstalled>(event.body) ||
                           std::holds_alternative<domain::TaskservRemoved>(event.body) ||
                           std::holds_alternative<domain::ServerCreated>(event.body);
  if (consequence) event.meta.workspace.clear();
}

void clock_jumps(Writing& writing) {
  if (writing.step % 50 == 20) writing.clock.wall -= 3'600'000;
  if (writing.step % 50 == 45) writing.clock.wall += 2 * 3'600'000;
}

void hostile_facts(Writing&, domain::Event& event) {
  auto* connected = std::get_if<domain::AgentConnected>(&event.body);
  if (connected == nullptr) return;
  Facts facts = *connected->facts;
  facts.addresses = {"10.0.0.1\ninclude /tmp/evil", "@@secret:password@@", std::string(1'000, 'a')};
  facts.hostname = "\x1b[2J$(reboot)";
  connected->facts = domain::Shared(facts);
}

void plain_ends(Writing& writing, domain::Event& event) {
  auto* ended = std::get_if<domain::TaskEnded>(&event.body);
  if (ended == nullptr || writing.step % 4 == 0) return;
  ended->message.clear();
  ended->outputs.clear();
  ended->exit_code = 0;
  ended->output_bytes = ended->retry_at_ms = 0;
  ended->output_digest = digest_of("");
}

void in_its_epoch(Writing& writing, domain::Event& event) { event.meta.epoch = writing.epoch; }

// A log that lost its end twice, each time accepted: two decisions, and an epoch after each.
void cut_twice(Writing& writing) {
  if (writing.step == 80 || writing.step == 160) ++writing.epoch;
}

const std::vector<Past> kPasts{
    {"release-0.1.0", "a long life as release 0.1.0 records it", 77, 600, as_it_is, nothing},
    {"consequence-without-workspace", "what a task brought about was written without its workspace", 78, 200,
     without_workspace, nothing},
    {"clock-set-back", "the clock was set back while retries were due, and then ahead", 79, 250, as_it_is, clock_jumps},
    {"cut-twice", "the end was lost twice, and that was accepted", 80, 240, in_its_epoch, cut_twice},
    {"hostile-facts", "hosts' facts were believed, whatever was in them", 81, 200, hostile_facts, nothing},
    {"table-of-tasks", "commits of version 2: the words of tasks stand in a table", 82, 400, as_it_is, nothing},
    {"plain-ends", "commits of version 3: ends of which there is no more to say are short", 83, 400, plain_ends,
     nothing}};

Json meaning(const Past& past, RecordLog& log, const std::string& public_key) {
  const auto [read, state] = test::fold(log, {});
  if (read.damage) std::fprintf(stderr, "%s is damaged: %s\n", past.name, read.damage->what.c_str()), std::abort();
  Json out;
  out["what"] = past.what;
  out["events"] = read.events;
  out["commit_hash"] = to_text(read.end.commit_hash);
  out["public_key"] = public_key;
  out["state_hash_2"] = to_text(event_log::state_hash(state));
  return out;
}

void keep(const std::string& folder, const Past& past, RecordLog& log, const std::string& public_key) {
  const std::string path = folder + "/" + past.name;
  if (std::filesystem::exists(path + ".bin")) {
    if (test::add_state_hash(path)) std::printf("%s: what it folds to\n", path.c_str());
    return;
  }
  std::vector<std::string> commits;
  const auto read = log.read(1, [&](std::uint64_t, std::string_view bytes) {
    commits.emplace_back(bytes);
    return true;
  });
  if (!read) std::abort();
  std::ofstream(path + ".bin", std::ios::binary) << test::join_commits(commits);
  std::ofstream(path + ".json") << meaning(past, log, public_key).dump(1) << "\n";
  std::printf("%s\n", path.c_str());
}

void write(const std::string& folder, const Past& past) {
  const event_log::SigningKey key(std::array<std::uint8_t, 32>{9});
  const auto disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log(disk);
  test::ManualClock clock;
  test::ManualExecutor executor;
  event_log::LogPosition position;
  position.log_id.bytes.fill(0x68);
  event_log::LogWriter writer(log, executor, clock, position, &key, [](const Error&) { std::abort(); });
  Writing writing{clock};
  test::History life(past.seed, clock, [&](domain::Event event) {
    past.write(writing, event);
    return writer.append(std::move(event));
  });
  life.begin();
  for (; writing.step < past.steps; ++writing.step) {
    const std::uint32_t before = writing.epoch;
    past.live(writing);
    if (writing.epoch != before) {
      domain::Event accepted;
      accepted.meta.epoch = writing.epoch;
      accepted.body = domain::DamageAccepted{"the end is lost", "", writing.epoch};
      life.fold(writer.append(accepted));
    }
    life.step();
    if (writing.step % 8 != 7) continue;
    writer.flush();
    executor.run_all();
    if (writing.step % 40 != 39) continue;
    if (const auto checkpoint = writer.checkpoint_now()) life.fold(checkpoint);
  }
  writer.flush();
  executor.run_all();
  keep(folder, past, log, to_text(Key{key.public_key().bytes}));
}

// As a scenario of the simulation has left it.
int take_simulated(const std::string& folder, const char* name, const std::string& stem, const char* what) {
  test::MemoryRecordLog log(test::disk_of(stem));
  keep(folder, Past{name, what, 0, 0, as_it_is, nothing}, log, test::read_golden(stem + ".key").substr(0, 64));
  return 0;
}

int take(const std::string& folder, const char* name, const std::string& data, const char* what) {
  if (std::filesystem::exists(data + ".bin")) return take_simulated(folder, name, data, what);
  auto log = io::RocksRecordLog::open({data + "/log"});
  const std::string key = test::read_golden(data + "/keys/signing.pub");
  if (!log || key.size() < 64) {
    std::fprintf(stderr, "%s\n", log ? "there is no keys/signing.pub" : log.error().message.c_str());
    return 1;
  }
  keep(folder, Past{name, what, 0, 0, as_it_is, nothing}, **log, key.substr(0, 64));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 5) return take(argv[1], argv[2], argv[3], argv[4]);
  if (argc != 2) return 2;
  for (const Past& past : kPasts) write(argv[1], past);
  return 0;
}
