#pragma once
// What there is to choose from, and what is wanted of it: the input of solve() (solver.h).
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/result.h"
#include "coordinator/resolution/range.h"
#include "coordinator/resolution/version.h"

namespace prov::resolution {

struct Limits {
  std::size_t packages = 20'000;
  std::size_t relations = 2'000'000;  // of all releases together
  std::size_t steps = 50'000'000;     // incompatibilities looked at; some hundred million a minute
};
inline constexpr std::size_t kMaxReleases = 255;  // of one package

// "package" in a range. What people see is `written`, as it stands in their file; empty or "*": the name alone.
struct Relation {
  std::string package;
  Range range = Range::all();
  std::string written;
  std::string note;  // for people, in parentheses behind the sentence
};

struct Release {
  Version version;
  std::vector<Relation> requires_;  // must be chosen too, in that range
  std::vector<Relation> optional;   // if it is chosen, then in that range
  std::vector<Relation> conflicts;  // not chosen in that range
};

using Catalogue = std::map<std::string, std::vector<Release>>;  // by name; releases in any order

struct Wish {
  Relation relation;
  std::string sentence;  // who asks, as a whole sentence without a full stop; empty: "kubernetes ^1.28 is wanted"
};

struct Request {
  std::vector<Wish> wanted;  // must be chosen, in that range
  std::vector<Wish> pinned;  // if it is chosen, then in that range
};

// Names what is refused: too much of something (exhausted), one version twice in a package (invalid).
Result<void> check(const Catalogue& catalogue, const Request& request, const Limits& limits);

// Which of two is tried first: the higher one, but a pre-release behind every release.
bool is_preferred(const Version& a, const Version& b);

}  // namespace prov::resolution
