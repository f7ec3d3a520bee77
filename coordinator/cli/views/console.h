#pragma once
// Standard output for results, standard error for talk. Colour and movement only where a terminal wants them.
#include <functional>
#include <string>
#include <string_view>

namespace prov::cli {

enum class Colour { plain, bold, dim, red, green, yellow };

struct ConsoleSettings {
  bool quiet = false;       // no talk
  bool out_colour = false;  // of standard output
  bool err_colour = false;  // of standard error
  bool movement = false;    // standard error is a terminal that can redraw lines
};

class Console {
 public:
  using Sink = std::function<void(std::string_view)>;

  Console(Sink out, Sink err, ConsoleSettings settings);

  void result(std::string_view text);     // as it is
  void say(std::string_view line);        // unless quiet
  void warn(std::string_view line);       // also when quiet
  void talk_raw(std::string_view bytes);  // to standard error as it is; the live view draws with it

  std::string out_paint(Colour colour, std::string_view text) const;
  std::string err_paint(Colour colour, std::string_view text) const;
  const ConsoleSettings& settings() const { return settings_; }

 private:
  Sink out_, err_;
  ConsoleSettings settings_;
};

// Text from elsewhere (names, messages, output) made safe for a terminal and for one line: control characters and
// bytes that are no UTF-8 become "?", so that nothing can move the cursor or colour the screen.
std::string one_line(std::string_view text);

std::size_t width_of(std::string_view text);                   // in characters
std::string cut_to(std::string_view text, std::size_t width);  // at most that many, "..." where it was cut
std::string duration_text(std::uint64_t milliseconds);         // 0.4s, 12s, 3m05s, 2h07m
std::string bytes_text(std::uint64_t bytes);                   // 512 B, 3.4 MiB

}  // namespace prov::cli
