// Which versions go together: large catalogues, easy ones and ones in which many a first choice has to be taken back.
#include <benchmark/benchmark.h>

#include <random>

#include "coordinator/resolution/solver.h"

namespace prov::bench {
namespace {

using namespace resolution;

constexpr int kVersions = 10;
constexpr int kRelations = 5;  // of each release

std::string name_of(int package) { return "package-" + std::to_string(package); }

// Each release requires packages behind its own in a window of versions around its own; `tight` makes the newest of
// every seventh package ask for what no other goes with.
Catalogue catalogue_of(int packages, bool tight) {
  std::mt19937_64 random(42);
  Catalogue catalogue;
  for (int p = 0; p < packages; ++p) {
    auto& releases = catalogue[name_of(p)];
    for (std::uint32_t v = 0; v < kVersions; ++v) {
      Release release;
      release.version = {1, v, 0, {}, {}};
      for (int r = 0; r < kRelations && p + 1 < packages; ++r) {
        const int target = p + 1 + static_cast<int>(random() % static_cast<std::uint64_t>(packages - p - 1));
        const std::uint32_t low = tight && p % 7 == 0 && v + 1 == kVersions ? kVersions : v / 2;
        const Version from{1, low, 0, {}, {}};
        release.requires_.push_back({name_of(target), Range::from(from), ">=" + to_text(from), ""});
      }
      releases.push_back(std::move(release));
    }
  }
  return catalogue;
}

void solve_all(benchmark::State& run, bool tight) {
  const int packages = static_cast<int>(run.range(0));
  const Catalogue catalogue = catalogue_of(packages, tight);
  Request request;
  for (int p = 0; p < packages; ++p) request.wanted.push_back({{name_of(p), Range::all(), "", ""}, ""});
  for (auto _ : run) {
    auto outcome = solve(catalogue, request);
    if (!outcome || outcome->index() != 0 || std::get<Solution>(*outcome).size() != request.wanted.size()) {
      run.SkipWithError("it was not solved");
      return;
    }
  }
  run.counters["packages"] = packages;
}

BENCHMARK_CAPTURE(solve_all, easy, false)->Arg(200)->Arg(2000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(solve_all, taken_back, true)->Arg(200)->Arg(2000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace prov::bench
