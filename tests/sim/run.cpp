#include "tests/sim/run.h"

#include "tests/sim/workload.h"

namespace prov::sim {
namespace {

constexpr TimeMs kEndsWithinMs = 45 * 60 * 1000;  // I8: after the last fault
constexpr TimeMs kQuietMs = 150'000;              // for late verdicts, after everything has ended

void live(World& world, const Workload& workload, const Chaos& chaos, const Options& options) {
  TimeMs healed_ms = 0, settled_ms = 0;
  while (!world.kernel.violated()) {
    const TimeMs now = world.kernel.now_ms();
    if (chaos.over() && healed_ms == 0) healed_ms = now;
    const bool settled = healed_ms != 0 && workload.over() && world.settled();
    settled_ms = !settled ? 0 : settled_ms == 0 ? now : settled_ms;
    if (settled && now > settled_ms + kQuietMs) break;
    if (healed_ms != 0 && now > healed_ms + kEndsWithinMs) {
      world.check_end();
      return world.kernel.violate("I8", "it has not ended long after the last fault");
    }
    if (world.kernel.schedule.steps() > options.steps) return world.kernel.violate("I8", "it takes too many steps");
    world.step();
  }
  if (!world.kernel.violated()) world.check_end();
}

RunResult summary(const World& world) {
  RunResult out;
  out.violation = world.kernel.violation;
  out.last = world.kernel.trace.last();
  out.trace_hash = world.kernel.trace.hash();
  out.log_hash = world.auditor.position().commit_hash;
  out.steps = world.kernel.schedule.steps();
  out.virtual_ms = world.kernel.now_ms();
  out.events = world.auditor.position().sequence;
  out.frames = world.network.counts.sent;
  out.lost = world.network.counts.lost;
  out.repeated = world.network.counts.repeated;
  out.late = world.network.counts.late;
  out.effects = world.ledger.effects().size();
  out.commands = world.who.asked();
  out.repeated_commands = world.who.repeated();
  out.faults = world.counts;
  for (const auto& [id, workflow] : world.auditor.state().workflows) {
    out.tasks += workflow.tasks.size();
    for (const domain::Task& task : workflow.tasks) ++out.outcomes[name_of(task.outcome)];
  }
  return out;
}

}  // namespace

RunResult run_once(std::uint64_t seed, const Options& options) {
  World world(seed, options.plant);
  world.kernel.trace.print_all(options.verbose);
  Workload workload(world.kernel, world.who, world.auditor, options.agents, options.tasks);
  workload.on_token = [&world](const std::string& hostname, const wire::JoinToken& token) {
    world.machine(hostname).give_token(token);
  };
  Chaos chaos(world, options.faults);
  world.coordinator.start();
  workload.begin();
  chaos.begin();
  live(world, workload, chaos, options);
  return summary(world);
}

RunResult run_twice(std::uint64_t seed, const Options& options) {
  RunResult first = run_once(seed, options);
  if (!first.violation.empty()) return first;
  const RunResult second = run_once(seed, options);
  if (first.trace_hash != second.trace_hash || first.log_hash != second.log_hash) {
    first.violation = "the same seed has given two different runs";
  }
  return first;
}

}  // namespace prov::sim
