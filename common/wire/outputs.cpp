#include "common/wire/outputs.h"

#include <algorithm>

#include "common/utf8.h"

namespace prov::wire {
bool valid_output_name(std::string_view name) {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (name.empty() || name.size() > kMaxOutputNameBytes || !letter(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

bool valid_output_value(std::string_view value) {
  if (value.size() > kMaxOutputValueBytes) return false;
  while (!value.empty()) {
    const Character character = first_character(value);
    if (!may_be_shown(character) && character.code != U'\t') return false;
    value.remove_prefix(character.bytes);
  }
  return true;
}

std::string outputs_fault(const std::vector<Variable>& outputs) {
  if (outputs.size() > kMaxOutputs) return "there are more than " + std::to_string(kMaxOutputs) + " outputs";
  std::size_t bytes = 0;
  const std::string* before = nullptr;
  for (const Variable& each : outputs) {
    if (!valid_output_name(each.name)) return "an output has no proper name";
    if (!valid_output_value(each.value)) return "output " + each.name + " has no proper value";
    if (before != nullptr && *before >= each.name) return "the outputs are not in order";
    before = &each.name;
    bytes += each.name.size() + each.value.size();
  }
  if (bytes > kMaxOutputsBytes) return "the outputs have more than " + std::to_string(kMaxOutputsBytes) + " bytes";
  return "";
}

}  // namespace prov::wire
