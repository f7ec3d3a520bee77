#include "tests/sim/run.h"

#include <algorithm>

#include "tests/sim/workload.h"

namespace prov::sim {
namespace {

constexpr TimeMs kQuietMs = 150'000;              // for late verdicts, after everything has ended
constexpr std::uint64_t kMostTicks = 10'000'000;  // of a seed: it turns in a circle

// How long after the last fault everything had ended.
TimeMs live(World& world, Workload& workload, Chaos& chaos, const Options& options) {
  TimeMs healed_ms = 0, settled_ms = 0;
  while (!world.kernel.violated()) {
    const TimeMs now = world.kernel.now_ms();
    if (world.kernel.schedule.steps() >= options.ticks) {
      chaos.stop();
      workload.stop();
    }
    if (chaos.over() && healed_ms == 0) healed_ms = now;
    const bool settled = healed_ms != 0 && workload.over() && world.settled();
    settled_ms = !settled ? 0 : settled_ms == 0 ? now : settled_ms;
    if (settled && now > settled_ms + kQuietMs) break;
    if (!settled && healed_ms != 0 && now > healed_ms + kEndsWithinMs) {
      world.check_end();
      world.kernel.violate(
          "I8", "it has not ended " + std::to_string(kEndsWithinMs / 60'000) + " minutes after the last fault");
    }
    if (world.kernel.schedule.steps() > kMostTicks) world.kernel.violate("I8", "it takes too many ticks");
    world.step();
  }
  if (!world.kernel.violated()) world.check_end();
  return settled_ms > healed_ms ? settled_ms - healed_ms : 0;
}

RunResult summary(const World& world) {
  RunResult out;
  out.violation = world.kernel.violation;
  out.last = world.kernel.trace.last();
  out.trace_hash = world.kernel.trace.hash();
  out.log_hash = world.auditor.position().commit_hash;
  out.ticks = world.kernel.schedule.steps();
  out.virtual_ms = world.kernel.now_ms();
  out.agents = world.auditor.state().agents.size();
  out.events = world.auditor.position().sequence;
  out.frames = world.network.counts;
  out.most = world.inspector.most();
  for (const auto& [key, effect] : world.ledger.effects()) {
    out.steps += effect.starts;
    out.started_again += effect.starts - 1;
  }
  out.commands = world.who.counts;
  out.snapshots = world.snapshots;
  out.faults = world.kernel.faults;
  for (const auto& [id, workflow] : world.auditor.state().workflows) {
    out.tasks += workflow.tasks.size();
    for (const domain::Task& task : workflow.tasks) ++out.outcomes[name_of(task.outcome)];
  }
  return out;
}

}  // namespace

RunResult run_once(std::uint64_t seed, const Options& options) {
  World world(seed, options.plant);
  if (options.repeats) world.only_watch();
  world.kernel.trace.print_all(options.verbose);
  if (options.keeps_last) world.kernel.trace.keep_last();
  Workload workload(world.kernel, world.who, world.auditor, options.agents, options.tasks,
                    options.faults.has(Kind::steps));
  workload.on_token = [&world](const std::string& hostname, const wire::JoinToken& token) {
    world.give_token(hostname, token);
  };
  world.on_refused = [&workload](const std::string& hostname) { workload.enrol(hostname); };
  Chaos chaos(world, options.faults, seed, options.fault_s);
  world.coordinator.start();
  workload.begin();
  chaos.begin();
  const TimeMs ended_ms = live(world, workload, chaos, options);
  RunResult out = summary(world);
  out.ended_ms = ended_ms;
  return out;
}

RunResult run_twice(std::uint64_t seed, const Options& options) {
  RunResult first = run_once(seed, options);
  if (!first.violation.empty()) return first;
  Options again = options;
  again.repeats = true;
  again.verbose = false;
  const RunResult second = run_once(seed, again);
  if (first.trace_hash != second.trace_hash || first.log_hash != second.log_hash) {
    first.violation = "the same seed has given two different runs";
  }
  return first;
}

Options shrink(std::uint64_t seed, const Options& options, const std::string& invariant, int tries) {
  Options best = options;
  const auto fails = [&](const Options& smaller) {
    if (tries-- <= 0 || run_once(seed, smaller).invariant() != invariant) return false;
    best = smaller;
    return true;
  };
  for (bool better = true; better && tries > 0;) {
    better = false;
    for (std::size_t i = 0; i < kKindNames.size(); ++i) {
      const auto kind = static_cast<Kind>(i);
      Options smaller = best;
      smaller.faults = best.faults.without(kind);
      better = (best.faults.has(kind) && fails(smaller)) || better;
    }
    for (const std::uint32_t part : {2U, 4U}) {  // by a half, by a quarter
      Options smaller = best;
      smaller.tasks -= best.tasks / part;
      better = (smaller.tasks < best.tasks && fails(smaller)) || better;
      smaller = best;
      smaller.fault_s = std::min(best.fault_s, 150U) - std::min(best.fault_s, 150U) / part;
      better = (smaller.fault_s < best.fault_s && fails(smaller)) || better;
    }
    Options smaller = best;
    --smaller.agents;
    better = (smaller.agents > 0 && fails(smaller)) || better;
  }
  return best;
}

std::string command_of(std::uint64_t seed, const Options& options) {
  const Options usual;
  std::string out = "sim --seed " + std::to_string(seed) + " --count 1";
  if (options.agents != usual.agents) out += " --agents " + std::to_string(options.agents);
  if (options.tasks != usual.tasks) out += " --tasks " + std::to_string(options.tasks);
  if (options.ticks != usual.ticks) out += " --ticks " + std::to_string(options.ticks);
  if (options.faults.kinds != usual.faults.kinds) out += " --faults " + to_text(options.faults);
  if (options.fault_s != usual.fault_s) out += " --fault-s " + std::to_string(options.fault_s);
  for (const PlantName& each : kPlants) {
    if (each.plant == options.plant) out += " --plant " + std::string(each.name);
  }
  return out + " --verbose";
}

}  // namespace prov::sim
