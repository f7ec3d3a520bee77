#include "coordinator/resolution/partial_solution.h"

#include <algorithm>

namespace prov::resolution {

PartialSolution::PartialSolution(const std::vector<PackageVersions>& packages)
    : decided_(packages.size()), of_package_(packages.size()) {
  for (const auto& package : packages) now_.push_back(package.every());
}

void PartialSolution::decide(std::uint32_t package, std::size_t version) {
  Values one;
  one.set(version);
  ++level_;
  decided_[package] = true;
  assign({package, level_, kDecision, now_[package], one});
}

void PartialSolution::derive(std::uint32_t package, const Values& left, std::uint32_t cause) {
  assign({package, level_, cause, now_[package], left});
}

void PartialSolution::assign(Assignment assignment) {
  now_[assignment.package] = assignment.after;
  of_package_[assignment.package].push_back(static_cast<std::uint32_t>(assignments_.size()));
  assignments_.push_back(std::move(assignment));
}

void PartialSolution::back_to(std::uint32_t level) {
  while (!assignments_.empty() && assignments_.back().level > level) {
    const Assignment& last = assignments_.back();
    now_[last.package] = last.before;
    if (last.cause == kDecision) decided_[last.package] = false;
    of_package_[last.package].pop_back();
    assignments_.pop_back();
  }
  level_ = level;
}

std::uint32_t PartialSolution::satisfier(std::uint32_t package, const Values& values) const {
  const auto& own = of_package_[package];
  const auto found = std::partition_point(
      own.begin(), own.end(), [&](std::uint32_t index) { return !is_within(assignments_[index].after, values); });
  PROV_ASSERT(found != own.end());
  return *found;
}

}  // namespace prov::resolution
