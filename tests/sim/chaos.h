#pragma once
// What goes wrong, by dice: partitions, losses, crashes, slow and full disks, jumping clocks; until it is over, and all
// is repaired.
#include <string_view>

#include "tests/sim/world.h"

namespace prov::sim {

enum class Faults { none, network, crash, all };
std::optional<Faults> faults_named(std::string_view name);

class Chaos {
 public:
  Chaos(World& world, Faults faults) : world_(world), faults_(faults) {}
  void begin();
  bool over() const { return over_; }

 private:
  void next();
  void strike();
  void network_fault();
  void crash_fault();
  void crash_coordinator();
  void small_fault();
  void set_clock();
  std::string any_host();
  void end();

  World& world_;
  const Faults faults_;
  TimeMs until_ms_ = 0;
  bool over_ = false;
};

}  // namespace prov::sim
