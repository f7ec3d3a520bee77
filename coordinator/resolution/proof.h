#pragma once
// Why there is no solution: a derivation that anybody can check step by step, and the same in sentences.
//
// Each package has one *value*: a version, or "not there". A term is a set of values of one package; an
// incompatibility says that its terms cannot all hold. Facts are read off the input; every other one follows from two
// before it: whatever values the package in the middle has, one of the two is against it.
#include <bitset>
#include <cstdint>
#include <string>
#include <vector>

#include "coordinator/resolution/catalogue.h"

namespace prov::resolution {

using Values = std::bitset<kMaxReleases + 1>;  // bit 0: not there; bit i: the i-th version, from the lowest
inline constexpr std::size_t kAbsent = 0;

struct Term {
  std::uint32_t package = 0;
  Values values;
  bool operator==(const Term& other) const = default;
};

enum class Ground { wanted, pinned, requires_, optional, conflict, derived };

struct Incompatibility {
  std::vector<Term> terms;  // by package, each once; none of them holds for every value
  Ground ground = Ground::derived;
  const Relation* relation = nullptr;     // of a fact: in the input
  const std::string* sentence = nullptr;  // of wanted and pinned: in the input
  std::uint32_t subject = 0;              // of requires_, optional, conflict: whose relation it is
  std::uint32_t left = 0, right = 0;      // of derived: indexes of its causes
};

struct PackageVersions {
  std::string name;
  std::vector<Version> versions;  // rising

  Values every() const;                 // each value that it can have, with "not there"
  Values in(const Range& range) const;  // versions alone
};

// Points into the catalogue and the request it was made from, which have to live as long.
struct Proof {
  std::vector<PackageVersions> packages;
  std::vector<Incompatibility> steps;  // causes before what follows; the last has no terms: nothing is possible
};

// What follows from both when the values of `pivot` are gone through: there either set, elsewhere both of them.
std::vector<Term> resolvent(const Incompatibility& left, const Incompatibility& right, const PackageVersions& pivot,
                            std::uint32_t pivot_index);

// One sentence a line, causes first; those that are needed again have a number at their end. At most kMaxSentences;
// the last one then says how many were left out.
inline constexpr std::size_t kMaxSentences = 60;
std::vector<std::string> sentences(const Proof& proof);

}  // namespace prov::resolution
