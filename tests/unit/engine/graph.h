#pragma once
// Random workflows from a seed: graphs of operations with everything that steers them.
#include <random>
#include <string>
#include <vector>

#include "coordinator/domain/commands.h"

namespace prov::domain::model {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool percent(std::uint32_t p) { return below(100) < p; }
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from[below(static_cast<std::uint32_t>(from.size()))];
  }

 private:
  std::mt19937_64 random_;
};

// What distinguishes one family of graphs from another, rolled once per run.
struct Shape {
  std::uint32_t operations = 8;  // at most
  std::uint32_t edges = 20;      // percent of all that could be
  bool limits = false;           // parallel limits, groups
  bool servers = false;          // made and removed by providers
  bool waits = false;            // approvals, times, conditions, agents
};
Shape any_shape(Dice& dice);

inline const std::vector<std::string> kWorkspaces{"v", "w"};
inline const std::vector<std::string> kHosts{"h1", "h2", "h3"};
inline const std::vector<std::string> kProviders{"cloud", "metal"};

// A graph as the log may hold it. `number` makes names unique; `declared` gets what the log has to hold before.
WorkflowSubmitted any_workflow(Dice& dice, const Shape& shape, std::uint32_t number, std::vector<EventBody>& declared);

// The same as an operator would ask for it.
SubmitBatch any_batch(Dice& dice, const Shape& shape, std::uint32_t number);

}  // namespace prov::domain::model
