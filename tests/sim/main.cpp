// sim --seed S --count N [--agents A] [--tasks K] [--steps T] [--faults none|network|crash|all] [--plant NAME|all]
//     [--verbose]
//
// Runs N seeds from S on, each twice. Ends with 1 at the first one that breaks an invariant, and prints the command
// that repeats it. With --plant NAME (or all) the meaning is turned around: it ends with 0 when the bug is noticed.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <vector>

#include "tests/sim/run.h"

namespace {

using namespace prov::sim;

struct Arguments {
  std::uint64_t seed = 1, count = 1;
  Options options;
  bool all_plants = false;
  std::string words;  // those that --seed and --count are not, for the command that repeats
};

int usage(const char* what) {
  std::fprintf(stderr,
               "sim: %s\nusage: sim --seed S --count N [--agents A] [--tasks K] [--steps T]"
               " [--faults none|network|crash|all] [--plant NAME|all] [--verbose]\n",
               what);
  return 2;
}

template <class T>
bool number(const char* text, T& out) {
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, out);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

bool take(Arguments& to, const std::string& name, const char* value) {
  if (name == "--seed") return number(value, to.seed);
  if (name == "--count") return number(value, to.count) && to.count > 0;
  to.words += " " + name + " " + value;
  if (name == "--agents") return number(value, to.options.agents) && to.options.agents > 0;
  if (name == "--tasks") return number(value, to.options.tasks);
  if (name == "--steps") return number(value, to.options.steps);
  if (name == "--faults") {
    const auto faults = faults_named(value);
    to.options.faults = faults.value_or(Faults::all);
    return faults.has_value();
  }
  if (name != "--plant") return false;
  to.all_plants = std::strcmp(value, "all") == 0;
  if (to.all_plants) return true;
  const auto plant = plant_named(value);
  to.options.plant = plant.value_or(Plant::none);
  return plant.has_value();
}

struct Totals {
  std::uint64_t steps = 0, events = 0, frames = 0, lost = 0, repeated = 0, late = 0, virtual_ms = 0, effects = 0,
                tasks = 0, commands = 0, repeated_commands = 0;
  std::map<std::string, std::uint64_t> outcomes;
  FaultCounts faults;
  std::vector<double> seconds;

  void add(const RunResult& one, double took_s) {
    steps += one.steps;
    events += one.events;
    frames += one.frames;
    lost += one.lost;
    repeated += one.repeated;
    late += one.late;
    virtual_ms += one.virtual_ms;
    effects += one.effects;
    tasks += one.tasks;
    commands += one.commands;
    repeated_commands += one.repeated_commands;
    for (const auto& [name, count] : one.outcomes) outcomes[name] += count;
    faults.add(one.faults);
    seconds.push_back(took_s);
  }

  void print() {
    std::sort(seconds.begin(), seconds.end());
    double all_s = 0;
    for (const double each : seconds) all_s += each;
    const auto n = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf("tasks by outcome:");
    for (const auto& [name, count] : outcomes) std::printf(" %s %llu,", name.c_str(), n(count));
    std::printf(
        "\nfaults: coordinator crashes %llu (torn commits %llu), agent crashes %llu, host crashes %llu,"
        " partitions %llu, frames lost %llu, repeated %llu, late %llu, slow disk %llu, full disk %llu,"
        " clock jumps %llu; snapshots %llu; commands %llu, repeated %llu\n",
        n(faults.coordinator_crashes), n(faults.torn_commits), n(faults.agent_crashes), n(faults.host_crashes),
        n(faults.partitions), n(lost), n(repeated), n(late), n(faults.slow_disks), n(faults.full_disks),
        n(faults.clock_jumps), n(faults.snapshots), n(commands), n(repeated_commands));
    std::printf(
        "sim: %zu seeds held, each twice: %llu ticks, %llu events, %llu tasks, %llu steps started, %llu"
        " crashes, %llu h of virtual time; median %.0f ms per seed, %.0f seeds/min\n",
        seconds.size(), n(steps), n(events), n(tasks), n(effects),
        n(faults.coordinator_crashes + faults.agent_crashes + faults.host_crashes), n(virtual_ms / 3'600'000),
        seconds[seconds.size() / 2] * 1000, 60.0 * static_cast<double>(seconds.size()) / all_s);
  }
};

void print_failure(std::uint64_t seed, const Arguments& arguments, const RunResult& outcome) {
  if (!arguments.options.verbose) {
    for (const std::string& line : outcome.last) std::printf("  %s\n", line.c_str());
  }
  std::printf("seed %llu: %s\nrepeat it with: sim --seed %llu --count 1%s --verbose\n",
              static_cast<unsigned long long>(seed), outcome.violation.c_str(), static_cast<unsigned long long>(seed),
              arguments.words.c_str());
}

int run(const Arguments& arguments) {
  const bool planted = arguments.options.plant != Plant::none;
  Totals totals;
  for (std::uint64_t seed = arguments.seed; seed < arguments.seed + arguments.count; ++seed) {
    const auto begun = std::chrono::steady_clock::now();
    const RunResult result = run_twice(seed, arguments.options);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    if (!result.violation.empty()) {
      print_failure(seed, arguments, result);
      return planted ? 0 : 1;
    }
    totals.add(result, took.count());
  }
  totals.print();
  return planted ? 1 : 0;
}

// The simulation is tested itself: each planted bug has to be noticed.
int catch_all(const Arguments& arguments) {
  std::size_t caught = 0;
  for (const PlantName& each : kPlants) {
    Options options = arguments.options;
    options.plant = each.plant;
    RunResult result;
    std::uint64_t seed = arguments.seed;
    while (seed < arguments.seed + arguments.count && (result = run_once(seed, options)).violation.empty()) ++seed;
    const std::string name(each.name);
    if (result.violation.empty()) {
      std::printf("%-16s NOT CAUGHT within %llu seeds\n", name.c_str(),
                  static_cast<unsigned long long>(arguments.count));
      continue;
    }
    ++caught;
    std::printf("%-16s caught at seed %llu: %s\n", name.c_str(), static_cast<unsigned long long>(seed),
                result.violation.c_str());
  }
  std::printf("sim: %zu of %zu planted bugs were caught within %llu seeds each\n", caught, kPlants.size(),
              static_cast<unsigned long long>(arguments.count));
  return caught == kPlants.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--verbose") {
      arguments.options.verbose = true;
      continue;
    }
    if (i + 1 == argc || !take(arguments, name, argv[i + 1])) return usage((name + " is not understood").c_str());
    ++i;
  }
  return arguments.all_plants ? catch_all(arguments) : run(arguments);
}
