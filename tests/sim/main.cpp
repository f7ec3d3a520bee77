// sim: the platform simulated, seed by seed. See kUsage; tests/sim/run keeps the account of what was run.
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "tests/sim/totals.h"

namespace {

using namespace prov::sim;

constexpr const char* kUsage =
    "usage: sim --seed S --count N [--agents A] [--tasks K] [--ticks T] [--faults PROFILE] [--fault-s SECONDS]\n"
    "           [--plant NAME|all|in_code] [--verbose]\n"
    "Runs N seeds (default 1) from S (default 1) on, each twice, and stops at the first that breaks an invariant.\n"
    "  --agents    hosts at the beginning (3)           --tasks    that are asked for (85)\n"
    "  --ticks     events, after which faults end and nothing more is asked for: it comes to its end then\n"
    "  --fault-s   virtual seconds that faults last at most\n"
    "  --faults    none, all (default), or some of network,crash,disk,clock,steps\n"
    "  --plant     a planted bug that is to be noticed: one of tests/sim/plant.h, all of them, or in_code\n"
    "exit codes: 0 all seeds hold, or the planted bug was noticed; 1 an invariant is broken, or the bug was missed;\n"
    "            2 the command line; 3 the seeds hold, but are too tame (medians below those of a normal seed)\n";

struct Arguments {
  std::uint64_t seed = 1, count = 1;
  Options options;
  bool all_plants = false;
};

int usage(const std::string& what) {
  std::fprintf(stderr, "sim: %s\n%s", what.c_str(), kUsage);
  return 2;
}

template <class T>
bool number(const char* text, T& out, T least = 0) {
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end && out >= least;
}

bool take(Arguments& to, const std::string& name, const char* value) {
  Options& options = to.options;
  if (name == "--seed") return number(value, to.seed);
  if (name == "--count") return number<std::uint64_t>(value, to.count, 1);
  if (name == "--agents") return number(value, options.agents, 1U);
  if (name == "--tasks") return number(value, options.tasks);
  if (name == "--ticks") return number<std::uint64_t>(value, options.ticks, 1);
  if (name == "--fault-s") return number(value, options.fault_s);
  if (name == "--faults") {
    const auto profile = profile_named(value);
    options.faults = profile.value_or(Profile{});
    return profile.has_value();
  }
  if (name != "--plant") return false;
  to.all_plants = std::strcmp(value, "all") == 0;
  if (to.all_plants) return true;
  const auto plant = plant_named(value);
  options.plant = plant.value_or(Plant::none);
  return plant.has_value();
}

int print_failure(std::uint64_t seed, const Options& options, const RunResult& result) {
  constexpr int kTries = 60;
  if (!options.verbose) {
    Options again = options;
    again.keeps_last = true;
    for (const std::string& line : run_once(seed, again).last) std::printf("  %s\n", line.c_str());
  }
  std::printf("seed %llu: %s\nrepeat it with: %s\n", static_cast<unsigned long long>(seed), result.violation.c_str(),
              command_of(seed, options).c_str());
  if (options.verbose || result.invariant() == result.violation) return 1;  // no invariant: two runs that differ
  const Options smaller = shrink(seed, options, result.invariant(), kTries);
  const RunResult shrunk = run_once(seed, smaller);
  std::printf("shrunk from %llu to %llu ticks, %llu faults: %s\nsim: seed %llu fails: %s\n",
              static_cast<unsigned long long>(result.ticks), static_cast<unsigned long long>(shrunk.ticks),
              static_cast<unsigned long long>(shrunk.faults.total()), shrunk.violation.c_str(),
              static_cast<unsigned long long>(seed), command_of(seed, smaller).c_str());
  return 1;
}

bool is_normal(const Arguments& arguments) {
  constexpr std::uint64_t kEnough = 20;  // seeds: a median of fewer says little
  const Options& options = arguments.options;
  const Options usual;
  return arguments.count >= kEnough && options.agents >= usual.agents && options.tasks >= usual.tasks &&
         options.fault_s >= usual.fault_s && options.faults.kinds == usual.faults.kinds && options.ticks == usual.ticks;
}

// A planted bug is noticed by the invariant that it is meant for; one in the code by any.
bool is_noticed(Plant plant, const RunResult& result) {
  for (const PlantName& each : kPlants) {
    if (each.plant == plant) return result.invariant() == each.invariant;
  }
  return plant == Plant::in_code;
}

int run(const Arguments& arguments) {
  const bool planted = arguments.options.plant != Plant::none;
  Totals totals;
  for (std::uint64_t seed = arguments.seed; seed < arguments.seed + arguments.count; ++seed) {
    const std::clock_t begun = std::clock();
    const RunResult result = run_twice(seed, arguments.options);
    const double took_s = static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC;
    if (!result.violation.empty()) {
      if (planted && !is_noticed(arguments.options.plant, result)) continue;
      const int failed = print_failure(seed, arguments.options, result);
      return planted ? 0 : failed;
    }
    totals.add(result, took_s);
  }
  totals.print(arguments.seed);
  const std::string tame = is_normal(arguments) ? totals.too_tame() : "";
  if (!tame.empty()) std::printf("sim: too tame: %s\n", tame.c_str());
  return planted ? 1 : tame.empty() ? 0 : 3;
}

// How many seeds until a planted bug was noticed, and until it broke the invariant that it is meant for; 0: never.
struct Caught {
  std::uint64_t at_all = 0, as_meant = 0;
  std::string first;  // the invariant that was broken first
};

Caught look_for(const PlantName& plant, const Arguments& arguments) {
  Options options = arguments.options;
  options.plant = plant.plant;
  Caught out;
  for (std::uint64_t seeds = 1; seeds <= arguments.count && out.as_meant == 0; ++seeds) {
    const std::string broken = run_once(arguments.seed + seeds - 1, options).invariant();
    if (broken.empty()) continue;
    if (out.at_all == 0) {
      out.at_all = seeds;
      out.first = broken;
    }
    if (broken == plant.invariant) out.as_meant = seeds;
  }
  return out;
}

// The simulation is tested itself: each planted bug has to be noticed. A table that can be put into a document.
int catch_all(const Arguments& arguments) {
  std::size_t caught = 0;
  std::printf("| planted bug | what it does | caught within seeds | by | its own invariant, within seeds |\n");
  std::printf("|---|---|---|---|---|\n");
  for (const PlantName& each : kPlants) {
    const Caught found = look_for(each, arguments);
    caught += found.as_meant != 0 ? 1 : 0;
    std::printf("| `%s` | %s | %s | %s | %s, %s |\n", std::string(each.name).c_str(), std::string(each.what).c_str(),
                found.at_all != 0 ? std::to_string(found.at_all).c_str() : "not caught", found.first.c_str(),
                std::string(each.invariant).c_str(),
                found.as_meant != 0 ? std::to_string(found.as_meant).c_str() : "not broken");
    std::fflush(stdout);
  }
  std::printf("sim: %zu of %zu planted bugs broke the invariant they are meant for within %llu seeds each\n", caught,
              kPlants.size(), static_cast<unsigned long long>(arguments.count));
  return caught == kPlants.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--help") return std::printf("%s", kUsage) < 0;
    if (name == "--verbose") {
      arguments.options.verbose = true;
      continue;
    }
    if (i + 1 == argc) return usage(name + " is not known, or wants a value");
    if (!take(arguments, name, argv[i + 1])) return usage(name + " " + argv[i + 1] + " is not understood");
    ++i;
  }
  return arguments.all_plants ? catch_all(arguments) : run(arguments);
}
