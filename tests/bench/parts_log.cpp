// The log on a real disk, beside the least that could do the same: a plain file that is appended to and synced in the
// same groups, and read from end to end.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <future>

#include "common/hash.h"
#include "common/io/rocksdb/rocks_record_log.h"
#include "coordinator/event_log/commit.h"
#include "coordinator/event_log/replay.h"
#include "tests/bench/noop_world.h"
#include "tests/bench/scratch.h"

namespace prov::bench {
namespace {

constexpr std::size_t kReplayCommitEvents = 512;
constexpr std::uint32_t kReplayTasks = 50'000;

const std::vector<domain::Event>& logged_task_events() {
  static const auto events = [] {
    std::vector<domain::Event> out;
    for (auto& event : noop_events(100, 2000)) {
      if (event.meta.aggregate_kind == domain::AggregateKind::task) out.push_back(std::move(event));
    }
    return out;
  }();
  return events;
}

std::unique_ptr<io::RocksRecordLog> open_log(const std::string& folder) {
  auto log = io::RocksRecordLog::open({folder});
  PROV_ASSERT(log.has_value());
  return std::move(*log);
}

void append(RecordLog& log, std::shared_ptr<const LogBatch> batch) {
  std::promise<Result<void>> done;
  log.append(std::move(batch), [&done](Result<void> result) { done.set_value(std::move(result)); });
  PROV_ASSERT(done.get_future().get().has_value());
}

// Encodes events into commits that follow each other.
class Chain {
 public:
  std::shared_ptr<LogBatch> commit(const domain::Event* events, std::size_t count) {
    event_log::CommitBuilder builder;
    for (std::size_t i = 0; i < count; ++i) builder.add(encoder_, events[i]);
    auto batch = std::make_shared<LogBatch>();
    batch->number = ++number_;
    const Digest previous = hash_;
    batch->commit = builder.finish(number_, previous, hash_);
    return batch;
  }

 private:
  event_log::EventEncoder encoder_;
  std::uint64_t number_ = 0;
  Digest hash_;
};

void per_event(benchmark::State& run, std::size_t events) {
  run.SetItemsProcessed(run.iterations() * static_cast<std::int64_t>(events));
}

// Encoded, hashed, written, synced: so many events in one commit.
void append_durable(benchmark::State& run) {
  const auto count = static_cast<std::size_t>(run.range(0));
  Scratch scratch;
  auto log = open_log(scratch.path() + "/log");
  Chain chain;
  for (auto _ : run) append(*log, chain.commit(logged_task_events().data(), count));
  per_event(run, count);
}
BENCHMARK(append_durable)->Arg(1)->Arg(64)->Arg(512)->Arg(4096)->UseRealTime()->MeasureProcessCPUTime();

void append_durable_limit(benchmark::State& run) {
  const auto count = static_cast<std::size_t>(run.range(0));
  Scratch scratch;
  const std::string commit = Chain().commit(logged_task_events().data(), count)->commit;
  const int fd = open((scratch.path() + "/plain").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  for (auto _ : run) {
    PROV_ASSERT(write(fd, commit.data(), commit.size()) == static_cast<ssize_t>(commit.size()) && fdatasync(fd) == 0);
  }
  close(fd);
  per_event(run, count);
}
BENCHMARK(append_durable_limit)->Arg(1)->Arg(64)->Arg(512)->Arg(4096)->UseRealTime()->MeasureProcessCPUTime();

struct Recorded {  // one log for all the replays
  Scratch scratch;
  std::unique_ptr<io::RocksRecordLog> log;
  std::size_t events = 0;
  std::vector<std::size_t> sizes;  // of the commits

  Recorded() : log(open_log(scratch.path() + "/log")) {
    const auto all = noop_events(100, kReplayTasks);
    std::ofstream plain(scratch.path() + "/plain", std::ios::binary);
    Chain chain;
    for (std::size_t at = 0; at < all.size(); at += kReplayCommitEvents) {
      const auto batch = chain.commit(&all[at], std::min(kReplayCommitEvents, all.size() - at));
      plain << batch->commit;
      sizes.push_back(batch->commit.size());
      append(*log, batch);
    }
    events = all.size();
  }
};

Recorded& recorded() {
  static Recorded one;
  return one;
}

void replay_verified(benchmark::State& run) {  // read, verified, decoded
  const Recorded& log = recorded();
  for (auto _ : run) {
    const auto read = event_log::replay(
        *log.log, {}, {}, [](const domain::Event&) { return true; }, event_log::Reading::ahead);
    PROV_ASSERT(read.events == log.events && !read.damage);
  }
  per_event(run, recorded().events);
}
BENCHMARK(replay_verified)->Unit(benchmark::kMillisecond)->UseRealTime();

void replay_folded(benchmark::State& run) {  // and folded: what a start does without a snapshot
  for (auto _ : run) {
    const auto opened = event_log::open_log(*recorded().log, event_log::Reading::ahead);
    PROV_ASSERT(opened.replayed_events == recorded().events && !opened.damage);
  }
  per_event(run, recorded().events);
}
BENCHMARK(replay_folded)->Unit(benchmark::kMillisecond)->UseRealTime();

// The same commits from a plain file, one after the other, each hashed once; nothing is decoded.
void replay_limit(benchmark::State& run) {
  const std::vector<std::size_t>& sizes = recorded().sizes;  // made before anything is timed
  std::string bytes(*std::max_element(sizes.begin(), sizes.end()), '\0');
  for (auto _ : run) {
    const int fd = open((recorded().scratch.path() + "/plain").c_str(), O_RDONLY);
    for (const std::size_t size : sizes) {
      PROV_ASSERT(read(fd, bytes.data(), size) == static_cast<ssize_t>(size));
      benchmark::DoNotOptimize(digest_of({bytes.data(), size}));
    }
    close(fd);
  }
  per_event(run, recorded().events);
}
BENCHMARK(replay_limit)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace prov::bench
