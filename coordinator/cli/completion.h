#pragma once
// Completion: the shell asks this program (`provisioning __complete WORDS...`), so that its scripts stay tiny and the
// table is the only list of words.
#include <functional>
#include <string>
#include <vector>

#include "coordinator/cli/command.h"

namespace prov::cli {

inline constexpr std::string_view kCompleteWord = "__complete";

struct Candidate {
  std::string word;
  std::string help;  // may be empty
  bool operator==(const Candidate&) const = default;
};

// Names that only the workspace or the coordinator knows; empty when they cannot be had.
using LookUp = std::function<std::vector<std::string>(Completes)>;

// What the last of `words` (perhaps empty) can become; the others stand before it.
std::vector<Candidate> complete(const std::vector<std::string>& words, const LookUp& look_up);

// "WORD<TAB>HELP" per line, as the scripts read it.
std::string completion_lines(const std::vector<Candidate>& candidates);

Result<std::string> completion_script(const std::string& shell);  // bash, zsh or fish

}  // namespace prov::cli
