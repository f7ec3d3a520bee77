#include "coordinator/cli/views/console.h"

#include <cstdint>
#include <cstdio>

#include "common/utf8.h"

namespace prov::cli {
namespace {

std::string paint(bool on, Colour colour, std::string_view text) {
  const std::string plain(text);
  if (!on) return plain;
  switch (colour) {
    case Colour::plain: return plain;
    case Colour::bold: return "\033[1m" + plain + "\033[0m";
    case Colour::dim: return "\033[2m" + plain + "\033[0m";
    case Colour::red: return "\033[31m" + plain + "\033[0m";
    case Colour::green: return "\033[32m" + plain + "\033[0m";
    case Colour::yellow: return "\033[33m" + plain + "\033[0m";
  }
  return plain;
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

Console::Console(Sink out, Sink err, ConsoleSettings settings)
    : out_(std::move(out)), err_(std::move(err)), settings_(settings) {}

void Console::result(std::string_view text) { out_(text); }

void Console::say(std::string_view line) {
  if (!settings_.quiet) warn(line);
}

void Console::warn(std::string_view line) { err_(std::string(line) + "\n"); }

void Console::talk_raw(std::string_view bytes) { err_(bytes); }

std::string Console::out_paint(Colour colour, std::string_view text) const {
  return paint(settings_.out_colour, colour, text);
}

std::string Console::err_paint(Colour colour, std::string_view text) const {
  return paint(settings_.err_colour, colour, text);
}

std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Character character = first_character(text);
    if (may_be_shown(character)) {
      out += text.substr(0, character.bytes);
    } else {
      out += text[0] == '\t' || text[0] == '\n' ? ' ' : '?';
    }
    text.remove_prefix(character.bytes);
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (const char c : text) width += continues(c) ? 0 : 1;
  return width;
}

std::string cut_to(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  const std::size_t keep = width > 3 ? width - 3 : 0;
  std::size_t end = 0, seen = 0;
  while (end < text.size() && (seen < keep || continues(text[end]))) {
    if (!continues(text[end])) ++seen;
    ++end;
  }
  return std::string(text.substr(0, end)) + std::string(std::min<std::size_t>(width, 3), '.');
}

std::string duration_text(std::uint64_t milliseconds) {
  char text[32];
  const std::uint64_t seconds = milliseconds / 1000;
  if (milliseconds < 10'000) {
    std::snprintf(text, sizeof text, "%.1fs", static_cast<double>(milliseconds - milliseconds % 100) / 1000.0);
  } else if (seconds < 60) {
    std::snprintf(text, sizeof text, "%us", static_cast<unsigned>(seconds));
  } else if (seconds < 3600) {
    std::snprintf(text, sizeof text, "%um%02us", static_cast<unsigned>(seconds / 60),
                  static_cast<unsigned>(seconds % 60));
  } else {
    std::snprintf(text, sizeof text, "%lluh%02um", static_cast<unsigned long long>(seconds / 3600),
                  static_cast<unsigned>(seconds / 60 % 60));
  }
  return text;
}

std::string bytes_text(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024.0 && unit + 1 < std::size(kUnits); ++unit) value /= 1024.0;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

}  // namespace prov::cli
