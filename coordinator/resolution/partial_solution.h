#pragma once
// What the solver has decided and what follows from it, in order of time (internal to solve()).
#include <cstdint>
#include <vector>

#include "coordinator/resolution/proof.h"

namespace prov::resolution {

class PartialSolution {
 public:
  static constexpr std::uint32_t kDecision = UINT32_MAX;

  struct Assignment {
    std::uint32_t package = 0;
    std::uint32_t level = 0;          // how many decisions were made up to it
    std::uint32_t cause = kDecision;  // else the incompatibility it follows from
    Values before, after;             // values that the package can have without and with it
  };

  explicit PartialSolution(const std::vector<PackageVersions>& packages);

  const Values& now(std::uint32_t package) const { return now_[package]; }
  std::uint32_t level() const { return level_; }
  bool is_decided(std::uint32_t package) const { return decided_[package]; }
  const Assignment& assignment(std::uint32_t index) const { return assignments_[index]; }

  void decide(std::uint32_t package, std::size_t version);                      // opens a level
  void derive(std::uint32_t package, const Values& left, std::uint32_t cause);  // REQUIRES: it narrows
  void back_to(std::uint32_t level);                                            // forgets all above it

  // The earliest assignment with which the package is within `values`. REQUIRES: it is within them now, and was not
  // from the beginning.
  std::uint32_t satisfier(std::uint32_t package, const Values& values) const;

 private:
  void assign(Assignment assignment);

  std::uint32_t level_ = 0;
  std::vector<Values> now_;
  std::vector<bool> decided_;
  std::vector<Assignment> assignments_;
  std::vector<std::vector<std::uint32_t>> of_package_;  // indexes of its assignments, rising
};

inline bool is_within(const Values& a, const Values& b) { return (a & ~b).none(); }

}  // namespace prov::resolution
