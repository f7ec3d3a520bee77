#pragma once
// What an operator does with batches: random graphs of operations over random hosts, with conditions, waves, limits and
// every answer to a failure; and what becomes of them: paused, resumed, approved, retried, rolled back, planned and
// applied.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/sim/operator.h"

namespace prov::sim {

class Batches {
 public:
  // `draw`: how a step behaves.
  Batches(Kernel& kernel, Operator& who, const Auditor& auditor, std::function<Behaviour()> draw)
      : kernel_(kernel), operator_(who), auditor_(auditor), draw_(std::move(draw)) {}

  std::uint32_t submit(const std::vector<std::string>& hosts);  // how many steps at most
  void steer();                                                 // one of the things that can be done to one
  void approve();                                               // whatever waits for it

 private:
  domain::BatchOperation draw_operation(const std::vector<std::string>& hosts, std::uint32_t index);
  void draw_script(domain::BatchOperation& out, const std::vector<std::string>& hosts);
  void draw_course(domain::BatchOperation& out, std::uint32_t index);
  void pause(const Id& workflow);
  const domain::Workflow* any(bool ended);

  Kernel& kernel_;
  Operator& operator_;
  const Auditor& auditor_;
  std::function<Behaviour()> draw_;
  std::uint32_t marks_ = 0;
};

}  // namespace prov::sim
