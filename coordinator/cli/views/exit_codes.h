#pragma once
// What the program's exit status means. Published by `help exit-codes` and docs/guides/cli.md, both from this table.
#include <span>
#include <string_view>

#include "common/result.h"

namespace prov::cli {

enum class Exit : int {
  ok = 0,
  failed = 1,
  usage = 2,
  damaged = 3,
  not_found = 4,
  conflict = 5,
  denied = 6,
  unavailable = 7,
  partly_failed = 8,
  in_doubt = 9,
  still_running = 10,
  differs = 11,
  interrupted = 130,
};

struct ExitCode {
  Exit code;
  std::string_view meaning;
};
std::span<const ExitCode> exit_codes();

Exit exit_of(Code code);

}  // namespace prov::cli
