#pragma once
// What is taken of the file that a step writes its outputs to (docs/guides/extension-contract.md, "Outputs"). Pure.
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/outputs.h"

namespace prov::agent {

inline constexpr std::size_t kMaxOutputsFile = 256 << 10;  // so much of it is read at most

struct TakenOutputs {
  std::vector<wire::Variable> outputs;  // sorted, each name once: wire::outputs_fault() has nothing to say
  std::string note;                     // which lines were not taken, and why; never what stands in them
};

// NAME=VALUE lines; of lines with the same name the last one that may be taken counts. A line with one of `secrets` in
// it, or with a line of one that is long enough to be told from chance, is not taken.
TakenOutputs take_outputs(std::string_view text, const std::vector<std::string>& secrets);

}  // namespace prov::agent
