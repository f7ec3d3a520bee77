#include "tests/sim/chaos.h"

namespace prov::sim {
namespace {

using Tail = test::MemoryDisk::Tail;

constexpr std::uint64_t kSecondUs = 1'000'000;

}  // namespace

std::optional<Faults> faults_named(std::string_view name) {
  if (name == "none") return Faults::none;
  if (name == "network") return Faults::network;
  if (name == "crash") return Faults::crash;
  if (name == "all") return Faults::all;
  return std::nullopt;
}

void Chaos::begin() {
  Rng& rng = world_.kernel.rng;
  until_ms_ = world_.kernel.now_ms() + rng.range(60'000, 150'000);
  if (faults_ == Faults::none) return end();
  if (faults_ != Faults::crash) {
    auto& net = world_.network.faults;
    net.drop = static_cast<std::uint32_t>(rng.range(0, 1) * rng.range(0, 150));
    net.duplicate = static_cast<std::uint32_t>(rng.range(0, 1) * rng.range(0, 150));
    net.slow = static_cast<std::uint32_t>(rng.range(0, 1) * rng.range(0, 150));
    world_.who.loses = static_cast<std::uint32_t>(rng.range(0, 300));
  }
  world_.cloud.fails = static_cast<std::uint32_t>(rng.range(0, 200));
  // The slower the disk, the more is decided that is not durable yet.
  const std::uint64_t disks[] = {3'000, 40'000, 250'000};
  world_.coordinator.sync_us = disks[rng.range(0, 2)];
  next();
}

void Chaos::next() {
  const std::uint64_t wait_us = world_.kernel.rng.range(kSecondUs / 5, 8 * kSecondUs);
  world_.kernel.schedule.after(wait_us, [this] {
    if (world_.kernel.now_ms() >= until_ms_) return end();
    strike();
    next();
  });
}

void Chaos::end() {
  world_.heal();
  over_ = true;
}

void Chaos::strike() {
  Rng& rng = world_.kernel.rng;
  switch (faults_) {
    case Faults::none: return;
    case Faults::network: return network_fault();
    case Faults::crash: return rng.chance(700) ? crash_fault() : small_fault();
    case Faults::all: break;
  }
  const std::uint64_t dice = rng.range(0, 99);
  if (dice < 35) return network_fault();
  if (dice < 80) return crash_fault();
  small_fault();
}

std::string Chaos::any_host() {
  auto& machines = world_.machines;
  if (machines.empty()) return "";
  return std::next(machines.begin(), static_cast<long>(world_.kernel.rng.range(0, machines.size() - 1)))->first;
}

void Chaos::network_fault() {
  Rng& rng = world_.kernel.rng;
  const bool everybody = rng.chance(200);
  const bool up = rng.chance(700), down = !up || rng.chance(600);
  const std::uint64_t length_us = rng.range(kSecondUs / 2, rng.chance(150) ? 60 * kSecondUs : 12 * kSecondUs);
  const std::string chosen = any_host();
  ++world_.counts.partitions;
  world_.kernel.line("cut off " + (everybody ? "everybody" : chosen) + (up ? " up" : "") + (down ? " down" : ""));
  for (const auto& [name, machine] : world_.machines) {
    if (!everybody && name != chosen) continue;
    const Key key = machine->key();
    if (up) world_.network.cut(key, Way::to_coordinator, true);
    if (down) world_.network.cut(key, Way::to_agent, true);
    world_.kernel.schedule.after(length_us, [this, key] {
      world_.network.cut(key, Way::to_coordinator, false);
      world_.network.cut(key, Way::to_agent, false);
    });
  }
}

// Half of them hit between two events of a busy moment rather than at any time.
void Chaos::crash_fault() {
  Rng& rng = world_.kernel.rng;
  const std::uint64_t dice = rng.range(0, 99);
  if (dice < 40) return crash_coordinator();
  const std::string host = any_host();
  if (host.empty()) return;
  const std::uint64_t down_us = rng.range(kSecondUs / 10, 10 * kSecondUs);
  if (dice < 65) return world_.kill_agent(host, down_us);
  if (dice < 80) return world_.machine(host).crash_in_next_sync();
  world_.crash_host(host, down_us);
}

void Chaos::crash_coordinator() {
  Rng& rng = world_.kernel.rng;
  const std::uint64_t dice = rng.range(0, 99);
  const Tail tail = dice < 50 ? Tail::lost : dice < 95 ? Tail::kept : Tail::torn;
  const std::uint64_t down_us = rng.range(kSecondUs / 10, 8 * kSecondUs);
  if (rng.chance(500)) return world_.crash_coordinator(tail, down_us);
  // Just after the next commit has reached the disk, before or after anybody in the process knows.
  const std::uint64_t later_us = rng.range(0, 3) * rng.range(0, 100);
  world_.on_next_sync = [this, tail, down_us, later_us] {
    world_.kernel.schedule.after(later_us, [this, tail, down_us] {
      if (!over_) world_.crash_coordinator(tail, down_us);
    });
  };
}

void Chaos::small_fault() {
  Rng& rng = world_.kernel.rng;
  const std::uint64_t dice = rng.range(0, 99);
  if (dice < 30) {
    ++world_.counts.slow_disks;
    world_.coordinator.sync_us = rng.range(3'000, 400'000);
  } else if (dice < 60) {
    set_clock();
  } else if (dice < 75 && world_.coordinator.up()) {
    ++world_.counts.snapshots;
    world_.coordinator.take_snapshot();
  } else if (const std::string host = any_host(); !host.empty()) {
    ++world_.counts.full_disks;
    world_.machine(host).set_disk_full(true);
    world_.kernel.schedule.after(rng.range(kSecondUs, 15 * kSecondUs), [this, host] {
      if (world_.machines.contains(host)) world_.machine(host).set_disk_full(false);
    });
  }
}

// By seconds or hours; from one end to the other stays within what the idempotency of commands promises.
void Chaos::set_clock() {
  Rng& rng = world_.kernel.rng;
  const std::uint64_t dice = rng.range(0, 9);
  const std::uint64_t reach_ms = dice < 5 ? 20'000 : dice < 9 ? 7'200'000 : 39'600'000;
  ++world_.counts.clock_jumps;
  world_.coordinator.skew_ms = static_cast<std::int64_t>(rng.range(0, 2 * reach_ms) - reach_ms);
  world_.kernel.line("the coordinator's clock is off by " + std::to_string(world_.coordinator.skew_ms) + " ms");
}

}  // namespace prov::sim
