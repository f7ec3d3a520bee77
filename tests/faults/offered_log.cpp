#include "tests/faults/offered_log.h"

#include <cstdlib>
#include <random>

#include "coordinator/event_log/log_writer.h"
#include "tests/support/record_log/fakes.h"
#include "tests/support/record_log/history.h"
#include "tests/support/record_log/memory_record_log.h"

namespace prov::test {

std::vector<LogBatch> offered_log(std::uint64_t seed, std::size_t commits, std::size_t side_bytes) {
  const auto disk = std::make_shared<MemoryDisk>();
  MemoryRecordLog log(disk);
  ManualClock clock;
  ManualExecutor executor;
  event_log::LogPosition position;
  position.log_id.bytes.fill(0x6c);
  event_log::LogWriter writer(log, executor, clock, position, nullptr, [](const Error&) { std::abort(); });
  History life(seed, clock, [&](domain::Event event) { return writer.append(std::move(event)); });
  life.begin();
  while (disk->commits.size() < commits) {
    life.step();
    writer.flush();
    executor.run_all();
  }
  std::mt19937_64 random(seed);
  std::vector<LogBatch> out;
  for (const auto& [number, bytes] : disk->commits) {
    if (out.size() == commits) break;
    std::string side(side_bytes, '\0');
    for (char& c : side) c = static_cast<char>(random());
    out.push_back({number, bytes, {{"side/" + std::to_string(number), std::move(side), false}}});
  }
  return out;
}

}  // namespace prov::test
