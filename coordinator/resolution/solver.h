#pragma once
// Which versions go together: Natalie Weizenbaum's PubGrub. It decides one package at a time, follows what cannot be
// otherwise, and learns from each conflict an incompatibility that it never meets again. When nothing is possible,
// what it learned is the explanation.
//
// Pure and deterministic: next is the package that has the fewest versions left (the first by name of equals), and of
// it the version that is_preferred(). Packages that nothing needs are not chosen.
#include <map>
#include <string>
#include <variant>

#include "coordinator/resolution/catalogue.h"
#include "coordinator/resolution/proof.h"

namespace prov::resolution {

using Solution = std::map<std::string, Version>;  // what is chosen, by name

// Code::exhausted beyond the limits, Code::invalid for a catalogue that check() refuses. A proof points into
// `catalogue` and `request`.
Result<std::variant<Solution, Proof>> solve(const Catalogue& catalogue, const Request& request,
                                            const Limits& limits = {});

// The same; when there is no solution, its explanation as an Error with Code::invalid.
Result<Solution> solve_or_explain(const Catalogue& catalogue, const Request& request, const Limits& limits = {});

}  // namespace prov::resolution
