// The real link while the network fails it: delays, stalls, silence, cuts in the middle of a frame, half-open
// connections, bytes one by one, flipped bits, storms of reconnects. Every task ends exactly once; a silent path is
// found; once the network is well, everything is over within a bound.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <random>

#include "tests/faults/link_platform.h"

namespace prov::test {
namespace {

constexpr std::uint64_t kFaultsMs = 12'000, kBoundMs = 20'000;
constexpr const char* kFaults[] = {"slow", "still", "dribble", "hole", "cut", "flip", "half_open", "storm"};

std::uint64_t seed_for_this_run() {
  const char* given = std::getenv("PROV_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}() % 1'000'000;
  std::printf("seed %llu; the same faults again: PROV_SEED=%llu\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(seed));
  return seed;
}

class Weather {  // faults on the paths of a platform, drawn from a seed
 public:
  Weather(LinkPlatform& platform, std::uint64_t seed) : platform_(platform), random_(seed) {}

  void strike() {
    FaultProxy& proxy = *platform_.hosts()[random_() % platform_.hosts().size()]->proxy;
    const std::size_t kind = random_() % std::size(kFaults);
    ++counts_[kFaults[kind]];
    if (kind < 4) {
      static constexpr Path kPaths[] = {Path::slow, Path::still, Path::dribble, Path::hole};
      return proxy.set(kPaths[kind]);  // until the next one here
    }
    proxy.set(Path::clear);
    if (kind == 4) proxy.cut_in_a_frame();
    if (kind == 5) proxy.flip_a_bit();
    if (kind == 6) proxy.forget_coordinator();
    if (kind == 7) storm(10);
  }
  void calm() {
    storm_left_ = 0;
    for (const auto& host : platform_.hosts()) host->proxy->set(Path::clear);
  }
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  void storm(int cuts) {
    storm_left_ = cuts;
    platform_.loop().after(50, [this] { cut_again(); });
  }
  void cut_again() {
    if (storm_left_-- <= 0) return;
    for (const auto& host : platform_.hosts()) host->proxy->cut_all();
    platform_.loop().after(50, [this] { cut_again(); });
  }

  LinkPlatform& platform_;
  std::mt19937_64 random_;
  std::map<std::string, int> counts_;
  int storm_left_ = 0;
};

bool all_connected(LinkPlatform& platform) {
  for (const auto& host : platform.hosts()) {
    if (!platform.sees(*host) || !host->agent->connected()) return false;
  }
  return true;
}

void expect_exactly_once(LinkPlatform& platform) {
  std::size_t ran = 0;
  for (const auto& [attempt, outcomes] : platform.ends()) {
    EXPECT_EQ(outcomes.size(), 1U) << "an attempt ended more than once";
    EXPECT_EQ(outcomes[0], Outcome::done);
    EXPECT_EQ(attempt.second, 1U) << "nothing was interrupted, so nothing is tried again";
  }
  for (const auto& host : platform.hosts()) {
    for (const auto& [step, starts] : host->ledger.starts) EXPECT_EQ(starts, 1) << "a step ran twice";
    EXPECT_EQ(host->ledger.conflicts, 0);
    ran += host->ledger.starts.size();
  }
  EXPECT_GT(ran, 100U) << "too little ran to show anything";
}

TEST(LinkFaults, EveryTaskEndsOnceWhateverTheNetworkDoes) {
  const std::uint64_t seed = seed_for_this_run();
  LinkPlatform platform(4, {}, seed);
  ASSERT_TRUE(platform.until([&] { return all_connected(platform); }, 20'000));
  Weather weather(platform, seed);
  const std::uint64_t end = platform.now_ms() + kFaultsMs;
  std::size_t ended_meanwhile = 0;
  for (int round = 0; platform.now_ms() < end; ++round) {
    platform.exec_everywhere();
    platform.noop_everywhere(20);
    if (round % 2 == 1) weather.strike();
    platform.let_pass(100);
    ended_meanwhile = platform.ended();
  }
  weather.calm();
  const std::uint64_t calm = platform.now_ms();
  EXPECT_TRUE(platform.until([&] { return platform.ended() == platform.tasks(); }, kBoundMs))
      << platform.ended() << " of " << platform.tasks() << " tasks ended, seed " << seed;
  const std::uint64_t took = platform.now_ms() - calm;
  expect_exactly_once(platform);
  EXPECT_GE(ended_meanwhile, 20U) << "nothing got through while the faults were on";
  std::uint64_t connections = 0, cuts = 0, flips = 0, faults = 0;
  for (const auto& host : platform.hosts()) {
    connections += host->proxy->connections();
    cuts += host->proxy->cuts();
    flips += host->proxy->flips();
  }
  std::string kinds;
  for (const auto& [kind, count] : weather.counts()) {
    kinds += " " + kind + " " + std::to_string(count);
    faults += static_cast<std::uint64_t>(count);
  }
  EXPECT_GE(faults, 30U);
  EXPECT_GE(weather.counts().size(), 6U) << "too few kinds of faults";
  std::printf(
      "%zu tasks, %zu ended during %llu faults (%s ), %llu connections, %llu cut, %llu flipped; the rest ended within "
      "%llu ms of the last fault\n",
      platform.tasks(), ended_meanwhile, static_cast<unsigned long long>(faults), kinds.c_str(),
      static_cast<unsigned long long>(connections), static_cast<unsigned long long>(cuts),
      static_cast<unsigned long long>(flips), static_cast<unsigned long long>(took));
}

// In production a heartbeat goes every 5 s and silence counts after 20 s; here both are a tenth.
TEST(LinkFaults, ASilentPathIsFoundByBothSidesAndLeft) {
  const Pace pace{500, 2'000, 300};
  constexpr std::uint64_t kAcceleration = 10, kBoundOfProductionMs = 30'000;
  LinkPlatform platform(2, pace, 1);
  ASSERT_TRUE(platform.until([&] { return all_connected(platform); }, 20'000));
  LinkPlatform::Host& host = *platform.hosts()[0];
  std::uint64_t slowest = 0;
  for (const Path silence : {Path::hole, Path::still}) {
    const std::uint64_t from = platform.now_ms();
    host.proxy->set(silence);
    ASSERT_TRUE(platform.until([&] { return !platform.sees(host) && !host.agent->connected(); }, 20'000));
    slowest = std::max(slowest, platform.now_ms() - from);
    EXPECT_TRUE(platform.sees(*platform.hosts()[1])) << "the other path was well";
    host.proxy->set(Path::clear);
    ASSERT_TRUE(platform.until([&] { return all_connected(platform); }, kBoundMs)) << "it does not come back";
  }
  EXPECT_LT(slowest * kAcceleration, kBoundOfProductionMs);
  std::printf("a silent path was found by both sides after at most %llu ms, %.1f s at production's pace\n",
              static_cast<unsigned long long>(slowest), static_cast<double>(slowest * kAcceleration) / 1000);
}

}  // namespace
}  // namespace prov::test
