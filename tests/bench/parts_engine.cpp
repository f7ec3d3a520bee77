// The workflow engine: a batch of scripts with three dependencies each, accepted, and scheduled to its end. What one
// operation costs must not depend on how many there are.
#include <benchmark/benchmark.h>

#include "tests/bench/noop_world.h"

namespace prov::bench {
namespace {

constexpr int kEngineHosts = 100;

void count_operations(benchmark::State& run) {
  run.SetItemsProcessed(run.iterations() * run.range(0));
  run.counters["per_operation"] = benchmark::Counter(static_cast<double>(run.iterations() * run.range(0)),
                                                     benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void decide_batch(benchmark::State& run) {
  const NoopWorld world(kEngineHosts);
  const domain::Command command{{}, "bench", graph_of(kEngineHosts, static_cast<std::uint32_t>(run.range(0)))};
  for (auto _ : run) benchmark::DoNotOptimize(domain::decide(world.state(), command, {1, [] { return Id{}; }}));
  count_operations(run);
}
BENCHMARK(decide_batch)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// Decided, folded, and the first of it on its way.
void accept_batch(benchmark::State& run) {
  const domain::SubmitBatch batch = graph_of(kEngineHosts, static_cast<std::uint32_t>(run.range(0)));
  for (auto _ : run) {
    run.PauseTiming();
    auto world = std::make_unique<NoopWorld>(kEngineHosts);
    run.ResumeTiming();
    world->submit(batch);
    run.PauseTiming();
    world.reset();
    run.ResumeTiming();
  }
  count_operations(run);
}
BENCHMARK(accept_batch)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

// From then on to its end: dispatched, started, ended, and what follows from that.
void schedule_batch(benchmark::State& run) {
  const domain::SubmitBatch batch = graph_of(kEngineHosts, static_cast<std::uint32_t>(run.range(0)));
  for (auto _ : run) {
    run.PauseTiming();
    auto world = std::make_unique<NoopWorld>(kEngineHosts);
    world->submit(batch);
    run.ResumeTiming();
    while (world->report_next()) continue;
    run.PauseTiming();
    if (world->unfinished()) run.SkipWithError("it has not ended");
    world.reset();
    run.ResumeTiming();
  }
  count_operations(run);
}
BENCHMARK(schedule_batch)->Arg(1'000)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prov::bench
