#pragma once
// Outputs of a step, the NAME=VALUE pairs that it hands on: what is one, on both sides of the link and in the log.
#include <string>
#include <string_view>
#include <vector>

#include "common/wire/agent_wire.h"

namespace prov::wire {

inline constexpr std::size_t kMaxOutputs = 64;
inline constexpr std::size_t kMaxOutputNameBytes = 64;
inline constexpr std::size_t kMaxOutputValueBytes = 4096;
inline constexpr std::size_t kMaxOutputsBytes = 16 << 10;  // of all names and values together

bool valid_output_name(std::string_view name);    // [a-z][a-z0-9_]{0,63}
bool valid_output_value(std::string_view value);  // UTF-8 without control characters but tab, within the limit

// What is wrong with them as a whole, their order and their number included; empty: nothing.
std::string outputs_fault(const std::vector<Variable>& outputs);

}  // namespace prov::wire
