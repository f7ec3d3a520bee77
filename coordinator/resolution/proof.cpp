#include "coordinator/resolution/proof.h"

namespace prov::resolution {

Values PackageVersions::every() const {
  Values values;
  for (std::size_t i = 0; i <= versions.size(); ++i) values.set(i);
  return values;
}

Values PackageVersions::in(const Range& range) const {
  Values values;
  for (std::size_t i = 0; i < versions.size(); ++i) values.set(i + 1, range.contains(versions[i]));
  return values;
}

std::vector<Term> resolvent(const Incompatibility& left, const Incompatibility& right, const PackageVersions& pivot,
                            std::uint32_t pivot_index) {
  std::vector<Term> out;
  auto a = left.terms.begin(), b = right.terms.begin();
  while (a != left.terms.end() || b != right.terms.end()) {
    if (b == right.terms.end() || (a != left.terms.end() && a->package < b->package)) {
      out.push_back(*a++);
    } else if (a == left.terms.end() || b->package < a->package) {
      out.push_back(*b++);
    } else {
      const Values both = a->package == pivot_index ? a->values | b->values : a->values & b->values;
      if (a->package != pivot_index || both != pivot.every()) out.push_back({a->package, both});
      ++a, ++b;
    }
  }
  return out;
}

}  // namespace prov::resolution
