// Writes the golden files that are not there yet: `golden_event_log FOLDER`. See golden.h.
#include <cstdio>
#include <filesystem>

#include "common/json/json.h"
#include "coordinator/event_log/event_codec.h"
#include "coordinator/event_log/event_json.h"
#include "coordinator/event_log/log_writer.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/compat/event_log/past.h"
#include "tests/support/record_log/any_event.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/history.h"
#include "tests/support/record_log/memory_record_log.h"

namespace {

using namespace prov;
using Json = nlohmann::ordered_json;

void write_new(const std::string& path, const std::string& bytes) {
  if (std::filesystem::exists(path)) return;
  std::ofstream(path, std::ios::binary) << bytes;
  std::printf("%s\n", path.c_str());
}

// Whether this release writes these bytes for the event that they are, and has no more to say of it. The envelope's
// newer fields are shown by one type, the smallest.
bool is_written_so(const std::string& stem) {
  const std::string bytes = test::read_golden(stem + ".bin");
  const auto event = event_log::decode_event(bytes);
  if (!event || event_log::encode_event(*event) != bytes) return false;
  if (event_log::event_to_json(*event) != Json::parse(test::read_golden(stem + ".json"))) return false;
  return !std::holds_alternative<domain::WorkspaceRegistered>(event->body) || event->meta.command_digest != 0;
}

void write_events(const std::string& folder) {
  for (std::size_t type = 1; type < domain::kEventTypes; ++type) {
    const domain::Event event = test::AnyEvent(1000 + type, true).of_type(type);
    const std::string name = domain::name_of(event.body);
    const auto stems = test::golden_stems(folder, name);
    if (!stems.empty() && is_written_so(stems.back())) continue;
    const std::string suffix = stems.empty() ? "" : "-" + std::to_string(stems.size() + 1);
    write_new(folder + "/" + name + suffix + ".bin", event_log::encode_event(event));
    write_new(folder + "/" + name + suffix + ".json", event_log::event_to_json(event).dump(1) + "\n");
  }
}

void write_log(const std::string& folder) {
  const event_log::SigningKey key(std::array<std::uint8_t, 32>{7});
  const auto disk = std::make_shared<test::MemoryDisk>();
  test::MemoryRecordLog log(disk);
  test::ManualClock clock;
  test::ManualExecutor executor;
  event_log::LogPosition position;
  position.log_id.bytes.fill(0x6c);
  event_log::LogWriter writer(log, executor, clock, position, &key, [](const Error&) { std::abort(); });
  test::History life(20, clock, [&](domain::Event event) { return writer.append(std::move(event)); });
  life.begin();
  std::uint64_t checkpoints = 0;
  for (int i = 0; i < 240; ++i) {
    life.step();
    if (i % 8 != 7) continue;
    writer.flush();
    executor.run_all();
    if (i % 40 != 39) continue;
    if (const auto checkpoint = writer.checkpoint_now()) {
      life.fold(checkpoint);
      ++checkpoints;
    }
  }
  writer.flush();
  executor.run_all();
  std::vector<std::string> commits;
  for (const auto& [number, bytes] : disk->commits) commits.push_back(bytes);
  Json meaning;
  meaning["sequence"] = writer.durable().sequence;
  meaning["commit_hash"] = to_text(writer.durable().commit_hash);
  meaning["checkpoints"] = checkpoints;
  meaning["public_key"] = to_text(Key{key.public_key().bytes});
  meaning["state_hash_2"] = to_text(event_log::state_hash(life.state()));
  write_new(folder + "/log-1.bin", test::join_commits(commits));
  write_new(folder + "/log-1.json", meaning.dump(1) + "\n");
  test::add_state_hash(folder + "/log-1");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  write_events(argv[1]);
  write_log(argv[1]);
  return 0;
}
