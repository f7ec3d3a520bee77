#pragma once
// Another program, asked about files of the workspace: kcl, a shell that reads a script, shellcheck.
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/result.h"

namespace prov::workspace {

struct ProgramLimits {
  std::chrono::milliseconds time{30'000};
  std::size_t bytes = 1 << 20;  // of what it prints
};

struct ProgramEnd {
  int status = 0;          // as a shell says it: 128 + N for signal N, 127 when it could not be started
  std::string said, talk;  // standard output; the beginning of standard error
};

// The first executable file of that name; only folders with an absolute path are looked at. Empty: none.
std::string find_program(const std::string& search_path, const std::string& name);  // as PATH has it

// Runs argv[0] (a path) in that folder, without a shell and without input, in a process group of its own; it and what
// it started are gone at the end. Codes: unavailable (it did not end in time), exhausted (it prints too much), io.
Result<ProgramEnd> run_program(const std::vector<std::string>& argv, const std::string& folder,
                               const ProgramLimits& limits = {});

}  // namespace prov::workspace
