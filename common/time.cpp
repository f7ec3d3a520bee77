#include "common/time.h"

#include <cstdio>
#include <ctime>

namespace prov {

std::string to_iso8601(TimeMs time_ms) {
  const std::time_t seconds = static_cast<std::time_t>(time_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + n, sizeof text - n, ".%03uZ", static_cast<unsigned>(time_ms % 1000));
  return text;
}

std::optional<TimeMs> parse_iso8601(std::string_view text) {
  const std::string copy(text);
  std::tm parts{};
  const char* rest = strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  unsigned ms = 0;
  if (*rest == '.') {
    int used = 0;
    if (std::sscanf(rest, ".%3u%n", &ms, &used) != 1 || used != 4) return std::nullopt;
    rest += used;
  }
  if (std::string_view(rest) != "Z") return std::nullopt;
  const std::time_t seconds = timegm(&parts);
  if (seconds < 0) return std::nullopt;
  return static_cast<TimeMs>(seconds) * 1000 + ms;
}

}  // namespace prov
