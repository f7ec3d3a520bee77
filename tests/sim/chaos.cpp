#include "tests/sim/chaos.h"

#include <algorithm>

namespace prov::sim {
namespace {

using Tail = test::MemoryDisk::Tail;

constexpr std::uint64_t kSecondUs = 1'000'000;
constexpr std::uint64_t kSilenceUs = 21 * kSecondUs;  // after which either side of a link gives it up

}  // namespace

Chaos::Chaos(World& world, Profile profile, std::uint64_t seed, std::uint32_t most_s)
    : world_(world), profile_(profile), rng_(seed ^ 0xc4a05), most_s_(most_s) {}

void Chaos::begin() {
  const std::uint64_t length_ms = rng_.range(60'000, 150'000);
  until_ms_ = world_.kernel.now_ms() + std::min<std::uint64_t>(length_ms, most_s_ * 1000ULL);
  NetworkFaults net;
  for (std::uint32_t* each : {&net.drop, &net.duplicate, &net.slow, &net.reorder}) {
    *each = static_cast<std::uint32_t>(rng_.range(0, 1) * rng_.range(0, 150));
  }
  const auto loses = static_cast<std::uint32_t>(rng_.range(0, 300)),
             fails = static_cast<std::uint32_t>(rng_.range(0, 200));
  // The slower the disk, the more is decided that is not durable yet.
  const std::uint64_t disks[] = {3'000, 40'000, 250'000};
  const std::uint64_t sync_us = disks[rng_.range(0, 2)];
  // Each seed has its favourites: what is rare in all seeds is never seen together.
  const std::uint64_t usual[] = {35, 42, 15, 8}, times[] = {1, 4, 4, 8};
  for (std::size_t i = 0; i < weights_.size(); ++i) weights_[i] = usual[i] * times[rng_.range(0, 3)];
  if (profile_.kinds == 0) return end();
  if (profile_.has(Kind::network)) {
    world_.network.faults = net;
    world_.who.loses = loses;
  }
  if (profile_.has(Kind::steps)) world_.cloud.fails = fails;
  if (profile_.has(Kind::disk)) world_.coordinator.sync_us = sync_us;
  next();
}

void Chaos::next() {
  world_.kernel.schedule.after(rng_.range(kSecondUs / 5, 6 * kSecondUs), [this] {
    if (over_) return;
    if (world_.kernel.now_ms() >= until_ms_) return end();
    strike();
    next();
  });
}

void Chaos::stop() {
  if (!over_) end();
}

void Chaos::end() {
  over_ = true;
  world_.heal();
}

void Chaos::later(std::uint64_t delay_us, std::function<void()> run) {
  world_.kernel.schedule.after(delay_us, [this, run = std::move(run)] {
    if (!over_) run();
  });
}

void Chaos::strike() {
  std::uint64_t dice = rng_.range(1, weights_[0] + weights_[1] + weights_[2] + weights_[3]);
  std::size_t kind = 0;
  while (dice > weights_[kind]) dice -= weights_[kind++];
  Rng mine(rng_.next());
  if (!profile_.has(static_cast<Kind>(kind))) return;
  std::swap(mine, rng_);  // what one strike draws moves no other one
  switch (static_cast<Kind>(kind)) {
    case Kind::network: network_fault(); break;
    case Kind::crash: crash_fault(); break;
    case Kind::disk: disk_fault(); break;
    default: clock_fault(); break;
  }
  std::swap(mine, rng_);
}

std::string Chaos::any_host() {
  auto& machines = world_.machines;
  const std::uint64_t dice = rng_.next();
  if (machines.empty()) return "";
  return std::next(machines.begin(), static_cast<long>(dice % machines.size()))->first;
}

void Chaos::each_host(bool everybody, const std::string& chosen, const std::function<void(const Key&)>& act) {
  for (const auto& [name, machine] : world_.machines) {
    if (everybody || name == chosen) act(machine->key());
  }
}

// ---- network

void Chaos::network_fault() {
  const std::string host = any_host();
  const bool everybody = rng_.chance(200);
  const std::uint64_t dice = rng_.range(0, 99);
  if (dice < 60) return cut(everybody, host);
  if (dice < 92) return clog(everybody, host);
  storm(rng_.range(2, 3));
}

void Chaos::cut(bool everybody, const std::string& host) {
  const bool up = rng_.chance(700), down = !up || rng_.chance(600);
  const std::uint64_t length_us = rng_.range(kSecondUs / 2, rng_.chance(150) ? 60 * kSecondUs : 12 * kSecondUs);
  ++world_.kernel.faults[Fault::cut];
  world_.kernel.line("cut off " + (everybody ? "everybody" : host) + (up ? " up" : "") + (down ? " down" : ""));
  each_host(everybody, host, [&](const Key& key) {
    if (up) world_.network.cut(key, Way::to_coordinator, true);
    if (down) world_.network.cut(key, Way::to_agent, true);
    world_.kernel.schedule.after(length_us, [this, key] {
      world_.network.cut(key, Way::to_coordinator, false);
      world_.network.cut(key, Way::to_agent, false);
    });
  });
}

// Each direction of each host comes free at a time of its own.
void Chaos::clog(bool everybody, const std::string& host) {
  const bool up = rng_.chance(700), down = !up || rng_.chance(600);
  ++world_.kernel.faults[Fault::clog];
  world_.kernel.line("clogged " + (everybody ? "everybody" : host) + (up ? " up" : "") + (down ? " down" : ""));
  each_host(everybody, host, [&](const Key& key) {
    for (const Way way : {Way::to_coordinator, Way::to_agent}) {
      const std::uint64_t length_us = rng_.range(kSecondUs / 5, 15 * kSecondUs);
      if (way == Way::to_coordinator ? !up : !down) continue;
      world_.network.clog(key, way);
      world_.kernel.schedule.after(length_us, [this, key, way] { world_.network.unclog(key, way); });
    }
  });
}

// All links die for so long that both sides notice, and everybody comes back in the same moment.
void Chaos::storm(std::uint64_t rounds) {
  if (rounds == 0) return;
  const std::uint64_t silent_us = rng_.range(kSilenceUs, kSilenceUs + 5 * kSecondUs);
  const std::uint64_t pause_us = rng_.range(kSecondUs / 5, 3 * kSecondUs);
  ++world_.kernel.faults[Fault::storm];
  world_.storm(silent_us);
  later(silent_us + pause_us, [this, rounds] { storm(rounds - 1); });
}

// ---- crashes

// Half of them hit between two events of a busy moment rather than at any time.
void Chaos::crash_fault() {
  const std::uint64_t dice = rng_.range(0, 99);
  const std::string host = any_host();
  if (dice < 40) return crash_coordinator();
  if (host.empty()) return;
  const std::uint64_t down_us = rng_.range(kSecondUs / 10, 10 * kSecondUs);
  if (dice < 65) return world_.kill_agent(host, down_us);
  if (dice < 80) return world_.machine(host).crash_in_next_sync();
  world_.crash_host(host, down_us);
}

void Chaos::crash_coordinator() {
  const std::uint64_t dice = rng_.range(0, 99);
  const Tail tail = dice < 45 ? Tail::lost : dice < 82 ? Tail::kept : Tail::torn;
  const std::uint64_t down_us = rng_.range(kSecondUs / 10, 8 * kSecondUs);
  if (rng_.chance(500)) return world_.crash_coordinator(tail, down_us);
  // Just after the next commit has reached the disk, before or after anybody in the process knows.
  const std::uint64_t later_us = rng_.range(0, 3) * rng_.range(0, 100);
  world_.on_next_sync = [this, tail, down_us, later_us] {
    later(later_us, [this, tail, down_us] { world_.crash_coordinator(tail, down_us); });
  };
}

// ---- disks and clocks

void Chaos::disk_fault() {
  const std::uint64_t dice = rng_.range(0, 99), length_us = rng_.range(kSecondUs, 15 * kSecondUs);
  const std::string host = any_host();
  if (dice < 25) {
    ++world_.kernel.faults[Fault::slow_disk];
    world_.coordinator.sync_us = rng_.range(3'000, 400'000);
  } else if (dice < 45) {
    world_.fill_log_disk(rng_.range(0, 48 << 10), length_us);
  } else if (dice < 57 && world_.coordinator.up() && world_.coordinator.read_only().empty()) {
    ++world_.snapshots;
    world_.coordinator.take_snapshot();
  } else if (dice < 68) {
    world_.flip_log(rng_.next(), rng_.range(kSecondUs / 10, 8 * kSecondUs));
  } else if (host.empty()) {
    return;
  } else if (dice < 80) {
    world_.flip_journal(host, rng_.range(kSecondUs / 10, 10 * kSecondUs));
  } else {
    world_.fill_host_disk(host, length_us);
  }
}

// By seconds or hours; from one end to the other stays within what the idempotency of commands promises.
void Chaos::clock_fault() {
  const std::uint64_t dice = rng_.range(0, 9);
  const std::uint64_t reach_ms = dice < 5 ? 20'000 : dice < 9 ? 7'200'000 : 39'600'000;
  const auto skew_ms = static_cast<std::int64_t>(rng_.range(0, 2 * reach_ms)) - static_cast<std::int64_t>(reach_ms);
  const std::string host = any_host();
  if (!host.empty() && rng_.chance(500)) {
    ++world_.kernel.faults[Fault::host_clock];
    world_.machine(host).set_clock(skew_ms);
    return world_.kernel.line(host + "'s clock is off by " + std::to_string(skew_ms) + " ms");
  }
  ++world_.kernel.faults[Fault::coordinator_clock];
  world_.coordinator.skew_ms = skew_ms;
  world_.kernel.line("the coordinator's clock is off by " + std::to_string(skew_ms) + " ms");
}

}  // namespace prov::sim
