#include "tests/sim/faults.h"

#include <algorithm>
#include <numeric>

namespace prov::sim {

void FaultCounts::add(const FaultCounts& other) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] += other.of[i];
}

std::uint64_t FaultCounts::total() const { return std::accumulate(of.begin(), of.end(), std::uint64_t{0}); }

std::uint64_t FaultCounts::crashes() const {
  return (*this)[Fault::coordinator_crash] + (*this)[Fault::agent_crash] + (*this)[Fault::host_crash];
}

std::optional<Profile> profile_named(std::string_view text) {
  if (text == "all") return Profile{};
  Profile out{0};
  if (text == "none") return out;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto at = std::find(kKindNames.begin(), kKindNames.end(), text.substr(0, comma));
    if (at == kKindNames.end()) return std::nullopt;
    out.kinds = static_cast<std::uint8_t>(out.kinds | 1U << static_cast<unsigned>(at - kKindNames.begin()));
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::string to_text(Profile profile) {
  if (profile.kinds == Profile{}.kinds) return "all";
  std::string out;
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (profile.has(static_cast<Kind>(i))) out += (out.empty() ? "" : ",") + std::string(kKindNames[i]);
  }
  return out.empty() ? "none" : out;
}

}  // namespace prov::sim
