#pragma once
// Logs of the past as files (golden.h has their format), and what they fold to. The state has grown since some of them
// were written; what it was then must never change, and neither must what it is now:
//   state_hash     of the state as release 0.1.0 knew it
//   state_hash_2   of the state with operations, their tasks' order of ending, and durations
#include <fstream>
#include <memory>
#include <string>

#include "common/json/json.h"
#include "coordinator/domain/evolve.h"
#include "coordinator/event_log/replay.h"
#include "coordinator/event_log/state_codec.h"
#include "tests/compat/event_log/golden.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::test {

inline std::shared_ptr<MemoryDisk> disk_of(const std::string& stem) {
  auto disk = std::make_shared<MemoryDisk>();
  for (const std::string& commit : split_commits(read_golden(stem + ".bin"))) {
    disk->commits[disk->commits.size() + 1] = commit;
  }
  return disk;
}

struct Folded {
  event_log::Replayed read;
  domain::State state;
};

inline Folded fold(RecordLog& log, const event_log::PublicKeys& keys) {
  Folded out;
  out.read = event_log::replay(log, {}, keys, [&](const domain::Event& event) {
    domain::evolve(out.state, event);
    return true;
  });
  return out;
}

// Without what the events of release 0.1.0 made nothing of in its days. Whatever else they make now changes the past.
inline domain::State as_release_0_1(domain::State state) {
  state.durations.clear();
  for (auto& [id, workflow] : state.workflows) {
    workflow.operations.clear();
    for (domain::Task& task : workflow.tasks) task.ended_sequence = 0;
  }
  return state;
}

// Adds the hash of the whole state to what is known of a log from before it was kept.
inline bool add_state_hash(const std::string& stem) {
  auto meaning = nlohmann::ordered_json::parse(read_golden(stem + ".json"));
  if (meaning.contains("state_hash_2")) return false;
  MemoryRecordLog log(disk_of(stem));
  meaning["state_hash_2"] = to_text(event_log::state_hash(fold(log, {}).state));
  std::ofstream(stem + ".json") << meaning.dump(1) << "\n";
  return true;
}

}  // namespace prov::test
