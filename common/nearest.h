#pragma once
// "Did you mean ...?": the known word that a mistyped one was probably meant to be.
#include <string>
#include <string_view>
#include <vector>

namespace prov {

// The known word with the fewest insertions, deletions, replacements and swaps of neighbours, if these are at most a
// third of the letters (and at least one is allowed); the first of equals. Empty when nothing is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

// "did you mean \"x\"?", or without a near word "known are: a, b, c" (at most twelve); empty when nothing is known.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

}  // namespace prov
