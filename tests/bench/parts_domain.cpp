// decide, evolve, and the events' codec.
#include <benchmark/benchmark.h>

#include "coordinator/event_log/event_codec.h"
#include "tests/bench/noop_world.h"

namespace prov::bench {
namespace {

constexpr int kHosts = 100;
constexpr std::uint32_t kTasks = 10'000;

void decide_task_ended(benchmark::State& run) {
  NoopWorld world(kHosts);
  world.submit(kTasks);
  const domain::Command command = world.next_end();
  for (auto _ : run) benchmark::DoNotOptimize(domain::decide(world.state(), command, {1, {}}));
}
BENCHMARK(decide_task_ended);

// A task's whole life in the domain: decided, folded, reacted to, and what follows from it.
void domain_per_task(benchmark::State& run) {
  for (auto _ : run) {
    run.PauseTiming();
    auto world = std::make_unique<NoopWorld>(kHosts);
    run.ResumeTiming();
    world->submit(kTasks);
    while (world->report_next()) continue;
    run.PauseTiming();
    world.reset();
    run.ResumeTiming();
  }
  run.SetItemsProcessed(run.iterations() * kTasks);
}
BENCHMARK(domain_per_task)->Unit(benchmark::kMillisecond);

// As a replay folds: nothing is scheduled.
void evolve_per_event(benchmark::State& run) {
  const auto events = noop_events(kHosts, kTasks);
  for (auto _ : run) {
    domain::State state;
    for (const auto& event : events) domain::evolve(state, event);
    benchmark::DoNotOptimize(state.sequence);
  }
  run.SetItemsProcessed(run.iterations() * static_cast<std::int64_t>(events.size()));
}
BENCHMARK(evolve_per_event)->Unit(benchmark::kMillisecond);

std::vector<domain::Event> task_events() {  // dispatched, started, ended in turn
  std::vector<domain::Event> out;
  for (auto& event : noop_events(1, 300)) {
    if (event.meta.aggregate_kind == domain::AggregateKind::task) out.push_back(std::move(event));
  }
  return out;
}

void encode_event(benchmark::State& run) {
  const auto events = task_events();
  event_log::EventEncoder encoder;
  std::string out;
  std::size_t bytes = 0;
  for (auto _ : run) {
    out.clear();
    for (const auto& event : events) encoder.append_to(out, event);
    bytes = out.size();
  }
  run.SetItemsProcessed(run.iterations() * static_cast<std::int64_t>(events.size()));
  run.counters["bytes_per_event"] = static_cast<double>(bytes) / static_cast<double>(events.size());
}
BENCHMARK(encode_event);

void decode_event(benchmark::State& run) {
  std::vector<std::string> encoded;
  for (const auto& event : task_events()) encoded.push_back(event_log::encode_event(event));
  for (auto _ : run) {
    for (const auto& bytes : encoded) benchmark::DoNotOptimize(event_log::decode_event(bytes));
  }
  run.SetItemsProcessed(run.iterations() * static_cast<std::int64_t>(encoded.size()));
}
BENCHMARK(decode_event);

}  // namespace
}  // namespace prov::bench
