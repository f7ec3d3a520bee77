#pragma once
// What many seeds add up to.
#include <string>
#include <vector>

#include "tests/sim/run.h"

namespace prov::sim {

class Totals {
 public:
  void add(const RunResult& one, double took_s);  // of CPU time
  // The faults and figures of all, and a last line that says it all. `first`: the first seed.
  void print(std::uint64_t first);
  // Empty: the medians are those of normal runs (3 agents, 50 steps, 20 faults, a crash with its restart), and of many
  // seeds no kind of fault is missing.
  std::string too_tame();

 private:
  struct Figure {
    std::string name;
    std::uint64_t least_median;
    std::vector<std::uint64_t> of;  // each seed
    std::uint64_t median();
    std::uint64_t least();
    std::uint64_t most();
  };
  RunResult all_;
  std::uint64_t hash_ = 0;  // of all that happened in all of them, in order
  double seconds_ = 0;
  std::vector<Figure> figures_{{"agents", 3, {}}, {"steps", 50, {}}, {"faults", 20, {}}, {"crashes", 1, {}}};
  Figure ended_s_{"ended", 0, {}};  // after the last fault
};

}  // namespace prov::sim
