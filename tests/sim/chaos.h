#pragma once
// What goes wrong, by dice of its own: so a run with fewer tasks, or with some kinds of faults left out, has the same
// other faults at the same times, which is what lets a failing run be shrunk. Until it is over, and all is repaired.
#include "tests/sim/world.h"

namespace prov::sim {

class Chaos {
 public:
  // `most_s`: of virtual time that faults last at most.
  Chaos(World& world, Profile profile, std::uint64_t seed, std::uint32_t most_s);
  void begin();
  void stop();  // over before its time
  bool over() const { return over_; }

 private:
  void next();
  void strike();
  void network_fault();
  void crash_fault();
  void crash_coordinator();
  void disk_fault();
  void clock_fault();
  void cut(bool everybody, const std::string& host);
  void clog(bool everybody, const std::string& host);
  void storm(std::uint64_t rounds);
  void each_host(bool everybody, const std::string& chosen, const std::function<void(const Key&)>& act);
  std::string any_host();
  void later(std::uint64_t delay_us, std::function<void()> run);  // unless it is over by then
  void end();

  World& world_;
  const Profile profile_;
  Rng rng_;
  const std::uint32_t most_s_;
  std::array<std::uint64_t, 4> weights_{};  // of network, crash, disk, clock
  TimeMs until_ms_ = 0;
  bool over_ = false;
};

}  // namespace prov::sim
