#include "agent/step/outputs.h"

#include <algorithm>
#include <map>

namespace prov::agent {
namespace {

constexpr std::size_t kNamedFaults = 5;
constexpr std::size_t kTellingBytes = 8;  // a shorter line of a longer secret ("}", "ok") says nothing about it

using Outputs = std::map<std::string, std::string, std::less<>>;

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return line;
}

// A value is one line, so a secret of several lines could only leave in pieces.
std::vector<std::string_view> telling_parts(const std::vector<std::string>& secrets) {
  std::vector<std::string_view> out;
  for (const std::string& secret : secrets) {
    if (secret.empty()) continue;
    out.emplace_back(secret);
    for (std::string_view rest = secret; !rest.empty();) {
      const std::string_view line = next_line(rest);
      if (line.size() >= kTellingBytes) out.push_back(line);
    }
  }
  return out;
}

std::size_t bytes_of(const Outputs& outputs) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : outputs) bytes += name.size() + value.size();
  return bytes;
}

// Why the line is not taken; empty when it is.
std::string take_line(std::string_view line, const std::vector<std::string_view>& secrets, Outputs& outputs) {
  const auto equals = line.find('=');
  if (equals == std::string_view::npos) return "it is not NAME=VALUE";
  const std::string_view name = line.substr(0, equals), value = line.substr(equals + 1);
  const bool tells = std::any_of(secrets.begin(), secrets.end(),
                                 [&](std::string_view each) { return line.find(each) != std::string_view::npos; });
  if (tells) return "it has a secret of this step in it";
  if (!wire::valid_output_name(name)) {
    return "a name is a lower-case letter, then at most 63 lower-case letters, digits and \"_\"";
  }
  if (value.size() > wire::kMaxOutputValueBytes) {
    return "its value has more than " + std::to_string(wire::kMaxOutputValueBytes) + " bytes";
  }
  if (!wire::valid_output_value(value)) return "its value is not plain UTF-8 text, without control characters but tab";
  const auto known = outputs.find(name);
  if (known == outputs.end() && outputs.size() >= wire::kMaxOutputs) {
    return "there are " + std::to_string(wire::kMaxOutputs) + " outputs already";
  }
  const std::size_t replaced = known == outputs.end() ? 0 : name.size() + known->second.size();
  if (bytes_of(outputs) - replaced + name.size() + value.size() > wire::kMaxOutputsBytes) {
    return "all outputs together may have " + std::to_string(wire::kMaxOutputsBytes) + " bytes";
  }
  outputs.insert_or_assign(std::string(name), std::string(value));
  return "";
}

}  // namespace

TakenOutputs take_outputs(std::string_view text, const std::vector<std::string>& secrets) {
  TakenOutputs out;
  Outputs taken;
  std::size_t faults = 0;
  const auto add_note = [&](const std::string& note) { out.note += (out.note.empty() ? "" : "; ") + note; };
  const bool cut = text.size() > kMaxOutputsFile;
  std::string_view rest = text.substr(0, kMaxOutputsFile);
  if (cut) rest = rest.substr(0, rest.rfind('\n') + 1);  // what stands in a line that was cut nobody can tell
  const auto parts = telling_parts(secrets);
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string_view line = next_line(rest);
    const std::string fault = line.empty() ? "" : take_line(line, parts, taken);
    if (!fault.empty() && ++faults <= kNamedFaults) {
      add_note("line " + std::to_string(number) + " of its outputs was not taken: " + fault);
    }
  }
  if (faults > kNamedFaults) add_note("and " + std::to_string(faults - kNamedFaults) + " more lines were not");
  if (cut) add_note("its outputs behind the first " + std::to_string(kMaxOutputsFile >> 10) + " KiB were not read");
  for (auto& [name, value] : taken) out.outputs.push_back({name, std::move(value)});
  return out;
}

}  // namespace prov::agent
