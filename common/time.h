#pragma once
// Times are milliseconds since the Unix epoch, UTC, in std::uint64_t variables that end in _ms.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace prov {

using TimeMs = std::uint64_t;

std::string to_iso8601(TimeMs time_ms);                      // 2026-01-31T23:59:59.123Z
std::optional<TimeMs> parse_iso8601(std::string_view text);  // that form; milliseconds may be missing

}  // namespace prov
