#pragma once
// Two texts side by side, for people: what goes begins with "-", what comes with "+", and two lines around each place
// as they are.
#include <string>

namespace prov::cli {

// Empty: they are equal. Beyond a thousand lines everything that differs is one place.
std::string line_diff(const std::string& before, const std::string& after);

}  // namespace prov::cli
